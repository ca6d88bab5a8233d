"""Inputs as a careless or hostile person makes them, drawn by a seed: the same seed gives the same input."""

from __future__ import annotations

import io
import json
import random
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

INTERESTING = (0, 1, 2, 7, 8, 16, 127, 128, 255, 256, 32767, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
PIECES = (
    "a", "tea", "TEA", "é", "e\u0301", "ß", "İ", "ﬁ", "\u0000", "\u200b", "\u202e", "\ud800", "\U0001f600", " ", "\t",
    "\n", "\r", "\\", "?", "\\?", "=1+1", "@SUM", "<script>", "![x](http://x)", "../", "/etc/passwd", "C:\\", "nan",
    "inf", "-1", "1e309", "9" * 400, "9" * 5000, "٣", "½", "true", "null", "[1", "{}", ",", ";", "0x10", "",
)  # fmt: skip


def mutated(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """A file with a few bytes changed, moved, repeated, cut or taken from another one."""
    result = bytearray(data)
    for _ in range(1 << draw.randrange(5)):
        place = draw.randrange(len(result) + 1) if draw.random() < 0.5 else draw.randrange(min(64, len(result)) + 1)
        end = min(len(result), place + draw.choice((1, 2, 4, 8, 32, 256)))
        kind = draw.randrange(8)
        if kind == 0 and place < len(result):
            result[place] ^= 1 << draw.randrange(8)
        elif kind == 1:
            result[place:end] = draw.randbytes(end - place)
        elif kind == 2:
            result[place : place + 4] = struct.pack(draw.choice("<>") + "I", draw.choice(INTERESTING) % 2**32)
        elif kind == 3:
            result[place : place + 2] = struct.pack(draw.choice("<>") + "H", draw.choice(INTERESTING) % 2**16)
        elif kind == 4:
            del result[place:end]
        elif kind == 5:
            result[place:place] = result[place:end] * draw.choice((1, 2, 50))
        elif kind == 6:
            result[place:end] = other[place:end]
        else:
            del result[draw.randrange(len(result) + 1) :]
    return bytes(result)


@cache
def pictures() -> tuple[bytes, ...]:
    """A valid file of each format and kind of pixel."""
    pixels = np.full((24, 60), 235, np.uint8)
    pixels[6:18, 8:12] = pixels[10:13, 20:50] = 25
    grey = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[Image.Image, str, dict[str, Any]]] = [
        (grey, "PNG", {}), (grey.convert("1"), "PNG", {}), (grey.convert("P"), "PNG", {"transparency": 0}),
        (grey.convert("RGBA"), "PNG", {}), (Image.fromarray(pixels.astype(np.uint16) * 257), "PNG", {}),
        (grey, "JPEG", {"exif": exif}), (grey.convert("CMYK"), "JPEG", {}), (grey, "JPEG", {"progressive": True}),
        (grey, "TIFF", {}), (grey.convert("1"), "TIFF", {"compression": "group4"}), (grey.convert("F"), "TIFF", {}),
        (grey.convert("RGB"), "TIFF", {"compression": "tiff_lzw"}), (grey.convert("RGB"), "WEBP", {}),
        (grey.convert("RGB"), "WEBP", {"lossless": True}), (grey, "BMP", {}), (grey, "GIF", {}),
        (grey.convert("RGB"), "GIF", {"save_all": True, "append_images": [Image.new("RGB", (60, 24))] * 3}),
        (grey, "EPS", {}), (grey, "PPM", {}), (grey.convert("RGB"), "ICO", {}), (grey, "PDF", {}), (grey, "TGA", {}),
    ]  # fmt: skip
    files = []
    for image, form, settings in kinds:
        file = io.BytesIO()
        image.save(file, form, **settings)
        files.append(file.getvalue())
    return tuple(files)


@cache
def lists() -> tuple[bytes, ...]:
    """Valid lists of words, in several encodings and separators."""
    rows = [["word_id", "transcription", "image", "writer", "split"]]
    rows += [[f"w{i}", text, f"{i}.png", f"h{i % 3}", "train"] for i, text in enumerate(("tea", 'a "b"', "é", "=1+1"))]
    whole = []
    for separator in ",;\t":
        for mark in ("", '"'):
            whole.append("".join(separator.join(f"{mark}{cell}{mark}" for cell in row) + "\n" for row in rows))
    iam = "a01-000u-00-00 ok 154 408 768 27 51 AT A\na01-000u-00-01 err 154 507 766 213 48 NN MOVE\n"
    return (
        *(text.encode() for text in whole), whole[0].encode("utf-16"), whole[0].encode("utf-16-le"),
        whole[2].encode("cp1252"), iam.encode(), b"",
    )  # fmt: skip


@cache
def zips() -> tuple[bytes, ...]:
    """Valid zips, one with a zip in it, one of zeros that unpack to much more."""
    files = []
    for members, method in (
        ({"a.png": pictures()[0], "words.csv": lists()[0]}, zipfile.ZIP_DEFLATED),
        ({"folder/a.jpg": pictures()[5], "folder/.hidden.png": b"x", "__MACOSX/a.png": b"x"}, zipfile.ZIP_STORED),
        ({"zeros.png": bytes(300_000)}, zipfile.ZIP_DEFLATED),
        ({"a.png": pictures()[0]}, zipfile.ZIP_BZIP2),
        ({"a.png": pictures()[0]}, zipfile.ZIP_LZMA),
    ):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
            if len(files) == 1:
                archive.writestr("inner.zip", files[0])
        files.append(file.getvalue())
    return tuple(files)


def text(draw: random.Random, most: int = 6) -> str:
    """Characters that cause trouble, and ordinary ones."""
    result = "".join(draw.choice(PIECES) for _ in range(draw.randrange(most)))
    if draw.random() < 0.02:
        result = draw.choice("a?\\é ") * draw.choice((100, 2000, 100_000))
    if draw.random() < 0.2:
        result += "".join(chr(draw.randrange(0x110000)) for _ in range(draw.randrange(4)))
    return unicodedata.normalize(draw.choice(("NFC", "NFD")), result) if draw.random() < 0.2 else result


def value(draw: random.Random) -> Any:
    """A value of any type, mostly one where another was expected."""
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: text(draw), lambda: draw.choice(INTERESTING), lambda: -draw.choice(INTERESTING),
        lambda: draw.choice((0.5, 1.5, -0.1, 1e309, -1e309, float("nan"), 1e-320)), lambda: None,
        lambda: draw.random() < 0.5,
        lambda: [text(draw) for _ in range(draw.randrange(4))], lambda: [value(draw) for _ in range(draw.randrange(3))],
        lambda: {text(draw): draw.random()}, lambda: 10**400,
    )  # fmt: skip
    return draw.choice(kinds)()


def file_of(draw: random.Random, files: tuple[bytes, ...]) -> bytes:
    """One of the files, mutated but for one time in twenty."""
    data = draw.choice(files)
    return data if draw.random() < 0.05 else mutated(draw, data, draw.choice(files))


def encoded(case: Any) -> bytes:
    """An input as a file of the corpus: bytes as they are, other values as JSON."""
    return case if isinstance(case, bytes) else json.dumps(case, ensure_ascii=True).encode()
