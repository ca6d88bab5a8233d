"""Evaluation: error rates with intervals, measured through `Recognizer`: what is scored is what is shipped."""

from hwr_core.evaluation.bootstrap import Interval, writer_interval
from hwr_core.evaluation.measure import Evaluation, evaluate

__all__ = ["Evaluation", "Interval", "evaluate", "writer_interval"]
