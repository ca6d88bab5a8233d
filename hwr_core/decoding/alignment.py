"""Forced alignment: the frames of each letter of a reading."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hwr_core.decoding.ctc import LOG_ZERO, ctc_states


def best_alignment(log_probs: np.ndarray, labels: Sequence[int]) -> list[tuple[int, int]]:
    """The most probable path that spells the labels (Viterbi), as the frames of each label.

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        labels: label ids, without blanks.

    Returns:
        `(first, end)` of each label, `end` one after its last frame; empty where T frames cannot spell them.

    Example:
        >>> best_alignment(np.log([[0.1, 0.9], [0.2, 0.8], [0.9, 0.1]]), [1])
        [(0, 2)]
    """
    log_probs = np.asarray(log_probs, np.float64)
    (states,), (may_skip,), _ = ctc_states([labels])
    score = np.full(len(states), LOG_ZERO)
    score[:2] = log_probs[0, states[:2]]
    steps = np.zeros((len(log_probs), len(states)), int)  # states that the best path advanced by
    for t in range(1, len(log_probs)):
        moves = np.full((3, len(states)), LOG_ZERO)
        moves[0], moves[1, 1:] = score, score[:-1]
        moves[2, 2:] = np.where(may_skip[2:], score[:-2], LOG_ZERO)
        steps[t] = moves.argmax(axis=0)
        score = moves.max(axis=0) + log_probs[t, states]
    state = len(states) - 1
    if state and score[state - 1] > score[state]:
        state -= 1
    if score[state] == LOG_ZERO:
        return []
    frames: list[list[int]] = [[] for _ in labels]
    for t in range(len(log_probs) - 1, -1, -1):
        if state % 2:
            frames[state // 2].append(t)
        state -= steps[t, state]
    return [(label_frames[-1], label_frames[0] + 1) for label_frames in frames]


def letter_columns(spans: Sequence[tuple[float, float]], begin: float, end: float) -> list[tuple[float, float]]:
    """Cut the columns from `begin` to `end` between neighbouring letters: CTC fires on a part of each only.

    Args:
        spans: `(first, end)` of each letter, in the unit of the result.
        begin, end: extent of the ink.

    Returns:
        `(left, right)` of each letter, without gaps, in order.

    Example:
        >>> letter_columns([(2, 3), (5, 6)], 0, 9)
        [(0, 4.0), (4.0, 9)]
    """
    if not spans:
        return []
    cuts = [(left[1] + right[0]) / 2 for left, right in pairwise(spans)]
    edges = [min(begin, *(first for first, _ in spans)), *cuts, max(end, *(last for _, last in spans))]
    return list(pairwise(edges))
