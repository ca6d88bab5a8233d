"""Lists in any common encoding, separator and line end -> rows of cells."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from hwr_core import spreadsheet
from hwr_core.errors import DataError, shortened

SEPARATORS = (",", ";", "\t", "|")
COLUMNS: dict[str, tuple[str, ...]] = {  # column -> its usual names, as `column_key` writes them
    "word_id": ("word_id", "line_id", "id", "sample_id", "image_id", "wordid", "lineid", "key"),
    "transcription": (
        "transcription", "text", "label", "transcript", "word", "line", "ground_truth", "groundtruth", "gt",
        "identity", "sentence", "value", "words", "labels",
    ),
    "image": (
        "image", "file", "filename", "file_name", "path", "image_path", "imagepath", "image_file", "img",
        "picture", "file_path", "filepath", "image_name", "img_path", "images",
    ),
    "writer": ("writer", "writer_id", "writerid", "author", "author_id", "hand", "scribe"),
    "form": ("form", "form_id", "formid", "page", "page_id", "document", "document_id"),
    "split": ("split", "part", "subset", "partition", "set", "fold"),
}  # fmt: skip
MAX_CELL_CHARACTERS = 2_000_000
MAX_LINES_IN_CELL = 20  # more, and a quotation mark was never closed


@dataclass
class Table:
    """A list's header, text and format; `rows()` gives (row, cells), the header being row 1."""

    name: str
    text: str
    separator: str
    header: list[str]
    quoted: bool = True
    notes: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        is_own = spreadsheet.is_own(self.header)
        for row, cells in enumerate(parse(self.text, self.separator, self.quoted), start=1):
            if row > 1 and any(cell.strip() for cell in cells):
                yield row, list(map(spreadsheet.restored, cells)) if is_own else cells


def read_table(name: str, data: bytes, columns: dict[str, str] | None = None) -> Table:
    """Detect the format of a list.

    Args:
        name: its name in errors.
        data: the file.
        columns: column of `COLUMNS` -> its name in the list.

    Raises:
        DataError: no text, or only white space.
    """
    text, notes = decode_text(name, data)
    if not text.strip():
        raise DataError(f"{name} is empty. Expected a header such as word_id,transcription and a row a word.")
    separator = _separator(text, columns or {})
    quoted = True
    if any(cell.count("\n") > MAX_LINES_IN_CELL for cells in parse(text, separator) for cell in cells):
        quoted = False
        notes.append(f"{name} opens a quotation mark that it never closes; all of them were read as characters.")
    header = [cell.strip() for cell in next(parse(text, separator, quoted))]
    return Table(name, text, separator, header, quoted, notes)


def decode_text(name: str, data: bytes) -> tuple[str, list[str]]:
    """A file's text and notes on its encoding: UTF-8, UTF-16 with or without a byte order mark, else Windows-1252."""
    notes: list[str] = []
    text = ""
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            notes.append(f"{name} is not UTF-8; it was read as Windows-1252. Check words with accents.")
        break
    else:
        text = data.decode("latin-1")
        notes.append(f"{name} is not UTF-8; it was read as Latin-1. Check words with accents.")
    start = text[:10_000]
    controls = sum(ord(character) < 32 and character not in "\t\n\r\f\v" for character in start)
    if controls > 0.05 * len(start):
        raise DataError(f"{name} is no text. Expected a CSV file, saved as UTF-8.")
    return text.removeprefix("\ufeff"), notes


def _encodings(data: bytes) -> list[str]:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return ["utf-32"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    start = data[:4000]
    even, odd = start[::2].count(0), start[1::2].count(0)  # ASCII in UTF-16 has a zero in every other place
    if odd > 0.3 * len(start) / 2 and not even:
        return ["utf-16-le"]
    if even > 0.3 * len(start) / 2 and not odd:
        return ["utf-16-be"]
    return ["utf-8-sig", "cp1252"]


def parse(text: str, separator: str, quoted: bool = True) -> Iterator[list[str]]:
    """The cells of each record; a quoted cell may hold separators and line ends."""
    csv.field_size_limit(min(sys.maxsize, max(csv.field_size_limit(), len(text) + 1)))
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    # The size of a cell is checked later, row by row: one large cell must not fail the file.
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)


def _separator(text: str, columns: dict[str, str]) -> str:
    """The separator that gives the header the most known columns, then the most columns."""

    def score(separator: str) -> tuple[int, int]:
        header = next(parse(text[:20_000], separator), [])
        return len(columns_of(header, columns)), len(header)

    return max(SEPARATORS, key=score)


def column_key(name: str) -> str:
    """A column name for comparison: `Image Path` is `image_path`."""
    return "_".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())


def columns_of(header: list[str], columns: dict[str, str]) -> dict[str, int]:
    """Column of `COLUMNS` -> its index in the header: as mapped, else by its usual names; the first of equal names."""
    keys = [column_key(name) for name in header]
    indices: dict[str, int] = {}
    for column, name in columns.items():
        if column_key(name) in keys:
            indices[column] = keys.index(column_key(name))
    for column, aliases in COLUMNS.items():
        if column not in columns:
            free = (alias for alias in aliases if alias in keys and keys.index(alias) not in indices.values())
            alias = next(free, None)
            if alias is not None:
                indices[column] = keys.index(alias)
    return indices


def check_columns(table: Table, columns: dict[str, str]) -> dict[str, int]:
    """`columns_of` the table's header, or `DataError` with the header's columns and how to map them."""
    header = ", ".join(map(shortened, table.header[:12])) + (", ..." if len(table.header) > 12 else "")
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise DataError(f"There is no column {shortened(unknown[0])} to map. Known: {', '.join(COLUMNS)}.")
    indices = columns_of(table.header, columns)
    for column, name in columns.items():
        if column not in indices:
            raise DataError(f"{table.name} has no column {shortened(name)} for {column}. Found: {header}.")
    if "transcription" not in indices:
        raise DataError(
            f"{table.name} has no column transcription. Found: {header}. "
            f"Name the column of the transcriptions: --column transcription=NAME."
        )
    if not {"word_id", "image"} & set(indices):
        raise DataError(
            f"{table.name} has neither a column word_id nor a column image. Found: {header}. "
            f"Name the column of the images: --column image=NAME."
        )
    return indices
