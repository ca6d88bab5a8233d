"""The letters of a word set in a line: coverage, `(H, W)` uint8, 255 is ink."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from hwr_core.synthesis.fonts import Face, advance, glyph, mask_of, measure, sized
from hwr_core.synthesis.style import Style

# Strokes and dots thinner than that do not survive the scanner, pixels.
SURVIVES = {"binary": (2.3, 3.4), "grey": (1.9, 3.0)}


def set_word(text: str, face: Face, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Coverage with free space around it, and the baseline's row."""
    size = max(round(style.text_height / measure(face.path).height), 8)
    if style.setting == "letters":
        mask, baseline = set_letters(text, face, size, style, rng)
    else:
        mask, baseline = set_joined(text, face, size, style)
    return bend(mask, baseline, style, rng)


def set_joined(text: str, face: Face, size: int, style: Style) -> tuple[np.ndarray, float]:
    """The font sets the word, with its own joins and kerning."""
    mask, _, top = mask_of(sized(face.path, size), text)
    return mask, -top


def set_letters(text: str, face: Face, size: int, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Letter after letter, each a little different in size, angle, height and distance."""
    height = style.text_height
    count = len(text)
    chances = rng.standard_normal((4, count))
    drift = np.cumsum(chances[0]) * 0.5 + chances[0]  # the hand wanders from the line, and comes back
    rises = (drift - drift.mean()) * style.baseline_jitter * height
    scales = np.clip(1 + chances[1] * style.size_jitter, 0.7, 1.4)
    angles = chances[2] * style.rotation_jitter
    gaps = (style.letter_spacing + np.abs(chances[3]) * style.spacing_jitter) * height
    pen, placed = 0.0, []
    for position, character in enumerate(text):
        mask, left, top = glyph(face.path, size, character)
        if mask.size:
            x, y = pen + left, top - rises[position]
            placed.append((*turned(mask, scales[position], angles[position]), x, y))
        pair = text[position : position + 2]
        step = advance(face.path, size, pair)
        if len(pair) == 2:
            step -= advance(face.path, size, pair[1])
        pen += step * scales[position] + gaps[position]
    return assemble(placed)


def turned(mask: np.ndarray, scale: float, angle: float) -> tuple[np.ndarray, float, float]:
    """One glyph, scaled and turned about its middle; how far its corner moves (x, y)."""
    height, width = mask.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    grown = int(0.15 * max(height, width)) + 2
    matrix[:, 2] += grown
    box = (width + 2 * grown, height + 2 * grown)
    return cv2.warpAffine(mask, matrix, box, flags=cv2.INTER_LINEAR), -grown, -grown


def assemble(placed: list[tuple[np.ndarray, float, float, float, float]]) -> tuple[np.ndarray, float]:
    """Lay glyphs over each other on one sheet; its baseline's row."""
    boxes = [(round(x + dx), round(y + dy), mask) for mask, dx, dy, x, y in placed]
    left, top = min(x for x, _, _ in boxes), min(y for _, y, _ in boxes)
    right = max(x + mask.shape[1] for x, _, mask in boxes)
    bottom = max(y + mask.shape[0] for _, y, mask in boxes)
    sheet = np.zeros((bottom - top, right - left), np.uint8)
    for x, y, mask in boxes:
        part = sheet[y - top : y - top + mask.shape[0], x - left : x - left + mask.shape[1]]
        np.maximum(part, mask, out=part)
    return sheet, -top


def bend(mask: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Slant, stretch, tilt, sway and stray in one resampling: strokes are smoothed once only."""
    height, width = mask.shape
    unit, joined = style.text_height, style.setting == "joined"
    shear = np.tan(np.radians(style.slant + rng.normal(0, 1.2) * (style.warp > 0)))
    steepest = unit / max(width, 1)  # long words drift no further than a line
    tilt = np.clip(np.tan(np.radians(rng.normal(0, style.tilt))), -steepest, steepest)
    stretch = style.stretch * (1 + 0.5 * style.letter_spacing * joined)  # joins may not tear
    stray = 4 * style.warp * unit + 2
    above, below = baseline, height - baseline
    left = stray + max(-shear * above, shear * below, 0)
    right = stray + max(shear * above, -shear * below, 0)
    rise = stray + 3 * style.baseline_jitter * unit * joined + abs(tilt) * width * stretch
    shape = (int(height + 2 * rise) + 2, int(width * stretch + left + right) + 2)
    row = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(rise + baseline)
    column = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(left)
    map_x = (column + shear * row) / np.float32(stretch)
    map_y = row + np.float32(tilt) * (column - np.float32(width * stretch / 2))
    if style.warp:
        map_x = map_x + waves(shape, unit, style.warp * unit, rng)
        map_y = map_y + waves(shape, unit, style.warp * unit, rng)
    if joined and style.size_jitter:
        map_y = map_y * (1 + waves((1, shape[1]), unit, style.size_jitter, rng))
    if joined and style.baseline_jitter:
        map_y = map_y + waves((1, shape[1]), unit, style.baseline_jitter * unit, rng)
    map_y = map_y + np.float32(baseline)
    map_x, map_y = (np.ascontiguousarray(np.broadcast_to(axis, shape), np.float32) for axis in (map_x, map_y))
    return cv2.remap(mask, map_x, map_y, cv2.INTER_LINEAR), rise + baseline


def waves(shape: tuple[int, int], unit: float, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise, `shape` float32, standard deviation about `strength`, a bump each half `unit`."""
    knots = [max(round(2 * length / unit), 1) + 2 for length in shape]
    coarse = rng.standard_normal(knots).astype(np.float32) * np.float32(1.3 * strength)
    small = (
        shape[1] // 4 + 1,
        shape[0] // 4 + 1,
    )  # smooth already: the rest of the way a straight line will do
    smooth = cv2.resize(coarse, small, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(smooth, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).reshape(shape)


def pen_change(face: Face, style: Style) -> float:
    """Pixels to add to the stroke's width so that the face is written with the style's pen."""
    proportions = measure(face.path)
    pixels = style.text_height / proportions.height  # to the em
    own, hairline = proportions.stroke * pixels, proportions.hairline * pixels
    # Small letters fill up when a fine pen is made broad: meet the style's pen part of the way.
    change = np.clip(style.pen * style.text_height - own, -0.35 * own, 0.9 * own + 1) if style.pen else 0.0
    thinnest, smallest_dot = SURVIVES[style.scan]
    return float(max(change, thinnest - hairline, smallest_dot - proportions.dot * pixels))


def thicken(coverage: np.ndarray, pixels: float) -> np.ndarray:
    """Make strokes wider (or, negative, thinner) by so many pixels, fractions included."""
    if abs(pixels) < 0.1:
        return coverage
    change = cv2.dilate if pixels > 0 else cv2.erode
    whole, rest = divmod(abs(pixels) / 2, 1)  # an edge moves half as far
    if whole:
        coverage = change(coverage, disc(int(whole)))
    return cv2.addWeighted(coverage, 1 - rest, change(coverage, disc(1)), rest, 0)


@lru_cache(maxsize=16)
def disc(radius: int) -> np.ndarray:
    """A round brush, `(2 radius + 1, 2 radius + 1)`."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def crop(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Cut to the ink and a random margin on each side; the baseline's row in it."""
    ink = coverage > 40
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:  # so thin a stroke that nothing of it is left
        return np.pad(coverage, 2), baseline + 2
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    margins = (1 + rng.random(4) * style.margin * style.text_height).astype(int)
    sheet = np.pad(coverage[top:bottom, left:right], (tuple(margins[:2]), tuple(margins[2:])))
    return sheet, float(baseline - top + margins[0])


def underline(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> None:
    """Draw a stroke beneath the word, in place."""
    height, width = coverage.shape
    y = min(baseline + rng.uniform(0.05, 0.2) * style.text_height, height - 1.0)
    ends = rng.uniform(0, 0.2, 2) * width
    slope = rng.normal(0, 0.02) * width
    pen = max(round((style.pen or 0.06) * style.text_height * 0.8), 1)
    start, end = (int(ends[0]), round(y)), (int(width - ends[1]), round(y + slope))
    cv2.line(coverage, start, end, 230, pen, cv2.LINE_AA)


def leave_remains(coverage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same with the foot of a letter of the line above, cut by the upper edge.

    It gets a strip of its own: close to the letters it would read as an accent.
    """
    height, width = coverage.shape
    length = max(int(rng.uniform(0.06, 0.16) * height), 3)
    sheet = np.pad(coverage, ((length + 3, 0), (0, 0)))
    x, lean = int(rng.integers(width)), int(rng.normal(0, 0.4) * length)
    cv2.line(sheet, (x, 0), (x + lean, length - 1), 230, int(rng.integers(1, 4)), cv2.LINE_AA)
    return sheet
