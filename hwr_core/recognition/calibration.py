"""Calibration of confidences, fitted on readings whose transcription is known; expected calibration error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np

from hwr_core.errors import DataError

EPSILON = 1e-6  # of a probability's distance to 1
MIN_SCALE = 1e-3  # keeps the order of confidences
MAX_LOG_ODDS = 30.0  # smaller probabilities carry no more information
MIN_READINGS = 20
# Languages whose words are known better or worse than others': code -> the fields of `Calibration` (and keys in
# checkpoint.json) that weigh the language's share, and that add to the scale in that share.
LANGUAGE_FIELDS = {"en": ("english", "english_scale")}


@dataclass(frozen=True)
class ConfidenceFeatures:
    """Features of a reading besides its own probability.

    Attributes:
        letters: the probability of the best-path reading, without a language, in [0, 1].
        same: whether the reading is the best-path reading.
        length: of the reading, in characters.
        language_shares: language code -> its share in the batch, in [0, 1]; empty without languages.
    """

    letters: float
    same: bool
    length: int
    language_shares: Mapping[str, float] = field(default_factory=dict)

    def numbers(self) -> tuple[float, ...]:
        """The inputs of `Calibration`, in the order of `Calibration.WEIGHTS`."""
        odds = max(float(_log_odds(np.array([self.letters]))[0]), -MAX_LOG_ODDS)
        shares = (self.language_shares.get(code, 0.0) for code in LANGUAGE_FIELDS)
        return odds, float(self.same), odds * self.same, float(self.length), math.log1p(self.length), *shares


@dataclass(frozen=True)
class Calibration:
    """Platt scaling (1999) of a probability's log-odds: `scale` is the inverse of a temperature.

    With `ConfidenceFeatures`, each reading has a shift of its own: long words are wrong more often than their
    probability says, and a reading other than the best-path reading deserves less confidence. Languages of
    `LANGUAGE_FIELDS` have a scale and a shift of their own.

    Attributes:
        scale, shift: factor of the log-odds, and summand. 1 and 0 change nothing.
        letters, same, both, length, log_length, english: weights of the features, added to the shift.
        english_scale: added to the scale, times the share of English.

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

    WEIGHTS: ClassVar[tuple[str, ...]] = (
        *("letters", "same", "both", "length", "log_length"),
        *(weight for weight, _ in LANGUAGE_FIELDS.values()),
    )
    SCALES: ClassVar[tuple[str, ...]] = tuple(scale for _, scale in LANGUAGE_FIELDS.values())

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Calibration:
        """From the values in `checkpoint.json`; missing weights are 0."""
        names = (attribute.name for attribute in fields(cls))
        return cls(**{name: float(values[name]) for name in names if name in values})

    def apply(self, confidences: Sequence[float], features: ConfidenceFeatures | None = None) -> list[float]:
        """Calibrated confidences of a reading and its other alternatives, best first, in [0, 1], order preserved.

        What the best one loses or gains is distributed over the others, so that their sum never exceeds 1.
        """
        if not len(confidences) or self == Calibration():
            return list(confidences)
        best = self.one(confidences[0], features)
        rest = 1 - confidences[0]
        ratio = (1 - best) / rest if rest > EPSILON else 1.0
        return [best, *(min(best, value * ratio) for value in confidences[1:])]

    def one(self, confidence: float, features: ConfidenceFeatures | None = None) -> float:
        """The calibrated probability of one confidence; 0 stays 0."""
        if confidence <= 0:
            return 0.0
        scale, shift = self.scale, self.shift
        if features is not None:
            for code, (_, name) in LANGUAGE_FIELDS.items():
                scale += getattr(self, name) * features.language_shares.get(code, 0.0)
            scale = max(scale, MIN_SCALE)
            weights = (getattr(self, name) for name in self.WEIGHTS)
            shift += sum(weight * number for weight, number in zip(weights, features.numbers(), strict=True))
        return float(_sigmoid(scale * _log_odds(np.array([confidence])) + shift)[0])


def fit(
    confidences: Sequence[float], right: Sequence[bool], features: Sequence[ConfidenceFeatures] | None = None
) -> Calibration:
    """The calibration of maximum likelihood: an unpenalized logistic regression.

    Args:
        confidences: of readings, in [0, 1].
        right: whether each reading was right.
        features: of each; None to fit scale and shift alone.

    Raises:
        DataError: fewer than 20 readings, or all of them right or all wrong.
    """
    from sklearn.linear_model import LogisticRegression

    truth = np.asarray(right, bool)
    if len(truth) < MIN_READINGS or truth.min() == truth.max():
        raise DataError(
            f"Calibrating needs at least {MIN_READINGS} readings, some right and some wrong. Received: "
            f"{len(truth)}, {int(truth.sum())} of them right. Choose a larger part of a data set."
        )
    odds = _log_odds(np.asarray(confidences, float))
    names, columns = ["scale", "shift"], [odds, np.ones_like(odds)]
    if features is not None:
        columns[0] = odds = np.maximum(odds, -MAX_LOG_ODDS)
        columns += list(np.array([reading.numbers() for reading in features]).T)
        columns += [shares * odds for shares in columns[-len(LANGUAGE_FIELDS) :]]
        names += [*Calibration.WEIGHTS, *Calibration.SCALES]
    regression = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    regression.fit(np.stack(columns, axis=1), truth)
    values = dict(zip(names, map(float, regression.coef_[0]), strict=True))
    return Calibration(**{**values, "scale": max(values["scale"], MIN_SCALE)})


def across_writers(
    confidences: Sequence[float],
    right: Sequence[bool],
    writers: Sequence[str],
    folds: int = 5,
    features: Sequence[ConfidenceFeatures] | None = None,
) -> list[float]:
    """Each confidence calibrated by a fit on other writers' readings: for an unbiased calibration error.

    Writers are assigned to the folds in turn, in the order of their names.

    Raises:
        DataError: as `fit`, of the readings outside a fold.
    """
    from sklearn.model_selection import LeaveOneGroupOut

    fold_of = {name: index % folds for index, name in enumerate(sorted(set(writers)))}
    if len(fold_of) < 2:
        fit([], [])  # raises: there are no other writers
    result = np.zeros(len(writers))
    for others, held_out in LeaveOneGroupOut().split(confidences, groups=[fold_of[writer] for writer in writers]):
        known = None if features is None else [features[row] for row in others]
        calibration = fit([confidences[row] for row in others], [right[row] for row in others], known)
        for row in held_out:
            result[row] = calibration.one(confidences[row], None if features is None else features[row])
    return result.tolist()


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-300, 1 - EPSILON)
    return np.log(clipped) - np.log1p(-clipped)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -700, 700)))
