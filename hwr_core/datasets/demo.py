"""The built-in data set: synthetic words, made by `scripts/make_demo.py`."""

from __future__ import annotations

from pathlib import Path

from hwr_core.errors import DataError

DEMO_FILE = Path(__file__).resolve().parents[1] / "synthesis" / "demo-words.zip"  # workspaces refer to it there


def demo_zip() -> Path:
    """The built-in demo set: about 1,500 words by 44 or more synthetic writers, `demo/words.csv` and images.

    Raises:
        DataError: the file is missing.
    """
    if not DEMO_FILE.exists():
        raise DataError(
            f"The built-in demo set {DEMO_FILE.name} is missing from {DEMO_FILE.parent}. Install the package again, "
            f"or make the set anew: `make fonts`, then `python scripts/make_demo.py`."
        )
    return DEMO_FILE
