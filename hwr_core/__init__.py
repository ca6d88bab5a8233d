"""Handwriting Studio's library: bring images of handwritten words, train recognizers, read new words.

The public names below are loaded when they are first used, so that `import hwr_core` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hwr_core.version import __version__

if TYPE_CHECKING:
    from hwr_core.datasets import DataSet, add_dataset, demo_dataset, list_datasets, open_dataset
    from hwr_core.errors import HwrError
    from hwr_core.evaluation import evaluate
    from hwr_core.recognition import Reading, Recognizer

__all__ = [
    "DataSet",
    "HwrError",
    "Reading",
    "Recognizer",
    "__version__",
    "add_dataset",
    "demo_dataset",
    "evaluate",
    "list_datasets",
    "open_dataset",
]

_HOMES = {
    "DataSet": "datasets",
    "HwrError": "errors",
    "Reading": "recognition",
    "Recognizer": "recognition",
    "add_dataset": "datasets",
    "demo_dataset": "datasets",
    "evaluate": "evaluation",
    "list_datasets": "datasets",
    "open_dataset": "datasets",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hwr_core.{_HOMES[name]}"), name)
