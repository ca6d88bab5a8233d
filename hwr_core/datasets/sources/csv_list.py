"""A list of words as CSV, with images anywhere below a folder or in a zip."""

from __future__ import annotations

import posixpath
from collections import Counter
from pathlib import PurePosixPath

from hwr_core.datasets.sample import FLAGGED, Listing, Problem, Sample
from hwr_core.datasets.sources.image_index import ImageIndex
from hwr_core.datasets.sources.table import MAX_CELL_CHARACTERS, Table, check_columns, read_table
from hwr_core.datasets.split import part_named


def read_csv(
    images: ImageIndex,
    lists: list[tuple[str, bytes]],
    columns: dict[str, str] | None = None,
    base: str | None = None,
) -> Listing:
    """Read one list, or several that are each one part of the data set (`train.csv`, `test.csv`).

    Args:
        images: the images.
        lists: name and bytes of each list.
        columns: column of `table.COLUMNS` -> its name in the list, where the names differ.
        base: the lists' folder, below the images' folder; taken from each list's name where left out.

    Raises:
        DataError: no text, no rows, or no column of the transcriptions or of the images.
    """
    listing = Listing("csv", images.source)
    for name, data in lists:
        table = read_table(name, data, columns)
        indices = check_columns(table, columns or {})
        listing.columns = {column: table.header[index] for column, index in indices.items()}
        listing.notes += table.notes + _repeated_columns(table)
        folder = posixpath.dirname(name) if base is None else base
        part = part_named(PurePosixPath(name).stem) if len(lists) > 1 else ""
        rows = _read_rows(table, indices, images, listing, base=folder, part=part)
        if not rows:
            listing.notes.append(f"{name} has a header but no rows.")
    return listing


def _read_rows(
    table: Table, indices: dict[str, int], images: ImageIndex, listing: Listing, *, base: str, part: str
) -> int:
    rows = 0
    for row, cells in table.rows():
        rows += 1
        sample = _sample(row, cells, indices, part)
        while len(cells) > len(table.header) and not cells[-1].strip():
            cells.pop()  # spreadsheets write empty cells at the end of a row
        if len(cells) > len(table.header):
            reason = f"Row {row} of {table.name} has {len(cells)} cells, the header {len(table.header)}."
            listing.leave_out(sample, "malformed row", f"{reason} Put text with {table.separator!r} in quotes.")
        elif max(map(len, cells)) > MAX_CELL_CHARACTERS:
            listing.leave_out(sample, "malformed row", f"Row {row} of {table.name} has a cell of megabytes.")
        else:
            _locate(sample, indices.get("word_id", len(cells)) < len(cells), images, base, listing)
    return rows


def _sample(row: int, cells: list[str], indices: dict[str, int], part: str) -> Sample:
    def cell(column: str) -> str:
        index = indices.get(column, -1)
        return cells[index][:MAX_CELL_CHARACTERS].strip() if 0 <= index < len(cells) else ""

    word_id = cell("word_id") or posixpath.splitext(cell("image").replace("\\", "/"))[0]
    return Sample(
        word_id=word_id[:500],
        transcription=cell("transcription"),
        image=cell("image")[:2000],
        writer=cell("writer")[:500],
        form=cell("form")[:500],
        split=cell("split") or part,
        row=row,
    )


def _locate(sample: Sample, has_id: bool, images: ImageIndex, base: str, listing: Listing) -> None:
    if not sample.word_id:
        reason = f"Row {sample.row} names neither a word_id nor an image."
        listing.leave_out(sample, "missing image", reason)
        return
    # A word_id made from the image's path does not help to find the image.
    own_id = sample.word_id if has_id else ""
    image, problem, reason = images.find(sample.image, own_id, base)
    if problem:
        listing.leave_out(sample, problem, reason)
        return
    split = part_named(sample.split)
    if sample.split and not split:
        reason = f"The split {sample.split[:50]!r} is none of train, validation and test; it was replaced."
        listing.problems.append(Problem(sample.row, sample.word_id, image, "unknown split", FLAGGED, reason))
    listing.samples.append(
        Sample(sample.word_id, sample.transcription, image, sample.writer, sample.form, split, sample.row)
    )


def _repeated_columns(table: Table) -> list[str]:
    repeated = [name for name, count in Counter(filter(None, table.header)).items() if count > 1]
    return [f"{table.name} has the column {name!r} more than once; the first was read." for name in repeated]
