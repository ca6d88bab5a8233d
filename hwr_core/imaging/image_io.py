"""A file, bytes or an array -> one grey image, or one sentence why not; a grey image -> PNG."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core import limits
from hwr_core.errors import ImageError, first_line
from hwr_core.imaging.png import decode_plain_png
from hwr_core.zips import too_large

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")  # others start programs (EPS), or were never meant
# Memory of decoding and making grey at its peak, by Pillow's mode; 17 in others. Measured on 15 to 30 megapixels.
PEAK_BYTES_PER_PIXEL = {"1": 3, "L": 3, "P": 3, "RGB": 13, "YCbCr": 13, "CMYK": 13, "I": 25, "F": 25, "I;16": 18}
WEBP_BYTES_PER_PIXEL = 21  # two canvases in four channels, and copies
PROGRESSIVE_BYTES_PER_PIXEL = 6  # a JPEG's coefficients, in full size also where it is decoded at a smaller one
TILE_WIDTH, TILE_LENGTH = 322, 323  # tags of TIFF: a tile is decoded as a whole, however small the image
MAX_DECODED_SIDE_PIXELS = 4000  # larger images are reduced while they are decoded
# Of large images and odd metadata, which are checked below. `catch_warnings` around each decode needs a lock.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(source: Path | str | bytes | np.ndarray | Image, name: str = "") -> np.ndarray:
    """Read an image as grey.

    Args:
        source: a path, the bytes of a file, an array as `to_grey` takes it, or a Pillow image. PNG, JPEG, TIFF,
            WebP, BMP and GIF; 1, 8 and 16 bit, grey, RGB, CMYK, palette and alpha (laid on white). Turned by its
            EXIF orientation; of an animation or a multipage file, the first frame.
        name: the image's name in errors; the file name by default.

    Returns:
        `(H, W)` uint8, 0 black to 255 white.

    Raises:
        ImageError: no image, a damaged one, or one beyond the limits of bytes and pixels.
    """
    from PIL import Image

    if isinstance(source, np.ndarray):
        return to_grey(source, name or "array")
    if isinstance(source, Image.Image):
        return _to_grey_array(source, name or "image")
    if isinstance(source, bytes):
        name, data = name or "image", source
    else:
        path = Path(source)
        name = name or path.name
        try:
            if path.stat().st_size > limits.current().image_bytes:
                raise ImageError(too_large(name, path.stat().st_size, limits.current().image_bytes))
            data = path.read_bytes()
        except FileNotFoundError:
            raise ImageError(f"{name}: there is no such file. Check the path.") from None
        except OSError as error:
            raise ImageError(f"{name}: the file cannot be read ({error.strerror or error}).") from error
    if not data:
        raise ImageError(f"{name}: the file is empty (0 bytes). Copy it again from where it came from.")
    if len(data) > limits.current().image_bytes:
        raise ImageError(too_large(name, len(data), limits.current().image_bytes))
    plain = decode_plain_png(data)
    if plain is not None:
        return plain
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image, name)
            pixels = image.width * image.height
            image.draft("L", (MAX_DECODED_SIDE_PIXELS, MAX_DECODED_SIDE_PIXELS))  # JPEG: decodes at a smaller size
            _check_memory(image, name, pixels)
            return _to_grey_array(image, name)
    except ImageError:
        raise
    except Image.DecompressionBombError:  # Pillow's own limit, before the size is known
        megapixels = limits.current().image_pixels // 1_000_000
        raise ImageError(
            f"{name}: the image has hundreds of megapixels, at most {megapixels} are read. "
            "Cut the word out, or reduce the image."
        ) from None
    except Image.UnidentifiedImageError:
        raise ImageError(
            f"{name}: this is no image that can be read. Expected a PNG, JPEG, TIFF, WebP, BMP or GIF file."
        ) from None
    except Exception as error:  # decoders raise almost anything on damaged files
        raise _damaged(name, error) from error


def _check_size(image: Image, name: str) -> None:
    """Raises `ImageError` where an image has more pixels than the limits allow; nothing is decoded yet."""
    most, (width, height) = limits.current(), image.size
    if width * height > most.image_pixels or max(width, height) > most.image_side:
        raise ImageError(
            f"{name}: {width:,} x {height:,} pixels is more than an image of a word needs "
            f"(at most {most.image_pixels // 1_000_000} megapixels). Cut the word out, or reduce the image."
        )


def _check_memory(image: Image, name: str, pixels: int) -> None:
    """Raises `ImageError` where decoding would take more memory than the limits allow; nothing is decoded yet.

    Args:
        image: with its mode and size as it will be decoded.
        pixels: of the file.
    """
    tags = getattr(image, "tag_v2", {})
    tile = int(tags.get(TILE_WIDTH, 0)) * int(tags.get(TILE_LENGTH, 0))
    is_webp = image.format == "WEBP"
    peak = WEBP_BYTES_PER_PIXEL if is_webp else PEAK_BYTES_PER_PIXEL.get(image.mode, 17)
    needed = peak * max(image.width * image.height, tile)
    if image.info.get("progressive"):
        needed += PROGRESSIVE_BYTES_PER_PIXEL * pixels
    most = limits.current().decoded_bytes
    if needed > most:
        raise ImageError(
            f"{name}: decoding it ({pixels / 1e6:,.0f} megapixels) would take {limits.size(needed)} of memory, at most "
            f"{limits.size(most)} are given. Cut the word out, reduce the image, or save it as JPEG."
        )


def _to_grey_array(image: Image, name: str) -> np.ndarray:
    from PIL import Image, ImageOps

    try:
        image.seek(0)
        image.load()
        image = ImageOps.exif_transpose(image)
        if max(image.size) > MAX_DECODED_SIDE_PIXELS:
            image.thumbnail((MAX_DECODED_SIDE_PIXELS, MAX_DECODED_SIDE_PIXELS))
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
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> ImageError:
    return ImageError(f"{name}: the image is damaged or cut short ({first_line(error)}). Copy or scan it again.")


def to_grey(array: np.ndarray, name: str = "array") -> np.ndarray:
    """An array as grey uint8.

    Args:
        array: `(H, W)`, `(H, W, 1)`, `(H, W, 3)` or `(H, W, 4)`; uint8, 16 bit, boolean, or floating point in
            [0, 1] or [0, 255].

    Returns:
        `(H, W)` uint8.

    Raises:
        ImageError: another shape, no pixels, or values that are no brightness.
    """
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[2] in (1, 3, 4):
        alpha = array[..., 3:] if array.shape[2] == 4 else None
        colour = to_uint8(array[..., :3], name).astype(np.float32)
        grey: np.ndarray = (
            colour @ np.array([0.299, 0.587, 0.114], np.float32) if colour.shape[2] == 3 else colour[..., 0]
        )
        if alpha is not None:
            opacity = to_uint8(alpha, name)[..., 0] / np.float32(255)
            grey = grey * opacity + 255 * (1 - opacity)
        return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    if array.ndim != 2 or array.size == 0:
        raise ImageError(
            f"{name}: an image is an array (height, width), or (height, width, 3 or 4). Received shape {array.shape}."
        )
    return to_uint8(array, name)


def to_uint8(array: np.ndarray, name: str) -> np.ndarray:
    """Bring any number type to uint8 brightness of the same shape."""
    if array.size == 0:
        raise ImageError(f"{name}: the image has no pixels. Received shape {array.shape}.")
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype.kind not in "uif":
        raise ImageError(f"{name}: an image holds numbers. Received an array of {array.dtype}.")
    values = array.astype(np.float32)
    if not np.isfinite(values).all():
        raise ImageError(f"{name}: the image holds values that are no numbers. Save it again as PNG.")
    highest = float(values.max())
    if array.dtype.kind == "f" and highest <= 1:
        values = values * 255
    elif highest > 255:  # 16 bit and beyond: by its own range, so that 10- and 12-bit scans are not black
        values = values * (255 / max(highest, 4095.0 if highest <= 4095 else 65535.0 if highest <= 65535 else highest))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def limit_size(image: np.ndarray, max_side: int) -> np.ndarray:
    """An image `(H, W)` uint8 reduced to sides of at most `max_side` pixels; itself where it is that small."""
    if max(image.shape) <= max_side:
        return image
    import cv2

    scale = max_side / max(image.shape)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def encode_png(image: np.ndarray, compression: int | None = None) -> bytes:
    """A grey image `(H, W)` uint8 as a PNG file; `compression` from 0 to 9, OpenCV's own choice where None."""
    import cv2

    options = () if compression is None else (cv2.IMWRITE_PNG_COMPRESSION, compression)
    return cv2.imencode(".png", np.ascontiguousarray(image, np.uint8), options)[1].tobytes()
