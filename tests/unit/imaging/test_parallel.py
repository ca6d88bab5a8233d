"""Threads make the same canvases in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.errors import ImageError
from hwr_core.imaging.canvas import placed_canvas
from hwr_core.imaging.parallel import placed_canvases


@pytest.mark.parametrize("count", [0, 1, 8, 40])
def test_threads_change_nothing(draw, count):
    pictures = [draw("word"[: 1 + index % 4]) for index in range(count)]
    for (canvas, place), picture in zip(placed_canvases(pictures), pictures, strict=True):
        expected, expected_place = placed_canvas(picture)
        assert np.array_equal(canvas, expected)
        assert place == expected_place


def test_what_is_no_picture_is_still_refused(draw):
    with pytest.raises(ImageError):
        placed_canvases([draw("word")] * 20 + [np.zeros((3, 4, 5))])
