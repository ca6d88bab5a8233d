"""The files of a folder or a zip behind one interface. A zip is never unpacked."""

from __future__ import annotations

import os
import posixpath
import stat
from pathlib import Path
from typing import IO

from hwr_core import limits
from hwr_core.errors import DataError, ImageError
from hwr_core.zips import Zip, too_large

IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".bmp", ".gif"))
IGNORED = frozenset(("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", "__pycache__"))


def is_image_name(name: str) -> bool:
    """Whether the name has the suffix of an image, in any case."""
    return posixpath.splitext(name)[1].lower() in IMAGE_SUFFIXES  # pathlib takes ten times as long


def is_ignored(name: str) -> bool:
    """Whether the name is of a file that operating systems leave behind, or of a hidden one."""
    return any(part in IGNORED or part.startswith(".") for part in name.split("/"))


class Source:
    """Files with relative names, `/` between folders. `refused` holds (name, sentence) of refused files."""

    path: Path
    kind: str
    refused: list[tuple[str, str]]

    def names(self) -> list[str]:
        """Every file's name, sorted."""
        raise NotImplementedError

    def open(self, name: str, max_bytes: int | None = None) -> bytes:
        """The bytes of a file of at most `max_bytes` (an image's limit by default), or `ImageError` with a sentence."""
        raise NotImplementedError

    def is_folder(self, name: str) -> bool:
        return False

    def close(self) -> None:
        """Close open files."""


class FolderSource(Source):
    """The files below a folder; links to folders are not followed, hidden files are ignored."""

    kind = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refused = []
        self._names: list[str] | None = None

    def names(self) -> list[str]:
        if self._names is None:
            self._names = sorted(filter(self._is_storable, self._walk()))
        return self._names

    def _walk(self) -> list[str]:
        names = []
        for folder, folders, files in os.walk(self.path):
            folders[:] = sorted(name for name in folders if not is_ignored(name))
            prefix = os.path.relpath(folder, self.path).replace(os.sep, "/") + "/"
            prefix = "" if prefix == "./" else prefix
            names += [prefix + name for name in files if not is_ignored(name)]
        return names

    def _is_storable(self, name: str) -> bool:
        """Whether the name is UTF-8; other bytes come from the system as lone surrogates."""
        shown = name.encode("utf-8", "replace").decode()
        if shown != name:
            self.refused.append((shown, f"The file name {shown} is not UTF-8. Rename the file."))
        return shown == name

    def open(self, name: str, max_bytes: int | None = None) -> bytes:
        path = self.path / name
        max_bytes = max_bytes or limits.current().image_bytes
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
                raise ImageError(f"{name}: this is no file. Expected an image or a list.")
            if status.st_size > max_bytes:
                raise ImageError(too_large(name, status.st_size, max_bytes))
            return path.read_bytes()
        except FileNotFoundError:
            state = "a link to a file that is not there" if path.is_symlink() else "not there any more"
            raise ImageError(f"{name}: this is {state}. Put the file back, or remove its row.") from None
        except OSError as error:
            raise ImageError(f"{name}: the file cannot be read ({error.strerror or error}).") from error

    def is_folder(self, name: str) -> bool:
        return os.path.isdir(self.path / name)  # Path.is_dir raises on names that are too long


class ZipSource(Source):
    """The members of a zip; those that point outside it, are encrypted or unpack to too much are refused."""

    kind = "zip"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = Zip(path, path.name, DataError)
        self._names = [name for name in self._zip.members if not is_ignored(name.removeprefix("./"))]
        self.refused = [
            (name, sentence)
            for name, sentence in self._zip.refused
            if not is_ignored(name.replace("../", "/").removeprefix("./"))
        ]

    def names(self) -> list[str]:
        return sorted(self._names)

    def open(self, name: str, max_bytes: int | None = None) -> bytes:
        if name not in self._zip.members:
            raise ImageError(f"{name}: the zip has no such member. Add the zip again if it has changed.")
        return self._zip.read(name, max_bytes or limits.current().image_bytes)

    def close(self) -> None:
        self._zip.close()


def open_source(path: Path) -> Source:
    """A folder or a zip as a `Source`.

    Raises:
        DataError: neither, or it cannot be read.
    """
    if path.is_dir():
        try:
            os.scandir(path).close()
        except OSError as error:
            raise DataError(f"The folder {path} cannot be read ({error.strerror or error}).") from error
        return FolderSource(path)
    return ZipSource(path)


def is_zip(path: Path) -> bool:
    """Whether the file is a zip by its name or its first bytes."""
    if path.suffix.lower() == ".zip":
        return True
    try:
        with path.open("rb") as file:
            return starts_like_a_zip(file)
    except OSError:
        return False


def starts_like_a_zip(file: IO[bytes]) -> bool:
    return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
