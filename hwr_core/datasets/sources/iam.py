"""The IAM Handwriting Database as it is distributed: `words.txt` or `lines.txt`, and the tree of images."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

from hwr_core import limits
from hwr_core.datasets.sample import Listing, Sample
from hwr_core.datasets.sources.image_index import ImageIndex
from hwr_core.datasets.sources.table import decode_text
from hwr_core.datasets.split import part_named
from hwr_core.errors import DataError, ImageError

LISTS = ("words.txt", "lines.txt")
FIELDS = 8  # before the transcription: id, ok|err, grey level, ..., tag
ROW = re.compile(r"^\S+ (ok|err) -?\d+ ")
SPLIT_SUFFIXES = (".txt", ".lst", ".uttlist")


def looks_like_iam(data: bytes) -> bool:
    """Whether a list's first row is one of IAM's: `a01-000u-00-00 ok 154 408 768 27 51 AT A`."""
    for line in data[:20_000].decode("latin-1").splitlines():
        if line.strip() and not line.startswith("#"):
            return bool(ROW.match(line))
    return False


def read_iam(images: ImageIndex, name: str, data: bytes) -> Listing:
    """Read IAM's list of words or of lines.

    Rows marked "err" (badly cropped) are left out; `|` in a line is a space. A form's writer comes from
    `forms.txt`, the split from the official lists, where these files exist. With such lists, rows that are in none
    of them are left out, as in published results.

    Raises:
        DataError: no row has IAM's form.
    """
    listing = Listing("iam", images.source)
    text, listing.notes = decode_text(name, data)
    writers = _writers(images)
    parts, lists = _official_parts(images)
    if not writers:
        listing.notes.append("There is no forms.txt, so the writers are not known.")
    if lists:
        listing.notes.append(f"The split comes from {', '.join(lists)}.")
    is_lines = PurePosixPath(name).name.lower().startswith("lines")
    rows = 0
    for row, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        rows += 1
        fields = line.strip().split(" ", FIELDS)
        if len(fields) <= FIELDS or fields[1] not in ("ok", "err"):
            sample = Sample(fields[0][:500], "", "", row=row)
            listing.leave_out(sample, "malformed row", f"Row {row} of {name} has not the 9 fields of an IAM list.")
            continue
        transcription = fields[FIELDS].replace("|", " ") if is_lines else fields[FIELDS]
        form = "-".join(fields[0].split("-")[:2])
        sample = Sample(fields[0], transcription, "", writers.get(form, ""), form, _part(fields[0], parts), row)
        _add(sample, fields[1] == "ok", bool(lists), images, listing)
    if not rows:
        raise DataError(f"{name} holds no row of IAM's form, such as: a01-000u-00-00 ok 154 408 768 27 51 AT A.")
    return listing


def _add(sample: Sample, is_ok: bool, has_lists: bool, images: ImageIndex, listing: Listing) -> None:
    if not is_ok:
        listing.leave_out(sample, "marked err", "IAM marks it as badly cropped (err).")
        return
    if has_lists and not sample.split:
        listing.leave_out(sample, "unlisted", "It is in none of the official split lists.")
        return
    image, problem, reason = images.find("", sample.word_id)
    if problem:
        listing.leave_out(sample, problem, reason)
        return
    listing.samples.append(
        Sample(sample.word_id, sample.transcription, image, sample.writer, sample.form, sample.split, sample.row)
    )


def _writers(images: ImageIndex) -> dict[str, str]:
    """Form -> writer, from `forms.txt`: `a01-000u 000 2 prt 7 5 52 36`."""
    text = _read(images, "forms.txt")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {row[0]: row[1] for row in rows if len(row) >= 2}


def _official_parts(images: ImageIndex) -> tuple[dict[str, str], list[str]]:
    """Word, line or form -> part, from `trainset.txt`, `validationset1.txt`, `tr.lst`, `test.uttlist` ..."""
    parts: dict[str, str] = {}
    lists = []
    for name in images.source.names():
        path = PurePosixPath(name)
        part = part_named(path.stem) if path.suffix.lower() in SPLIT_SUFFIXES else ""
        if not part:
            continue
        ids = [line.split()[0] for line in _read(images, name).splitlines() if line.strip()]
        ids = [identity.removesuffix(".png") for identity in ids if "-" in identity]
        if ids:
            lists.append(posixpath.basename(name))
        for identity in ids:
            parts.setdefault(identity, part)
    return parts, lists


def _part(word_id: str, parts: dict[str, str]) -> str:
    """The part of the word, its line or its form, whichever the lists name."""
    pieces = word_id.split("-")
    for length in range(len(pieces), 1, -1):
        part = parts.get("-".join(pieces[:length]))
        if part:
            return part
    return ""


def _read(images: ImageIndex, name: str) -> str:
    """A file by path, or by its bare name anywhere; "" where there is none."""
    names = [path for path in images.source.names() if path == name or posixpath.basename(path) == name]
    if not names:
        return ""
    try:
        return images.source.open(min(names, key=len), limits.current().list_bytes).decode("utf-8", "replace")
    except ImageError:
        return ""
