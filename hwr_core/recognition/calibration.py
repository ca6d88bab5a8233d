"""Confidences that can be taken at their word: fitted on readings whose transcription is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from hwr_core.errors import DataError

CLIP = 1e-6
BINS = 15
LEAST_SCALE = 1e-3  # so that surer readings stay surer
MOST_ODDS = 30.0  # logarithm; a probability so small says no more than a smaller one


@dataclass(frozen=True)
class ConfidenceFeatures:
    """What is known of a reading beside its own probability.

    Attributes:
        letters: the probability of the first reading letter by letter, before any language, in [0, 1].
        same: whether the reading is that first one.
        length: of the reading, in characters.
        english: share of English among the languages of what is read together, in [0, 1]; 0 where none has a say.
    """

    letters: float
    same: bool
    length: int
    english: float = 0.0

    def numbers(self) -> tuple[float, ...]:
        """What `Calibration` weighs, in the order of `Calibration.WEIGHTS`."""
        odds = max(float(_log_odds(np.array([self.letters]))[0]), -MOST_ODDS)
        return odds, float(self.same), odds * self.same, float(self.length), math.log1p(self.length), self.english


@dataclass(frozen=True)
class Calibration:
    """Platt's scaling (1999) of a probability's log-odds: `scale` is the inverse of a temperature.

    With `ConfidenceFeatures`, each reading has a shift of its own: long words are wrong more often than their
    probability says, and a reading that the letters alone would not give deserves less trust. The languages know
    their words unequally well: English has a scale and a shift of its own.

    Attributes:
        scale, shift: the odds' logarithm is multiplied by the one, the other is added. 1 and 0 change nothing.
        letters, same, both, length, log_length, english: weights of the evidence, added to the shift.
        english_scale: added to the scale, in the share that English has.

    Example:
        >>> Calibration().apply([0.9, 0.05])
        [0.9, 0.05]
        >>> [round(value, 2) for value in Calibration(0.5, 0.0).apply([0.9, 0.05])]
        [0.75, 0.13]
    """

    scale: float = 1.0
    shift: float = 0.0
    letters: float = 0.0
    same: float = 0.0
    both: float = 0.0
    length: float = 0.0
    log_length: float = 0.0
    english: float = 0.0
    english_scale: float = 0.0

    WEIGHTS: ClassVar[tuple[str, ...]] = ("letters", "same", "both", "length", "log_length", "english")

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Calibration:
        """What `checkpoint.json` holds; weights that are not there are 0."""
        return cls(**{one.name: float(values[one.name]) for one in fields(cls) if one.name in values})

    def apply(self, confidences: Sequence[float], evidence: ConfidenceFeatures | None = None) -> list[float]:
        """A reading's confidence and those of its other alternatives, best first, in [0, 1], order kept.

        What the best one loses or wins is shared among the others, so that together they are never above 1.
        """
        if not len(confidences) or self == Calibration():
            return list(confidences)
        best = self.one(confidences[0], evidence)
        rest = 1 - confidences[0]
        ratio = (1 - best) / rest if rest > CLIP else 1.0
        return [best, *(min(best, value * ratio) for value in confidences[1:])]

    def one(self, confidence: float, evidence: ConfidenceFeatures | None = None) -> float:
        """The calibrated probability of one confidence; 0 stays 0."""
        if confidence <= 0:
            return 0.0
        scale, shift = self.scale, self.shift
        if evidence is not None:
            scale = max(scale + self.english_scale * evidence.english, LEAST_SCALE)
            weights = (getattr(self, name) for name in self.WEIGHTS)
            shift += sum(weight * number for weight, number in zip(weights, evidence.numbers(), strict=True))
        return float(_sigmoid(scale * _log_odds(np.array([confidence])) + shift)[0])


def fit(
    confidences: Sequence[float], right: Sequence[bool], evidence: Sequence[ConfidenceFeatures] | None = None
) -> Calibration:
    """The calibration of greatest likelihood, by Newton's method.

    Args:
        confidences: of readings, in [0, 1].
        right: whether each was right.
        evidence: of each; without it scale and shift alone are fitted.

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
    ridge = 1e-6
    columns = [odds, np.ones_like(odds)]
    if evidence is not None:
        odds, ridge = np.maximum(odds, -MOST_ODDS), 1e-3
        columns[0] = odds
        columns += list(np.array([one.numbers() for one in evidence]).T)
        columns.append(columns[-1] * odds)  # English's own scale
    inputs = np.stack(columns, axis=1)
    values = np.zeros(inputs.shape[1])
    values[0] = 1.0
    for _ in range(60):
        expected = _sigmoid(inputs @ values)
        spread = np.maximum(expected * (1 - expected), 1e-9)
        curvature = (inputs * spread[:, None]).T @ inputs + ridge * np.eye(len(values))
        step = np.linalg.solve(curvature, inputs.T @ (truth - expected))
        values += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    return Calibration(max(float(values[0]), LEAST_SCALE), *map(float, values[1:]))


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
    confidences: Sequence[float],
    right: Sequence[bool],
    writers: Sequence[str],
    folds: int = 5,
    evidence: Sequence[ConfidenceFeatures] | None = None,
) -> list[float]:
    """Each confidence calibrated by a fit on other writers' readings: for an honest calibration error.

    Writers are dealt to the folds in order of their names.
    """
    names = {name: index % folds for index, name in enumerate(sorted(set(writers)))}
    fold = np.array([names[writer] for writer in writers])
    truth = np.asarray(right, bool)
    result = np.zeros(len(truth))
    for held in sorted(set(fold.tolist())):
        others, own = np.flatnonzero(fold != held).tolist(), np.flatnonzero(fold == held).tolist()
        known = None if evidence is None else [evidence[place] for place in others]
        calibration = fit([confidences[place] for place in others], truth[others].tolist(), known)
        for place in own:
            result[place] = calibration.one(confidences[place], None if evidence is None else evidence[place])
    return result.tolist()


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-300, 1 - CLIP)
    return np.log(clipped) - np.log1p(-clipped)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -700, 700)))
