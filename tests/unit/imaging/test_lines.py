"""One word told from a page."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.imaging.lines import looks_like_lines


def page(lines: int, words: int = 9, ink: int = 0, paper: int = 255) -> np.ndarray:
    """Dark boxes in rows, as letters stand on a page."""
    picture = np.full((60 * max(lines, 1), 900), paper, np.uint8)
    for line in range(lines):
        for word in range(words * 3):
            left = 20 + word * 860 // (words * 3)
            picture[60 * line + 15 : 60 * line + 45, left : left + 20] = ink
    return picture


@pytest.mark.parametrize("lines", [3, 12])
def test_lines_are_seen(lines: int):
    assert looks_like_lines(page(lines))
    assert looks_like_lines(page(lines, ink=255, paper=0))
    assert looks_like_lines(np.stack([page(lines)] * 3, axis=2))
    assert looks_like_lines(page(lines).repeat(3, 0).repeat(3, 1))


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_a_word_or_a_line_is_no_page(lines: int):
    assert not looks_like_lines(page(lines))


def test_dots_above_and_tails_below_are_no_lines():
    word = np.full((120, 900), 255, np.uint8)
    word[40:80] = page(1)[0:40]
    word[5:12, 200:206] = word[100:112, 700:706] = 0
    assert not looks_like_lines(word)


def test_specks_are_no_lines(draw):
    rng = np.random.default_rng(3)
    word = np.array(draw("words", size=60))
    word[rng.random(word.shape) < 0.003] = 60
    assert not looks_like_lines(word)
