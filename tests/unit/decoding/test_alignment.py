"""Alignment against the enumeration of all paths."""

from __future__ import annotations

from itertools import groupby, pairwise, product

import numpy as np
import pytest
from test_ctc_decoding import random_log_probs, spelled

from hwr_core.decoding.alignment import best_alignment, letter_columns


def spans_of(path: tuple[int, ...]) -> list[tuple[int, int]]:
    spans, start = [], 0
    for label, run in groupby(path):
        length = len(list(run))
        if label:
            spans.append((start, start + length))
        start += length
    return spans


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("labels", [(), (1,), (2, 2), (1, 2, 3), (3, 3, 1), (1, 2, 1, 2), (2, 2, 2)])
def test_best_alignment_is_the_most_probable_path_of_the_labels(seed, labels):
    log_probs = random_log_probs(seed, frames=6)
    paths = [path for path in product(range(4), repeat=6) if spelled(path) == labels]
    best = max(paths, key=lambda path: sum(log_probs[t, c] for t, c in enumerate(path)))
    assert best_alignment(log_probs, labels) == spans_of(best)


def test_best_alignment_too_few_frames_is_empty():
    log_probs = random_log_probs(1, frames=3)
    assert best_alignment(log_probs, [1, 1, 2]) == []
    assert best_alignment(log_probs, [1, 2, 3, 1]) == []
    assert best_alignment(log_probs, [1, 2, 3]) == [(0, 1), (1, 2), (2, 3)]


def test_letter_columns_are_cut_between_neighbours():
    assert letter_columns([], 0, 9) == []
    assert letter_columns([(4, 6)], 2, 9) == [(2, 9)]
    columns = letter_columns([(4, 6), (8, 9), (12, 14)], 2, 20)
    assert columns == [(2, 7.0), (7.0, 10.5), (10.5, 20)]
    assert letter_columns([(0, 1), (3, 9)], 2, 5) == [(0, 2.0), (2.0, 9)]  # frames may reach beyond the ink


def test_letter_columns_random_spans_stay_in_order():
    rng = np.random.default_rng(1)
    for _ in range(50):
        edges = np.sort(rng.choice(60, 8, replace=False)).tolist()
        columns = letter_columns(list(zip(edges[::2], edges[1::2], strict=True)), *sorted(rng.choice(60, 2).tolist()))
        assert all(left < right for left, right in columns)
        assert all(a[1] == b[0] for a, b in pairwise(columns))
