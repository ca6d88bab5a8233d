"""CTC: logits to log-probabilities, best path, and the probability of a labelling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

LOG_ZERO = -math.inf
FRAMES_PER_SCALING = 8
MIN_SCALED_PROBABILITY = 1e-100  # smaller ones are near the smallest float64: recomputed in logarithms
Candidates = list[tuple[str, float]]  # texts with natural-log probabilities, best first


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Natural log of the softmax over the last axis, float64."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def best_path(log_probs: np.ndarray) -> tuple[list[int], float]:
    """Best-path CTC decoding of one word (Graves 2012, section 7.5.1).

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.

    Returns:
        The label ids, repeats merged and blanks dropped, and the log probability of that single path: a lower
        bound on the word's own.

    Example:
        >>> best_path(np.log([[0.1, 0.9], [0.1, 0.9], [0.8, 0.2]]))[0]
        [1]
    """
    log_probs = np.asarray(log_probs)
    path = log_probs.argmax(axis=1)
    return collapse(path), float(log_probs[np.arange(len(path)), path].sum())


def best_paths(log_probs: np.ndarray) -> list[list[int]]:
    """The best path's labels of each word of `(B, T, C)` log-probabilities, as in `best_path`."""
    paths = np.asarray(log_probs).argmax(axis=2)
    written = paths != 0
    written[:, 1:] &= paths[:, 1:] != paths[:, :-1]
    return [path[frames].tolist() for path, frames in zip(paths, written, strict=True)]


def collapse(path: Sequence[int] | np.ndarray) -> list[int]:
    """Merge repeats, then drop blanks.

    Example:
        >>> collapse([0, 1, 1, 0, 1, 2])
        [1, 1, 2]
    """
    return [int(b) for a, b in zip([0, *path[:-1]], path, strict=True) if b and a != b] if len(path) else []


def labelling_log_prob(log_probs: np.ndarray, labels: Sequence[int]) -> float:
    """Log probability of a labelling: all its paths summed (CTC's forward algorithm, Graves 2006, section 4.1).

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        labels: label ids, without blanks.

    Returns:
        The natural logarithm, -inf where T frames cannot spell the labels.

    Example:
        >>> round(math.exp(labelling_log_prob(np.log([[0.5, 0.5], [0.5, 0.5]]), [1])), 6)
        0.75
    """
    return float(labelling_log_probs(np.asarray(log_probs)[None], [labels], [0])[0])


def labelling_log_probs(
    log_probs: np.ndarray, labellings: Sequence[Sequence[int]], words: Sequence[int] | np.ndarray
) -> np.ndarray:
    """Log probabilities of many labellings of many words at once, each exact as `labelling_log_prob`.

    Args:
        log_probs: `(B, T, C)` natural logarithms of B words; column 0 is the blank.
        labellings: N lists of label ids without blanks.
        words: `(N,)` the word that each labelling is of, an index below B.

    Returns:
        `(N,)` float64 natural logarithms, -inf where T frames cannot spell the labelling.
    """
    log_probs = np.asarray(log_probs, np.float64)
    which = np.asarray(words, int)
    if not len(labellings):
        return np.zeros(0)
    states, may_skip, last = ctc_states(labellings)
    emissions = log_probs[which[:, None], :, states]  # (N, S, T)
    result, exact = _scaled_forward(np.exp(emissions), may_skip, last)
    inexact = np.flatnonzero(~exact)
    if len(inexact):
        alpha = _log_forward(emissions[inexact], may_skip[inexact])
        ends, rows = last[inexact], np.arange(len(inexact))
        result[inexact] = np.logaddexp(alpha[rows, ends], np.where(ends > 0, alpha[rows, ends - 1], LOG_ZERO))
    return result


def ctc_states(labellings: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States of CTC's trellis.

    Returns:
        `(N, S)` labels with blanks around and between, zeros behind; `(N, S)` bool, whether the blank before a state
        may be skipped (between two different labels); `(N,)` index of each labelling's last blank.
    """
    lengths = np.array([len(labels) for labels in labellings])
    states = np.zeros((len(labellings), 2 * int(lengths.max()) + 1), int)
    for row, labels in enumerate(labellings):
        states[row, 1 : 2 * len(labels) : 2] = labels
    may_skip = np.zeros(states.shape, bool)
    may_skip[:, 2:] = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])
    return states, may_skip, 2 * lengths


def _scaled_forward(emissions: np.ndarray, may_skip: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`(N,)` log probabilities from sums of scaled probabilities; `(N,)` bool, where none came near underflow."""
    rows = np.arange(len(emissions))
    skip = may_skip.astype(np.float64)
    padded = np.zeros((len(rows), emissions.shape[1] + 2))  # two columns of zeros before the first state
    alpha, one, two = padded[:, 2:], padded[:, 1:-1], padded[:, :-2]
    alpha[:, :2] = emissions[:, :2, 0]
    frames = np.ascontiguousarray(emissions.transpose(2, 0, 1))
    scales = np.ones((len(frames) // FRAMES_PER_SCALING + 1, len(rows)))
    sums = np.empty(skip.shape)
    for t, frame in enumerate(frames):
        if t:
            np.multiply(two, skip, out=sums)
            sums += one
            sums += alpha
            np.multiply(sums, frame, out=alpha)
        if t % FRAMES_PER_SCALING == FRAMES_PER_SCALING - 1:
            scales[t // FRAMES_PER_SCALING] = total = np.einsum("ns->n", alpha)
            alpha /= np.maximum(total, 1e-300)[:, None]
    share = alpha[rows, last] + np.where(last > 0, alpha[rows, last - 1], 0)
    exact = (share > MIN_SCALED_PROBABILITY) & (scales.min(axis=0) > MIN_SCALED_PROBABILITY)
    with np.errstate(divide="ignore"):
        return np.log(share) + np.log(scales).sum(axis=0), exact


def _log_forward(emissions: np.ndarray, may_skip: np.ndarray) -> np.ndarray:
    """`(N, S)` forward variables of the last frame in logarithms: slower, without underflow."""
    alpha = np.full(emissions.shape[:2], LOG_ZERO)
    alpha[:, :2] = emissions[:, :2, 0]
    for t in range(1, emissions.shape[2]):
        one = np.full_like(alpha, LOG_ZERO)
        one[:, 1:] = alpha[:, :-1]
        two = np.full_like(alpha, LOG_ZERO)
        two[:, 2:] = np.where(may_skip[:, 2:], alpha[:, :-2], LOG_ZERO)
        alpha = np.logaddexp(np.logaddexp(alpha, one), two) + emissions[:, :, t]
    return alpha
