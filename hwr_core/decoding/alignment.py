"""Where in the frames each letter of a reading was read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hwr_core.decoding.ctc import NEVER


def best_alignment(log_probs: np.ndarray, labels: Sequence[int]) -> list[tuple[int, int]]:
    """The most probable path that spells the labels (Viterbi), as the frames of each label.

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        labels: label ids, without blanks.

    Returns:
        `(first, end)` of each label, `end` one behind its last frame; empty where T frames cannot spell them.

    Example:
        >>> best_alignment(np.log([[0.1, 0.9], [0.2, 0.8], [0.9, 0.1]]), [1])
        [(0, 2)]
    """
    log_probs = np.asarray(log_probs, np.float64)
    states = np.zeros(2 * len(labels) + 1, int)
    states[1::2] = labels
    may_skip = np.zeros(len(states), bool)
    may_skip[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    score = np.full(len(states), NEVER)
    score[:2] = log_probs[0, states[:2]]
    steps = np.zeros((len(log_probs), len(states)), int)  # how many states the best path came forward
    for t in range(1, len(log_probs)):
        ways = np.full((3, len(states)), NEVER)
        ways[0], ways[1, 1:] = score, score[:-1]
        ways[2, 2:] = np.where(may_skip[2:], score[:-2], NEVER)
        steps[t] = ways.argmax(axis=0)
        score = ways.max(axis=0) + log_probs[t, states]
    state = len(states) - 1
    if state and score[state - 1] > score[state]:
        state -= 1
    if score[state] == NEVER:
        return []
    frames: list[list[int]] = [[] for _ in labels]
    for t in range(len(log_probs) - 1, -1, -1):
        if state % 2:
            frames[state // 2].append(t)
        state -= steps[t, state]
    return [(some[-1], some[0] + 1) for some in frames]


def letter_columns(spans: Sequence[tuple[float, float]], begin: float, end: float) -> list[tuple[float, float]]:
    """Cut the columns from `begin` to `end` between neighbouring letters: CTC fires on a part of each only.

    Args:
        spans: `(first, end)` of each letter, in the unit of the result.
        begin, end: where the ink begins and ends.

    Returns:
        `(left, right)` of each letter, without gaps, in order.

    Example:
        >>> letter_columns([(2, 3), (5, 6)], 0, 9)
        [(0, 4.0), (4.0, 9)]
    """
    cuts = [(left[1] + right[0]) / 2 for left, right in pairwise(spans)]
    edges = [min(begin, *(first for first, _ in spans)), *cuts, max(end, *(last for _, last in spans))] if spans else []
    return list(pairwise(edges))
