"""A rectangle of an image, given as `(left, right, top, bottom)` in percent of its width and height."""

from __future__ import annotations

import numpy as np

from hwr_core.imaging.canvas import ink_box

MIN_SIDE = 8  # pixels of a crop
DIMMED = 0.35  # brightness outside the crop
Edges = tuple[int, int, int, int]


def edges_around_ink(image: np.ndarray) -> Edges:
    """The edges around the ink of a grey image with a small margin; the whole image where it has no ink."""
    left, top, right, bottom = ink_box(image)
    height, width = image.shape
    if left == right:
        return 0, 100, 0, 100
    across, down = 0.04 * (right - left), 0.15 * (bottom - top)
    return (
        max(0, int(100 * (left - across) / width)),
        min(100, int(100 * (right + across) / width) + 1),
        max(0, int(100 * (top - down) / height)),
        min(100, int(100 * (bottom + down) / height) + 1),
    )


def crop(image: np.ndarray, edges: Edges) -> np.ndarray:
    """The part inside the edges, at least `MIN_SIDE` pixels a side where the image has them."""
    height, width = image.shape
    left, right, top, bottom = edges
    x, y = left * width // 100, top * height // 100
    return image[y : max(y + MIN_SIDE, -(-bottom * height // 100)), x : max(x + MIN_SIDE, -(-right * width // 100))]


def dim_outside(image: np.ndarray, edges: Edges) -> np.ndarray:
    """The whole image, dark outside the edges."""
    height, width = image.shape
    left, right, top, bottom = edges
    dimmed = (image * DIMMED).astype(np.uint8)
    x, y = slice(left * width // 100, -(-right * width // 100)), slice(top * height // 100, -(-bottom * height // 100))
    dimmed[y, x] = image[y, x]
    return dimmed
