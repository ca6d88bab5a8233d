"""The ink canvas, the input of every recognizer, and the steps that lead to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwr_core.config import CanvasConfig
from hwr_core.imaging.image_io import to_grey
from hwr_core.imaging.ink import extract_ink

MARGIN = 3  # pixels of paper behind the ink of a canvas whose own margin is not known
MIN_STROKE_INK = 90  # ink above this is a stroke
MAX_PIXELS_16_BIT = 4 * 65_000  # an image of so many pixels has no more components than 16-bit labels
WORK_HEIGHT_PIXELS = 192  # larger images of a word are reduced to this first: ample for a canvas of 64
MAX_WORK_SIDE_PIXELS = 2400


def ink_canvas(image: np.ndarray, config: CanvasConfig | None = None) -> np.ndarray:
    """The canvas of an image of a word.

    Polarity settled, background divided out, contrast stretched, cropped to the ink, scaled at its own aspect
    (reduced further where it would be too wide), aligned left, the rest paper.

    Args:
        image: `(H, W)` grey, or colour as `to_grey` takes it; any size.
        config: the canvas's size; the default where left out.

    Returns:
        `(config.height, config.width)` uint8, 0 paper to 255 full ink. A blank image gives all zeros.

    Raises:
        ImageError: the array is no image.
    """
    return placed_canvas(image, config)[0]


@dataclass(frozen=True)
class Placement:
    """Position of a canvas in its image: image column = (canvas column - margin) / scale + left."""

    left: float
    scale: float
    margin: int = MARGIN

    def column(self, x: float) -> float:
        """The image's column at column `x` of the canvas."""
        return max(0.0, (x - self.margin) / self.scale + self.left)


def placed_canvas(image: np.ndarray, config: CanvasConfig | None = None) -> tuple[np.ndarray, Placement]:
    """As `ink_canvas`, with the position of the canvas in the image."""
    config = config or CanvasConfig()
    grey = to_grey(image)
    ink = extract_ink(_work_size(grey))
    reduction = ink.shape[1] / grey.shape[1]
    box = _ink_box(ink)
    cropped = _crop(ink, box)
    placement = Placement(box[0] / reduction, _scale(cropped, config) * reduction, config.margin)
    return _place(cropped, config), placement


def canvas_steps(image: np.ndarray, config: CanvasConfig | None = None) -> list[tuple[str, np.ndarray]]:
    """The steps of `ink_canvas`, for display.

    Returns:
        `(name, image)` pairs, images `(h, w)` uint8 dark on light: the input, background divided out, cropped to the
        ink, canvas.
    """
    config = config or CanvasConfig()
    grey = to_grey(image)
    ink = extract_ink(_work_size(grey))
    cropped = _crop(ink, _ink_box(ink))
    return [
        ("Image", grey),
        ("Ink, background divided out", 255 - ink),
        ("Cropped to the ink", 255 - cropped),
        ("Canvas", 255 - _place(cropped, config)),
    ]


def ink_box(image: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink of an image as `ink_canvas` takes it, in its pixels; zeros where blank.

    Example:
        >>> page = np.full((40, 90), 255, np.uint8)
        >>> page[10:20, 30:60] = 0
        >>> ink_box(page)
        (30, 10, 60, 20)
    """
    grey = to_grey(image)
    ink = extract_ink(_work_size(grey))
    scale = grey.shape[1] / ink.shape[1]
    left, top, right, bottom = (round(scale * edge) for edge in _ink_box(ink))
    return left, top, min(right, grey.shape[1]), min(bottom, grey.shape[0])


def ink_width(canvas: np.ndarray) -> int:
    """Columns up to the last one with ink, margin included: the part of the canvas that a batch needs."""
    columns = np.flatnonzero(canvas.max(axis=0) > 0)
    return min(canvas.shape[1], int(columns[-1]) + 1 + MARGIN) if len(columns) else MARGIN


def _work_size(grey: np.ndarray) -> np.ndarray:
    import cv2

    height, width = grey.shape
    scale = min(
        1.0, max(WORK_HEIGHT_PIXELS / height, WORK_HEIGHT_PIXELS / width), MAX_WORK_SIDE_PIXELS / max(height, width)
    )
    if scale == 1.0:
        return grey
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _crop(ink: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Cut off the paper around the ink; a dot or a dash keeps a margin, so that it does not fill the canvas."""
    import cv2

    left, top, right, bottom = box
    if left == right:
        return np.zeros_like(ink)
    word = ink[top:bottom, left:right]
    solid = cv2.copyMakeBorder(
        cv2.threshold(word, MIN_STROKE_INK, 255, cv2.THRESH_BINARY)[1], 1, 1, 1, 1, cv2.BORDER_CONSTANT
    )
    distance = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    if _fitting_height(cv2.mean(distance, solid)[0]) < len(word) - 1:  # the usual word: the quick mean is exact enough
        return word
    missing = max(0, round(_fitting_height(float(distance[distance > 0].mean()))) - len(word))
    return np.pad(word, ((missing // 2, missing - missing // 2), (0, 0)))


def _fitting_height(mean_distance: float) -> float:
    """Height of seven strokes: a stroke of width w has a mean distance from the paper of w/4 + 0.5."""
    return 7 * 4 * (mean_distance - 0.5)


def _ink_box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink without specks; all 0 where there is none."""
    import cv2

    solid = cv2.threshold(ink, MIN_STROKE_INK, 255, cv2.THRESH_BINARY)[1]
    labels = cv2.CV_16U if ink.size < MAX_PIXELS_16_BIT else cv2.CV_32S  # 2-byte labels are twice as quick
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8, ltype=labels)
    areas = stats[1:, cv2.CC_STAT_AREA]
    parts = stats[1:][areas >= max(3, 0.004 * areas.max(initial=0))]  # without specks
    if not len(parts):
        return 0, 0, 0, 0
    right = (parts[:, cv2.CC_STAT_LEFT] + parts[:, cv2.CC_STAT_WIDTH]).max()
    bottom = (parts[:, cv2.CC_STAT_TOP] + parts[:, cv2.CC_STAT_HEIGHT]).max()
    return int(parts[:, cv2.CC_STAT_LEFT].min()), int(parts[:, cv2.CC_STAT_TOP].min()), int(right), int(bottom)


def _scale(ink: np.ndarray, config: CanvasConfig) -> float:
    return min((config.height - 2 * config.margin) / ink.shape[0], (config.width - 2 * config.margin) / ink.shape[1])


def _place(ink: np.ndarray, config: CanvasConfig) -> np.ndarray:
    import cv2

    canvas = np.zeros((config.height, config.width), np.uint8)
    if not ink.any():
        return canvas
    scale = _scale(ink, config)
    height, width = max(1, round(ink.shape[0] * scale)), max(1, round(ink.shape[1] * scale))
    resized = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top = (config.height - height) // 2
    left = config.margin
    canvas[top : top + height, left : left + width] = resized
    return canvas
