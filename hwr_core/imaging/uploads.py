"""Uploaded files: an image as it is, a zip as the images in it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from hwr_core.errors import ImageError, first_line

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")
MAX_MEMBER_BYTES = 40_000_000  # of one image in a zip, unpacked
MAX_IMAGES_PER_ZIP = 1000


def unpack_upload(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The `(name, bytes)` of the images in a zip, chosen by their suffix; any other file comes back as it is.

    Raises:
        ImageError: the zip is damaged or locked, or has no images in it.
    """
    if not name.lower().endswith(".zip"):
        yield name, data
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if _is_image(member)]
            for member in members[:MAX_IMAGES_PER_ZIP]:
                yield PurePosixPath(member.filename).name, archive.read(member)
            if not members:
                raise ImageError(f"{name}: there are no images in this zip. Put PNG or JPEG files into it.")
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError, zlib.error) as error:
        raise ImageError(
            f"{name}: this zip cannot be opened ({first_line(error)}). Make it again, without a password."
        ) from error


def _is_image(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    is_small = member.file_size <= MAX_MEMBER_BYTES
    return path.suffix.lower() in IMAGE_SUFFIXES and not member.is_dir() and not is_hidden and is_small
