"""Any image file becomes grey, or gives one sentence why not."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwr_core.errors import ImageError
from hwr_core.imaging import encode_png, image_io, limit_size, read_image, to_grey

ROOT = Path(__file__).resolve().parents[3]


def file_of(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def word(draw) -> np.ndarray:
    return draw("word")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "WebP", "JPEG"])
def test_read_image_file_formats_gives_grey(word, kind):
    options = {"lossless": True} if kind == "WebP" else {}
    grey = read_image(file_of(Image.fromarray(word), kind, **options))
    assert grey.dtype == np.uint8
    assert grey.shape == word.shape
    assert np.abs(grey.astype(int) - word).mean() < (3 if kind == "JPEG" else 0.5)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LA", "I", "F", "I;16"])
def test_read_image_colour_modes_gives_grey(word, mode):
    if mode == "1":
        word = np.where(word > 128, 255, 0).astype(np.uint8)
    image = Image.fromarray(word.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(word).convert(mode)
    grey = read_image(file_of(image, "TIFF"))
    assert grey.shape == word.shape
    assert np.abs(grey.astype(int) - word).mean() < 3


def test_read_image_path_bytes_array_and_pillow_are_equal(word, tmp_path):
    path = tmp_path / "word.png"
    Image.fromarray(word).save(path)
    for source in (path, str(path), path.read_bytes(), word, Image.fromarray(word)):
        assert (read_image(source) == word).all()


def test_read_image_transparent_pixels_are_white():
    image = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (10, 5, 20, 15))
    image.paste((0, 0, 0, 128), (20, 5, 30, 15))
    for source in (file_of(image), np.asarray(image)):
        grey = read_image(source)
        assert grey[0, 0] == 255
        assert grey[10, 15] == 0
        assert grey[10, 25] == pytest.approx(127, abs=1)
    palette = Image.new("P", (30, 20), 0)
    palette.putpalette([0, 0, 0, 10, 10, 10])
    palette.paste(1, (10, 5, 20, 15))
    grey = read_image(file_of(palette, transparency=0))
    assert grey[0, 0] == 255
    assert grey[10, 15] == 10


def test_read_image_exif_orientation_is_applied(word):
    rotated = Image.fromarray(word).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that the image must be rotated clockwise
    grey = read_image(file_of(rotated, "JPEG", exif=exif, quality=95))
    assert grey.shape == word.shape
    assert np.abs(grey.astype(int) - word).mean() < 3


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_read_image_several_frames_gives_the_first(word, kind):
    pages = [Image.new("L", (word.shape[1], word.shape[0]), 255)]
    data = file_of(Image.fromarray(word), kind, save_all=True, append_images=pages)
    assert np.abs(read_image(data).astype(int) - word).mean() < 1


def test_read_image_large_file_is_reduced():
    grey = read_image(file_of(Image.new("L", (5000, 250), 200)))
    assert grey.shape == (200, 4000)
    assert (grey == 200).all()
    photo = Image.new("RGB", (9000, 600), (200, 200, 200))
    height, width = read_image(file_of(photo, "JPEG")).shape
    assert max(height, width) <= 4000
    assert width / height == pytest.approx(15, rel=0.02)


def broken(kind: str) -> bytes:
    good = file_of(Image.fromarray(np.arange(250 * 40, dtype=np.uint32).astype(np.uint8).reshape(40, 250)))
    return {
        "empty": b"",
        "text": b"this is only text\n" * 20,
        "cut short": good[: len(good) // 2],
        "header only": good[:30],
        "zip": b"PK\x03\x04" + bytes(100),
        "zeros": bytes(1000),
        "jpeg cut short": file_of(Image.new("RGB", (500, 500), "red"), "JPEG")[:400],
        "corrupted": good[:60] + bytes(40) + good[100:],
    }[kind]


@pytest.mark.parametrize(
    "kind", ["empty", "text", "cut short", "header only", "zip", "zeros", "jpeg cut short", "corrupted"]
)
def test_read_image_broken_file_raises_one_sentence_with_its_name(kind, tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(broken(kind))
    for source, name in ((path, "broken.png"), (broken(kind), "image")):
        with pytest.raises(ImageError) as error:
            read_image(source)
        assert str(error.value).startswith(f"{name}: ")
        assert "\n" not in str(error.value)
    with pytest.raises(ImageError, match=r"^page 3: "):
        read_image(broken(kind), "page 3")


def test_read_image_missing_file_or_folder_raises(tmp_path):
    with pytest.raises(ImageError, match=r"none\.png: there is no such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="cannot be read"):
        read_image(tmp_path)


@pytest.mark.parametrize("size", [(30_000, 30_000), (7_800, 7_800), (1, 100_000), (100_000, 1)])
def test_read_image_too_many_pixels_is_not_decoded(size, monkeypatch):
    good = file_of(Image.new("L", (9, 9)))
    header = b"IHDR" + struct.pack(">II", *size) + good[24:29]
    huge = good[:12] + header + struct.pack(">I", zlib.crc32(header)) + good[33:]

    def decoded(image, name):
        pytest.fail("it was decoded")

    monkeypatch.setattr(image_io, "_to_grey_array", decoded)
    with pytest.raises(ImageError, match="megapixels"):
        read_image(huge, "scan.png")


@pytest.mark.parametrize("kind", ["EPS", "PPM", "TGA", "PDF", "ICO", "PCX"])
def test_read_image_other_format_named_png_never_reaches_its_decoder(kind, monkeypatch):
    """An EPS would start Ghostscript."""
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("Ghostscript was started"))
    data = file_of(Image.new("RGB", (40, 40), "red"), kind)
    with pytest.raises(ImageError, match=r"no image that can be read\. Expected a PNG"):
        read_image(data, "word.png")


def test_read_image_mpo_of_a_camera_is_read_as_jpeg():
    file = io.BytesIO()
    first = Image.new("RGB", (60, 40), "white")
    first.save(file, "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40), "black")])
    assert read_image(file.getvalue()).mean() > 250


def cost_of(data: bytes, name: str) -> ImageError:
    with pytest.raises(ImageError, match=r"would take .* of memory") as caught:
        read_image(data, name)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "mode", "side"),
    [("WEBP", "RGB", 3600), ("WEBP", "RGBA", 3600), ("PNG", "RGBA", 4000), ("TIFF", "F", 3000)],
)
def test_read_image_that_takes_much_memory_is_refused_undecoded(kind, mode, side, set_limits, monkeypatch):
    options = {"lossless": True, "method": 0} if kind == "WEBP" else {"compression": "tiff_deflate"}
    data = file_of(Image.new(mode, (side, side)), kind, **options)
    assert len(data) < 150_000
    set_limits(public=True)
    monkeypatch.setattr(image_io, "_to_grey_array", lambda *_: pytest.fail("it was decoded"))
    cost_of(data, "word")


def test_read_image_animation_beyond_the_limits_is_refused_undecoded(set_limits, monkeypatch):
    frames = [Image.new("RGB", (1000, 1000), colour) for colour in ("red", "blue", "green")]
    data = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    set_limits(decoded_bytes=20_000_000)
    monkeypatch.setattr(image_io, "_to_grey_array", lambda *_: pytest.fail("it was decoded"))
    cost_of(data, "moving.webp")


def tiff_of_one_tile(side: int, tile: int) -> bytes:
    """A grey TIFF of `side` pixels a side, in one deflated tile that is far larger."""
    body = zlib.compress(bytes(1000))
    tags = [(256, side), (257, side), (258, 8), (259, 8), (262, 1), (277, 1)]
    tags += [(322, tile), (323, tile), (324, 8), (325, len(body))]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(tags)) + entries + bytes(4)


def test_read_image_tiff_of_one_huge_tile_is_refused_undecoded(monkeypatch):
    """The image is small; but a tile is decoded as a whole."""
    with Image.open(io.BytesIO(tiff_of_one_tile(64, 30_000))) as image:
        assert image.size == (64, 64)
    monkeypatch.setattr(image_io, "_to_grey_array", lambda *_: pytest.fail("it was decoded"))
    cost_of(tiff_of_one_tile(64, 30_000), "word.tif")


def test_read_image_progressive_jpeg_counts_its_coefficients(set_limits):
    image = Image.new("RGB", (5000, 4000), "white")
    set_limits(decoded_bytes=100_000_000)
    assert read_image(file_of(image, "JPEG")).shape == (3200, 4000)
    cost_of(file_of(image, "JPEG", progressive=True), "word.jpg")


def test_read_image_beyond_the_limits_of_pixels_side_or_bytes_is_refused(word, set_limits, tmp_path):
    colour = file_of(Image.fromarray(word).convert("RGB"))
    (tmp_path / "word.png").write_bytes(colour)
    for values, sentence in (
        ({"image_pixels": word.size - 1}, "is more than an image of a word needs"),
        ({"image_side": max(word.shape) - 1}, "is more than an image of a word needs"),
        ({"image_bytes": len(colour) - 1}, "is more than is read"),
    ):
        set_limits(**values)
        for source in (colour, tmp_path / "word.png"):
            with pytest.raises(ImageError, match=sentence):
                read_image(source)
    set_limits(image_pixels=word.size - 1)
    with pytest.raises(ImageError, match="is more than an image"):
        read_image(encode_png(word))  # the quick decoder holds to them, too


def test_read_image_in_threads_gives_equal_images(word):
    data, images = file_of(Image.fromarray(word)), []
    threads = [threading.Thread(target=lambda: images.append(read_image(data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(images) == 8
    assert all((grey == word).all() for grey in images)


LARGE_IN_THREADS = """
import io, threading, warnings
warnings.simplefilter("error")
from PIL import Image
from hwr_core.imaging import read_image
file, errors = io.BytesIO(), []
Image.new("L", (9500, 9500), 200).save(file, "JPEG")  # Pillow warns from 89 megapixels on
def read():
    try:
        read_image(file.getvalue())
    except Exception as error:
        errors.append(str(error))
threads = [threading.Thread(target=read) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(errors) == 4 and all("at most 60 megapixels" in error for error in errors), errors
"""


def test_read_image_pillow_warnings_as_errors_are_ignored():
    """One filter at import is enough, in every thread."""
    subprocess.run([sys.executable, "-c", LARGE_IN_THREADS], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("compression", [None, 3])
def test_encode_png_read_again_is_equal(word, compression):
    assert (read_image(encode_png(word, compression)) == word).all()
    assert (read_image(encode_png(word[:, ::2], compression)) == word[:, ::2]).all()


def test_limit_size_keeps_the_aspect_and_small_images(word):
    assert limit_size(word, 1000) is word
    assert limit_size(np.full((100, 1000), 9, np.uint8), 300).shape == (30, 300)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0, 128, 255]], np.uint8), [0, 128, 255]),
        (np.array([[True, False, True]]), [255, 0, 255]),
        (np.array([[0.0, 0.5, 1.0]]), [0, 128, 255]),
        (np.array([[0.0, 127.6, 255.0]]), [0, 128, 255]),
        (np.array([[0, 32768, 65535]], np.uint16), [0, 128, 255]),
        (np.array([[0, 2048, 4095]], np.uint16), [0, 128, 255]),  # a 12-bit scan
        (np.array([[0, 100, 255]], np.int64), [0, 100, 255]),
        (np.array([[-5, 100, 200]], np.int32), [0, 100, 200]),
    ],
)
def test_to_grey_number_types_give_brightness(array, expected):
    grey = to_grey(array)
    assert grey.dtype == np.uint8
    np.testing.assert_allclose(grey[0].astype(int), expected, atol=1)


def test_to_grey_colours_have_luma_weights():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(to_grey(colours)[0].astype(int), [76, 150, 29, 255], atol=1)
    np.testing.assert_allclose(to_grey(colours / 255)[0].astype(int), [76, 150, 29, 255], atol=1)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3), r"Received shape \(3,\)"),
        (np.zeros((2, 0)), r"Received shape \(2, 0\)"),
        (np.zeros((0, 2, 3)), "no pixels"),
        (np.zeros((2, 2, 2)), r"Received shape \(2, 2, 2\)"),
        (np.zeros((2, 2, 3, 1)), "Received shape"),
        (np.array([["ink"]]), "holds numbers"),
        (np.array([[1j]]), "holds numbers"),
        (np.array([[np.inf, 0]]), "no numbers"),
    ],
)
def test_to_grey_other_arrays_raise(array, words):
    with pytest.raises(ImageError, match=words):
        to_grey(array, "page")
