"""Views of a canvas: the word slightly changed, no ink lost."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.imaging import ink_canvas
from hwr_core.imaging.test_time import MAX_VIEWS, view


def test_view_first_is_the_canvas(draw):
    canvas = ink_canvas(draw("tea"))
    assert view(canvas, 0) is canvas


@pytest.mark.parametrize("word", ["tea", "incomprehensibilities and more", "i"])
@pytest.mark.parametrize("number", range(1, MAX_VIEWS))
def test_view_others_differ_and_lose_no_ink(draw, word, number):
    canvas = ink_canvas(draw(word))
    other = view(canvas, number)
    assert other.shape == canvas.shape
    assert other.dtype == np.uint8
    assert (other != canvas).any()
    # A factor of the width is a factor of the ink; a slant changes neither.
    assert 0.75 < other.sum() / canvas.sum() < 1.2
    assert other[:, -1].sum() < 0.01 * canvas.sum()


def test_view_blank_canvas_stays_blank():
    blank = np.zeros((64, 256), np.uint8)
    assert not any(view(blank, number).any() for number in range(MAX_VIEWS))
