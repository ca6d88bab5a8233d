"""One word and a page of lines are distinguished."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.layout import page_detection
from hwr_core.layout.page_detection import is_page


def page(number: int, letters: int = 45, ink: int = 0, paper: int = 255) -> np.ndarray:
    """Dark rectangles in rows, in place of the letters of a page."""
    image = np.full((60 * max(number, 1), 1000), paper, np.uint8)
    for line in range(number):
        for letter in range(letters):
            left = 20 + letter * 960 // letters
            image[60 * line + 15 : 60 * line + 45, left : left + 12] = ink
    return image


@pytest.mark.parametrize("number", [3, 12])
def test_is_page_lines_is_true(number: int):
    assert is_page(page(number))
    assert is_page(page(number, ink=255, paper=0))
    assert is_page(np.stack([page(number)] * 3, axis=2))
    assert is_page(page(number).repeat(3, 0).repeat(3, 1))


@pytest.mark.parametrize("number", [1, 2])
def test_is_page_one_or_two_lines_is_false(number: int):
    assert number * 45 >= page_detection.MIN_COMPONENTS
    assert not is_page(page(number))


def test_is_page_few_components_is_false():
    assert not is_page(page(0))
    assert not is_page(page(3, letters=9))


def test_is_page_ascenders_and_descenders_are_no_lines(monkeypatch):
    word = np.full((140, 1000), 255, np.uint8)
    word[40:100] = page(1)
    word[5:22, 200:340] = word[115:132, 700:840] = 0
    assert not is_page(word)
    monkeypatch.setattr(page_detection, "MIN_LINE_SHARE", 0.1)
    assert is_page(word)  # so their narrowness decides
