"""Test-time augmentation: views of a canvas whose averaged output is more accurate than that of the canvas alone."""

from __future__ import annotations

import numpy as np

# (slant in columns a row, factor of the width); the first is the canvas unchanged.
VIEWS = ((0.0, 1.0), (0.15, 1.0), (-0.15, 1.0), (0.0, 0.9), (0.0, 1.1), (0.1, 0.92), (-0.1, 1.08))
MAX_VIEWS = len(VIEWS)


def view(canvas: np.ndarray, number: int) -> np.ndarray:
    """A view of a canvas.

    Args:
        canvas: `(H, W)` uint8, 0 paper to 255 ink.
        number: from 0, the canvas itself, to `MAX_VIEWS - 1`.

    Returns:
        `(H, W)` uint8: slanted to one side, narrower or wider (never so wide that ink is lost).
    """
    slant, factor = VIEWS[number]
    if (slant, factor) == (0.0, 1.0):
        return canvas
    import cv2

    height, width = canvas.shape
    ink = np.flatnonzero(canvas.max(axis=0) > 0)
    last = int(ink[-1]) + 1 if len(ink) else 1
    lean = abs(slant) * height / 2  # columns by which the top and the bottom move
    factor = min(factor, max(0.5, (width - 2 * lean) / last))
    shift = slant * height / 2 + lean  # the middle row moves by `lean`, so that no ink leaves at the left
    matrix = np.array([[factor, -slant, shift], [0.0, 1.0, 0.0]])
    return cv2.warpAffine(canvas, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=0)
