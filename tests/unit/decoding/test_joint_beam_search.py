"""Beam search over many words at once against the enumeration of all texts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hwr_core.decoding.ctc import log_softmax
from hwr_core.decoding.joint_beam_search import EOS_ID, batch_beam_search

CLASSES, LONGEST = 4, 3


def after(word: int, text: tuple[int, ...]) -> np.ndarray:
    return log_softmax(np.random.default_rng([word, len(text), *text]).normal(0, 2, CLASSES))


def next_log_probs(tokens: np.ndarray, words: np.ndarray) -> np.ndarray:
    assert (tokens[:, 0] == EOS_ID).all()
    return np.array([after(int(word), tuple(ids[1:].tolist())) for word, ids in zip(words, tokens, strict=True)])


def score(word: int, text: tuple[int, ...]) -> float:
    return sum(float(after(word, text[:i])[label]) for i, label in enumerate([*text, EOS_ID]))


def every(word: int, pattern: list[int | None], closed: bool, max_length: int) -> list[tuple[list[int], float]]:
    results = []
    for length in range(len(pattern), (len(pattern) if closed else max_length) + 1):
        for text in product(range(1, CLASSES), repeat=length):
            if all(required in (None, label) for required, label in zip(pattern, text, strict=False)):
                results.append((list(text), score(word, text)))
    return sorted(results, key=lambda item: -item[1])


@pytest.mark.parametrize("closed", [False, True])
def test_batch_beam_search_wide_beam_finds_the_best_of_all(closed):
    patterns: list[list[int | None]] = [[], [2], [None, 1]] if not closed else [[3], [None, 2], [1, None, None]]
    max_length = 4 + max(map(len, patterns))
    results = batch_beam_search(
        next_log_probs, patterns, closed=closed, beam_width=3 ** (max_length + 1), max_length=LONGEST
    )
    for word, (beam, pattern) in enumerate(zip(results, patterns, strict=True)):
        expected = every(word, pattern, closed, max_length)[: len(beam)]
        assert [labels for labels, _ in beam[:5]] == [labels for labels, _ in expected[:5]]
        np.testing.assert_allclose([s for _, s in beam[:5]], [s for _, s in expected[:5]], atol=1e-9)


def test_batch_beam_search_no_words_is_empty():
    assert batch_beam_search(next_log_probs, []) == []


def test_batch_beam_search_texts_end_after_max_length():
    results = batch_beam_search(lambda tokens, words: np.full((len(tokens), 2), -0.7) - [50, 0], [[]], max_length=3)
    assert max(len(labels) for labels, _ in results[0]) == 4  # four places behind an empty pattern
