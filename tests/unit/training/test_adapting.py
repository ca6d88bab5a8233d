"""Teaching a hand: what is held back, what is mixed in, what is frozen, and a whole run of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from hwr_core import Recognizer, jobs
from hwr_core.config import AdaptationConfig
from hwr_core.data import Corrections, list_datasets
from hwr_core.errors import ConfigError, DataError
from hwr_core.training import estimated_seconds, list_runs, new_adaptation, read_result
from hwr_core.training.adapting import Taught, other_hands
from hwr_core.training.hand_words import hand_of, hold_back, mixed
from hwr_core.training.teaching import Score, batch_norms, no_worse, score, task_from, teach

FOUR = ("tea", "ink", "moon", "sally")
QUICK = AdaptationConfig(passes=4, rounds=2, batch_size=8, replay_share=0.5)


@pytest.mark.parametrize(("number", "held"), [(16, 8), (31, 8), (32, 8), (64, 16), (200, 50)])
def test_every_fourth_word_is_held_back_and_at_least_eight(number: int, held: int):
    mask = hold_back(number, AdaptationConfig())
    assert (len(mask), mask.sum()) == (number, held)
    gaps = np.diff(np.flatnonzero(mask))
    assert gaps.max() - gaps.min() <= 1  # spread evenly


def test_too_few_words_say_how_many_are_missing():
    with pytest.raises(DataError, match=r"at least 16 of its words\. Found 13: accept or correct 3 more"):
        hold_back(13, AdaptationConfig())


@pytest.mark.parametrize(
    "wrong",
    [{"least_held_back": 16}, {"shares": (0.3, 1.0)}, {"shares": ()}, {"held_back_every": 1},
     {"rounds": 40}, {"batch_size": 0}, {"replay_share": 1.0},
     {"learning_rate": 0.0}, {"most_steps": 0}],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong: dict):
    with pytest.raises(ConfigError):
        AdaptationConfig(**wrong)


def test_scores():
    some = score(["tea", "moon", "ink"], ["tea", "mon", ""])
    assert some == Score(words=3, right=1, edits=4, characters=10)
    assert (some.word_accuracy, some.cer) == (1 / 3, 0.4)
    assert score([], []).cer == score([], []).word_accuracy == 0
    assert Score(8, 4, 9, 40).is_worse_than(Score(8, 5, 20, 40))
    assert Score(8, 5, 21, 40).is_worse_than(Score(8, 5, 20, 40))
    assert not Score(8, 5, 20, 40).is_worse_than(Score(8, 5, 20, 40))


@pytest.mark.parametrize(("right", "first_word"), [(6, "Better"), (5, "No better"), (4, "Worse")])
def test_what_came_of_it_is_said(right: int, first_word: str):
    other = Score(2, 1, 1, 8)
    taught = Taught(24, 8, Score(8, 5, 9, 40), Score(8, right, 9, 40), other, other)
    assert taught.sentence.startswith(first_word)
    assert f"{right} of 8 words held back are read right, 5 before" in taught.sentence
    assert taught.is_worse is (first_word == "Worse")


def test_the_largest_share_that_is_no_worse_is_taken():
    before = Score(8, 5, 9, 40)
    right = {1.0: 4, 0.6: 5, 0.3: 6}
    asked = []

    def read_with(share: float) -> tuple[Score, list[list[str]]]:
        asked.append(share)
        return Score(8, right[share], 9, 40), [[str(share)]]

    assert no_worse((1.0, 0.6, 0.3), before, read_with) == (0.6, [["0.6"]])
    assert asked == [1.0, 0.6]
    right[1.0] = 5
    assert no_worse((1.0, 0.6, 0.3), before, read_with)[0] == 1.0


def test_where_every_share_is_worse_the_best_is_made_last_and_it_is_said():
    before = Score(8, 7, 2, 40)
    right = {1.0: 3, 0.6: 6, 0.3: 5}
    asked = []

    def read_with(share: float) -> tuple[Score, list[list[str]]]:
        asked.append(share)
        return Score(8, right[share], 9, 40), [[str(share)]]

    assert no_worse((1.0, 0.6, 0.3), before, read_with) == (0.6, [["0.6"]])
    assert asked[-1] == 0.6
    other = Score(2, 1, 1, 8)
    assert Taught(24, 8, before, Score(8, right[0.6], 9, 40), other, other).sentence.startswith("Worse")


def test_less_than_all_that_was_learned_is_said():
    other = Score(2, 1, 1, 8)
    taught = Taught(24, 8, Score(8, 5, 9, 40), Score(8, 6, 9, 40), other, other, share=0.6)
    assert taught.sentence.endswith("5 before. All that was learned read them worse, so 60% of it is in.")


def test_more_words_take_longer(crnn_run: Path):
    start = crnn_run / "checkpoint"
    assert estimated_seconds(16, start) < estimated_seconds(64, start) <= estimated_seconds(200, start)


def test_the_time_is_that_of_the_last_teaching(start: Path, hand):
    """Words a second, and what is outside the steps, as measured by an earlier run of the same network."""
    run = new_adaptation(start, "anna", settings=QUICK)
    other = Score(2, 1, 1, 8)
    taught = Taught(24, 8, Score(8, 5, 9, 40), Score(8, 6, 9, 40), other, other, seconds=20.0)
    (run.folder / "taught.json").write_text(json.dumps(asdict(taught)))
    (run.folder / "history.csv").write_text("epoch,words_per_second,seconds\n1,90,4\n2,100,4\n")
    learned = 24 - QUICK.least_held_back
    shown = QUICK.passes * learned / (1 - QUICK.replay_share)
    assert estimated_seconds(24, start, QUICK) == pytest.approx(20 - 8 + shown / 100)


@pytest.fixture
def start(crnn_run: Path, make_dataset) -> Path:
    """A checkpoint that reads four words, whose data set is here."""
    make_dataset("four", {"train": FOUR * 4, "validation": FOUR})
    return crnn_run / "checkpoint"


@pytest.fixture
def hand(make_dataset):
    return make_dataset("anna", {"train": FOUR * 4, "validation": ("line", *FOUR)})


def test_words_are_mixed_and_held_back_words_stay_out(start: Path, hand):
    recognizer = Recognizer.load(start)
    some = hand_of(hand, recognizer.config, QUICK, "writer-train")
    assert len(some.learned) == len(some.held_back) == 8
    assert not set(some.learned) & set(some.held_back)
    from hwr_core.data import open_dataset

    four = open_dataset("four")
    words, config = mixed(some, [(four, four.part("train"))], recognizer.config, QUICK, recognizer.alphabet)
    assert len(words.train) == 2 * 2 * 8  # two passes a round of 8 words, and as many of other hands
    assert config.training.epochs == 2
    assert config.datasets == ("anna", "four")
    learned = hand.canvases(config.canvas)[some.learned]
    np.testing.assert_array_equal(words.train.canvases[0], learned[0])
    np.testing.assert_array_equal(words.train.canvases[8], learned[0])
    assert list(words.validation.transcriptions) == hand.table["transcription"].iloc[some.held_back].tolist()
    alone, _ = mixed(some, [], recognizer.config, QUICK, recognizer.alphabet)
    assert len(alone.train) == 2 * 8
    everyone = hand_of(hand, recognizer.config, QUICK)
    assert len(everyone.learned) + len(everyone.held_back) == len(hand)
    with pytest.raises(DataError, match="Found 5"):
        hand_of(hand, recognizer.config, QUICK, "writer-validation")


def test_replay_leaves_out_what_the_reader_cannot_write(start: Path, hand, make_dataset):
    recognizer = Recognizer.load(start)
    odd = make_dataset("odd", {"train": ("tea", "QX"), "validation": FOUR})
    some = hand_of(hand, recognizer.config, QUICK, "writer-train")
    words, _ = mixed(some, [(odd, odd.part("train"))], recognizer.config, QUICK, recognizer.alphabet)
    assert set(words.train.transcriptions) == set(FOUR)
    assert words.train.transcriptions.count("tea") > 4


def test_statistics_are_frozen_and_weights_are_not(start: Path, hand, tmp_path: Path):
    recognizer = Recognizer.load(start)
    some = hand_of(hand, recognizer.config, QUICK, "writer-train")
    words, config = mixed(some, [], recognizer.config, QUICK, recognizer.alphabet)
    task = task_from(start, words, config, tmp_path)
    layers = list(batch_norms(task.model))
    before = [np.array(weight) for layer in layers for weight in layer.get_weights()]
    head = np.array(task.model.get_layer("logits").get_weights()[0])
    told = []
    rounds = list(teach(task, config, lambda step, steps: told.append((step, steps))))
    after = [np.array(weight) for layer in layers for weight in layer.get_weights()]
    assert len(layers) > 4
    for was, now in zip(before, after, strict=True):
        np.testing.assert_array_equal(was, now)
    assert np.abs(task.model.get_layer("logits").get_weights()[0] - head).max() > 0
    assert all(layer.trainable for layer in layers)
    assert [row["words"] for row in rounds] == [16, 16]
    assert told == [(step, 4) for step in range(5)]


@pytest.mark.slow
def test_a_whole_run_on_accepted_words(start: Path, draw):
    """Words of other letter forms, one with a character that the reader did not know."""
    from hwr_core.training.work import work

    corrections = Corrections()
    for number in range(5):
        for word in (*FOUR, "noté"):
            picture = draw(word, size=34 + number, face="DejaVuSerif")
            corrections.accept(np.ascontiguousarray(picture), word, writer="Anna")
    untouched = {path.name: path.read_bytes() for path in start.iterdir()}
    run = new_adaptation(start, writer="Anna", settings=QUICK)
    lines: list[str] = []
    status = work(run.folder, lines.append)
    assert status.state == "done", status.message
    taught = read_result(run.folder)
    assert taught is not None
    assert (taught.learned, taught.held_back, len(taught.readings)) == (17, 8, 8)
    assert taught.others_before.words == 4
    assert status.message == taught.sentence
    recognizer = Recognizer.load(run.folder / "checkpoint")
    assert "é" in recognizer.charset
    assert "cer" not in recognizer.summary  # eight words are no measure of a reader
    assert recognizer.summary["taught"]["writer"] == "Anna"
    assert {path.name: path.read_bytes() for path in start.iterdir()} == untouched
    assert list(run.history["best"]) == [0, 1]
    assert [found.name for found in list_runs()] == [run.name]
    again = [reading.text for reading in recognizer.read([draw("tea")])]
    assert len(again) == 1
    assert any("held back" in line for line in lines)


def test_a_run_that_is_stopped_says_so(start: Path, hand):
    from hwr_core.training.work import work

    run = new_adaptation(start, "anna", settings=QUICK, name="mine")
    assert run.name == "mine"

    def say(line: str) -> None:
        jobs.request_stop(run.folder)

    assert work(run.folder, say).state == "stopped"
    assert read_result(run.folder) is None
    assert run.checkpoint is None


def test_what_cannot_be_taught_is_refused_before_anything_is_made(start: Path, hand, dual_run: Path, make_dataset):
    with pytest.raises(ConfigError, match="dual reader cannot be taught"):
        new_adaptation(dual_run / "checkpoint", "anna")
    with pytest.raises(DataError, match="No word was accepted yet"):
        new_adaptation(start)
    make_dataset("few", {"train": FOUR, "validation": FOUR})
    with pytest.raises(DataError, match="8 more"):
        new_adaptation(start, "few")
    assert list_runs() == []


def test_other_hands_are_those_that_the_reader_knows(start: Path, hand):
    config = Recognizer.load(start).config
    assert {info.name for info in list_datasets()} == {"four", "anna"}
    assert other_hands(config, "anna") == ("four",)
    assert other_hands(config, "four") == ("demo",)
    request = json.loads((new_adaptation(start, "anna").folder / "adaptation.json").read_text())
    assert request["replay"] == ["four"]
