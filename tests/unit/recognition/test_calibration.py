"""Calibration: fit of a known scale, order of confidences, calibration error."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.errors import DataError
from hwr_core.evaluation.calibration import bin_indices, calibration_error, reliability
from hwr_core.recognition.calibration import (
    Calibration,
    ConfidenceFeatures,
    across_writers,
    fit,
)


def draw_readings(scale: float, shift: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and whether each was right with the probability that the calibration gives."""
    rng = np.random.default_rng(4)
    confidences = rng.uniform(0.01, 0.99, count)
    odds = np.log(confidences / (1 - confidences))
    return confidences, rng.random(count) < 1 / (1 + np.exp(-(scale * odds + shift)))


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.5, 0.0), (2.0, 0.7), (0.7, -1.0)])
def test_fit_recovers_scale_and_shift(scale, shift):
    confidences, right = draw_readings(scale, shift)
    result = fit(confidences, right)
    assert result.scale == pytest.approx(scale, abs=0.06)
    assert result.shift == pytest.approx(shift, abs=0.06)
    after = [result.one(confidence) for confidence in confidences]
    assert calibration_error(after, right) < 0.015


def test_apply_preserves_order_and_a_sum_of_at_most_one():
    calibration = Calibration(0.4, -0.3)
    for confidences in ([0.9, 0.06, 0.02], [0.5, 0.4, 0.05], [0.2, 0.2, 0.1], [1.0, 0.0], [0.0], [1e-9, 1e-12]):
        result = calibration.apply(confidences)
        assert result == sorted(result, reverse=True)
        assert all(0 <= value <= 1 for value in result)
        assert sum(result) <= 1 + 1e-6
    singles = [calibration.one(value) for value in np.linspace(0, 1, 101)]
    assert singles == sorted(singles)
    assert singles[0] == 0
    assert singles[-1] <= 1


def test_apply_default_calibration_changes_nothing():
    assert Calibration().apply([0.9, 0.05]) == [0.9, 0.05]
    assert Calibration(0.5, 0.1).apply([]) == []


@pytest.mark.parametrize(("count", "right"), [(10, 5), (50, 0), (50, 50)])
def test_fit_too_few_readings_raises(count, right):
    with pytest.raises(DataError, match=rf"Received: {count}, {right} of them right"):
        fit([0.5] * count, [index < right for index in range(count)])


def test_fit_confidences_of_zero_and_one():
    result = fit([0.0, 1.0] * 30, [False, True] * 29 + [True, False])
    assert 0 < result.scale < 100


def test_calibration_error_is_the_weighted_gap_of_the_bins():
    assert calibration_error([], []) == 0
    assert calibration_error([1.0, 1.0, 0.0], [True, True, False]) == 0
    confidences, right = [0.95] * 8 + [0.3] * 2, [True] * 4 + [False] * 4 + [True, False]
    assert calibration_error(confidences, right) == pytest.approx(0.8 * 0.45 + 0.2 * 0.2)


@pytest.mark.parametrize("bins", [10, 15])
def test_calibration_error_confidences_at_bin_edges_agrees_with_reliability(bins):
    edges = [index / bins for index in range(bins + 1)]
    right = [index % 3 == 0 for index in range(bins + 1)]
    result = reliability(edges, right, bins)
    assert bin_indices(np.array(edges), bins).tolist() == [0, *range(bins)]  # right-closed, 0 in the first
    gaps = [one.words * abs(one.confidence - one.accuracy) for one in result.bins]
    assert [one.words for one in result.bins] == [2] + [1] * (bins - 1)
    assert calibration_error(edges, right, bins) == result.ece == pytest.approx(sum(gaps) / len(edges))


def test_across_writers_uses_readings_of_other_writers_only():
    confidences, right = draw_readings(0.5, 0.0, 3000)
    writers = [f"w{index % 12}" for index in range(3000)]
    after = across_writers(confidences, right, writers)
    assert calibration_error(after, right) < calibration_error(confidences, right)
    inverted = right.copy()  # one writer's labels change the others' confidences, not the writer's own
    inverted[::12] = ~inverted[::12]
    changed = across_writers(confidences, inverted, writers)
    assert np.allclose(np.array(changed)[::12], np.array(after)[::12])
    assert not np.allclose(changed, after)


def drawn_with_features(count: int = 20_000) -> tuple[np.ndarray, list[ConfidenceFeatures], np.ndarray]:
    """Readings whose confidence means another thing when letters alone read otherwise, or a word is long."""
    rng = np.random.default_rng(5)
    confidences, letters = rng.uniform(0.05, 0.98, (2, count))
    same, lengths = rng.random(count) < 0.6, rng.integers(1, 12, count)
    features = [ConfidenceFeatures(*one) for one in zip(letters.tolist(), same.tolist(), lengths.tolist(), strict=True)]
    odds = np.log(confidences / (1 - confidences)) + 1.5 * same - 0.25 * lengths
    return confidences, features, rng.random(count) < 1 / (1 + np.exp(-odds))


def test_fit_with_features_has_a_lower_calibration_error():
    confidences, features, right = drawn_with_features()
    plain, informed = fit(confidences, right), fit(confidences, right, features)
    assert all(getattr(informed, name) for name in ("letters", "same", "both", "length", "log_length"))
    assert plain == Calibration(plain.scale, plain.shift)  # no weight of any evidence
    assert informed.scale == pytest.approx(1, abs=0.08)
    assert informed.same == pytest.approx(1.5, abs=0.25)
    long = np.array([one.length > 8 for one in features])
    before = np.array([plain.one(confidence) for confidence in confidences])
    after = np.array([informed.one(*one) for one in zip(confidences, features, strict=True)])
    assert calibration_error(before[long], right[long]) > 0.1
    assert calibration_error(after[long], right[long]) < 0.03
    writers = [f"w{index % 12}" for index in range(len(right))]
    assert calibration_error(across_writers(confidences, right, writers, features=features), right) < 0.015


def test_features_of_extreme_probabilities_are_finite():
    for one in (
        ConfidenceFeatures(0.0, False, 0),
        ConfidenceFeatures(1.0, True, 60),
        ConfidenceFeatures(1e-200, False, 1),
    ):
        assert np.isfinite(one.numbers()).all()
    calibration = Calibration(0.8, 0.1, 0.1, 0.5, 0.2, -0.1, 0.3, 0.1, -0.1)
    assert (
        0
        <= calibration.one(1e-12, ConfidenceFeatures(0.0, False, 5))
        < calibration.one(0.9, ConfidenceFeatures(0.9, True, 5))
        <= 1
    )
    assert Calibration.from_dict({"scale": 0.5, "shift": 1.0}) == Calibration(0.5, 1.0)
    assert Calibration.from_dict(vars(calibration)) == calibration


def test_fit_english_has_a_scale_of_its_own():
    confidences, _ = draw_readings(1.0, 0.0)
    rng = np.random.default_rng(6)
    english = rng.random(len(confidences))
    odds = np.log(confidences / (1 - confidences))
    right = rng.random(len(confidences)) < 1 / (1 + np.exp(-((0.7 + 0.6 * english) * odds + 0.4 * english)))
    features = [ConfidenceFeatures(0.5, True, 4, {"en": share}) for share in english.tolist()]
    result = fit(confidences, right, features)
    assert result.scale == pytest.approx(0.7, abs=0.1)
    assert result.english_scale == pytest.approx(0.6, abs=0.15)
    assert result.english == pytest.approx(0.4, abs=0.15)
    assert result.one(0.9, features[0]) > result.one(0.5, features[0]) > result.one(0.1, features[0])
    backwards = Calibration(0.5, 0.0, english_scale=-2.0)  # surer readings stay surer all the same
    assert backwards.one(0.9, ConfidenceFeatures(0.5, True, 4, {"en": 1.0})) > backwards.one(
        0.1, ConfidenceFeatures(0.5, True, 4, {"en": 1.0})
    )
