"""The letters of a word set in a line: coverage, `(H, W)` uint8, 255 is ink."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from hwr_core.synthesis.fonts import Face, advance, glyph, mask_of, measure, sized
from hwr_core.synthesis.style import Style


def set_word(text: str, face: Face, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Coverage with free space around it, and the baseline's row."""
    size = max(round(style.text_height / measure(face.path).height), 8)
    joins = style.setting != "letters" and joins_well(text, face, size)
    setting = style.setting if joins else "letters"
    if setting == "joined":
        mask, baseline = set_joined(text, face, size)
    else:
        pieces = list(text) if setting == "letters" else broken(text, rng)
        mask, baseline = set_pieces(pieces, face, size, style, rng)
    return bend(mask, baseline, style, rng)


def joins_well(text: str, face: Face, size: int) -> bool:
    """Whether the font sets the word about as wide as its letters: some have broken pairs, such as `s"`."""
    letters = sum(advance(face.path, size, character) for character in text)
    return abs(sized(face.path, size).getlength(text) - letters) < 0.5 * letters + size


def set_joined(text: str, face: Face, size: int) -> tuple[np.ndarray, float]:
    """The font sets the word, with its own joins, ligatures and kerning."""
    mask, _, top = mask_of(sized(face.path, size), text)
    return mask, -top


def broken(text: str, rng: np.random.Generator) -> list[str]:
    """The word in pieces of one to four characters: where the pen is lifted."""
    pieces, start = [], 0
    while start < len(text):
        length = int(rng.integers(1, 5))
        pieces.append(text[start : start + length])
        start += length
    return pieces


def set_pieces(
    pieces: list[str], face: Face, size: int, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Piece after piece, each a little different in size, angle, height and distance."""
    height = style.text_height
    chances = rng.standard_normal((4, len(pieces)))
    drift = np.cumsum(chances[0]) * 0.5 + chances[0]  # the hand wanders from the line, and comes back
    rises = (drift - drift.mean()) * style.baseline_jitter * height
    scales = np.clip(1 + chances[1] * style.size_jitter, 0.7, 1.4)
    lengths = np.array([len(piece) for piece in pieces])
    angles = chances[2] * style.rotation_jitter / lengths  # long pieces turn less: their ends would fly
    gaps = (style.letter_spacing + np.abs(chances[3]) * style.spacing_jitter) * height
    sizes = small_capitals(pieces, size, rng) if style.capitals == "small" else [size] * len(pieces)
    pen, placed = 0.0, []
    for position, piece in enumerate(pieces):
        size = sizes[position]
        mask, left, top = glyph(face.path, size, piece) if len(piece) == 1 else mask_of(sized(face.path, size), piece)
        if mask.size:
            x, y = pen + left, top - rises[position]
            placed.append((*turned(mask, scales[position], angles[position]), x, y))
        after = pieces[position + 1][:1] if position + 1 < len(pieces) else ""
        step = kerned(face, size, piece, after)
        pen += step * scales[position] + gaps[position]
    return assemble(placed)


def small_capitals(pieces: list[str], size: int, rng: np.random.Generator) -> list[int]:
    """A font size for each piece: the first letter's is the word's, the other letters are lower."""
    low = max(round(size * rng.uniform(0.62, 0.85)), 8)
    first = next((position for position, piece in enumerate(pieces) if piece[0].isalpha()), 0)
    return [low if piece[0].isalpha() and position != first else size for position, piece in enumerate(pieces)]


def kerned(face: Face, size: int, piece: str, after: str) -> float:
    """How far the pen moves for a piece before the next letter, pixels."""
    alone = advance(face.path, size, piece)
    if not after:
        return alone
    pair = advance(face.path, size, piece[-1] + after) - advance(face.path, size, after)
    kerning = pair - advance(face.path, size, piece[-1])
    return alone + min(max(kerning, -0.3 * size), 0.3 * size)  # more is a broken pair


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
    unit, joined = style.text_height, style.setting != "letters"
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
    map_x, map_y = column / np.float32(stretch), np.float32(tilt) * (column - np.float32(width * stretch / 2))
    if style.warp:
        stray_x, stray_y = (waves(shape, unit, style.warp * unit, rng) for _ in range(2))
        stray_x += row * np.float32(shear / stretch)
        stray_y += row
        map_x, map_y = np.add(map_x, stray_x, out=stray_x), np.add(map_y, stray_y, out=stray_y)
    else:
        map_x, map_y = map_x + row * np.float32(shear / stretch), map_y + row
    if joined and style.size_jitter:
        map_y *= 1 + waves((1, shape[1]), unit, style.size_jitter, rng)
    above_line = np.float32(baseline)
    if joined and style.baseline_jitter:
        map_y += waves((1, shape[1]), unit, style.baseline_jitter * unit, rng) + above_line
    else:
        map_y += above_line
    return cv2.remap(mask, map_x, map_y, cv2.INTER_LINEAR), rise + baseline


@lru_cache(maxsize=1)
def grains() -> np.ndarray:
    """A large sheet of standard normal noise, float32, to cut from: drawing it anew is the slowest step."""
    return np.random.default_rng(20).standard_normal((384, 4096), np.float32)


def grain(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Standard normal noise, `shape` float32: to be read, not written."""
    height, width = shape
    whole = grains()
    if height > whole.shape[0] // 2 or width > whole.shape[1] // 2:
        return rng.standard_normal(shape, np.float32)
    y, x = int(rng.integers(whole.shape[0] - height)), int(rng.integers(whole.shape[1] - width))
    return whole[y : y + height, x : x + width]


def waves(shape: tuple[int, int], unit: float, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise, `shape` float32, standard deviation about `strength`, a bump each half `unit`."""
    knots = [max(round(2 * length / unit), 1) + 2 for length in shape]
    coarse = rng.standard_normal(knots, np.float32) * np.float32(1.3 * strength)
    # Smooth already at a quarter of the size: the rest of the way a straight line will do.
    small = (shape[1] // 4 + 1, shape[0] // 4 + 1)
    smooth = cv2.resize(coarse, small, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(smooth, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).reshape(shape)
