"""A word laid out letter by letter: coverage, `(H, W)` uint8, 255 is ink."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from hwr_core.synthesis.fonts import Face, advance, font_metrics, glyph, load_font, text_mask
from hwr_core.synthesis.style import Style


def lay_out_word(text: str, face: Face, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Coverage with free space around it, and the row of the baseline."""
    size = max(round(style.text_height / font_metrics(face.path).height), 8)
    whole = style.setting != "letters" and has_sound_joins(text, face, size)
    setting = style.setting if whole else "letters"
    if setting == "joined":
        mask, baseline = lay_out_joined(text, face, size)
    else:
        pieces = list(text) if setting == "letters" else split_pieces(text, rng)
        mask, baseline = lay_out_pieces(pieces, face, size, style, rng)
    return deform(mask, baseline, style, rng)


def has_sound_joins(text: str, face: Face, size: int) -> bool:
    """Whether the font sets the word about as wide as its letters: some fonts have broken kerning pairs, e.g. `s"`."""
    letters = sum(advance(face.path, size, character) for character in text)
    return abs(load_font(face.path, size).getlength(text) - letters) < 0.5 * letters + size


def lay_out_joined(text: str, face: Face, size: int) -> tuple[np.ndarray, float]:
    """The word as the font sets it, with its joins, ligatures and kerning."""
    mask, _, top = text_mask(load_font(face.path, size), text)
    return mask, -top


def split_pieces(text: str, rng: np.random.Generator) -> list[str]:
    """Split a word into pieces of one to four characters, at the places where the pen is lifted."""
    pieces, start = [], 0
    while start < len(text):
        length = int(rng.integers(1, 5))
        pieces.append(text[start : start + length])
        start += length
    return pieces


def lay_out_pieces(
    pieces: list[str], face: Face, size: int, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Lay out pieces in a line, each with its own jitter of size, angle, height and spacing."""
    height = style.text_height
    jitter = rng.standard_normal((4, len(pieces)))
    drift = np.cumsum(jitter[0]) * 0.5 + jitter[0]  # a random walk about the line
    rises = (drift - drift.mean()) * style.baseline_jitter * height
    scales = np.clip(1 + jitter[1] * style.size_jitter, 0.7, 1.4)
    lengths = np.array([len(piece) for piece in pieces])
    angles = jitter[2] * style.rotation_jitter / lengths  # long pieces turn less: their ends would leave the line
    gaps = (style.letter_spacing + np.abs(jitter[3]) * style.spacing_jitter) * height
    sizes = small_capitals(pieces, size, rng) if style.capitals == "small" else [size] * len(pieces)
    pen, placed = 0.0, []
    for position, piece in enumerate(pieces):
        size = sizes[position]
        single = len(piece) == 1
        mask, left, top = glyph(face.path, size, piece) if single else text_mask(load_font(face.path, size), piece)
        if mask.size:
            x, y = pen + left, top - rises[position]
            placed.append((*rotated(mask, scales[position], angles[position]), x, y))
        after = pieces[position + 1][:1] if position + 1 < len(pieces) else ""
        step = kerned_advance(face, size, piece, after)
        pen += step * scales[position] + gaps[position]
    return assemble(placed)


def small_capitals(pieces: list[str], size: int, rng: np.random.Generator) -> list[int]:
    """A font size for each piece: `size` for the first letter and non-letters, smaller for the other letters."""
    low = max(round(size * rng.uniform(0.62, 0.85)), 8)
    first = next((position for position, piece in enumerate(pieces) if piece[0].isalpha()), 0)
    return [low if piece[0].isalpha() and position != first else size for position, piece in enumerate(pieces)]


def kerned_advance(face: Face, size: int, piece: str, after: str) -> float:
    """Advance of a piece before the next letter, pixels."""
    alone = advance(face.path, size, piece)
    if not after:
        return alone
    pair = advance(face.path, size, piece[-1] + after) - advance(face.path, size, after)
    kerning = pair - advance(face.path, size, piece[-1])
    return alone + min(max(kerning, -0.3 * size), 0.3 * size)  # more is a broken kerning pair


def rotated(mask: np.ndarray, scale: float, angle: float) -> tuple[np.ndarray, float, float]:
    """One glyph, scaled and rotated about its centre; and its corner's offset (x, y)."""
    height, width = mask.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    border = int(0.15 * max(height, width)) + 2
    matrix[:, 2] += border
    shape = (width + 2 * border, height + 2 * border)
    return cv2.warpAffine(mask, matrix, shape, flags=cv2.INTER_LINEAR), -border, -border


def assemble(placed: list[tuple[np.ndarray, float, float, float, float]]) -> tuple[np.ndarray, float]:
    """Combine glyphs by maximum on one canvas; returns it and the row of its baseline."""
    glyphs = [(round(x + dx), round(y + dy), mask) for mask, dx, dy, x, y in placed]
    left, top = min(x for x, _, _ in glyphs), min(y for _, y, _ in glyphs)
    right = max(x + mask.shape[1] for x, _, mask in glyphs)
    bottom = max(y + mask.shape[0] for _, y, mask in glyphs)
    sheet = np.zeros((bottom - top, right - left), np.uint8)
    for x, y, mask in glyphs:
        part = sheet[y - top : y - top + mask.shape[0], x - left : x - left + mask.shape[1]]
        np.maximum(part, mask, out=part)
    return sheet, -top


def deform(mask: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Slant, stretch, tilt and warp in one resampling, which smooths the strokes only once."""
    height, width = mask.shape
    unit, joined = style.text_height, style.setting != "letters"
    shear = np.tan(np.radians(style.slant + rng.normal(0, 1.2) * (style.warp > 0)))
    steepest = unit / max(width, 1)  # long words drift no further than a line
    tilt = np.clip(np.tan(np.radians(rng.normal(0, style.tilt))), -steepest, steepest)
    stretch = style.stretch * (1 + 0.5 * style.letter_spacing * joined)  # joins must not break
    padding = 4 * style.warp * unit + 2
    above, below = baseline, height - baseline
    left = padding + max(-shear * above, shear * below, 0)
    right = padding + max(shear * above, -shear * below, 0)
    rise = padding + 3 * style.baseline_jitter * unit * joined + abs(tilt) * width * stretch
    shape = (int(height + 2 * rise) + 2, int(width * stretch + left + right) + 2)
    row = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(rise + baseline)
    column = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(left)
    map_x, map_y = column / np.float32(stretch), np.float32(tilt) * (column - np.float32(width * stretch / 2))
    if style.warp:
        warp_x, warp_y = (smooth_noise(shape, unit, style.warp * unit, rng) for _ in range(2))
        warp_x += row * np.float32(shear / stretch)
        warp_y += row
        map_x, map_y = np.add(map_x, warp_x, out=warp_x), np.add(map_y, warp_y, out=warp_y)
    else:
        map_x, map_y = map_x + row * np.float32(shear / stretch), map_y + row
    if joined and style.size_jitter:
        map_y *= 1 + smooth_noise((1, shape[1]), unit, style.size_jitter, rng)
    above_line = np.float32(baseline)
    if joined and style.baseline_jitter:
        map_y += smooth_noise((1, shape[1]), unit, style.baseline_jitter * unit, rng) + above_line
    else:
        map_y += above_line
    return cv2.remap(mask, map_x, map_y, cv2.INTER_LINEAR), rise + baseline


@lru_cache(maxsize=1)
def noise_sheet() -> np.ndarray:
    """A large array of standard normal noise, float32, to crop from: drawing noise anew is the slowest step."""
    return np.random.default_rng(20).standard_normal((384, 4096), np.float32)


def white_noise(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Standard normal noise, `shape` float32; read-only by convention (a view of `noise_sheet`)."""
    height, width = shape
    whole = noise_sheet()
    if height > whole.shape[0] // 2 or width > whole.shape[1] // 2:
        return rng.standard_normal(shape, np.float32)
    y, x = int(rng.integers(whole.shape[0] - height)), int(rng.integers(whole.shape[1] - width))
    return whole[y : y + height, x : x + width]


def smooth_noise(shape: tuple[int, int], unit: float, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise, `shape` float32, standard deviation about `strength`, a knot every half `unit` pixels."""
    knots = [max(round(2 * length / unit), 1) + 2 for length in shape]
    coarse = rng.standard_normal(knots, np.float32) * np.float32(1.3 * strength)
    # Cubic up to a quarter of the size, linear for the rest: as smooth, and faster.
    small = (shape[1] // 4 + 1, shape[0] // 4 + 1)
    smooth = cv2.resize(coarse, small, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(smooth, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).reshape(shape)
