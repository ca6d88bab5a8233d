"""Masks against the enumeration of all labellings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_ctc_decoding import enumerated, random_log_probs

from hwr_core.decoding.pattern import best_fillings


def fits(labels: tuple[int, ...], pattern: list[int | None]) -> bool:
    return len(labels) == len(pattern) and all(p in (None, label) for p, label in zip(pattern, labels, strict=True))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "pattern",
    [[1, None, 3], [None], [None, None], [2, 2, None], [None, 1, None], [1, 2, 3], [], [3, None, 3, None], [None] * 4],
)
def test_best_fillings_finds_all_with_exact_probabilities(seed, pattern):
    log_probs = random_log_probs(seed)
    expected = {labels: p for labels, p in enumerated(log_probs).items() if fits(labels, pattern)}
    fillings = best_fillings(log_probs, pattern, max_results=10_000)
    assert {tuple(labels) for labels, _ in fillings} == set(expected)
    for labels, score in fillings:
        assert math.exp(score) == pytest.approx(expected[tuple(labels)], rel=1e-9)
    assert [score for _, score in fillings] == sorted((score for _, score in fillings), reverse=True)


@pytest.mark.parametrize("seed", range(10))
def test_best_fillings_few_hypotheses_include_the_best(seed):
    log_probs = random_log_probs(seed, frames=7, classes=4, sharpness=2.5)
    pattern = [None, 2, None, None]
    expected = {labels: p for labels, p in enumerated(log_probs).items() if fits(labels, pattern)}
    labels, score = best_fillings(log_probs, pattern, max_hypotheses=12)[0]
    assert tuple(labels) == max(expected, key=lambda other: expected[other])
    assert math.exp(score) == pytest.approx(expected[tuple(labels)])


def test_best_fillings_too_few_frames_is_empty():
    log_probs = random_log_probs(1, frames=3)
    assert best_fillings(log_probs, [None] * 4) == []
    assert best_fillings(log_probs, [1, 1, 1]) == []  # two blanks more than there are frames
    assert len(best_fillings(log_probs, [1, 1])) == 1


def test_best_fillings_zero_probabilities_give_no_warning():
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]))
    with np.errstate(all="raise"):
        assert [labels for labels, _ in best_fillings(log_probs, [None, 2])] == [[1, 2]]
        assert best_fillings(log_probs, [2, None]) == []
