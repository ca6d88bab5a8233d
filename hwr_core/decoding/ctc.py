"""CTC on its own: from logits to log-probabilities, the best path, and how probable a labelling is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

NEVER = -math.inf
SCALED = 8  # frames between two scalings
LOST = 1e-100  # a share this small has come near the smallest float64: recomputed in logarithms


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
    """The best path's labels of each word of `(B, T, C)` log-probabilities, as `best_path` gives them."""
    paths = np.asarray(log_probs).argmax(axis=2)
    written = paths != 0
    written[:, 1:] &= paths[:, 1:] != paths[:, :-1]
    return [path[kept].tolist() for path, kept in zip(paths, written, strict=True)]


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
        labellings: N of them, label ids without blanks.
        words: which of the B words each of the N labellings is asked of.

    Returns:
        `(N,)` float64 natural logarithms, -inf where T frames cannot spell the labelling.
    """
    log_probs = np.asarray(log_probs, np.float64)
    which = np.asarray(words, int)
    if not len(labellings):
        return np.zeros(0)
    states, last = _states(labellings)
    emissions = log_probs[which[:, None], :, states]  # (N, S, T)
    rows = np.arange(len(labellings))
    may_skip = np.zeros(states.shape, bool)  # over the blank between two different labels
    may_skip[:, 2:] = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])
    result, sure = _scaled_forward(np.exp(emissions), may_skip, rows, last)
    unsure = np.flatnonzero(~sure)
    if len(unsure):
        again = _log_forward(emissions[unsure], may_skip[unsure])
        ends = last[unsure]
        few = np.arange(len(unsure))
        result[unsure] = np.logaddexp(again[few, ends], np.where(ends > 0, again[few, ends - 1], NEVER))
    return result


def _states(labellings: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """`(N, S)` labels with blanks around and between, zeros behind; `(N,)` index of each one's last blank."""
    lengths = np.array([len(labels) for labels in labellings])
    states = np.zeros((len(labellings), 2 * int(lengths.max()) + 1), int)
    for row, labels in enumerate(labellings):
        states[row, 1 : 2 * len(labels) : 2] = labels
    return states, 2 * lengths


def _scaled_forward(
    emissions: np.ndarray, may_skip: np.ndarray, rows: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Forward sums in probabilities, scaled every few frames; and where nothing came near underflow."""
    skip = may_skip.astype(np.float64)
    padded = np.zeros((len(rows), emissions.shape[1] + 2))  # two columns of zeros before the first state
    alpha, one, two = padded[:, 2:], padded[:, 1:-1], padded[:, :-2]
    alpha[:, :2] = emissions[:, :2, 0]
    frames = np.ascontiguousarray(emissions.transpose(2, 0, 1))
    scales = np.ones((len(frames) // SCALED + 1, len(rows)))
    sums = np.empty(skip.shape)
    for t, frame in enumerate(frames):
        if t:
            np.multiply(two, skip, out=sums)
            sums += one
            sums += alpha
            np.multiply(sums, frame, out=alpha)
        if t % SCALED == SCALED - 1:
            scales[t // SCALED] = total = np.einsum("ns->n", alpha)
            alpha /= np.maximum(total, 1e-300)[:, None]
    share = alpha[rows, last] + np.where(last > 0, alpha[rows, last - 1], 0)
    sure = (share > LOST) & (scales.min(axis=0) > LOST)
    with np.errstate(divide="ignore"):
        return np.log(share) + np.log(scales).sum(axis=0), sure


def _log_forward(emissions: np.ndarray, may_skip: np.ndarray) -> np.ndarray:
    """The last frame's forward variables in logarithms, `(N, S)`: slower, and nothing is lost."""
    alpha = np.full(emissions.shape[:2], NEVER)
    alpha[:, :2] = emissions[:, :2, 0]
    for t in range(1, emissions.shape[2]):
        one = np.full_like(alpha, NEVER)
        one[:, 1:] = alpha[:, :-1]
        two = np.full_like(alpha, NEVER)
        two[:, 2:] = np.where(may_skip[:, 2:], alpha[:, :-2], NEVER)
        alpha = np.logaddexp(np.logaddexp(alpha, one), two) + emissions[:, :, t]
    return alpha
