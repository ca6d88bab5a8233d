"""Adaptation: a recognizer and accepted words of one writer in, a recognizer of that writer out."""

from hwr_core.adaptation.adapt import new_adaptation
from hwr_core.adaptation.estimate import estimated_seconds
from hwr_core.adaptation.result import AdaptationResult, read_result

__all__ = ["AdaptationResult", "estimated_seconds", "new_adaptation", "read_result"]
