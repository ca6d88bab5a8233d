"""Uploaded files: an image as it is, a zip as the images in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePosixPath

from hwr_core import limits
from hwr_core.errors import HwrError, ImageError
from hwr_core.zips import Zip

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")


def unpack_upload(name: str, data: bytes) -> Iterator[tuple[str, bytes | HwrError]]:
    """The `(name, bytes)` of the images in a zip, chosen by their suffix; any other file comes back as it is.

    A member that is refused comes with its error in place of its bytes, and the others go on.

    Raises:
        ImageError: the zip is damaged, locked or unpacks to too much, or has no images in it.
    """
    if not name.lower().endswith(".zip"):
        yield name, data
        return
    most = limits.current()
    archive = Zip(io.BytesIO(data), name, ImageError)
    try:
        images = [member for member in archive.members if _is_image(member)]
        if not images and not archive.refused:
            raise ImageError(f"{name}: there are no images in this zip. Put PNG or JPEG files into it.")
        taken, room = 0, most.zip_images_bytes
        for member in images:
            size = archive.members[member].file_size
            if taken == most.zip_images or room < size <= most.image_bytes:
                yield name, _overflow(name, len(images), taken)
                break
            try:
                image = archive.read(member, most.image_bytes)
            except HwrError as error:
                yield PurePosixPath(member).name, error
                continue
            taken, room = taken + 1, room - len(image)
            yield PurePosixPath(member).name, image
        for member, sentence in archive.refused:
            yield PurePosixPath(member).name or name, ImageError(sentence)
    finally:
        archive.close()


def _overflow(name: str, images: int, taken: int) -> ImageError:
    most = limits.current()
    return ImageError(
        f"{name}: of its {images:,} images the first {taken:,} were taken; at most {most.zip_images:,} and "
        f"{limits.size(most.zip_images_bytes)} are at once. Add the others in another zip, or all as a data set."
    )


def _is_image(member: str) -> bool:
    path = PurePosixPath(member)
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in IMAGE_SUFFIXES and not is_hidden
