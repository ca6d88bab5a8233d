"""Threads give the same canvases in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.errors import ImageError
from hwr_core.imaging.canvas import placed_canvas
from hwr_core.imaging.parallel import placed_canvases


@pytest.mark.parametrize("count", [0, 1, 8, 40])
def test_placed_canvases_equal_placed_canvas(draw, count):
    images = [draw("word"[: 1 + index % 4]) for index in range(count)]
    for (canvas, place), image in zip(placed_canvases(images), images, strict=True):
        expected, expected_place = placed_canvas(image)
        assert np.array_equal(canvas, expected)
        assert place == expected_place


def test_placed_canvases_invalid_image_raises(draw):
    with pytest.raises(ImageError):
        placed_canvases([draw("word")] * 20 + [np.zeros((3, 4, 5))])
