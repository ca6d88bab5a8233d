"""Beam search over many words at once against the enumeration of all texts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hwr_core.decoding.ctc import log_softmax
from hwr_core.decoding.joint_beam_search import END, beam_of_words

CLASSES, LONGEST = 4, 3


def after(word: int, text: tuple[int, ...]) -> np.ndarray:
    return log_softmax(np.random.default_rng([word, len(text), *text]).normal(0, 2, CLASSES))


def following(tokens: np.ndarray, words: np.ndarray) -> np.ndarray:
    assert (tokens[:, 0] == END).all()
    return np.array([after(int(word), tuple(ids[1:].tolist())) for word, ids in zip(words, tokens, strict=True)])


def score(word: int, text: tuple[int, ...]) -> float:
    return sum(float(after(word, text[:i])[label]) for i, label in enumerate([*text, END]))


def every(word: int, pattern: list[int | None], closed: bool, longest: int) -> list[tuple[list[int], float]]:
    found = []
    for length in range(len(pattern), (len(pattern) if closed else longest) + 1):
        for text in product(range(1, CLASSES), repeat=length):
            if all(want in (None, has) for want, has in zip(pattern, text, strict=False)):
                found.append((list(text), score(word, text)))
    return sorted(found, key=lambda item: -item[1])


@pytest.mark.parametrize("closed", [False, True])
def test_a_wide_beam_finds_the_best_of_all(closed):
    patterns: list[list[int | None]] = [[], [2], [None, 1]] if not closed else [[3], [None, 2], [1, None, None]]
    longest = 4 + max(map(len, patterns))
    found = beam_of_words(following, patterns, closed=closed, beam_width=3 ** (longest + 1), longest=LONGEST)
    for word, (some, pattern) in enumerate(zip(found, patterns, strict=True)):
        expected = every(word, pattern, closed, longest)[: len(some)]
        assert [labels for labels, _ in some[:5]] == [labels for labels, _ in expected[:5]]
        np.testing.assert_allclose([s for _, s in some[:5]], [s for _, s in expected[:5]], atol=1e-9)


def test_no_words_no_texts():
    assert beam_of_words(following, []) == []


def test_texts_end():
    found = beam_of_words(lambda tokens, words: np.full((len(tokens), 2), -0.7) - [50, 0], [[]], longest=3)
    assert max(len(labels) for labels, _ in found[0]) == 4  # four places behind an empty pattern
