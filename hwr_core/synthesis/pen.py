"""The pen: the face's own strokes made thinner or wider, or its path followed with a ballpoint."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from hwr_core.synthesis.fonts import measure
from hwr_core.synthesis.letters import waves
from hwr_core.synthesis.style import Style

# Strokes and dots thinner than that do not survive the scanner, pixels.
SURVIVES = {"binary": (2.3, 3.4), "grey": (1.9, 3.0), "photo": (2.1, 3.2)}
# Weights that make one number of a pixel's eight neighbours, clockwise from above.
NEIGHBOURS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def drawn(coverage: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """The strokes as this writer's pen leaves them, `(H, W)` uint8, 255 is ink."""
    if style.nib == "ball":
        return ball_pen(coverage, style, rng)
    return thicken(coverage, pen_change(style))


def ball_pen(coverage: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Follow the middle of each stroke with a pen of (nearly) even width."""
    width = style.pen * style.text_height if style.pen else measure(style.face.path).stroke * em(style)
    width = max(width, SURVIVES[style.scan][0])
    path = thinned(cv2.threshold(coverage, 110, 1, cv2.THRESH_BINARY)[1])
    edge = cv2.distanceTransform(1 - path, cv2.DIST_L2, 3)
    if style.pressure:
        radius = waves(coverage.shape, style.text_height / 2, 0.3 * style.pressure, rng)
        np.clip(radius, -0.5, 0.5, out=radius)
        radius += 1
        radius *= width / 2
        np.maximum(radius, SURVIVES[style.scan][0] / 2, out=radius)
        np.subtract(radius, edge, out=edge)
    else:
        np.subtract(width / 2, edge, out=edge)
    smooth: np.ndarray = cv2.GaussianBlur(edge, (0, 0), 0.6)  # the path goes by whole pixels: smooth its steps
    smooth += 0.5
    return cv2.convertScaleAbs(np.maximum(smooth, 0, out=smooth), alpha=255)  # what is over 255 stays there


def thinned(ink: np.ndarray) -> np.ndarray:
    """The middle line of every stroke (Zhang and Suen 1984), connected as the strokes are.

    Args:
        ink: `(H, W)` uint8, 1 is ink.

    Returns:
        The same shape and kind; no stroke is wider than two pixels.
    """
    pieces, labels = cv2.connectedComponents(ink, ltype=cv2.CV_16U)
    path = worn(ink)
    left = np.bincount((labels * path).ravel(), minlength=pieces)  # 0 is the paper
    for piece in np.flatnonzero(left[1:] == 0) + 1:  # a square dot wears away altogether
        rows, columns = np.nonzero(labels == piece)
        path[round(rows.mean()), round(columns.mean())] = 1
    return path


def worn(ink: np.ndarray) -> np.ndarray:
    """Take pixels off the edges, in half steps, until only lines are left."""
    ink = cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    left = cv2.countNonZero(ink)
    while True:
        for table in tables():
            codes = cv2.filter2D(ink, -1, NEIGHBOURS, borderType=cv2.BORDER_CONSTANT)
            ink = cv2.bitwise_and(ink, cv2.LUT(codes, table))
        before, left = left, cv2.countNonZero(ink)
        if left == before:
            return ink[1:-1, 1:-1].copy()


@lru_cache(maxsize=1)
def tables() -> tuple[np.ndarray, np.ndarray]:
    """For each of the 256 neighbourhoods, whether the pixel stays (1) or goes (0), in the two half steps."""
    keep = np.ones((2, 256), np.uint8)
    for code in range(256):
        around = [code >> place & 1 for place in range(8)]  # above, above right, right, ...
        number = sum(around)
        turns = sum(around[place] < around[(place + 1) % 8] for place in range(8))
        if not (2 <= number <= 6 and turns == 1):
            continue
        above, right, below, left = around[0], around[2], around[4], around[6]
        keep[0, code] = above * right * below or right * below * left
        keep[1, code] = above * right * left or above * below * left
    return keep[0], keep[1]


def em(style: Style) -> float:
    """Pixels to the em."""
    return style.text_height / measure(style.face.path).height


def pen_change(style: Style) -> float:
    """Pixels to add to the stroke's width so that the face is written with the style's pen."""
    proportions, pixels = measure(style.face.path), em(style)
    own, hairline = proportions.stroke * pixels, proportions.hairline * pixels
    # Small letters fill up when a fine pen is made broad: meet the style's pen part of the way.
    change = np.clip(style.pen * style.text_height - own, -0.45 * own, 0.9 * own + 1) if style.pen else 0.0
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
