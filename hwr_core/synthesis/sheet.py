"""A contact sheet of many words for visual inspection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hwr_core.errors import DataError


def contact_sheet(
    words: Iterable[tuple[str, np.ndarray]],
    path: Path,
    *,
    columns: int = 6,
    cell: Sequence[int] = (300, 120),
) -> None:
    """Write one image with all words, each under its caption.

    Args:
        words: captions and images, `(H, W)` uint8 each.
        path: output file (.png or .jpg).
        columns: words per row.
        cell: width and height of a cell, pixels; larger images are reduced.

    Raises:
        DataError: there are no words.
    """
    Image.fromarray(draw_sheet(words, columns=columns, cell=cell)).save(path)


def draw_sheet(
    words: Iterable[tuple[str, np.ndarray]], *, columns: int = 6, cell: Sequence[int] = (300, 120)
) -> np.ndarray:
    """The contact sheet as an array, `(rows x cell height, columns x cell width)` uint8 grey."""
    items = list(words)
    if not items:
        raise DataError("A contact sheet needs words. Received none: raise the count.")
    width, height = cell
    rows = -(-len(items) // columns)
    sheet = Image.new("L", (columns * width, rows * height), 205)
    draw = ImageDraw.Draw(sheet)
    font = caption_font()
    for index, (caption, image) in enumerate(items):
        x, y = index % columns * width, index // columns * height
        word = Image.fromarray(image)
        word.thumbnail((width - 8, height - 20))
        sheet.paste(word, (x + 4, y + 16))
        draw.text((x + 4, y + 2), caption, fill=0, font=font)
    return np.asarray(sheet)


def caption_font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu, which has accents, from Matplotlib's data; Pillow's default font without Matplotlib."""
    try:
        from matplotlib import get_data_path
    except ImportError:
        return ImageFont.load_default()
    return ImageFont.truetype(Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf", 10)
