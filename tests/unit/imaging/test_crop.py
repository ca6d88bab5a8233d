"""Crops given in percent of an image."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.imaging.crop import MIN_SIDE, crop, dim_outside, edges_around_ink


def test_edges_around_ink_enclose_it_with_a_margin():
    page = np.full((600, 800), 250, np.uint8)
    page[200:260, 300:304] = page[200:260, 400:404] = page[228:232, 300:404] = 10
    left, right, top, bottom = edges_around_ink(page)
    assert (left, right) == (36, 51)
    assert 30 <= top <= 33
    assert 43 <= bottom <= 47
    assert (crop(page, (left, right, top, bottom)) == 10).sum() == (page == 10).sum()


def test_edges_around_ink_of_a_blank_image_are_its_own():
    assert edges_around_ink(np.full((60, 90), 255, np.uint8)) == (0, 100, 0, 100)


@pytest.mark.parametrize(
    ("edges", "shape"),
    [((0, 100, 0, 100), (60, 200)), ((25, 75, 50, 100), (30, 100)), ((40, 40, 30, 30), (MIN_SIDE, MIN_SIDE))],
)
def test_crop_has_the_size_of_its_edges(edges: tuple[int, int, int, int], shape: tuple[int, int]):
    assert crop(np.zeros((60, 200), np.uint8), edges).shape == shape


def test_dim_outside_leaves_the_crop_unchanged():
    image = np.full((60, 200), 200, np.uint8)
    dimmed = dim_outside(image, (25, 75, 50, 100))
    assert (crop(dimmed, (25, 75, 50, 100)) == 200).all()
    assert (dimmed == 200).sum() == 30 * 100
    assert (image == 200).all()
