"""The quick road reads what Pillow reads, and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from hwr_core.errors import ImageError
from hwr_core.imaging import read_picture
from hwr_core.imaging.png import plain_png

PIXELS = np.random.default_rng(1).integers(0, 256, (40, 60)).astype(np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_and_black_and_white_are_read_to_the_pixel(mode):
    image = Image.fromarray(PIXELS).convert(mode)
    quick = plain_png(saved(image, dpi=(300, 300)))
    assert quick is not None
    assert quick.dtype == np.uint8
    assert np.array_equal(quick, np.asarray(image.convert("L")))


def test_whatever_else_takes_the_long_road():
    grey = Image.fromarray(PIXELS)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    others = [
        saved(grey.convert("RGB")),
        saved(grey.convert("P")),
        saved(grey.convert("LA")),
        saved(grey, transparency=3),
        saved(grey, exif=exif),
        saved(grey, "JPEG"),
        b"",
        b"no picture",
    ]
    assert [plain_png(data) for data in others] == [None] * len(others)
    assert read_picture(others[4]).shape == (60, 40)


def test_damage_anywhere_is_noticed():
    data = saved(Image.fromarray(PIXELS))
    for place in range(8, len(data), 37):
        assert plain_png(data[:place]) is None
        broken = bytearray(data)
        broken[place] ^= 0x55
        assert plain_png(bytes(broken)) is None
    with pytest.raises(ImageError, match="damaged"):
        read_picture(data[: len(data) // 2])
