"""Evaluation: error rates with intervals, measured through `Recognizer`: what is measured is what is shipped.

from hwr_core import Recognizer
from hwr_core.datasets import demo_dataset
from hwr_core.evaluation import evaluate
print(evaluate(Recognizer.load("models/reader-small"), demo_dataset(), "validation").table())
"""

from hwr_core.evaluation.bootstrap import Interval, writer_interval
from hwr_core.evaluation.comparison import Comparison, compare
from hwr_core.evaluation.errors import worst_words
from hwr_core.evaluation.estimate import Estimate, estimate
from hwr_core.evaluation.groups import Group
from hwr_core.evaluation.metrics import Evaluation, evaluate, evaluate_readings
from hwr_core.evaluation.store import Request, StoredEvaluation, list_evaluations, stored
from hwr_core.evaluation.word_results import RunningTotals

__all__ = [
    "Comparison",
    "Estimate",
    "Evaluation",
    "Group",
    "Interval",
    "Request",
    "RunningTotals",
    "StoredEvaluation",
    "compare",
    "estimate",
    "evaluate",
    "evaluate_readings",
    "list_evaluations",
    "stored",
    "worst_words",
    "writer_interval",
]
