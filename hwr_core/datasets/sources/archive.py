"""The files of a folder or a zip behind one interface. A zip is never unpacked."""

from __future__ import annotations

import os
import posixpath
import stat
import zipfile
import zlib
from pathlib import Path
from typing import IO

from hwr_core.errors import DataError, ImageError

IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".bmp", ".gif"))
MAX_IMAGE_BYTES = 100_000_000  # a 60-megapixel PNG; larger image files are refused unread
MAX_LIST_BYTES = 500_000_000  # a list of words; 115,000 rows take 10 MB
MAX_ZIP_BYTES = 200_000_000_000  # all members of a zip, unpacked
MAX_ZIP_MEMBERS = 2_000_000
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

    def open(self, name: str, max_bytes: int = MAX_IMAGE_BYTES) -> bytes:
        """The bytes of a file of at most `max_bytes` bytes, or `ImageError` with a sentence."""
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

    def open(self, name: str, max_bytes: int = MAX_IMAGE_BYTES) -> bytes:
        path = self.path / name
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
        self.refused = []
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise DataError(f"There is no file {path}. Check the path.") from None
        except OSError as error:
            raise DataError(f"{path.name} cannot be read ({error.strerror or error}).") from error
        except Exception as error:  # BadZipFile, and others for invalid headers
            raise DataError(f"{path.name} is no zip that can be read, or is cut short. Copy it again.") from error
        members = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(members) > MAX_ZIP_MEMBERS or sum(info.file_size for info in members) > MAX_ZIP_BYTES:
            raise DataError(f"{path.name} would unpack to more than any data set needs. Check where it comes from.")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in members:
            if not is_ignored(info.filename.replace("../", "/").removeprefix("./")):
                self._add(info)
        if members and all(info.flag_bits & 1 for info in members):
            raise DataError(f"{path.name} is encrypted. Unpack it with its password, and add the folder.")

    def _add(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "\\" in name or name[1:2] == ":":
            sentence = f"{name!r} points outside the zip. It was refused; the other members are read."
        elif info.flag_bits & 1:
            sentence = f"{name!r} is encrypted. It was refused; the other members are read."
        elif name in self._members:
            sentence = f"{name!r} is in the zip twice. The first is read."
        else:
            self._members[name] = info
            return
        self.refused.append((name, sentence))

    def names(self) -> list[str]:
        return sorted(self._members)

    def open(self, name: str, max_bytes: int = MAX_IMAGE_BYTES) -> bytes:
        if name not in self._members:
            raise ImageError(f"{name}: the zip has no such member. Add the zip again if it has changed.")
        info = self._members[name]
        if info.file_size > max_bytes:
            raise ImageError(too_large(name, info.file_size, max_bytes))
        try:
            with self._zip.open(info) as file:
                return file.read(max_bytes)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise ImageError(f"{name}: damaged in the zip ({error_text(error)}). Make the zip again.") from error
        except Exception as error:  # decompressors have errors of their own (lzma.LZMAError)
            raise ImageError(f"{name}: damaged in the zip. Make the zip again.") from error

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


def too_large(name: str, size: int, max_bytes: int) -> str:
    sizes = f"{size / 1e6:,.0f} MB is more than is read (at most {max_bytes / 1e6:,.0f} MB)"
    return f"{name}: {sizes}. Reduce it first."


def error_text(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
