"""Adaptation: a recognizer and accepted words of one writer in, a recognizer of that writer out."""

from hwr_core.adaptation.estimate import estimated_seconds
from hwr_core.adaptation.result import AdaptationResult, read_result
from hwr_core.adaptation.run import new_adaptation

__all__ = ["AdaptationResult", "estimated_seconds", "new_adaptation", "read_result"]
