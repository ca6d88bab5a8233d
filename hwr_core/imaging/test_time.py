"""Slightly changed copies of a canvas: what a reader says of all of them together is surer than of one alone."""

from __future__ import annotations

import numpy as np

# (slant in columns a row, factor of the width); the first is the canvas as it is.
CHANGES = ((0.0, 1.0), (0.15, 1.0), (-0.15, 1.0), (0.0, 0.9), (0.0, 1.1), (0.1, 0.92), (-0.1, 1.08))
MOST_VIEWS = len(CHANGES)


def view(canvas: np.ndarray, number: int) -> np.ndarray:
    """One of the views of a canvas.

    Args:
        canvas: `(H, W)` uint8, 0 paper to 255 ink.
        number: from 0, the canvas itself, to `MOST_VIEWS - 1`.

    Returns:
        `(H, W)` uint8: slanted to one side, narrower or wider (never so wide that ink is lost).
    """
    slant, factor = CHANGES[number]
    if (slant, factor) == (0.0, 1.0):
        return canvas
    import cv2

    height, width = canvas.shape
    ink = np.flatnonzero(canvas.max(axis=0) > 0)
    last = int(ink[-1]) + 1 if len(ink) else 1
    lean = abs(slant) * height / 2  # columns that the top and the bottom move
    factor = min(factor, max(0.5, (width - 2 * lean) / last))
    shift = slant * height / 2 + lean  # the middle row moves by `lean`, so that no ink leaves at the left
    matrix = np.array([[factor, -slant, shift], [0.0, 1.0, 0.0]])
    return cv2.warpAffine(canvas, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=0)
