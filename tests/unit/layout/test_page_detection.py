"""One word told from a page."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.layout import page_detection
from hwr_core.layout.page_detection import looks_like_lines


def page(number: int, letters: int = 45, ink: int = 0, paper: int = 255) -> np.ndarray:
    """Dark boxes in rows, as letters stand on a page."""
    picture = np.full((60 * max(number, 1), 1000), paper, np.uint8)
    for line in range(number):
        for letter in range(letters):
            left = 20 + letter * 960 // letters
            picture[60 * line + 15 : 60 * line + 45, left : left + 12] = ink
    return picture


@pytest.mark.parametrize("number", [3, 12])
def test_lines_are_seen(number: int):
    assert looks_like_lines(page(number))
    assert looks_like_lines(page(number, ink=255, paper=0))
    assert looks_like_lines(np.stack([page(number)] * 3, axis=2))
    assert looks_like_lines(page(number).repeat(3, 0).repeat(3, 1))


@pytest.mark.parametrize("number", [1, 2])
def test_a_line_is_no_page(number: int):
    assert number * 45 >= page_detection.LEAST_PIECES
    assert not looks_like_lines(page(number))


def test_few_pieces_are_no_page():
    assert not looks_like_lines(page(0))
    assert not looks_like_lines(page(3, letters=9))


def test_strokes_above_and_below_are_no_lines(monkeypatch):
    word = np.full((140, 1000), 255, np.uint8)
    word[40:100] = page(1)
    word[5:22, 200:340] = word[115:132, 700:840] = 0
    assert not looks_like_lines(word)
    monkeypatch.setattr(page_detection, "LEAST_SHARE", 0.1)
    assert looks_like_lines(word)  # so it is their narrowness that tells
