"""The crop of a word: margins, cut letters, neighbouring writing, underlines and strike-outs."""

from __future__ import annotations

import cv2
import numpy as np

from hwr_core.synthesis.fonts import Face, font_metrics, glyph
from hwr_core.synthesis.pen import em, stroke_change
from hwr_core.synthesis.style import Style

DESCENDERS = "gjpqyf"  # drawn for the line above
ASCENDERS = "bdhkltfT"  # drawn for the line below
SIDE_LETTERS = "aeonrsdlt"  # drawn for the words to the left and right
NEIGHBOUR_GAP = 0.22  # of the text height, between a neighbour and the word: farther than any accent
TOP_MARKS = frozenset("'\"‘’“”^*°`~ijIJ!?")  # identified by their upper ends: never cut there
FOOT_MARKS = frozenset(",;.çÇęąųįşģķļņŗ_Q!?")  # identified by their lower ends


def crop_to_ink(
    coverage: np.ndarray, baseline: float, text: str, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Crop to the ink and a random margin on each side; returns the crop and the baseline's row in it."""
    left, top, width, height = cv2.boundingRect(cv2.threshold(coverage, 40, 1, cv2.THRESH_BINARY)[1])
    if not width:  # the stroke was too thin for the threshold
        return np.pad(coverage, 2), baseline + 2
    bottom, right = top + height, left + width
    margins = 1 + max(edge_growth(style), 0) + rng.random(4) * style.margin * style.text_height
    if style.cut and rng.random() < style.cut:
        above, below = cut_depths(baseline - top, bottom - baseline, text, style, rng)
        margins[0] = margins[0] if not above else -above
        margins[1] = margins[1] if not below else -below
    above, below, before, after = np.ceil(margins).astype(int)
    sheet = padded_crop(coverage, top - above, bottom + below, left - before, right + after)
    return sheet, float(baseline - top + above)


def edge_growth(style: Style) -> float:
    """Pixels by which the pen will move the outer edge of the strokes."""
    if style.nib == "face":
        return stroke_change(style) / 2
    return (style.pen * style.text_height - font_metrics(style.face.path).stroke * em(style)) / 2 if style.pen else 0.0


def cut_depths(rise: float, fall: float, text: str, style: Style, rng: np.random.Generator) -> tuple[float, float]:
    """Pixels that a tight crop removes above and below; the word stays readable."""
    height = style.text_height
    plain = text.isascii() and not TOP_MARKS & set(text)
    above = rng.uniform(0.02, 0.12) * height if plain and rise > 0.55 * height and rng.random() < 0.6 else 0.0
    deep = fall > 0.2 * height and not FOOT_MARKS & set(text)
    below = rng.uniform(0.02, 0.1) * height if deep and rng.random() < 0.6 else 0.0
    return float(above), float(below)


def padded_crop(coverage: np.ndarray, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    """The part of `coverage` in a window; 0 where the window reaches beyond it."""
    height, width = coverage.shape
    part = coverage[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    missing = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    return cv2.copyMakeBorder(part, *missing, cv2.BORDER_CONSTANT, value=0)


def add_neighbours(
    coverage: np.ndarray, baseline: float, face: Face, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Add the ends of letters of the lines above and below and of the words to the left and right.

    They stay clear of the word's own letters, where they would look like accents or further letters.
    """
    for side in ("above", "below", "before", "after"):
        if rng.random() >= style.neighbours * (1 if side in ("above", "below") else 0.4):
            continue
        if side in ("above", "below"):
            taller = add_line_neighbour(coverage, face, style, rng, flipped=side == "below")
            baseline += taller.shape[0] - coverage.shape[0] if side == "above" else 0
            coverage = taller
        else:
            coverage = add_word_neighbour(coverage, baseline, face, style, rng, flipped=side == "after")
    return coverage, baseline


def add_line_neighbour(
    coverage: np.ndarray, face: Face, style: Style, rng: np.random.Generator, *, flipped: bool
) -> np.ndarray:
    """Add a descender of the line above at the upper edge; `flipped`: an ascender of the line below at the lower."""
    sheet = coverage[::-1] if flipped else coverage
    letters = [letter for letter in (ASCENDERS if flipped else DESCENDERS) if face.can_write(letter)]
    if not letters:
        return coverage
    mask = slanted(glyph(face.path, font_size(style), letters[int(rng.integers(len(letters)))])[0], style)
    length = min(round(rng.uniform(0.08, 0.24) * style.text_height), mask.shape[0])
    part = mask[:length][::-1] if flipped else mask[-length:]
    x = int(rng.integers(-mask.shape[1] // 2, max(sheet.shape[1] - mask.shape[1] // 2, 1)))
    first, last = max(x, 0), min(x + mask.shape[1], sheet.shape[1])
    part = part[:, first - x : last - x]
    ink_rows = (sheet[:, first:last] > 40).any(axis=1)
    free_rows = int(ink_rows.argmax()) if ink_rows.any() else sheet.shape[0]
    missing = max(0, length + max(round(NEIGHBOUR_GAP * style.text_height), 3) - free_rows)
    sheet = np.pad(sheet, ((missing, 0), (0, 0)))
    length = min(length, sheet.shape[0])
    np.maximum(sheet[:length, first:last], part[:length], out=sheet[:length, first:last])
    return np.ascontiguousarray(sheet[::-1]) if flipped else sheet


def add_word_neighbour(
    coverage: np.ndarray, baseline: float, face: Face, style: Style, rng: np.random.Generator, *, flipped: bool
) -> np.ndarray:
    """Add a sliver of the previous word at the left edge; `flipped`: of the next word at the right edge."""
    letters = [letter for letter in SIDE_LETTERS if face.can_write(letter)]
    if not letters:
        return coverage
    mask, _, top = glyph(face.path, font_size(style), letters[int(rng.integers(len(letters)))])
    length = min(max(round(rng.uniform(0.03, 0.07) * style.text_height), 2), mask.shape[1])
    part = mask[:, :length][:, ::-1] if flipped else mask[:, -length:]
    gap = round(rng.uniform(0.1, 0.25) * style.text_height)
    sheet = np.pad(coverage[:, ::-1] if flipped else coverage, ((0, 0), (length + gap, 0)))
    first = round(baseline) + top
    start, stop = max(first, 0), min(first + mask.shape[0], sheet.shape[0])
    if start < stop:
        sheet[start:stop, :length] = part[start - first : stop - first]
    return np.ascontiguousarray(sheet[:, ::-1]) if flipped else sheet


def font_size(style: Style) -> int:
    """Font size in pixels."""
    return max(round(em(style)), 8)


def slanted(mask: np.ndarray, style: Style) -> np.ndarray:
    """A glyph's mask with the writer's slant and stretch."""
    shear = np.tan(np.radians(style.slant))
    height, width = mask.shape
    extra_width = int(abs(shear) * height) + 1
    matrix = np.array([[style.stretch, -shear, max(shear, 0) * height], [0, 1, 0]], np.float32)
    return cv2.warpAffine(mask, matrix, (int(width * style.stretch) + extra_width, height))


def underline(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> None:
    """Underline the word, in place."""
    stroke(coverage, baseline + rng.uniform(0.05, 0.2) * style.text_height, style, rng)


def strike_out(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> None:
    """Draw one or two strokes through the lower-case letters, in place; the word stays readable."""
    middle = baseline - rng.uniform(0.12, 0.28) * style.text_height
    stroke(coverage, middle, style, rng)
    if rng.random() < 0.25:
        stroke(coverage, middle + rng.uniform(0.08, 0.14) * style.text_height, style, rng)


def stroke(coverage: np.ndarray, y: float, style: Style, rng: np.random.Generator) -> None:
    """Draw a nearly straight stroke along the word, in place."""
    height, width = coverage.shape
    start, stop = rng.uniform(0, 0.12) * width, (1 - rng.uniform(0, 0.12)) * width
    xs = np.linspace(start, stop, 9)
    slope = np.clip(rng.normal(0, 0.03) * width, -0.15 * height, 0.15 * height)
    sway = np.cumsum(rng.normal(0, 0.012, 9)) * style.text_height
    ys = np.clip(y + slope * (xs / width - 0.5) + sway - sway.mean(), 0, height - 1)
    points = np.stack([xs, ys], axis=1) * 8
    thickness = max(round((style.pen or 0.06) * style.text_height), 1)
    cv2.polylines(coverage, [points.round().astype(np.int32)], False, 235, thickness, cv2.LINE_AA, shift=3)
