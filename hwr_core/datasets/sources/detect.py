"""Detect the kind of a folder, a file or a zip, and read it."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path, PurePosixPath

from hwr_core import limits
from hwr_core.datasets.sample import LEFT_OUT, Listing, Problem
from hwr_core.datasets.sources.archive import Source, is_image_name, is_zip, open_source
from hwr_core.datasets.sources.csv_list import read_csv
from hwr_core.datasets.sources.folder import read_names
from hwr_core.datasets.sources.iam import LISTS, looks_like_iam, read_iam
from hwr_core.datasets.sources.image_index import ImageIndex
from hwr_core.datasets.sources.table import columns_of, read_table
from hwr_core.datasets.split import part_named
from hwr_core.errors import DataError, HwrError

READERS = ("auto", "csv", "iam", "folder")
LIST_SUFFIXES = (".csv", ".tsv")
USUAL_NAMES = ("words.csv", "labels.csv", "lines.csv", "metadata.csv", "data.csv", "transcriptions.csv")
PACKED = (".tgz", ".tar.gz", ".tar", ".rar", ".7z", ".zip")


def read_source(
    path: Path,
    reader: str = "auto",
    columns: dict[str, str] | None = None,
    image_root: Path | None = None,
) -> Listing:
    """Read a data set's list and find its images.

    Args:
        path: a folder, a zip, a CSV file, an IAM list, or a list inside a zip (`words.zip/labels.csv`).
        reader: "csv", "iam", "folder", or "auto" to detect it.
        columns: column of `table.COLUMNS` -> its name in the CSV.
        image_root: the folder or zip of the images, where they are not in the list's folder.

    Returns:
        The listing; its `reader` begins with `zip/` for a zip.

    Raises:
        DataError: nothing there can be read; one sentence why.
    """
    if reader not in READERS:
        raise DataError(f"There is no reader {reader!r}. Known: {', '.join(READERS)}.")
    container, inside = _container(path)
    source = open_source(image_root or container)
    images = ImageIndex(source)
    lists_from = source if image_root is None else open_source(container)
    names = [inside] if inside else _lists_in(lists_from, reader, columns or {})
    base = None if image_root is None or image_root == container else ""
    listing = _read(lists_from, names, reader, images, columns=columns or {}, base=base)
    refused = dict([*source.refused, *lists_from.refused])
    listing.problems += [Problem(0, "", name, "refused member", LEFT_OUT, reason) for name, reason in refused.items()]
    if not listing.samples and not listing.problems:
        listing.source.close()
        raise DataError(f"{path.name} holds no word. {_advice(lists_from)}")
    if lists_from.kind or source.kind:
        listing.reader = f"zip/{listing.reader}"
    return listing


def list_file(path: Path) -> Path:
    """The file or folder on disk that changes with the data set."""
    return _container(path)[0] if is_zip(_container(path)[0]) else path


def _read(
    lists_from: Source,
    names: list[str],
    reader: str,
    images: ImageIndex,
    *,
    columns: dict[str, str],
    base: str | None,
) -> Listing:
    if not names:
        if reader == "auto" and not images.names:
            raise DataError(f"{lists_from.path.name} holds no list and no image. {_advice(lists_from)}")
        return read_names(images)
    lists = [(name, _open_list(lists_from, name)) for name in names]
    if reader == "iam" or (reader == "auto" and looks_like_iam(lists[0][1])):
        return read_iam(images, *lists[0])
    return read_csv(images, lists, columns, base)


def _container(path: Path) -> tuple[Path, str]:
    """The folder or zip, and the list inside it that `path` names ("" where it names the whole)."""
    if os.path.isdir(path):
        return path, ""
    if os.path.isfile(path):
        if is_zip(path):
            return path, ""
        if is_image_name(path.name):
            raise DataError(f"{path.name} is one image. Give its folder, a CSV file or a zip.")
        parent = path.parent.parent if path.parent.name == "ascii" else path.parent  # IAM keeps its lists there
        return parent, path.relative_to(parent).as_posix()
    for parent in path.parents:
        if os.path.isfile(parent) and is_zip(parent):
            return parent, path.relative_to(parent).as_posix()
    raise DataError(f"There is no file or folder {path}. Check the path.")


def _lists_in(source: Source, reader: str, columns: dict[str, str]) -> list[str]:
    """The lists to read: IAM's, else the CSV with the right columns, else a CSV a part; [] for none."""
    if reader == "folder":
        return []
    names = source.names()
    if reader in ("auto", "iam"):
        iam_list = _iam_list(source, names)
        if iam_list or reader == "iam":
            return [iam_list or _no_list(source, "words.txt or lines.txt of the IAM database")]
    lists = [name for name in names if name.lower().endswith(LIST_SUFFIXES)]
    if not lists and reader == "csv":
        lists = [name for name in names if name.lower().endswith(".txt")]
    if not lists:
        return [_no_list(source, "CSV file")] if reader == "csv" else []
    return _choose(source, lists, columns)


def _choose(source: Source, lists: list[str], columns: dict[str, str]) -> list[str]:
    if len(lists) == 1:
        return lists
    readable = [name for name in lists if _has_columns(source, name, columns)] or lists
    usual = [name for name in readable if posixpath.basename(name).lower() in USUAL_NAMES]
    highest = min((name.count("/") for name in usual or readable), default=0)
    candidates = [name for name in usual or readable if name.count("/") == highest]
    if len(candidates) == 1:
        return candidates
    parts = [part_named(PurePosixPath(name).stem) for name in candidates]
    if all(parts) and len(set(parts)) == len(parts):
        return candidates
    raise DataError(
        f"{source.path.name} holds {len(candidates)} possible lists: {', '.join(candidates[:5])}. "
        f"Name one: {source.path.name}/{candidates[0]}."
    )


def _has_columns(source: Source, name: str, columns: dict[str, str]) -> bool:
    try:
        table = read_table(name, source.open(name, limits.current().list_bytes), columns)
    except HwrError:
        return False
    places = columns_of(table.header, columns)
    return "transcription" in places and bool({"word_id", "image"} & set(places))


def _iam_list(source: Source, names: list[str]) -> str:
    """IAM's list in the source whose images exist, `words.txt` before `lines.txt`; "" for none."""
    lists = [name for usual in LISTS for name in names if posixpath.basename(name).lower() == usual]
    lists = [name for name in lists if looks_like_iam(_open_list(source, name))]
    stems = [PurePosixPath(name).stem for name in names if is_image_name(name)]
    depth = {"words.txt": 3, "lines.txt": 2}  # hyphens in a word's name, and in a line's
    for name in lists:
        hyphens = depth[posixpath.basename(name).lower()]
        if any(stem.count("-") == hyphens for stem in stems):
            return name
    return lists[0] if lists else ""


def _open_list(source: Source, name: str) -> bytes:
    try:
        return source.open(name, limits.current().list_bytes)
    except HwrError as error:
        raise DataError(str(error)) from error


def _no_list(source: Source, kind: str) -> str:
    raise DataError(f"There is no {kind} in {source.path.name}. Choose another reader, or give the list's path.")


def _advice(source: Source) -> str:
    names = [*source.names(), *(name for name, _ in source.refused)]
    packed = [name for name in names if name.lower().endswith(PACKED)]
    if packed:
        return f"Unpack {packed[0]} first, or add it by itself."
    return "Expected a CSV file with its images, the IAM database, or images named after their words."
