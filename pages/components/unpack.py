"""A zip that was dropped among pictures: its pictures, one by one."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from hwr_core.errors import ImageError, first_line

PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"}
LARGEST = 40_000_000  # bytes of one picture in a zip, unpacked
MOST = 1000  # pictures of a zip


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in a zip that are pictures by their name; what is no zip comes back as it is.

    Raises:
        PictureError: the zip is damaged or locked, or has no pictures in it.
    """
    if not name.lower().endswith(".zip"):
        yield name, data
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if _is_picture(member)]
            for member in members[:MOST]:
                yield PurePosixPath(member.filename).name, archive.read(member)
            if not members:
                raise ImageError(f"{name}: there are no pictures in this zip. Put PNG or JPEG files into it.")
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError, zlib.error) as error:
        raise ImageError(
            f"{name}: this zip cannot be opened ({first_line(error)}). Make it again, without a password."
        ) from error


def _is_picture(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in PICTURES and not member.is_dir() and not hidden and member.file_size <= LARGEST
