"""A source before it is added: the columns of its list, and a name for the data set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from hwr_core.datasets.sources.table import columns_of, read_table
from hwr_core.datasets.store import slug

MAX_HEAD_BYTES = 200_000  # of a list, read for its header
GENERIC_NAMES = ("words", "lines", "labels", "data")  # of lists: their folder's name says more


@dataclass(frozen=True)
class ListPreview:
    """A list's header, and the columns that were recognized: our name -> the name there."""

    header: list[str]
    columns: dict[str, str]


def preview_list(name: str, head: bytes) -> ListPreview:
    """Recognize the columns of a list from its first bytes; a last line that is cut off is ignored.

    Raises:
        DataError: not text, or empty.
    """
    header = read_table(name, head[: head.rfind(b"\n") + 1] or head).header
    return ListPreview(header, {ours: header[place] for ours, place in columns_of(header, {}).items()})


def read_head(path: Path) -> bytes:
    """The first `MAX_HEAD_BYTES` of a file."""
    with path.open("rb") as file:
        return file.read(MAX_HEAD_BYTES)


def are_sufficient(columns: Collection[str]) -> bool:
    """Whether a list with these of our columns can be added: a transcription, and the image or the word's id."""
    return "transcription" in columns and ("word_id" in columns or "image" in columns)


def suggested_name(path: Path) -> str:
    """A data set's name, made from the path of its source."""
    if not path.is_file():
        return slug(path.name).lower()
    generic = path.stem.lower() in GENERIC_NAMES
    return slug((path.parent.name if generic else "") or path.stem).lower()
