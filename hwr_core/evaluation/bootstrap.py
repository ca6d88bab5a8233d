"""Confidence intervals by resampling writers: words of one hand are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % interval, as fractions."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f}-{100 * self.high:.1f})"


def writer_interval(
    numerators: Sequence[float], denominators: Sequence[float], writers: Sequence[str], seed: int = 0
) -> Interval:
    """A ratio of sums over words with its 95 % percentile interval (Efron 1979), writers drawn with replacement.

    Args:
        numerators: one a word: its edits, or 1 where it was read exactly.
        denominators: one a word: its characters, or 1.
        writers: who wrote each word.
        seed: of the resampling.

    Returns:
        The ratio; with a single writer the interval has no width and says nothing.

    Example:
        >>> str(writer_interval([1, 0], [4, 6], ["a", "b"]))
        '10.0 % (0.0-25.0)'
    """
    _, who = np.unique(np.asarray(writers), return_inverse=True)
    count = int(who.max()) + 1
    top = np.bincount(who, np.asarray(numerators, float), count)
    bottom = np.bincount(who, np.asarray(denominators, float), count)
    drawn = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))
    ratios = top[drawn].sum(axis=1) / np.maximum(bottom[drawn].sum(axis=1), 1e-12)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Interval(float(top.sum() / bottom.sum()), float(low), float(high))
