"""Words read through a recognizer: which, in what batches, stoppable, options passed on."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.errors import DataError
from hwr_core.evaluation import RunningTotals, evaluate
from hwr_core.evaluation import word_results as room
from hwr_core.evaluation.word_results import COLUMNS, choose_rows, read_words, rows_by_writer


def test_every_word_of_the_part_is_read_and_keeps_its_place(words, stand_in, monkeypatch):
    monkeypatch.setattr(room, "CHUNK", 3)
    result = evaluate(stand_in, words, "validation")
    assert list(result.readings.columns) == COLUMNS
    assert list(result.readings["transcription"]) == ["sally", "tea", "ink", "on"]
    assert list(words.table["transcription"].iloc[result.readings["index"]]) == ["sally", "tea", "ink", "on"]
    assert list(result.readings["edits"]) == [5, 0, 3, 3]
    inks = [canvas.mean() / 255 for canvas in words.canvases(stand_in.config.canvas)[3:]]
    assert result.readings["confidence"].tolist() == pytest.approx(inks)  # each word's own canvas was read
    assert sorted(count for count, _ in stand_in.calls) == [1, 3]
    assert (result.checkpoint, result.dataset, result.writers) == ("steady", "words", 1)


def test_several_data_sets_are_read_as_one(words, make_dataset, stand_in):
    more = make_dataset("more", {"train": ["tea"], "validation": ["moon"]})
    result = evaluate(stand_in, [words, more])
    assert (result.words, result.writers, result.dataset) == (5, 2, "words + more")
    with pytest.raises(DataError, match="no data set"):
        evaluate(stand_in, [])


def test_most_words_are_drawn_at_random_and_always_the_same(words):
    drawn = choose_rows(words, "validation", 2)
    assert len(set(drawn)) == 2
    assert np.array_equal(drawn, choose_rows(words, "validation", 2))
    assert set(drawn) <= set(words.part("validation"))
    draws = {tuple(choose_rows(words, "validation", 2, seed)) for seed in range(20)}
    assert len(draws) > 2
    assert len(choose_rows(words, "validation", 99)) == 4


@pytest.mark.parametrize(
    ("split", "most", "sentence"), [("test", 0, "no words in its part"), ("train", -1, "negative")]
)
def test_what_cannot_be_read_is_one_sentence(words, split, most, sentence):
    with pytest.raises(DataError, match=sentence):
        choose_rows(words, split, most)


def test_options_of_reading_are_passed_on(words, stand_in):
    evaluate(stand_in, words, read_options={"language": "en"})
    assert [options for _, options in stand_in.calls] == [{"language": "en"}]


def test_progress_counts_words_and_may_stop(words, stand_in, monkeypatch):
    monkeypatch.setattr(room, "CHUNK", 2)
    told, so_far = [], RunningTotals()
    evaluate(stand_in, words, progress=lambda *step: told.append(step), so_far=so_far)
    steps = [step for phase, step, _ in told if phase == "Reading"]
    assert steps == [0, 2, 4]
    assert (so_far.words, so_far.right, so_far.edits, so_far.characters) == (4, 1, 11, 13)

    class Enough(Exception):
        pass

    def stop(phase: str, step: int, steps: int) -> None:
        if phase == "Reading" and step:
            raise Enough

    stand_in.calls.clear()
    with pytest.raises(Enough):
        read_words(stand_in, words, words.part("validation"), progress=stop)
    assert len(stand_in.calls) == 1


def test_a_writer_s_words_are_read_together(monkeypatch):
    writers = np.array(["ann", "bo", "ann", "", "ann", "", "bo"])
    assert sorted(map(list, rows_by_writer(writers))) == [[0, 2, 4], [1, 6], [3, 5]]
    monkeypatch.setattr(room, "CHUNK", 2)
    assert sorted(map(list, rows_by_writer(writers))) == [[0, 2], [1, 6], [3, 5], [4]]
    many = np.arange(40).astype(str)
    first = [int(some[0]) for some in rows_by_writer(many)]
    assert first != sorted(first)  # so that the figures so far are a fair guess of the end
    assert first == [int(some[0]) for some in rows_by_writer(many)]


def test_words_without_a_writer_are_counted_singly(words, stand_in):
    words.table["writer"] = ""
    result = evaluate(stand_in, words)
    assert (result.writers, result.writer_groups) == (0, [])
    assert result.word_accuracy.low < result.word_accuracy.value < result.word_accuracy.high


@pytest.mark.slow
def test_a_trained_recognizer_is_measured_through_its_own_reading(crnn_run, make_dataset):
    from hwr_core import Recognizer

    recognizer = Recognizer.load(crnn_run / "checkpoint")
    four = make_dataset("four", {"validation": ["tea", "ink", "moon", "sally"]})
    result = evaluate(recognizer, four)
    texts = [reading.text for reading in recognizer.read([four.picture(row) for row in four.part("validation")])]
    assert result.readings["reading"].tolist() == texts
