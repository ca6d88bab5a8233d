"""Whether an image shows a page, lines of writing, where one word was expected."""

from __future__ import annotations

import numpy as np

from hwr_core.imaging.canvas import MIN_STROKE_INK
from hwr_core.imaging.image_io import limit_size, to_grey
from hwr_core.imaging.ink import extract_ink

MAX_SIDE_PIXELS = 600  # larger images are reduced first
MIN_LINES = 3
MIN_COMPONENTS = 40  # connected strokes; a word has few
MIN_LINE_SHARE = 0.5  # of the widest line: anything narrower is a dot, a descender or the edge of another line


def is_page(image: np.ndarray) -> bool:
    """Whether an image shows at least three lines of writing.

    Rows with ink are separated from rows without, which is enough for level pages; a page whose lines touch or are
    skewed may pass for a word.

    Args:
        image: `(H, W)` grey, or colour as `imaging.to_grey` takes it.

    Raises:
        ImageError: the array is no image.
    """
    import cv2

    solid = (extract_ink(limit_size(to_grey(image), MAX_SIDE_PIXELS)) > MIN_STROKE_INK).astype(np.uint8)
    components = cv2.connectedComponents(solid, connectivity=8)[0] - 1
    if components < MIN_COMPONENTS:
        return False
    inked = solid.sum(axis=1)
    low = 0.15 * float(np.percentile(inked, 90))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (inked > low).astype(int), [0]])))
    widths = []
    for begin, end in edges.reshape(-1, 2):
        columns = np.flatnonzero(solid[begin:end].any(axis=0))
        widths.append(columns[-1] - columns[0] + 1 if end - begin > 3 else 0)
    return sum(width >= MIN_LINE_SHARE * max(widths, default=0) > 0 for width in widths) >= MIN_LINES
