"""Confidences that can be taken at their word: fitted on readings whose transcription is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.errors import DataError

CLIP = 1e-6
BINS = 15


@dataclass(frozen=True)
class Calibration:
    """Platt's scaling (1999) of a probability's log-odds: `scale` is the inverse of a temperature.

    Attributes:
        scale, shift: the odds' logarithm is multiplied by the one, the other is added. 1 and 0 change nothing.

    Example:
        >>> Calibration().apply([0.9, 0.05])
        [0.9, 0.05]
        >>> [round(value, 2) for value in Calibration(0.5, 0.0).apply([0.9, 0.05])]
        [0.75, 0.13]
    """

    scale: float = 1.0
    shift: float = 0.0

    def apply(self, confidences: Sequence[float]) -> list[float]:
        """A reading's confidence and those of its other alternatives, best first, in [0, 1], order kept.

        What the best one loses or wins is shared among the others, so that together they are never above 1.
        """
        if not len(confidences) or (self.scale, self.shift) == (1.0, 0.0):
            return list(confidences)
        best = self.one(confidences[0])
        rest = 1 - confidences[0]
        ratio = (1 - best) / rest if rest > CLIP else 1.0
        return [best, *(min(best, value * ratio) for value in confidences[1:])]

    def one(self, confidence: float) -> float:
        """The calibrated probability of one confidence; 0 stays 0."""
        if confidence <= 0:
            return 0.0
        return float(_sigmoid(self.scale * _log_odds(np.array([confidence])) + self.shift)[0])


def fit(confidences: Sequence[float], right: Sequence[bool]) -> Calibration:
    """The calibration of greatest likelihood, by Newton's method.

    Args:
        confidences: of readings, in [0, 1].
        right: whether each was right.

    Raises:
        DataError: fewer than 20 readings, or all of them right or all wrong.
    """
    truth = np.asarray(right, float)
    if len(truth) < 20 or truth.min() == truth.max():
        raise DataError(
            "Calibrating needs at least 20 readings, some right and some wrong. Received: "
            f"{len(truth)}, {int(truth.sum())} of them right. Choose a larger part of a data set."
        )
    odds = _log_odds(np.asarray(confidences, float))
    inputs = np.stack([odds, np.ones_like(odds)], axis=1)
    values = np.array([1.0, 0.0])
    for _ in range(50):
        expected = _sigmoid(inputs @ values)
        spread = np.maximum(expected * (1 - expected), 1e-9)
        curvature = (inputs * spread[:, None]).T @ inputs + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, inputs.T @ (truth - expected))
        values += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    return Calibration(max(float(values[0]), 1e-3), float(values[1]))


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over equal bins (Guo et al. 2017).

    Returns:
        In [0, 1]: each bin's gap weighted by its readings.

    Example:
        >>> calibration_error([0.9, 0.9], [True, False])
        0.4
    """
    sure, truth = np.asarray(confidences, float), np.asarray(right, float)
    which = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.bincount(which, sure, bins) - np.bincount(which, truth, bins)
    return float(np.abs(gaps).sum() / max(len(sure), 1))


def across_writers(
    confidences: Sequence[float], right: Sequence[bool], writers: Sequence[str], folds: int = 5
) -> list[float]:
    """Each confidence calibrated by a fit on other writers' readings: for an honest calibration error.

    Writers are dealt to the folds in order of their names.
    """
    names = {name: index % folds for index, name in enumerate(sorted(set(writers)))}
    fold = np.array([names[writer] for writer in writers])
    sure, truth = np.asarray(confidences, float), np.asarray(right, bool)
    result = np.zeros(len(sure))
    for held in sorted(set(fold.tolist())):
        calibration = fit(sure[fold != held], truth[fold != held])
        result[fold == held] = [calibration.one(value) for value in sure[fold == held]]
    return result.tolist()


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-300, 1 - CLIP)
    return np.log(clipped) - np.log1p(-clipped)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -700, 700)))
