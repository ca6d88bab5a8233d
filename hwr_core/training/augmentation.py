"""Random changes of a canvas, as another hand, pen or scanner would have made them."""

from __future__ import annotations

import math

import numpy as np

from hwr_core.config import AugmentationConfig
from hwr_core.imaging.canvas import ink_width

MASKS = 3
ELASTIC_GRID = 32  # pixels between the random displacements of the local warp


def augment(
    canvas: np.ndarray, config: AugmentationConfig, rng: np.random.Generator, most_width: int | None = None
) -> np.ndarray:
    """Change a canvas at random.

    Turn, slant, scale, move and a smooth local warp in one resampling; then thinner or thicker strokes, fainter
    or stronger ink, a harder or softer edge (scans in black and white against grey ones), noise, stripes of paper.

    Args:
        canvas: `(H, W)` uint8, 0 paper to 255 ink.
        config: how much; `strength` 0 gives the canvas as it is.
        rng: where chance comes from.
        most_width: the widest result; the canvas's own width where left out.

    Returns:
        `(H, W')` uint8, just wide enough for the ink and at most `most_width`.
    """
    import cv2

    most_width = most_width or canvas.shape[1]
    width = ink_width(canvas)
    if config.strength == 0:
        return canvas[:, :width]
    map_x, map_y = _resampling(canvas.shape[0], width, most_width, config, rng)
    out = cv2.remap(canvas[:, :width], map_x, map_y, cv2.INTER_LINEAR, borderValue=0)
    if rng.random() < config.stroke * config.strength:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2) if rng.random() < 0.7 else (3, 3))
        changed = cv2.dilate(out, kernel) if rng.random() < 0.5 else cv2.erode(out, kernel)
        if changed.max() > 100:  # thin strokes do not survive every erosion
            out = changed
    values: np.ndarray = out.astype(np.float32) / 255
    draw = rng.random()
    if draw < 0.15 * config.strength:  # a scan in black and white
        values = np.clip((values - rng.uniform(0.3, 0.6)) * 12 + 0.5, 0, 1)
    elif draw < 0.3 * config.strength:
        values = cv2.GaussianBlur(values, (3, 3), rng.uniform(0.4, 1.0))
    gamma = math.exp(rng.normal(0, 0.25 * config.strength))
    values = values**gamma * rng.uniform(1 - 0.3 * config.strength, 1)
    noise = np.float32(rng.uniform(0, config.noise * config.strength))
    values = values + noise * rng.standard_normal(values.shape, np.float32)
    if config.mask:
        values = _masked(values, config.mask * config.strength, rng)
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def _resampling(
    height: int, width: int, most_width: int, config: AugmentationConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the result comes from: `(H, W')` float32 columns and rows."""
    import cv2

    amount = config.strength
    shear = rng.uniform(-1, 1) * config.shear * amount
    turn = math.tan(math.radians(rng.uniform(-1, 1) * config.rotation * amount))
    tall = 1 + rng.uniform(-1, 0.3) * config.scale * amount  # mostly smaller: larger would leave the canvas
    wide = 1 + rng.uniform(-1, 1) * config.scale * amount
    slant = abs(shear) * height  # the slanted box is that much wider
    wide = min(wide, (most_width - slant - 2) / width) if width * wide + slant + 2 > most_width else wide
    wide = max(wide, 0.3)
    new_width = int(np.clip(np.ceil(width * wide + slant + 2), 8, most_width))
    drop = rng.uniform(-1, 1) * config.shift * amount * height
    columns, rows = np.meshgrid(np.arange(new_width, dtype=np.float32), np.arange(height, dtype=np.float32))
    middle = (height - 1) / 2
    map_x = (columns - slant / 2 - shear * (rows - middle)) / wide
    map_y = (rows - middle - drop - turn * (columns - new_width / 2)) / tall + middle
    if config.elastic:
        grid = (2 + height // ELASTIC_GRID, 2 + new_width // ELASTIC_GRID)
        nodes = (rng.uniform(-1, 1, (2, *grid)) * config.elastic * amount).astype(np.float32)
        warp_x, warp_y = (cv2.resize(n, (new_width, height), interpolation=cv2.INTER_CUBIC) for n in nodes)
        map_x, map_y = map_x + warp_x, map_y + warp_y
    return map_x.astype(np.float32), map_y.astype(np.float32)  # remap silently misreads float64


def _masked(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Hide up to `MASKS` stripes, together at most `share` of the columns: what is left must tell the word."""
    width = values.shape[1]
    for _ in range(MASKS):
        stripe = int(rng.uniform(0, share / MASKS) * width)
        begin = int(rng.integers(0, width - stripe + 1))
        values[:, begin : begin + stripe] = 0
    return values


def pad_to(canvas: np.ndarray, width: int) -> np.ndarray:
    """`canvas` with paper added at the right, or cut, to `width` columns."""
    out = np.zeros((canvas.shape[0], width), np.uint8)
    kept = min(width, canvas.shape[1])
    out[:, :kept] = canvas[:, :kept]
    return out
