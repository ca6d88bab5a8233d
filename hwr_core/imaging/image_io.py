"""A file, bytes or an array -> one grey picture, or one sentence saying why not."""

from __future__ import annotations

import io
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core.errors import ImageError, first_line
from hwr_core.imaging.png import plain_png

MOST_PIXELS = 60_000_000  # a 60-megapixel scan; more is no word, and would take gigabytes
MOST_SIDE = 60_000  # decoders keep a pointer for every row: a picture of one column could take gigabytes
LONGEST_SIDE = 4000  # larger pictures are reduced while they are decoded
_warnings_lock = threading.Lock()  # `catch_warnings` changes what all threads share


def read_picture(source: Path | str | bytes | np.ndarray | Any, name: str = "") -> np.ndarray:
    """Read a picture as grey.

    Args:
        source: a path, the bytes of a file, an array as `to_grey` takes it, or a Pillow image. PNG, JPEG, TIFF,
            WebP, BMP and GIF; 1, 8 and 16 bit, grey, RGB, CMYK, palette and alpha (laid on white). Turned by its
            EXIF orientation; of an animation or a multipage file, the first frame.
        name: how an error names the picture; the path's own name by default.

    Returns:
        `(H, W)` uint8, 0 black to 255 white.

    Raises:
        PictureError: no picture, a damaged one, or one of more than 60 megapixels.
    """
    from PIL import Image

    if isinstance(source, np.ndarray):
        return to_grey(source, name or "array")
    if isinstance(source, Image.Image):
        return _grey(source, name or "picture")
    if isinstance(source, bytes):
        name, data = name or "picture", source
    else:
        path = Path(source)
        name = name or path.name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ImageError(f"{name}: there is no such file. Check the path.") from None
        except OSError as error:
            raise ImageError(f"{name}: the file cannot be read ({error.strerror or error}).") from error
    if not data:
        raise ImageError(f"{name}: the file is empty (0 bytes). Copy it again from where it came from.")
    quick = plain_png(data)
    if quick is not None:
        return quick
    try:
        with _warnings_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and odd metadata; we check below
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MOST_PIXELS or max(image.size) > MOST_SIDE:
                    raise ImageError(
                        f"{name}: {image.width:,} x {image.height:,} pixels is more than a picture of a word needs "
                        f"(at most {MOST_PIXELS // 1_000_000} megapixels). Cut the word out, or reduce the picture."
                    )
                image.draft("L", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG only: decodes at a fraction of the size
                return _grey(image, name)
    except ImageError:
        raise
    except Image.DecompressionBombError:  # Pillow's own limit, before it tells the size
        raise ImageError(
            f"{name}: the picture has hundreds of megapixels, at most {MOST_PIXELS // 1_000_000} are read. "
            "Cut the word out, or reduce the picture."
        ) from None
    except Image.UnidentifiedImageError:
        raise ImageError(
            f"{name}: this is no picture that can be read. Expected a PNG, JPEG, TIFF, WebP, BMP or GIF file."
        ) from None
    except Exception as error:  # decoders raise almost anything on damaged files
        raise ImageError(
            f"{name}: the picture is damaged or cut short ({first_line(error)}). Copy or scan it again."
        ) from error


def _grey(image: Any, name: str) -> np.ndarray:
    from PIL import Image, ImageOps

    try:
        image.seek(0)
        image.load()
        image = ImageOps.exif_transpose(image)
        if max(image.size) > LONGEST_SIDE:
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        if image.mode.startswith(("I", "F")):
            return to_grey(np.asarray(image), name)
        if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
            image = image.convert("RGBA")
            paper = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(paper, image)
        return to_grey(np.asarray(image.convert("L")), name)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(
            f"{name}: the picture is damaged or cut short ({first_line(error)}). Copy or scan it again."
        ) from error


def to_grey(array: np.ndarray, name: str = "array") -> np.ndarray:
    """An array as grey uint8.

    Args:
        array: `(H, W)`, `(H, W, 1)`, `(H, W, 3)` or `(H, W, 4)`; uint8, 16 bit, boolean, or floating point in
            [0, 1] or [0, 255].

    Returns:
        `(H, W)` uint8.

    Raises:
        PictureError: another shape, no pixels, or values that are no brightness.
    """
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[2] in (1, 3, 4):
        alpha = array[..., 3:] if array.shape[2] == 4 else None
        colour = to_plain(array[..., :3], name).astype(np.float32)
        grey: np.ndarray = (
            colour @ np.array([0.299, 0.587, 0.114], np.float32) if colour.shape[2] == 3 else colour[..., 0]
        )
        if alpha is not None:
            share = to_plain(alpha, name)[..., 0] / np.float32(255)
            grey = grey * share + 255 * (1 - share)
        return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    if array.ndim != 2 or array.size == 0:
        raise ImageError(
            f"{name}: a picture is an array (height, width), or (height, width, 3 or 4). Received shape {array.shape}."
        )
    return to_plain(array, name)


def reduced(picture: np.ndarray, longest: int) -> np.ndarray:
    """A picture `(H, W)` uint8 with no side longer than `longest` pixels; itself where it is so small already."""
    if max(picture.shape) <= longest:
        return picture
    import cv2

    scale = longest / max(picture.shape)
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def to_plain(array: np.ndarray, name: str) -> np.ndarray:
    """Bring any number type to uint8 brightness of the same shape."""
    if array.size == 0:
        raise ImageError(f"{name}: the picture has no pixels. Received shape {array.shape}.")
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype.kind not in "uif":
        raise ImageError(f"{name}: a picture holds numbers. Received an array of {array.dtype}.")
    values = array.astype(np.float32)
    if not np.isfinite(values).all():
        raise ImageError(f"{name}: the picture holds values that are no numbers. Save it again as PNG.")
    most = float(values.max())
    if array.dtype.kind == "f" and most <= 1:
        values = values * 255
    elif most > 255:  # 16 bit and beyond: by its own range, so that 10- and 12-bit scans are not black
        values = values * (255 / max(most, 4095.0 if most <= 4095 else 65535.0 if most <= 65535 else most))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
