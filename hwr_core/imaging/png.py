"""A quick road for the usual file of a word: a plain PNG, grey or black and white, of a modest size."""

from __future__ import annotations

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY = (bytes([8, 0, 0, 0, 0]), bytes([1, 0, 0, 0, 0]))  # bits, colour type, compression, filter, interlace
HARMLESS = (b"IDAT", b"IEND", b"pHYs", b"tIME")  # parts that leave the pixels and their orientation as they are
MOST_QUICK_PIXELS = 4_000_000
MOST_QUICK_SIDE = 4000


def plain_png(data: bytes) -> np.ndarray | None:
    """The pixels of a grey PNG of 8 bits or 1, or None for whatever else: that takes the long road.

    Half the time of the long road, and no lock. OpenCV fills up damaged files with black, so every
    part's checksum is verified first, and a damaged file takes the long road to its error.

    Args:
        data: the bytes of a file.

    Returns:
        `(H, W)` uint8, the same pixels as Pillow's.
    """
    if len(data) < 57 or not data.startswith(SIGNATURE) or data[24:29] not in GREY or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    if not 0 < width * height <= MOST_QUICK_PIXELS or max(width, height) > MOST_QUICK_SIDE or not _whole(data):
        return None
    import cv2

    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    fitting = pixels is not None and pixels.dtype == np.uint8 and pixels.shape == (height, width)
    return pixels if fitting else None


def _whole(data: bytes) -> bool:
    """Whether all parts are there, undamaged and harmless."""
    place, kind = 8, b""
    while kind != b"IEND":
        if place + 12 > len(data):
            return False
        (size,) = struct.unpack(">I", data[place : place + 4])
        kind = data[place + 4 : place + 8]
        if (kind not in HARMLESS and place > 8) or place + 12 + size > len(data):
            return False
        checksum = zlib.crc32(memoryview(data)[place + 4 : place + 8 + size])
        if checksum != int.from_bytes(data[place + 8 + size : place + 12 + size]):
            return False
        place += 12 + size
    return True
