"""Lists as people save them: any common encoding, separator and line end -> rows of cells."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from hwr_core.errors import DataError

SEPARATORS = (",", ";", "\t", "|")
COLUMNS: dict[str, tuple[str, ...]] = {  # our column -> how others name it, as `column_key` writes names
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
LONGEST_CELL = 2_000_000
MOST_LINES_IN_A_CELL = 20  # more, and a quotation mark was opened that nobody closed


@dataclass
class Table:
    """A list's header and how its text was read; `rows()` gives (row, cells), the header being row 1."""

    name: str
    text: str
    separator: str
    header: list[str]
    quoted: bool = True
    notes: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        for row, cells in enumerate(parse(self.text, self.separator, self.quoted), start=1):
            if row > 1 and any(cell.strip() for cell in cells):
                yield row, cells


def read_table(name: str, data: bytes, columns: dict[str, str] | None = None) -> Table:
    """Find out how the list is written.

    Args:
        name: how errors call it.
        data: the file.
        columns: our column -> its name there, as `columns_of` takes it.

    Raises:
        DataError: no text, or nothing but white space.
    """
    text, notes = decode_text(name, data)
    if not text.strip():
        raise DataError(f"{name} is empty. Expected a header such as word_id,transcription and a row a word.")
    separator = _separator(text, columns or {})
    quoted = True
    if any(cell.count("\n") > MOST_LINES_IN_A_CELL for cells in parse(text, separator) for cell in cells):
        quoted = False
        notes.append(f"{name} opens a quotation mark that it never closes; all of them were read as characters.")
    header = [cell.strip() for cell in next(parse(text, separator, quoted))]
    return Table(name, text, separator, header, quoted, notes)


def decode_text(name: str, data: bytes) -> tuple[str, list[str]]:
    """A file's text and notes on its encoding: UTF-8, UTF-16 with or without mark, else Windows-1252."""
    notes: list[str] = []
    text = ""
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            notes.append(f"{name} is not UTF-8; it was read as Windows-1252. Look at words with accents.")
        break
    else:
        text = data.decode("latin-1")
        notes.append(f"{name} is not UTF-8; it was read as Latin-1. Look at words with accents.")
    start = text[:10_000]
    odd = sum(ord(character) < 32 and character not in "\t\n\r\f\v" for character in start)
    if odd > 0.05 * len(start):
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
    # A cell's own size is judged later, by row; the reader itself must not give up on the file.
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)


def _separator(text: str, columns: dict[str, str]) -> str:
    """The separator under which the header has most columns that we know; then simply most columns."""

    def score(separator: str) -> tuple[int, int]:
        header = next(parse(text[:20_000], separator), [])
        return len(columns_of(header, columns)), len(header)

    return max(SEPARATORS, key=score)


def column_key(name: str) -> str:
    """How column names are compared: `Image Path` is `image_path`."""
    return "_".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())


def columns_of(header: list[str], columns: dict[str, str]) -> dict[str, int]:
    """Our column -> its place in the header: as mapped, else by `COLUMNS`; the first of equal names."""
    keys = [column_key(name) for name in header]
    places: dict[str, int] = {}
    for ours, theirs in columns.items():
        if column_key(theirs) in keys:
            places[ours] = keys.index(column_key(theirs))
    for ours, aliases in COLUMNS.items():
        if ours not in columns:
            free = (alias for alias in aliases if alias in keys and keys.index(alias) not in places.values())
            alias = next(free, None)
            if alias is not None:
                places[ours] = keys.index(alias)
    return places


def check_columns(table: Table, columns: dict[str, str]) -> dict[str, int]:
    """`columns_of` the table's header, or `DataError` naming the columns found and how to map them."""
    found = ", ".join(repr(name) for name in table.header[:12]) + (", ..." if len(table.header) > 12 else "")
    unknown = [ours for ours in columns if ours not in COLUMNS]
    if unknown:
        raise DataError(f"There is no column {unknown[0]!r} to map. Known: {', '.join(COLUMNS)}.")
    places = columns_of(table.header, columns)
    for ours, theirs in columns.items():
        if ours not in places:
            raise DataError(f"{table.name} has no column {theirs!r} for {ours}. Found: {found}.")
    if "transcription" not in places:
        raise DataError(
            f"{table.name} has no column transcription. Found: {found}. "
            f"Say which column holds the text: --column transcription=NAME."
        )
    if not {"word_id", "image"} & set(places):
        raise DataError(
            f"{table.name} has neither a column word_id nor a column image. Found: {found}. "
            f"Say which column names the picture: --column image=NAME."
        )
    return places
