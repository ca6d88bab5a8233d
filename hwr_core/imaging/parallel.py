"""Canvases of many pictures, side by side on the processor's cores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hwr_core.config import CanvasConfig
from hwr_core.imaging.canvas import Placement, placed_canvas

FEW = 8  # pictures that are quicker done at once than shared out


def placed_canvases(
    pictures: Sequence[np.ndarray], config: CanvasConfig | None = None
) -> list[tuple[np.ndarray, Placement]]:
    """`placed_canvas` of each picture, in order: OpenCV works outside Python's lock, so threads are enough."""
    workers = min(os.cpu_count() or 1, 4, len(pictures) // FEW + 1)
    if workers < 2:
        return [placed_canvas(picture, config) for picture in pictures]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda picture: placed_canvas(picture, config), pictures))
