"""Confidence intervals by resampling writers: words of one writer are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
MAX_DRAWS_IN_MEMORY = 2_000_000


@dataclass(frozen=True)
class Interval:
    """A metric and its 95 % interval, as fractions."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f}-{100 * self.high:.1f})"


def writer_interval(
    numerators: Sequence[float],
    denominators: Sequence[float],
    writers: Sequence[str],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """A ratio of sums over words with its 95 % percentile interval (Efron 1979), writers drawn with replacement.

    Args:
        numerators: one a word: its edits, or 1 where it was read exactly.
        denominators: one a word: its characters, or 1.
        writers: who wrote each word; words without a name there ("") are drawn singly.
        seed: of the resampling.
        resamples: how often.

    Returns:
        The ratio; with a single writer the interval has no width and means nothing.

    Example:
        >>> str(writer_interval([1, 0], [4, 6], ["a", "b"]))
        '10.0 % (0.0-25.0)'
    """
    cluster = cluster_ids(writers)
    count = int(cluster.max()) + 1
    top = np.bincount(cluster, np.asarray(numerators, float), count)
    bottom = np.bincount(cluster, np.asarray(denominators, float), count)
    generator = np.random.default_rng(seed)
    ratios: list[np.ndarray] = []
    step = max(1, MAX_DRAWS_IN_MEMORY // count)
    for start in range(0, resamples, step):
        drawn = generator.integers(0, count, (min(step, resamples - start), count))
        ratios.append(top[drawn].sum(axis=1) / np.maximum(bottom[drawn].sum(axis=1), 1e-12))
    low, high = np.percentile(np.concatenate(ratios), [2.5, 97.5])
    return Interval(float(top.sum() / max(bottom.sum(), 1e-12)), float(low), float(high))


def cluster_ids(writers: Sequence[str]) -> np.ndarray:
    """A number for each word: the same for words of one writer, one of its own where the writer is not known.

    Example:
        >>> cluster_ids(["b", "a", "b", "", ""]).tolist()
        [1, 0, 1, 2, 3]
    """
    names = np.asarray(writers, dtype=str)
    known = names != ""
    ids = np.zeros(len(names), int)
    first = 0
    if known.any():
        _, ids[known] = np.unique(names[known], return_inverse=True)
        first = int(ids[known].max()) + 1
    ids[~known] = first + np.arange(int((~known).sum()))
    return ids
