"""CTC readings that fit a pattern: some letters known, others open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwr_core.decoding.ctc import NEVER

KEPT = 256  # fillings kept after each open place: all of them where the pattern has one


def best_fillings(
    log_probs: np.ndarray, pattern: Sequence[int | None], *, most: int = 5, kept: int = KEPT
) -> list[tuple[list[int], float]]:
    """The most probable labellings that fit a pattern, by a search from letter to letter instead of frame to frame.

    Every hypothesis keeps, for all frames, the probability of having written exactly it; so the results' scores are
    the labellings' own. The search is exact with one open place, and with more as long as `kept` is not exceeded;
    beyond that, fillings are dropped by how probable they are as a beginning.

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        pattern: a label id where the letter is known, None where any single one fits.
        most: how many results.
        kept: hypotheses kept after each open place.

    Returns:
        `(labels, log probability)` pairs, best first; empty where T frames cannot spell the pattern.

    Example:
        >>> best_fillings(np.log([[0.1, 0.6, 0.3], [0.1, 0.2, 0.7]]), [1, None])[0][0]
        [1, 2]
    """
    log_probs = np.asarray(log_probs, np.float64)
    blank = np.concatenate([[0.0], np.cumsum(log_probs[:, 0])])[None]  # (H, T + 1): ending in a blank
    written = np.full_like(blank, NEVER)
    labels = np.zeros((1, 0), int)
    every = np.arange(1, log_probs.shape[1])
    for place in pattern:
        choice = every if place is None else np.array([place])
        rows = np.repeat(np.arange(len(labels)), len(choice))
        letters = np.tile(choice, len(labels))
        same = labels[rows, -1] == letters if labels.shape[1] else np.zeros(len(rows), bool)
        entry = np.logaddexp(blank[rows], np.where(same[:, None], NEVER, written[rows]))
        blank, written = _extended(entry, log_probs, letters)
        labels = np.concatenate([labels[rows], letters[:, None]], axis=1)
        if len(labels) > kept:
            best = np.argsort(-np.logaddexp.reduce(written, axis=1), kind="stable")[:kept]
            blank, written, labels = blank[best], written[best], labels[best]
    scores = np.logaddexp(blank[:, -1], written[:, -1])
    order = np.argsort(-scores, kind="stable")[:most]
    return [(labels[row].tolist(), float(scores[row])) for row in order if scores[row] > NEVER]


def _extended(entry: np.ndarray, log_probs: np.ndarray, letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`(H, T + 1)` log probabilities behind one more letter, which may begin wherever `entry` stands."""
    blank, written = np.full_like(entry, NEVER), np.full_like(entry, NEVER)
    for t, frame in enumerate(log_probs):
        written[:, t + 1] = np.logaddexp(written[:, t], entry[:, t]) + frame[letters]
        blank[:, t + 1] = np.logaddexp(blank[:, t], written[:, t]) + frame[0]
    return blank, written
