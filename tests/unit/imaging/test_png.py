"""The plain PNG decoder gives Pillow's pixels, and refuses every other file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from hwr_core.errors import ImageError
from hwr_core.imaging import read_image
from hwr_core.imaging.png import decode_plain_png

PIXELS = np.random.default_rng(1).integers(0, 256, (40, 60)).astype(np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["L", "1"])
def test_decode_plain_png_grey_and_bilevel_equals_pillow(mode):
    image = Image.fromarray(PIXELS).convert(mode)
    pixels = decode_plain_png(saved(image, dpi=(300, 300)))
    assert pixels is not None
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, np.asarray(image.convert("L")))


def test_decode_plain_png_other_files_gives_none():
    grey = Image.fromarray(PIXELS)
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated
    others = [
        saved(grey.convert("RGB")),
        saved(grey.convert("P")),
        saved(grey.convert("LA")),
        saved(grey, transparency=3),
        saved(grey, exif=exif),
        saved(grey, "JPEG"),
        b"",
        b"no image",
    ]
    assert [decode_plain_png(data) for data in others] == [None] * len(others)
    assert read_image(others[4]).shape == (60, 40)


def test_decode_plain_png_damage_anywhere_gives_none():
    data = saved(Image.fromarray(PIXELS))
    for place in range(8, len(data), 37):
        assert decode_plain_png(data[:place]) is None
        broken = bytearray(data)
        broken[place] ^= 0x55
        assert decode_plain_png(bytes(broken)) is None
    with pytest.raises(ImageError, match="damaged"):
        read_image(data[: len(data) // 2])
