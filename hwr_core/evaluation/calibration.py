"""Whether a confidence of 0.8 means eight right of ten, and what is gained by handing doubtful words to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15
THRESHOLDS = np.round(np.concatenate([np.arange(0, 0.9, 0.02), np.arange(0.9, 0.995, 0.005), [0.995, 0.999]]), 4)


@dataclass(frozen=True)
class Bin:
    """Words whose confidences lie in (low, high], 0 itself in the first; means are None where there are none."""

    low: float
    high: float
    words: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class CoveragePoint:
    """What is left when words under a threshold are handed to a person.

    Attributes:
        threshold: the lowest confidence that is accepted.
        words: how many are accepted.
        coverage: their share of all words.
        wrong: how many of them are wrong.
        risk: the wrong ones' share of the accepted; 0 where nothing is accepted.
    """

    threshold: float
    words: int
    coverage: float
    wrong: int
    risk: float


@dataclass(frozen=True)
class Reliability:
    """Calibration of the confidence (Guo et al. 2017), and the risk at each coverage (Geifman & El-Yaniv 2017).

    Attributes:
        ece: expected calibration error: the bins' gaps between confidence and accuracy, weighted by their words.
        bins: of equal width.
        kept: for a row of thresholds, rising.
    """

    ece: float
    bins: list[Bin]
    kept: list[CoveragePoint]


def reliability(confidences: Sequence[float], right: Sequence[bool], num_bins: int = BINS) -> Reliability:
    """Compare confidences with how often they were justified.

    Args:
        confidences: in [0, 1], one a word.
        right: whether that word was read exactly.
        num_bins: of equal width over [0, 1].

    Example:
        >>> found = reliability([0.9, 0.9, 0.9, 0.9], [True, True, True, False])
        >>> round(found.ece, 3), found.kept[0].risk
        (0.15, 0.25)
    """
    sure = np.asarray(confidences, float)
    good = np.asarray(right, bool)
    # The small number keeps 3/15 in the bin that ends there, whatever its last binary digit.
    place = np.clip(np.ceil(sure * num_bins - 1e-9).astype(int) - 1, 0, num_bins - 1)
    bins, gaps = [], 0.0
    for index in range(num_bins):
        inside = place == index
        words = int(inside.sum())
        mean = float(sure[inside].mean()) if words else None
        accuracy = float(good[inside].mean()) if words else None
        bins.append(Bin(index / num_bins, (index + 1) / num_bins, words, mean, accuracy))
        if mean is not None and accuracy is not None:
            gaps += words * abs(accuracy - mean)
    return Reliability(gaps / max(1, len(sure)), bins, [_kept(sure, good, float(t)) for t in THRESHOLDS])


def _kept(sure: np.ndarray, good: np.ndarray, threshold: float) -> CoveragePoint:
    inside = sure >= threshold
    words, wrong = int(inside.sum()), int((inside & ~good).sum())
    return CoveragePoint(threshold, words, words / max(1, len(sure)), wrong, wrong / words if words else 0.0)
