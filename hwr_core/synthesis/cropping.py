"""The word cut out of its page: tightly or loosely, with what reaches in from around it."""

from __future__ import annotations

import cv2
import numpy as np

from hwr_core.synthesis.fonts import Face, glyph, measure
from hwr_core.synthesis.pen import em, pen_change
from hwr_core.synthesis.style import Style

FEET, HEADS, SIDES = "gjpqyf", "bdhkltfT", "aeonrsdlt"  # letters of the line above, the line below, beside
CLEAR = 0.22  # parts of the text height between a neighbour and the word: farther than any accent
KEEPS_TOP = frozenset("'\"‘’“”^*°`~ijIJ!?")  # their upper ends are what tells them
KEEPS_FOOT = frozenset(",;.çÇęąųįşģķļņŗ_Q!?")


def cut_out(
    coverage: np.ndarray, baseline: float, text: str, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Cut to the ink and a random margin on each side; the baseline's row in it."""
    left, top, width, height = cv2.boundingRect(cv2.threshold(coverage, 40, 1, cv2.THRESH_BINARY)[1])
    if not width:  # so thin a stroke that nothing of it is left
        return np.pad(coverage, 2), baseline + 2
    bottom, right = top + height, left + width
    margins = 1 + max(growth(style), 0) + rng.random(4) * style.margin * style.text_height
    if style.cut and rng.random() < style.cut:
        above, below = losses(baseline - top, bottom - baseline, text, style, rng)
        margins[0] = margins[0] if not above else -above
        margins[1] = margins[1] if not below else -below
    above, below, before, after = np.ceil(margins).astype(int)
    sheet = window(coverage, top - above, bottom + below, left - before, right + after)
    return sheet, float(baseline - top + above)


def growth(style: Style) -> float:
    """How far the pen will move the outer edge of the strokes, pixels."""
    if style.nib == "face":
        return pen_change(style) / 2
    return (style.pen * style.text_height - measure(style.face.path).stroke * em(style)) / 2 if style.pen else 0.0


def losses(rise: float, fall: float, text: str, style: Style, rng: np.random.Generator) -> tuple[float, float]:
    """Pixels that a hasty crop takes from above and below: only what leaves the word readable."""
    height = style.text_height
    plain = text.isascii() and not KEEPS_TOP & set(text)
    above = rng.uniform(0.02, 0.12) * height if plain and rise > 0.55 * height and rng.random() < 0.6 else 0.0
    deep = fall > 0.2 * height and not KEEPS_FOOT & set(text)
    below = rng.uniform(0.02, 0.1) * height if deep and rng.random() < 0.6 else 0.0
    return float(above), float(below)


def window(coverage: np.ndarray, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    """A part of the sheet, which is empty where it goes beyond."""
    height, width = coverage.shape
    kept = coverage[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    missing = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    return cv2.copyMakeBorder(kept, *missing, cv2.BORDER_CONSTANT, value=0)


def with_neighbours(
    coverage: np.ndarray, baseline: float, face: Face, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Letters' ends reach in from the lines above and below, and from the words beside.

    They keep clear of the word's own letters, where they would read as accents or as further letters.
    """
    for side in ("above", "below", "before", "after"):
        if rng.random() >= style.neighbours * (1 if side in ("above", "below") else 0.4):
            continue
        if side in ("above", "below"):
            taller = from_line(coverage, face, style, rng, flipped=side == "below")
            baseline += taller.shape[0] - coverage.shape[0] if side == "above" else 0
            coverage = taller
        else:
            coverage = from_word(coverage, baseline, face, style, rng, flipped=side == "after")
    return coverage, baseline


def from_line(coverage: np.ndarray, face: Face, style: Style, rng: np.random.Generator, *, flipped: bool) -> np.ndarray:
    """The feet of the line above at the upper edge; `flipped`: the heads of the line below at the lower one."""
    sheet = coverage[::-1] if flipped else coverage
    letters = [letter for letter in (HEADS if flipped else FEET) if face.can_write(letter)]
    if not letters:
        return coverage
    mask = leaning(glyph(face.path, size_of(style), letters[int(rng.integers(len(letters)))])[0], style)
    length = min(round(rng.uniform(0.08, 0.24) * style.text_height), mask.shape[0])
    part = mask[:length][::-1] if flipped else mask[-length:]
    x = int(rng.integers(-mask.shape[1] // 2, max(sheet.shape[1] - mask.shape[1] // 2, 1)))
    first, last = max(x, 0), min(x + mask.shape[1], sheet.shape[1])
    part = part[:, first - x : last - x]
    below = (sheet[:, first:last] > 40).any(axis=1)
    room = int(below.argmax()) if below.any() else sheet.shape[0]
    missing = max(0, length + max(round(CLEAR * style.text_height), 3) - room)
    sheet = np.pad(sheet, ((missing, 0), (0, 0)))
    length = min(length, sheet.shape[0])
    np.maximum(sheet[:length, first:last], part[:length], out=sheet[:length, first:last])
    return np.ascontiguousarray(sheet[::-1]) if flipped else sheet


def from_word(
    coverage: np.ndarray, baseline: float, face: Face, style: Style, rng: np.random.Generator, *, flipped: bool
) -> np.ndarray:
    """A sliver of the word before at the left edge; `flipped`: of the word after, at the right one."""
    letters = [letter for letter in SIDES if face.can_write(letter)]
    if not letters:
        return coverage
    mask, _, top = glyph(face.path, size_of(style), letters[int(rng.integers(len(letters)))])
    length = min(max(round(rng.uniform(0.03, 0.07) * style.text_height), 2), mask.shape[1])
    part = mask[:, :length][:, ::-1] if flipped else mask[:, -length:]
    gap = round(rng.uniform(0.1, 0.25) * style.text_height)
    sheet = np.pad(coverage[:, ::-1] if flipped else coverage, ((0, 0), (length + gap, 0)))
    first = round(baseline) + top
    start, stop = max(first, 0), min(first + mask.shape[0], sheet.shape[0])
    if start < stop:
        sheet[start:stop, :length] = part[start - first : stop - first]
    return np.ascontiguousarray(sheet[:, ::-1]) if flipped else sheet


def size_of(style: Style) -> int:
    """Font size in pixels."""
    return max(round(em(style)), 8)


def leaning(mask: np.ndarray, style: Style) -> np.ndarray:
    """A glyph with the writer's slant and width."""
    shear = np.tan(np.radians(style.slant))
    height, width = mask.shape
    grown = int(abs(shear) * height) + 1
    matrix = np.array([[style.stretch, -shear, max(shear, 0) * height], [0, 1, 0]], np.float32)
    return cv2.warpAffine(mask, matrix, (int(width * style.stretch) + grown, height))


def underline(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> None:
    """Draw a stroke beneath the word, in place."""
    stroke(coverage, baseline + rng.uniform(0.05, 0.2) * style.text_height, style, rng)


def strike_out(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> None:
    """Draw a stroke (or two) through the small letters, in place: the word stays readable."""
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
