"""CSV for spreadsheets: cells that one would run as a formula are made text, and read back as they were.

An apostrophe is put before a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, and before one that
looks as if that had been done already: so `restored` is exact, and the word "-" stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FORMULA = re.compile(r"'*[=+\-@\t\r]")
MARKED = re.compile(r"'+[=+\-@\t\r]")
OWN_COLUMNS = ({"reading", "confidence", "source_word"}, {"reading", "confidence", "reader"})  # of exports of words


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    Example:
        >>> defused("=1+1"), defused("-"), defused("'-"), defused("it's")
        ("'=1+1", "'-", "''-", "it's")
    """
    return f"'{cell}" if FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """What `defused` was given.

    Example:
        >>> restored("'-"), restored("''-"), restored("it's")
        ('-', "'-", "it's")
    """
    return cell[1:] if MARKED.match(cell) else cell


def is_own(header: Collection[str]) -> bool:
    """Whether a list with this header was written by this library, its cells defused."""
    return any(columns <= set(header) for columns in OWN_COLUMNS)


def to_csv(table: pd.DataFrame, *, with_mark: bool = False) -> bytes:
    """A table as UTF-8 CSV with its texts defused, its column names too.

    Args:
        with_mark: begins with a byte order mark, so that older spreadsheets show accents.
    """
    safe = table.copy()
    for place, name in enumerate(safe.columns):
        column = safe[name]
        if column.dtype.kind not in "biufcmM":
            cells = column.map(lambda cell: defused(cell) if isinstance(cell, str) else cell)
            safe.isetitem(place, cells.tolist())
    safe.columns = [defused(str(name)) for name in safe.columns]
    encoding = "utf-8-sig" if with_mark else "utf-8"
    return safe.to_csv(index=False, lineterminator="\n").encode(encoding, "replace")
