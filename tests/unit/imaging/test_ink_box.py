"""Where the ink of a picture lies, in the picture's own pixels."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.imaging import ink_box


@pytest.mark.parametrize("scale", [1, 4])
def test_the_box_is_told_in_the_pictures_pixels(scale: int):
    page = np.full((150 * scale, 400 * scale), 240, np.uint8)
    page[50 * scale : 90 * scale, 100 * scale : 106 * scale] = 20
    page[50 * scale : 90 * scale, 220 * scale : 226 * scale] = 20
    assert ink_box(page) == pytest.approx((100 * scale, 50 * scale, 226 * scale, 90 * scale), abs=2 * scale)


def test_blank_paper_has_none():
    assert ink_box(np.full((60, 90), 255, np.uint8)) == (0, 0, 0, 0)
