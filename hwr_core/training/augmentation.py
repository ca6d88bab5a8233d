"""Random augmentation of a canvas: variation of writer, pen and scanner."""

from __future__ import annotations

import math

import numpy as np

from hwr_core.config import AugmentationConfig
from hwr_core.imaging.canvas import ink_width

NUM_STRIPES = 3
ELASTIC_GRID = 32  # pixels between the random displacements of the local warp


def augment(
    canvas: np.ndarray, config: AugmentationConfig, rng: np.random.Generator, max_width: int | None = None
) -> np.ndarray:
    """Augment a canvas at random.

    Rotation, shear, scale, shift and elastic warp in one resampling; then thinner or thicker strokes, thresholding or
    blur (scans in black and white or soft ones), fainter or stronger ink, noise, masked stripes of columns.

    Args:
        canvas: `(H, W)` uint8, 0 paper to 255 ink.
        config: the amounts; `strength` 0 leaves the canvas unchanged.
        rng: source of randomness.
        max_width: of the result; the canvas's own width where left out.

    Returns:
        `(H, W')` uint8, just wide enough for the ink and at most `max_width`.
    """
    import cv2

    max_width = max_width or canvas.shape[1]
    width = ink_width(canvas)
    if config.strength == 0:
        return canvas[:, :width]
    map_x, map_y = _resampling(canvas.shape[0], width, max_width, config, rng)
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
    height: int, width: int, max_width: int, config: AugmentationConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """`(H, W')` float32 columns and rows that each pixel of the result comes from."""
    import cv2

    amount = config.strength
    shear = rng.uniform(-1, 1) * config.shear * amount
    slope = math.tan(math.radians(rng.uniform(-1, 1) * config.rotation * amount))
    tall = 1 + rng.uniform(-1, 0.3) * config.scale * amount  # mostly smaller: larger would exceed the canvas
    wide = 1 + rng.uniform(-1, 1) * config.scale * amount
    slant = abs(shear) * height  # added to the width by the shear
    wide = min(wide, (max_width - slant - 2) / width) if width * wide + slant + 2 > max_width else wide
    wide = max(wide, 0.3)
    new_width = int(np.clip(np.ceil(width * wide + slant + 2), 8, max_width))
    drop = rng.uniform(-1, 1) * config.shift * amount * height
    columns, rows = np.meshgrid(np.arange(new_width, dtype=np.float32), np.arange(height, dtype=np.float32))
    middle = (height - 1) / 2
    map_x = (columns - slant / 2 - shear * (rows - middle)) / wide
    map_y = (rows - middle - drop - slope * (columns - new_width / 2)) / tall + middle
    if config.elastic:
        grid = (2 + height // ELASTIC_GRID, 2 + new_width // ELASTIC_GRID)
        nodes = (rng.uniform(-1, 1, (2, *grid)) * config.elastic * amount).astype(np.float32)
        warp_x, warp_y = (cv2.resize(n, (new_width, height), interpolation=cv2.INTER_CUBIC) for n in nodes)
        map_x, map_y = map_x + warp_x, map_y + warp_y
    return map_x.astype(np.float32), map_y.astype(np.float32)  # remap misinterprets float64 without an error


def _masked(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Hide `NUM_STRIPES` stripes, together at most `share` of the columns: the word must stay readable."""
    width = values.shape[1]
    for _ in range(NUM_STRIPES):
        stripe = int(rng.uniform(0, share / NUM_STRIPES) * width)
        begin = int(rng.integers(0, width - stripe + 1))
        values[:, begin : begin + stripe] = 0
    return values


def pad_to(canvas: np.ndarray, width: int) -> np.ndarray:
    """`canvas` with paper added at the right, or cut, to `width` columns."""
    out = np.zeros((canvas.shape[0], width), np.uint8)
    common = min(width, canvas.shape[1])
    out[:, :common] = canvas[:, :common]
    return out
