"""Canvases of many images, in parallel on the processor's cores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hwr_core.config import CanvasConfig
from hwr_core.imaging.canvas import Placement, placed_canvas

MIN_IMAGES_PER_THREAD = 8
MAX_THREADS = 4


def placed_canvases(
    images: Sequence[np.ndarray], config: CanvasConfig | None = None
) -> list[tuple[np.ndarray, Placement]]:
    """`placed_canvas` of each image, in order: OpenCV works outside Python's lock, so threads are enough."""
    workers = min(os.cpu_count() or 1, MAX_THREADS, len(images) // MIN_IMAGES_PER_THREAD + 1)
    if workers < 2:
        return [placed_canvas(image, config) for image in images]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda image: placed_canvas(image, config), images))
