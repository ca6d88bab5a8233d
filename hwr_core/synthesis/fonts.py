"""Handwriting faces: which there are, what each can write, and glyphs kept at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFont

from hwr_core.errors import DataError

# What a face is asked for: printable ASCII, Latin-1, Latin Extended-A, and the punctuation people write.
CANDIDATES = "".join(map(chr, [*range(0x21, 0x7F), *range(0xA1, 0x180)])).replace("\xad", "") + "‘’“”„–—…•€"
NOT_A_CHARACTER = "\U0010ffff"  # no font has it: it draws the box for missing characters
PROBE_SIZE = 20  # pixels to the em: enough to tell glyphs apart
MEASURE_SIZE = 192  # pixels to the em, to measure strokes
MOST_X_HEIGHTS = 2.7
SUFFIXES = (".ttf", ".otf")


@dataclass(frozen=True)
class Face:
    """One handwriting font.

    Attributes:
        name: the file's name without its ending, e.g. `caveat`.
        path: the TrueType or OpenType file.
        characters: the characters it can draw (of `CANDIDATES`): no boxes, no empty glyphs.
    """

    name: str
    path: Path
    characters: frozenset[str] = field(repr=False)

    def can_write(self, text: str) -> bool:
        """Whether every character of `text` has a glyph; False for empty text and for spaces."""
        return bool(text) and self.characters.issuperset(text)

    @classmethod
    def open(cls, path: Path) -> Face:
        """Look into one font file.

        Raises:
            DataError: the file is no font.
        """
        try:
            font = ImageFont.truetype(path, PROBE_SIZE)
        except OSError as error:
            raise DataError(
                f"{path} cannot be opened as a font ({error}). Expected a TrueType or OpenType file. "
                f"Delete it and run `make fonts` again."
            ) from None
        missing = ink_of(font, NOT_A_CHARACTER)
        drawn = (c for c in CANDIDATES if ink_of(font, c) not in (missing, None))
        return cls(path.stem, Path(path), frozenset(drawn))


def ink_of(font: ImageFont.FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes] | None:
    """The glyph's size and pixels, to compare; None where it leaves no ink."""
    mask = font.getmask(character)
    pixels = bytes(mask)
    return (mask.size, pixels) if any(pixels) else None


def find_fonts(folder: Path, *, names: Iterable[str] | None = None) -> list[Face]:
    """Every face of a folder, in the order of the names (about 15 ms each).

    Args:
        folder: where `make fonts` put the `.ttf` files (`.otf` are taken, too).
        names: only these faces, if given.

    Raises:
        DataError: the folder is missing or holds no font, a named face is not in it, or a file is no font.
    """
    found = {path.stem: path for path in sorted(Path(folder).glob("*")) if path.suffix.lower() in SUFFIXES}
    if not found:
        raise DataError(
            f"No handwriting fonts in {folder}. Expected .ttf files. Run `make fonts` to download openly "
            f"licensed ones (it needs the network and npm), or name a folder that has some."
        )
    wanted = sorted(found) if names is None else list(names)
    if missing := [name for name in wanted if name not in found]:
        raise DataError(
            f"{folder} has no face named {', '.join(missing)}; it holds {len(found)} others. "
            f"Name one of those, or run `make fonts`."
        )
    return [Face.open(found[name]) for name in wanted]


@lru_cache(maxsize=128)
def sized(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """The face at `size` pixels to the em, kept at hand (Raqm sets ligatures where Pillow has it)."""
    return ImageFont.truetype(path, size)


@dataclass(frozen=True)
class Measure:
    """A face's proportions, in parts of its em (so: multiply by the font size for pixels).

    Attributes:
        height: from the foot of a descender to the top of an ascender; where small letters are tiny beside
            them, as in fine penmanship, no more than `MOST_X_HEIGHTS` times the small letters' height.
        stroke: the width of its pen.
        hairline: the width of its thin strokes.
        dot: the width of its smallest dot, of `.`, `:` and `i`.
        cursive: whether its small letters join, as in penmanship: nobody writes WORDS OF CAPITALS in those.
    """

    height: float
    stroke: float
    hairline: float
    dot: float
    cursive: bool


@lru_cache(maxsize=512)
def measure(path: Path) -> Measure:
    """Measure one face, once."""
    import cv2

    em = MEASURE_SIZE
    font = sized(path, em)
    _, top, _, bottom = font.getbbox("hdlpgyAH", anchor="ls")
    _, x_top, _, x_bottom = font.getbbox("xnoe", anchor="ls")
    height = min(bottom - top, MOST_X_HEIGHTS * (x_bottom - x_top))
    ink = (mask_of(font, "hnoeatul")[0] > 127).astype(np.uint8)
    depth = cv2.distanceTransform(np.pad(ink, 1), cv2.DIST_L2, 5)
    ridge = depth[(depth > 1) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
    stroke, hairline = np.percentile(ridge, (60, 15)) * 2 if ridge.size else (4.0, 4.0)
    joined = np.pad(mask_of(font, "nuemanum")[0] > 63, 1).astype(np.uint8)
    pieces = cv2.connectedComponents(joined)[0] - 1
    dot = min(smallest_dot(mask_of(font, character)[0]) for character in ".:i")
    return Measure(max(height, 8) / em, float(stroke) / em, float(hairline) / em, dot / em, pieces <= 3)


def smallest_dot(mask: np.ndarray) -> float:
    """Width in pixels of the smallest piece of a drawn character."""
    import cv2

    pieces, labels = cv2.connectedComponents(np.pad(mask > 127, 1).astype(np.uint8))
    depth = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    return 2 * min((float(depth[labels == piece].max()) for piece in range(1, pieces)), default=2.0)


def mask_of(font: ImageFont.FreeTypeFont, text: str) -> tuple[np.ndarray, int, int]:
    """Draw text in its own box.

    Returns:
        Coverage, `(H, W)` uint8 (255 is ink); and the box's left and top, in pixels from the start of
        the baseline (top is negative above it).
    """
    mask, (left, top) = font.getmask2(text, mode="L", anchor="ls")
    picture = Image.new("L", mask.size)
    picture.im.paste(mask, (0, 0, *mask.size))  # five times faster than bytes(mask)
    return np.asarray(picture), int(left), int(top)


@lru_cache(maxsize=4096)
def glyph(path: Path, size: int, character: str) -> tuple[np.ndarray, int, int]:
    """`mask_of` one character, kept at hand."""
    return mask_of(sized(path, size), character)


@lru_cache(maxsize=32768)
def advance(path: Path, size: int, text: str) -> float:
    """How far the pen moves for a character or a kerned pair, in pixels; kept at hand."""
    return float(sized(path, size).getlength(text))
