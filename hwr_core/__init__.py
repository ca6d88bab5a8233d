"""Handwriting Studio's library: bring pictures of handwritten words, train recognizers, read new words.

The public names below are loaded when they are first used, so that `import hwr_core` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwr_core.version import __version__

if TYPE_CHECKING:
    from hwr_core.errors import HwrError
    from hwr_core.recognition import Reading, Recognizer

__all__ = ["HwrError", "Reading", "Recognizer", "__version__"]

_HOMES = {"HwrError": "hwr_core.errors", "Reading": "hwr_core.recognition", "Recognizer": "hwr_core.recognition"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
