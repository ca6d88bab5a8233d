"""CTC readings under a mask: some letters known, others open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwr_core.decoding.ctc import LOG_ZERO

MAX_HYPOTHESES = 256  # after each open position: all of them where the pattern has one


def best_fillings(
    log_probs: np.ndarray,
    pattern: Sequence[int | None],
    *,
    max_results: int = 5,
    max_hypotheses: int = MAX_HYPOTHESES,
) -> list[tuple[list[int], float]]:
    """The most probable labellings that fit a pattern, searched letter by letter instead of frame by frame.

    Every hypothesis holds, for all frames, the probability of having written exactly it; so the results' scores are
    the labellings' own. The search is exact with one open position, and with more as long as `max_hypotheses` is not
    exceeded; beyond that, hypotheses are pruned by their probability as a prefix.

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        pattern: a label id where the letter is known, None where any single one fits.
        max_results: results at most.
        max_hypotheses: hypotheses that survive an open position.

    Returns:
        `(labels, log probability)` pairs, best first; empty where T frames cannot spell the pattern.

    Example:
        >>> best_fillings(np.log([[0.1, 0.6, 0.3], [0.1, 0.2, 0.7]]), [1, None])[0][0]
        [1, 2]
    """
    log_probs = np.asarray(log_probs, np.float64)
    blank = np.concatenate([[0.0], np.cumsum(log_probs[:, 0])])[None]  # (H, T + 1): ending in a blank
    written = np.full_like(blank, LOG_ZERO)
    labels = np.zeros((1, 0), int)
    all_labels = np.arange(1, log_probs.shape[1])
    for label in pattern:
        choices = all_labels if label is None else np.array([label])
        rows = np.repeat(np.arange(len(labels)), len(choices))
        letters = np.tile(choices, len(labels))
        same = labels[rows, -1] == letters if labels.shape[1] else np.zeros(len(rows), bool)
        entry = np.logaddexp(blank[rows], np.where(same[:, None], LOG_ZERO, written[rows]))
        blank, written = _extended(entry, log_probs, letters)
        labels = np.concatenate([labels[rows], letters[:, None]], axis=1)
        if len(labels) > max_hypotheses:
            best = np.argsort(-np.logaddexp.reduce(written, axis=1), kind="stable")[:max_hypotheses]
            blank, written, labels = blank[best], written[best], labels[best]
    scores = np.logaddexp(blank[:, -1], written[:, -1])
    order = np.argsort(-scores, kind="stable")[:max_results]
    return [(labels[row].tolist(), float(scores[row])) for row in order if scores[row] > LOG_ZERO]


def _extended(entry: np.ndarray, log_probs: np.ndarray, letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`(H, T + 1)` log probabilities after one more letter, which may begin at any frame with the given `entry`."""
    blank, written = np.full_like(entry, LOG_ZERO), np.full_like(entry, LOG_ZERO)
    for t, frame in enumerate(log_probs):
        written[:, t + 1] = np.logaddexp(written[:, t], entry[:, t]) + frame[letters]
        blank[:, t + 1] = np.logaddexp(blank[:, t], written[:, t]) + frame[0]
    return blank, written
