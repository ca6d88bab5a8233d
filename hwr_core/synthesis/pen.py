"""The pen: the font's strokes made thinner or wider, or their centre lines drawn with a ballpoint."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from hwr_core.synthesis.fonts import font_metrics
from hwr_core.synthesis.letters import smooth_noise
from hwr_core.synthesis.style import Style

# Smallest widths of strokes and of dots that survive the scan, pixels.
MIN_WIDTHS = {"binary": (2.3, 3.4), "grey": (1.9, 3.0), "photo": (2.1, 3.2)}
# Bit weights that encode a pixel's eight neighbours, clockwise from above.
NEIGHBOURS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def apply_pen(coverage: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """The strokes with the style's pen, `(H, W)` uint8, 255 is ink."""
    if style.nib == "ball":
        return ball_pen(coverage, style, rng)
    return thicken(coverage, stroke_change(style))


def ball_pen(coverage: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Draw the centre line of each stroke with a pen of nearly even width."""
    width = style.pen * style.text_height if style.pen else font_metrics(style.face.path).stroke * em(style)
    width = max(width, MIN_WIDTHS[style.scan][0])
    path = thin(cv2.threshold(coverage, 110, 1, cv2.THRESH_BINARY)[1])
    edge = cv2.distanceTransform(1 - path, cv2.DIST_L2, 3)
    if style.pressure:
        radius = smooth_noise(coverage.shape, style.text_height / 2, 0.3 * style.pressure, rng)
        np.clip(radius, -0.5, 0.5, out=radius)
        radius += 1
        radius *= width / 2
        np.maximum(radius, MIN_WIDTHS[style.scan][0] / 2, out=radius)
        np.subtract(radius, edge, out=edge)
    else:
        np.subtract(width / 2, edge, out=edge)
    smooth: np.ndarray = cv2.GaussianBlur(edge, (0, 0), 0.6)  # smooths the steps of the whole-pixel path
    smooth += 0.5
    return cv2.convertScaleAbs(np.maximum(smooth, 0, out=smooth), alpha=255)  # saturates at 255


def thin(ink: np.ndarray) -> np.ndarray:
    """Centre lines of the strokes (Zhang and Suen 1984), as connected as the strokes are.

    Args:
        ink: `(H, W)` uint8, 1 is ink.

    Returns:
        The same shape and dtype; no stroke is wider than two pixels.
    """
    pieces, labels = cv2.connectedComponents(ink, ltype=cv2.CV_16U)
    path = peel(ink)
    pixels = np.bincount((labels * path).ravel(), minlength=pieces)  # 0 is the paper
    for piece in np.flatnonzero(pixels[1:] == 0) + 1:  # a square dot is peeled away completely
        rows, columns = np.nonzero(labels == piece)
        path[round(rows.mean()), round(columns.mean())] = 1
    return path


def peel(ink: np.ndarray) -> np.ndarray:
    """Remove edge pixels, in half steps, until only lines remain."""
    ink = cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    pixels = cv2.countNonZero(ink)
    while True:
        for table in thinning_tables():
            codes = cv2.filter2D(ink, -1, NEIGHBOURS, borderType=cv2.BORDER_CONSTANT)
            ink = cv2.bitwise_and(ink, cv2.LUT(codes, table))
        before, pixels = pixels, cv2.countNonZero(ink)
        if pixels == before:
            return ink[1:-1, 1:-1].copy()


@lru_cache(maxsize=1)
def thinning_tables() -> tuple[np.ndarray, np.ndarray]:
    """For each of the 256 neighbourhoods, whether the pixel stays (1) or is removed (0), in the two half steps."""
    keep = np.ones((2, 256), np.uint8)
    for code in range(256):
        around = [code >> place & 1 for place in range(8)]  # above, above right, right, ...
        neighbours = sum(around)
        turns = sum(around[place] < around[(place + 1) % 8] for place in range(8))
        if not (2 <= neighbours <= 6 and turns == 1):
            continue
        above, right, below, left = around[0], around[2], around[4], around[6]
        keep[0, code] = above * right * below or right * below * left
        keep[1, code] = above * right * left or above * below * left
    return keep[0], keep[1]


def em(style: Style) -> float:
    """Pixels per em."""
    return style.text_height / font_metrics(style.face.path).height


def stroke_change(style: Style) -> float:
    """Pixels to add to the stroke width to reach the style's pen."""
    proportions, pixels = font_metrics(style.face.path), em(style)
    own, hairline = proportions.stroke * pixels, proportions.hairline * pixels
    # Lower-case letters fill up when a fine stroke gets much wider: limit the change.
    change = np.clip(style.pen * style.text_height - own, -0.45 * own, 0.9 * own + 1) if style.pen else 0.0
    thinnest, smallest_dot = MIN_WIDTHS[style.scan]
    return float(max(change, thinnest - hairline, smallest_dot - proportions.dot * pixels))


def thicken(coverage: np.ndarray, pixels: float) -> np.ndarray:
    """Make strokes wider (negative: thinner) by a number of pixels, fractions included."""
    if abs(pixels) < 0.1:
        return coverage
    change = cv2.dilate if pixels > 0 else cv2.erode
    whole, rest = divmod(abs(pixels) / 2, 1)  # an edge moves half as far
    if whole:
        coverage = change(coverage, disc(int(whole)))
    return cv2.addWeighted(coverage, 1 - rest, change(coverage, disc(1)), rest, 0)


@lru_cache(maxsize=16)
def disc(radius: int) -> np.ndarray:
    """A round structuring element, `(2 radius + 1, 2 radius + 1)`."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
