"""Zips from outside: members are read one at a time, and never more of them than the limits allow.

What a zip says of itself is checked first, and what comes out of it is counted while it is unpacked. Nothing is
written anywhere.
"""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from pathlib import Path
from typing import IO

from hwr_core import limits
from hwr_core.errors import HwrError, ImageError, first_line

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)
# Bytes of output a step. Of LZMA the module unpacks whole pieces of its input, up to 7,000 times as large; of bzip2
# too, which is beyond all bounds.
STEP_BYTES = {zipfile.ZIP_STORED: 1 << 20, zipfile.ZIP_DEFLATED: 1 << 20, zipfile.ZIP_LZMA: 1 << 12}
FREE_BYTES = 10_000_000  # unpacked: so much is never a bomb, whatever its ratio


class Zip:
    """The members of a zip by name; `refused` has (name, sentence) of those that are not read.

    Args:
        source: a path, or an open file.
        name: the zip's name in sentences.
        error: raised where the whole zip is refused.

    Raises:
        error: it is none, is damaged, is encrypted, or would unpack to too much.
    """

    def __init__(self, source: Path | IO[bytes], name: str, error: type[HwrError]) -> None:
        self.name = name
        self._error = error
        self._lock = threading.Lock()
        self._read: dict[str, int] = {}  # member -> bytes that came out of it, and their sum
        self._total = 0
        try:
            self._size = source.stat().st_size if isinstance(source, Path) else source.seek(0, os.SEEK_END)
            self._zip = zipfile.ZipFile(source)
        except FileNotFoundError:
            raise error(f"There is no file {source}. Check the path.") from None
        except OSError as problem:
            raise error(f"{name} cannot be read ({problem.strerror or problem}).") from problem
        except Exception as problem:  # BadZipFile, and others for invalid headers
            raise error(f"{name} is no zip that can be read, or is cut short. Copy it again.") from problem
        self.refused: list[tuple[str, str]] = []
        self.members: dict[str, zipfile.ZipInfo] = {}
        infos = self._zip.infolist()
        try:
            self._check(len(infos), sum(info.file_size for info in infos))
            if infos and all(info.flag_bits & 1 for info in infos):
                raise error(f"{name} is encrypted. Unpack it with its password, and add what was in it.")
        except HwrError:
            self.close()
            raise
        for info in infos:
            self._add(info)

    def _check(self, members: int, unpacked: int) -> None:
        most = limits.current()
        if members > most.zip_members:
            raise self._error(
                f"{self.name} has {members:,} members, at most {most.zip_members:,} are read. Make several zips of it."
            )
        if unpacked > most.zip_bytes:
            raise self._error(
                f"{self.name} would unpack to more than is taken: {limits.size(unpacked)}, at most "
                f"{limits.size(most.zip_bytes)}. Check where it comes from, or make several zips of it."
            )
        if unpacked > max(FREE_BYTES, most.zip_ratio * self._size):
            raise self._error(
                f"{self.name} would unpack to {unpacked / self._size:,.0f} times its size ({limits.size(unpacked)}), "
                f"at most {most.zip_ratio:,.0f} times is taken. Check where it comes from."
            )

    def _add(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        if name.endswith("/"):
            return
        parts = name.split("/")
        if not parts[-1].strip():
            sentence = "A member of the zip has no name. It was refused; the other members are read."
        elif name.startswith("/") or ".." in parts or "\\" in name or name[1:2] == ":":
            sentence = f"{name!r} points outside the zip. It was refused; the other members are read."
        elif info.flag_bits & 1:
            sentence = f"{name!r} is encrypted. It was refused; the other members are read."
        elif info.compress_type not in METHODS:
            sentence = f"{name!r} is not compressed in the usual way (deflate). It was refused; make the zip again."
        elif name.lower().endswith(".zip"):
            sentence = f"{name!r} is a zip in the zip. It was refused; add it by itself."
        elif name in self.members:
            sentence = f"{name!r} is in the zip twice. The first is read."
        else:
            self.members[name] = info
            return
        self.refused.append((name, sentence))

    def read(self, name: str, max_bytes: int) -> bytes:
        """The bytes of a member.

        Raises:
            ImageError: it has more than `max_bytes`, is damaged, or with it the zip unpacks to too much.
        """
        info = self.members[name]
        if info.file_size > max_bytes:
            raise ImageError(too_large(name, info.file_size, max_bytes))
        step = STEP_BYTES[info.compress_type]
        pieces, total = [], 0
        try:
            with self._zip.open(info) as file:
                while piece := file.read(step):
                    pieces.append(piece)
                    total += len(piece)
                    if total > max_bytes:
                        raise ImageError(too_large(name, total, max_bytes))
                    self._check(0, self._count(name, total))
        except HwrError as error:
            raise ImageError(str(error)) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise ImageError(f"{name}: damaged in the zip ({first_line(error)}). Make the zip again.") from error
        except Exception as error:  # decompressors have errors of their own (lzma.LZMAError)
            raise ImageError(f"{name}: damaged in the zip. Make the zip again.") from error
        return b"".join(pieces)

    def _count(self, name: str, read: int) -> int:
        """Note that so many bytes have come out of a member; returns the sum of all members, each counted once."""
        with self._lock:
            more = max(0, read - self._read.get(name, 0))
            self._read[name] = self._read.get(name, 0) + more
            self._total += more
            return self._total

    def close(self) -> None:
        self._zip.close()


def too_large(name: str, size: int, max_bytes: int) -> str:
    """The sentence for a file that is too large."""
    return f"{name}: {limits.size(size)} is more than is read (at most {limits.size(max_bytes)}). Reduce it first."
