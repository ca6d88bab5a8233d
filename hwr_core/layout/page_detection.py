"""Whether a picture shows one word, or lines of writing: a page that somebody gave for a word."""

from __future__ import annotations

import numpy as np

from hwr_core.imaging.canvas import SOLID
from hwr_core.imaging.image_io import reduced, to_grey
from hwr_core.imaging.ink import ink_of

SIZE = 600  # pixels of the longer side that is looked at
LEAST_LINES = 3
LEAST_PIECES = 40  # strokes that hang together; a word has few
LEAST_SHARE = 0.5  # of the widest line: what is narrower is no line, but a dot, a tail or the edge of another


def looks_like_lines(picture: np.ndarray) -> bool:
    """Whether there are several lines of writing in a picture.

    Rows with ink are told from rows without, which is enough for level pages; a page whose lines touch, or lie
    askew, may pass for a word.

    Args:
        picture: `(H, W)` grey, or colour as `imaging.to_grey` takes it.

    Raises:
        PictureError: the array is no picture.
    """
    import cv2

    solid = (ink_of(reduced(to_grey(picture), SIZE)) > SOLID).astype(np.uint8)
    pieces = cv2.connectedComponents(solid, connectivity=8)[0] - 1
    if pieces < LEAST_PIECES:
        return False
    inked = solid.sum(axis=1)
    low = 0.15 * float(np.percentile(inked, 90))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (inked > low).astype(int), [0]])))
    widths = []
    for begin, end in edges.reshape(-1, 2):
        columns = np.flatnonzero(solid[begin:end].any(axis=0))
        widths.append(columns[-1] - columns[0] + 1 if end - begin > 3 else 0)
    return sum(width >= LEAST_SHARE * max(widths, default=0) > 0 for width in widths) >= LEAST_LINES
