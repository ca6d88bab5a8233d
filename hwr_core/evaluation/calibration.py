"""Expected calibration error (ECE), and the errors that remain when unsure words are left to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15
THRESHOLDS = np.round(np.concatenate([np.arange(0, 0.9, 0.02), np.arange(0.9, 0.995, 0.005), [0.995, 0.999]]), 4)


def bin_indices(confidences: np.ndarray, bins: int = BINS) -> np.ndarray:
    """`(N,)` the bin of each confidence in [0, 1]: equal widths, right-closed, 0 in the first (Guo et al. 2017)."""
    # The tolerance assigns 3/15 to the bin that ends there, whatever its last binary digit.
    return np.clip(np.ceil(confidences * bins - 1e-9).astype(int) - 1, 0, bins - 1)


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over `bin_indices` (Guo et al. 2017).

    Returns:
        In [0, 1]: each bin's gap weighted by its readings.

    Example:
        >>> calibration_error([0.9, 0.9], [True, False])
        0.4
    """
    values, truth = np.asarray(confidences, float), np.asarray(right, float)
    indices = bin_indices(values, bins)
    gaps = np.bincount(indices, values, bins) - np.bincount(indices, truth, bins)
    return float(np.abs(gaps).sum() / max(len(values), 1))


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
    """Compare confidences with how often the readings were right.

    Args:
        confidences: in [0, 1], one a word.
        right: whether that word was read exactly.
        num_bins: of equal width over [0, 1].

    Example:
        >>> result = reliability([0.9, 0.9, 0.9, 0.9], [True, True, True, False])
        >>> round(result.ece, 3), result.kept[0].risk
        (0.15, 0.25)
    """
    confidence, is_right = np.asarray(confidences, float), np.asarray(right, bool)
    place = bin_indices(confidence, num_bins)
    bins = []
    for index in range(num_bins):
        inside = place == index
        words = int(inside.sum())
        mean = float(confidence[inside].mean()) if words else None
        accuracy = float(is_right[inside].mean()) if words else None
        bins.append(Bin(index / num_bins, (index + 1) / num_bins, words, mean, accuracy))
    points = [_coverage_point(confidence, is_right, float(threshold)) for threshold in THRESHOLDS]
    return Reliability(calibration_error(confidences, right, num_bins), bins, points)


def _coverage_point(confidence: np.ndarray, is_right: np.ndarray, threshold: float) -> CoveragePoint:
    accepted = confidence >= threshold
    words, wrong = int(accepted.sum()), int((accepted & ~is_right).sum())
    return CoveragePoint(threshold, words, words / max(1, len(confidence)), wrong, wrong / words if words else 0.0)
