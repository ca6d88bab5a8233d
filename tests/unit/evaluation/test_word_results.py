"""Words read through a recognizer: which, in what batches, stoppable, options passed on."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.errors import DataError
from hwr_core.evaluation import RunningTotals, evaluate, word_results
from hwr_core.evaluation.word_results import COLUMNS, choose_rows, read_words, rows_by_writer
from hwr_core.jobs import Stopped


def test_evaluate_reads_every_word_of_the_part_in_order(words, stand_in, monkeypatch):
    monkeypatch.setattr(word_results, "MAX_BATCH_WORDS", 3)
    result = evaluate(stand_in, words, "validation")
    assert list(result.readings.columns) == COLUMNS
    assert list(result.readings["transcription"]) == ["sally", "tea", "ink", "on"]
    assert list(words.table["transcription"].iloc[result.readings["index"]]) == ["sally", "tea", "ink", "on"]
    assert list(result.readings["edits"]) == [5, 0, 3, 3]
    inks = [canvas.mean() / 255 for canvas in words.canvases(stand_in.config.canvas)[3:]]
    assert result.readings["confidence"].tolist() == pytest.approx(inks)  # each word's own canvas was read
    assert sorted(count for count, _ in stand_in.calls) == [1, 3]
    assert (result.checkpoint, result.dataset, result.writers) == ("steady", "words", 1)


def test_evaluate_several_data_sets_are_read_as_one(words, make_dataset, stand_in):
    more = make_dataset("more", {"train": ["tea"], "validation": ["moon"]})
    result = evaluate(stand_in, [words, more])
    assert (result.words, result.writers, result.dataset) == (5, 2, "words + more")
    with pytest.raises(DataError, match="no data set"):
        evaluate(stand_in, [])


def test_choose_rows_limited_draws_the_same_rows_each_time(words):
    drawn = choose_rows(words, "validation", 2)
    assert len(set(drawn)) == 2
    assert np.array_equal(drawn, choose_rows(words, "validation", 2))
    assert set(drawn) <= set(words.part("validation"))
    draws = {tuple(choose_rows(words, "validation", 2, seed)) for seed in range(20)}
    assert len(draws) > 2
    assert len(choose_rows(words, "validation", 99)) == 4


@pytest.mark.parametrize(
    ("split", "max_words", "sentence"), [("test", 0, "no words in its part"), ("train", -1, "negative")]
)
def test_choose_rows_invalid_is_one_sentence(words, split, max_words, sentence):
    with pytest.raises(DataError, match=sentence):
        choose_rows(words, split, max_words)


def test_evaluate_passes_read_options_on(words, stand_in):
    evaluate(stand_in, words, read_options={"language": "en"})
    assert [options for _, options in stand_in.calls] == [{"language": "en"}]


def test_evaluate_progress_counts_words_and_may_stop(words, stand_in, monkeypatch):
    monkeypatch.setattr(word_results, "MAX_BATCH_WORDS", 2)
    calls, totals = [], RunningTotals()
    evaluate(stand_in, words, progress=lambda *call: calls.append(call), totals=totals)
    assert [step for phase, step, _ in calls if phase == "Reading"] == [0, 2, 4]
    assert (totals.words, totals.right, totals.edits, totals.characters) == (4, 1, 11, 13)

    def stop(phase: str, step: int, steps: int) -> None:
        if phase == "Reading" and step:
            raise Stopped

    stand_in.calls.clear()
    with pytest.raises(Stopped):
        read_words(stand_in, words, words.part("validation"), progress=stop)
    assert len(stand_in.calls) == 1


def test_rows_by_writer_groups_writers_in_a_fixed_random_order(monkeypatch):
    writers = np.array(["ann", "bo", "ann", "", "ann", "", "bo"])
    assert sorted(map(list, rows_by_writer(writers))) == [[0, 2, 4], [1, 6], [3, 5]]
    monkeypatch.setattr(word_results, "MAX_BATCH_WORDS", 2)
    assert sorted(map(list, rows_by_writer(writers))) == [[0, 2], [1, 6], [3, 5], [4]]
    many = np.arange(40).astype(str)
    first = [int(places[0]) for places in rows_by_writer(many)]
    assert first != sorted(first)  # so that running totals are an unbiased estimate
    assert first == [int(places[0]) for places in rows_by_writer(many)]


def test_evaluate_unknown_writers_resamples_words(words, stand_in):
    words.table["writer"] = ""
    result = evaluate(stand_in, words)
    assert (result.writers, result.writer_groups) == (0, [])
    assert result.word_accuracy.low < result.word_accuracy.value < result.word_accuracy.high


@pytest.mark.slow
def test_evaluate_trained_recognizer_gives_its_own_readings(crnn_run, make_dataset):
    from hwr_core import Recognizer

    recognizer = Recognizer.load(crnn_run / "checkpoint")
    four = make_dataset("four", {"validation": ["tea", "ink", "moon", "sally"]})
    result = evaluate(recognizer, four)
    texts = [reading.text for reading in recognizer.read([four.image(row) for row in four.part("validation")])]
    assert result.readings["reading"].tolist() == texts
