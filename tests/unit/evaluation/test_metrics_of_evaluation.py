"""Every metric against one counted another way: by hand, by jiwer, by SciPy, by brute force."""

from __future__ import annotations

import json
import math

import jiwer
import numpy as np
import pytest

from hwr_core.errors import DataError
from hwr_core.evaluation import Evaluation, compare, evaluate_readings, worst_words, writer_interval
from hwr_core.evaluation.bootstrap import cluster_ids
from hwr_core.evaluation.calibration import reliability
from hwr_core.evaluation.comparison import BOTH, NEITHER, ONLY_A, ONLY_B, mcnemar
from hwr_core.evaluation.confusions import confusions
from hwr_core.evaluation.errors import KINDS, kind_of, kinds
from hwr_core.evaluation.groups import by_length, by_writer

ROWS = [
    ("anna", "because", "because", 0.9),
    ("anna", "Of", "of", 0.8),
    ("anna", "the", "", 0.0),
    ("ben", "rain,", "rain", 0.7),
    ("ben", "NA", "NA", 0.95),
    ("ben", "garden", "gardens", 0.6),
    ("carl", "café", "cafe", 0.5),
    ("carl", "it's", "its", 0.4),
]


@pytest.fixture
def readings(table_of):
    return table_of(ROWS)


@pytest.fixture
def measured(readings):
    return evaluate_readings(readings, "steady", "letters", "validation", seconds=2.0)


# --- headline ---------------------------------------------------------------------------------------------------


def test_evaluate_readings_headline_is_what_jiwer_counts(measured):
    truths, read = [row[1] for row in ROWS], [row[2] for row in ROWS]
    assert measured.cer.value == pytest.approx(jiwer.cer(truths, read))
    assert measured.wer.value == pytest.approx(jiwer.wer(truths, read))
    assert measured.word_accuracy.value == pytest.approx(2 / 8)
    assert (measured.words, measured.writers, measured.characters) == (8, 3, sum(map(len, truths)))
    assert measured.confidence_of_right == pytest.approx((0.9 + 0.95) / 2)
    assert measured.words_per_second == 4


def test_evaluate_readings_intervals_contain_their_values(measured):
    for interval in (measured.cer, measured.word_accuracy, measured.wer):
        assert interval.low <= interval.value <= interval.high
        assert interval.low < interval.high


def test_evaluate_readings_lines_have_a_word_error_rate(table_of):
    rows = [("a", "one two three", "one two tree", 0.5), ("b", "four", "four", 0.5)]
    result = evaluate_readings(table_of(rows), "steady", "lines")
    assert result.wer.value == pytest.approx(1 / 4)
    assert result.word_accuracy.value == pytest.approx(1 / 2)


def test_evaluate_readings_all_right_or_all_wrong_has_no_division_by_zero(table_of):
    right = evaluate_readings(table_of([("a", "of", "of", 0.5)]), "steady", "letters")
    assert (right.cer.value, right.confidence_of_wrong) == (0, 0)
    wrong = evaluate_readings(table_of([("a", "of", "at", 0.5)]), "steady", "letters")
    assert (wrong.word_accuracy.value, wrong.confidence_of_right) == (0, 0)


def test_from_report_json_round_trip_is_equal(measured, readings):
    report = json.loads(json.dumps(measured.report()))
    back = Evaluation.from_report(report, readings)
    assert back.report() == measured.report()
    assert back.confusions.pairs == measured.confusions.pairs
    assert back.table() == measured.table()


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 0}, {"cer": 3}, {"by_writer": [{}]}, {"reliability": {}}, {"words": "8"}, {"words": 8.5},
        {"seconds": None}, {"checkpoint": 3}, {"kinds": []}, {"kinds": {"more": "1"}}, {"by_length": {}},
        {"cer": {"value": "0", "low": 0, "high": 0}}, {"wer": {"value": 0.1, "low": 0.0, "high": 0.2, "mean": 0.1}},
        {"confusions": {"written": {}, "pairs": [["a", "b"]], "missed": {}, "added": {}}},
        {"reliability": {"ece": 0.1, "bins": 3, "kept": []}},
    ],
)  # fmt: skip
def test_from_report_damaged_is_one_sentence(measured, readings, change):
    with pytest.raises(DataError, match="Measure again"):
        Evaluation.from_report({**measured.report(), **change}, readings)


def test_table_names_every_part(measured):
    table = measured.table()
    assert "| words | 8 of letters, validation, 3 writers |" in table
    assert str(measured.cer) in table
    for writer in ("anna", "ben", "carl"):
        assert f"| {writer} |" in table


# --- bootstrap --------------------------------------------------------------------------------------------------


def test_writer_interval_unknown_writers_resamples_words():
    assert cluster_ids(["", "b", "", "b"]).tolist() == [1, 0, 2, 0]
    rng = np.random.default_rng(1)
    wrong = (rng.random(400) < 0.25).astype(int).tolist()
    result = writer_interval(wrong, [1] * 400, [""] * 400)
    wide = 1.96 * math.sqrt(result.value * (1 - result.value) / 400)
    assert result.high - result.value == pytest.approx(wide, rel=0.15)
    assert result.value - result.low == pytest.approx(wide, rel=0.15)


def test_writer_interval_correlated_words_is_wider():
    wrong = [1] * 50 + [0] * 50
    writers = [f"w{index // 10}" for index in range(100)]
    together, singly = writer_interval(wrong, [1] * 100, writers), writer_interval(wrong, [1] * 100, [""] * 100)
    assert together.high - together.low > 2 * (singly.high - singly.low)


def test_writer_interval_in_pieces_agrees(monkeypatch):
    from hwr_core.evaluation import bootstrap

    whole = writer_interval([1, 0, 0, 1], [1] * 4, ["a", "b", "c", "d"])
    monkeypatch.setattr(bootstrap, "MAX_DRAWS_IN_MEMORY", 40)
    pieces = writer_interval([1, 0, 0, 1], [1] * 4, ["a", "b", "c", "d"])
    assert (pieces.low, pieces.high) == (whole.low, whole.high) == (0, 1)


# --- groups -----------------------------------------------------------------------------------------------------


def test_groups_add_up_to_the_whole(readings):
    for groups in (by_writer(readings), by_length(readings)):
        assert sum(group.words for group in groups) == 8
        assert sum(group.characters for group in groups) == readings["transcription"].str.len().sum()
        edits = sum(group.cer.value * group.characters for group in groups)
        assert edits == pytest.approx(readings["edits"].sum())


def test_groups_worst_writer_and_shortest_words_first(readings):
    assert [group.name for group in by_writer(readings)] == ["anna", "carl", "ben"]
    assert [group.name for group in by_length(readings)] == ["2", "3", "4", "5", "6", "7"]


def test_groups_long_words_are_one_and_unknown_writers_none(table_of):
    rows = [("", "a" * 13, "a" * 13, 1.0), ("", "b" * 30, "", 0.0)]
    assert [(group.name, group.words) for group in by_length(table_of(rows))] == [("13+", 2)]
    assert by_writer(table_of(rows)) == []
    assert evaluate_readings(table_of(rows), "steady", "letters").writers == 0


def test_groups_same_writer_name_in_two_data_sets_is_two_writers(table_of):
    import pandas as pd

    both = pd.concat([table_of(ROWS[:3], "one"), table_of(ROWS[:3], "two")], ignore_index=True)
    result = evaluate_readings(both, "steady", "one + two")
    assert result.writers == 2
    assert {group.name for group in result.writer_groups} == {"one/anna", "two/anna"}
    assert [group.name for group in result.dataset_groups] == ["one", "two"]
    assert "| one | 3 |" in result.table()


# --- confusions -------------------------------------------------------------------------------------------------


def test_confusions_count_along_the_alignment():
    result = confusions(["rain", "main", "the", "on"], ["ruin", "muin", "th", "one"])
    assert result.pairs == [("a", "u", 2)]
    assert result.missed == {"e": 1}
    assert result.added == {"e": 1}
    assert result.written["n"] == 3


@pytest.mark.parametrize("seed", range(5))
def test_confusions_edits_and_characters_add_up(seed):
    rng = np.random.default_rng(seed)
    truths = ["".join(rng.choice(list("abc"), rng.integers(1, 8))) for _ in range(40)]
    read = ["".join(rng.choice(list("abcd"), rng.integers(0, 8))) for _ in range(40)]
    result = confusions(truths, read)
    edits = result.substitutions + sum(result.missed.values()) + sum(result.added.values())
    assert edits == round(jiwer.cer(truths, read) * sum(map(len, truths)))
    characters, counts = result.matrix()
    assert (counts >= 0).all()
    for index, character in enumerate(characters):  # read as itself, as another, or left out
        assert counts[index].sum() + result.missed.get(character, 0) == result.written.get(character, 0)


def test_confusions_matrix_shows_the_most_confused_characters():
    result = confusions(["ab"] * 3 + ["cd"], ["bb"] * 3 + ["ce"])
    characters, counts = result.matrix(max_characters=2)
    assert characters == ["a", "b"]
    assert counts.tolist() == [[0, 3], [0, 3]]
    assert confusions(["of"], ["of"]).matrix()[0] == []


# --- reliability ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_reliability_ece_is_that_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.random(500)
    right = rng.random(500) < confidence**2
    result = reliability(confidence, right)
    expected = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            expected += inside.sum() / 500 * abs(right[inside].mean() - confidence[inside].mean())
    assert result.ece == pytest.approx(expected)
    assert sum(bin.words for bin in result.bins) == 500


def test_reliability_bin_edges_belong_to_the_bin_below():
    result = reliability([0.0, 3 / 15, 1.0], [False, False, True])
    assert [index for index, bin in enumerate(result.bins) if bin.words] == [0, 2, 14]
    assert result.bins[1].confidence is None


def test_reliability_higher_threshold_leaves_fewer_errors(readings):
    points = {point.threshold: point for point in reliability(readings["confidence"], readings["edits"] == 0).kept}
    assert (points[0.0].coverage, points[0.0].wrong) == (1, 6)
    assert (points[0.6].words, points[0.6].wrong) == (5, 3)
    assert points[0.6].risk == pytest.approx(3 / 5)
    assert points[0.96 if 0.96 in points else 0.995].risk == 0
    coverages = [point.coverage for point in points.values()]
    assert coverages == sorted(coverages, reverse=True)


# --- wrong words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "read", "edits", "kind"),
    [
        ("word", "word", 0, "right"), ("Word", "word", 1, "case only"), ("word,", "word", 1, "punctuation only"),
        ("été", "ete", 2, "accents only"), ("rain", "ruin", 1, "one character"), ("abc", "x", 3, "more"),
        ("rain", "ruins", 2, "two characters"), ("a", "", 1, "nothing read"), ("!", "?", 1, "one character"),
    ],
)  # fmt: skip
def test_kind_of_names_the_first_kind_that_holds(truth, read, edits, kind):
    assert kind_of(truth, read, edits) == kind


def test_kinds_count_every_wrong_word_once(readings):
    result = kinds(readings)
    assert list(result) == list(KINDS)
    assert sum(result.values()) == 6
    assert result["punctuation only"] == 2


def test_worst_words_are_sorted_and_filtered(readings):
    assert list(worst_words(readings)["transcription"])[:2] == ["the", "Of"]  # all of it; half of it
    assert list(worst_words(readings, order="most certain")["transcription"])[:2] == ["Of", "rain,"]
    assert list(worst_words(readings, writer="ben")["transcription"]) == ["rain,", "garden"]
    assert "share" not in worst_words(readings)


# --- comparison -------------------------------------------------------------------------------------------------


def test_compare_counts_outcomes_and_differences(readings):
    other = readings.assign(reading=["because", "Of", "the", "rain", "na", "garden", "café", "it's"])
    other["edits"] = [0, 0, 0, 1, 2, 0, 0, 0]
    result = compare(readings, other.iloc[::-1])  # the order does not count
    assert result.counts == {BOTH: 1, ONLY_A: 1, ONLY_B: 5, NEITHER: 1}
    assert result.words == 8
    assert result.p == mcnemar(1, 5)
    assert result.accuracy_difference.value == pytest.approx(4 / 8)
    assert result.cer_difference.value < 0
    row = result.rows.set_index("transcription").loc["NA"]
    assert (row["reading_a"], row["reading_b"], row["outcome"]) == ("NA", "na", ONLY_A)
    json.dumps(result.to_dict())


def test_compare_leaves_out_words_of_one_side(readings):
    assert compare(readings, readings.head(3)).words == 3
    with pytest.raises(DataError, match="no word in common"):
        compare(readings, readings.assign(dataset="other"))


def test_compare_repeated_word_id_is_paired_with_its_own_copy(readings):
    twice = readings.assign(word_id="same", transcription="same")
    assert compare(twice, twice).words == 8


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 9), (5, 5), (0, 40), (300, 360), (9000, 9400)])
def test_mcnemar_is_the_binomial_test(a, b):
    from scipy.stats import binomtest

    expected = binomtest(a, a + b, 0.5).pvalue if a + b else 1.0
    assert mcnemar(a, b) == mcnemar(b, a) == pytest.approx(expected, abs=1e-9)
