"""Handwriting fonts: their characters, metrics and cached glyph masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFont

from hwr_core.errors import DataError

# Characters to look for in a font: printable ASCII, Latin-1, Latin Extended-A, and the punctuation people write.
CANDIDATES = "".join(map(chr, [*range(0x21, 0x7F), *range(0xA1, 0x180)])).replace("\xad", "") + "‘’“”„–—…•€"
UNASSIGNED_CHARACTER = "\U0010ffff"  # no font has it: draws the glyph for missing characters
PROBE_SIZE = 20  # pixels per em: enough to distinguish glyphs
MEASURE_SIZE = 192  # pixels per em, to measure strokes
MAX_X_HEIGHTS = 2.7
SUFFIXES = (".ttf", ".otf")


@dataclass(frozen=True)
class Face:
    """One handwriting font.

    Attributes:
        name: the file stem, e.g. `caveat`.
        path: the TrueType or OpenType file.
        characters: those of `CANDIDATES` with a non-empty glyph of their own.
    """

    name: str
    path: Path
    characters: frozenset[str] = field(repr=False)

    def can_write(self, text: str) -> bool:
        """Whether every character of `text` has a glyph; False for empty text and for spaces."""
        return bool(text) and self.characters.issuperset(text)

    @classmethod
    def open(cls, path: Path) -> Face:
        """Read one font file.

        Raises:
            DataError: the file is not a font.
        """
        try:
            font = ImageFont.truetype(path, PROBE_SIZE)
        except OSError as error:
            raise DataError(
                f"{path} cannot be opened as a font ({error}). Expected a TrueType or OpenType file. "
                f"Delete it and run `make fonts` again."
            ) from None
        missing = glyph_bitmap(font, UNASSIGNED_CHARACTER)
        drawn = (c for c in CANDIDATES if glyph_bitmap(font, c) not in (missing, None))
        return cls(path.stem, Path(path), frozenset(drawn))


def glyph_bitmap(font: ImageFont.FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes] | None:
    """A glyph's size and pixels, for comparison; None if it has no ink."""
    mask = font.getmask(character)
    pixels = bytes(mask)
    return (mask.size, pixels) if any(pixels) else None


def find_fonts(folder: Path, *, names: Iterable[str] | None = None) -> list[Face]:
    """The faces of a folder, sorted by name (about 15 ms each).

    Args:
        folder: holds `.ttf` or `.otf` files, as from `make fonts`.
        names: only these faces, in this order.

    Raises:
        DataError: the folder is missing or holds no font, a named face is missing, or a file is not a font.
    """
    paths = {path.stem: path for path in sorted(Path(folder).glob("*")) if path.suffix.lower() in SUFFIXES}
    if not paths:
        raise DataError(
            f"No handwriting fonts in {folder}. Expected .ttf files. Run `make fonts` to download openly "
            f"licensed ones (it needs the network and npm), or name a folder that has some."
        )
    selected = sorted(paths) if names is None else list(names)
    if missing := [name for name in selected if name not in paths]:
        raise DataError(
            f"{folder} has no face named {', '.join(missing)}; it holds {len(paths)} others. "
            f"Name one of those, or run `make fonts`."
        )
    return [Face.open(paths[name]) for name in selected]


@lru_cache(maxsize=128)
def load_font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """The font at `size` pixels per em, cached (Raqm sets ligatures where Pillow has it)."""
    return ImageFont.truetype(path, size)


@dataclass(frozen=True)
class FontMetrics:
    """A font's proportions as fractions of the em: multiply by the font size for pixels.

    Attributes:
        height: from the foot of a descender to the top of an ascender, at most `MAX_X_HEIGHTS` times the x-height
            (scripts with tiny lower-case letters).
        stroke: its stroke width.
        hairline: width of its thin strokes.
        dot: width of its smallest dot, of `.`, `:` and `i`.
        cursive: whether its lower-case letters join; such fonts are not used for WORDS IN CAPITALS.
    """

    height: float
    stroke: float
    hairline: float
    dot: float
    cursive: bool


@lru_cache(maxsize=512)
def font_metrics(path: Path) -> FontMetrics:
    """Measure one font; cached."""
    import cv2

    em = MEASURE_SIZE
    font = load_font(path, em)
    _, top, _, bottom = font.getbbox("hdlpgyAH", anchor="ls")
    _, x_top, _, x_bottom = font.getbbox("xnoe", anchor="ls")
    height = min(bottom - top, MAX_X_HEIGHTS * (x_bottom - x_top))
    ink = (text_mask(font, "hnoeatul")[0] > 127).astype(np.uint8)
    depth = cv2.distanceTransform(np.pad(ink, 1), cv2.DIST_L2, 5)
    ridge = depth[(depth > 1) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
    stroke, hairline = np.percentile(ridge, (60, 15)) * 2 if ridge.size else (4.0, 4.0)
    joined = np.pad(text_mask(font, "nuemanum")[0] > 63, 1).astype(np.uint8)
    pieces = cv2.connectedComponents(joined)[0] - 1
    dot = min(smallest_dot(text_mask(font, character)[0]) for character in ".:i")
    return FontMetrics(max(height, 8) / em, float(stroke) / em, float(hairline) / em, dot / em, pieces <= 3)


def smallest_dot(mask: np.ndarray) -> float:
    """Width in pixels of the smallest connected component of a character."""
    import cv2

    pieces, labels = cv2.connectedComponents(np.pad(mask > 127, 1).astype(np.uint8))
    depth = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    return 2 * min((float(depth[labels == piece].max()) for piece in range(1, pieces)), default=2.0)


def text_mask(font: ImageFont.FreeTypeFont, text: str) -> tuple[np.ndarray, int, int]:
    """Draw text in its bounding box.

    Returns:
        Coverage, `(H, W)` uint8 (255 is ink), and the bounding box's left and top in pixels from the start of
        the baseline (top is negative above it).
    """
    mask, (left, top) = font.getmask2(text, mode="L", anchor="ls")
    image = Image.new("L", mask.size)
    image.im.paste(mask, (0, 0, *mask.size))  # five times faster than bytes(mask)
    return np.asarray(image), int(left), int(top)


@lru_cache(maxsize=4096)
def glyph(path: Path, size: int, character: str) -> tuple[np.ndarray, int, int]:
    """`text_mask` of one character, cached."""
    return text_mask(load_font(path, size), character)


@lru_cache(maxsize=32768)
def advance(path: Path, size: int, text: str) -> float:
    """Advance width of a character or a kerned pair, in pixels; cached."""
    return float(load_font(path, size).getlength(text))
