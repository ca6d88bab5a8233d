"""Teaching a hand: what is held back, what is mixed in, what is frozen, and a whole run of it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from hwr_core import Reading, Recognizer, jobs
from hwr_core.adaptation import estimated_seconds, new_adaptation, read_result
from hwr_core.adaptation import run as adapting
from hwr_core.adaptation.data import PseudoLabels, hold_back, mixed, select_pseudo_labels, select_writer_words
from hwr_core.adaptation.job import run_adaptation
from hwr_core.adaptation.run import AdaptationResult, other_hands
from hwr_core.adaptation.trainer import Score, Trial, best_trial, score, task_from, teach
from hwr_core.config import AdaptationConfig
from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import list_datasets
from hwr_core.errors import ConfigError, DataError
from hwr_core.models.batch_norm import batch_norms
from hwr_core.recognition import list_checkpoints
from hwr_core.training import list_runs

FOUR = ("tea", "ink", "moon", "sally")
QUICK = AdaptationConfig(passes=4, rounds=2, last_rounds=0, batch_size=8, replay_share=0.5)


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
    [{"least_held_back": 16}, {"shares": (0.3, 1.1)}, {"shares": (1.0, 1.0)}, {"shares": ()}, {"held_back_every": 1},
     {"last_rounds": 5}, {"unread_share": 1.0}, {"sure": 0.0}, {"steady": 1.5}, {"most_unread": -1},
     {"change_cost": -0.1},
     {"rounds": 400}, {"batch_size": 0}, {"replay_share": 1.0},
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
    taught = AdaptationResult(24, 8, Score(8, 5, 9, 40), Score(8, right, 9, 40), other, other)
    assert taught.sentence.startswith(first_word)
    assert f"{right} of 8 words held back are read right, 5 before" in taught.sentence
    assert taught.is_worse is (first_word == "Worse")


def trial(share: float, right: int, expected: float = 4.0, edits: int = 9, changed: int = 0) -> Trial:
    return Trial(share, Score(8, right, edits, 40), expected, changed)


def test_the_share_that_reads_the_words_held_back_best_is_taken():
    before = Score(8, 5, 9, 40)
    assert best_trial([trial(0.5, 6), trial(1.0, 7), trial(0.0, 5)], before, 0.25).share == 1.0
    assert best_trial([trial(0.5, 6), trial(1.0, 6, 6.0), trial(0.0, 5)], before, 0.25).share == 1.0
    assert best_trial([trial(0.5, 6), trial(1.0, 6, 4.5), trial(0.0, 5)], before, 0.25).share == 0.5  # alike


def test_what_reads_the_words_held_back_worse_is_never_taken():
    before = Score(8, 5, 9, 40)
    assert best_trial([trial(1.0, 4, 8.0), trial(0.0, 5)], before, 0.25).share == 0.0
    assert best_trial([trial(1.0, 4), trial(0.0, 4)], before, 0.25) is None


def test_sure_readings_that_change_count_against_a_share():
    before = Score(8, 5, 9, 40)
    trials = [trial(1.0, 7, changed=12), trial(0.25, 6)]
    assert best_trial(trials, before, 0.25).share == 0.25
    assert best_trial(trials, before, 0.0).share == 1.0


def test_how_much_of_what_was_learned_is_in_is_said():
    other = Score(2, 1, 1, 8)
    some = AdaptationResult(48, 16, Score(16, 5, 9, 40), Score(16, 6, 9, 40), other, other, expects=True)
    assert some.sentence.endswith("5 before.")
    assert replace(some, share=0.5).sentence.endswith("50% of what was learned is in: that reads them best.")
    few = replace(some, held_back=8, before=Score(8, 5, 9, 40), after=Score(8, 6, 9, 40))
    assert few.sentence.endswith("5 before. 8 words are few to judge by: look at what it reads before you rely on it.")
    more = replace(some, after=Score(16, 5, 11, 40))
    assert more.sentence.startswith("Not better: 5 of 16")
    assert "with 11 characters to be changed, 9 before" in more.sentence
    assert more.is_worse
    assert "Only the hand's words, capitals and marks are in" in replace(some, share=0.0).sentence
    assert "learned from 30 of the 40 unread words" in replace(some, unread=40, guessed=30).sentence
    untouched = replace(some, share=0.0, expects=False, after=some.before)
    assert untouched.is_untouched
    assert untouched.sentence.startswith("Not better: what was learned read the words held back worse")


def test_more_words_take_longer(crnn_run: Path):
    start = crnn_run / "checkpoint"
    assert estimated_seconds(16, start) < estimated_seconds(64, start) <= estimated_seconds(200, start)


def test_the_time_is_that_of_the_last_teaching(start: Path, hand):
    """Words a second, and what is outside the steps, as measured by an earlier run of the same network."""
    run = new_adaptation(start, "anna", settings=QUICK)
    other = Score(2, 1, 1, 8)
    taught = AdaptationResult(24, 8, Score(8, 5, 9, 40), Score(8, 6, 9, 40), other, other, seconds=20.0)
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
    some = select_writer_words(hand, recognizer.config, QUICK, "writer-train")
    assert len(some.learned) == len(some.held_back) == 8
    assert not set(some.learned) & set(some.held_back)
    from hwr_core.datasets import open_dataset

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
    everyone = select_writer_words(hand, recognizer.config, QUICK)
    assert len(everyone.learned) + len(everyone.held_back) == len(hand)
    with pytest.raises(DataError, match="Found 5"):
        select_writer_words(hand, recognizer.config, QUICK, "writer-validation")


def test_sure_readings_of_unread_words_take_the_place_of_read_ones(start: Path, hand):
    recognizer = Recognizer.load(start)
    config, charset = recognizer.config, recognizer.alphabet
    some = select_writer_words(hand, config, QUICK, "writer-train")
    canvases = list(hand.canvases(config.canvas)[some.held_back])
    readings = [Reading(text, sure, []) for text, sure in
                [("tea", 0.9), ("ink", 0.5), ("", 1.0), ("QX", 0.9), ("m" * 200, 0.9), ("moon", 0.8)]]  # fmt: skip
    sure = select_pseudo_labels(canvases[:6], readings, 0.8, config, charset)
    assert list(sure.texts) == ["tea", "moon"]
    np.testing.assert_array_equal(sure.canvases, [canvases[0], canvases[5]])
    before, _ = mixed(some, [], config, QUICK, charset)
    for turn in (0, 1):
        words, _ = mixed(some, [], config, QUICK, charset, sure, turn)
        assert len(words.train) == len(before.train) == 16
        assert words.train.writers.count("") == 4  # each as often as a read word alone would be
        first = 0 if turn == 0 else 12 % 8  # goes on where the last round ended
        np.testing.assert_array_equal(words.train.canvases[0], hand.canvases(config.canvas)[some.learned[first]])
    last, _ = mixed(some, [], config, replace(QUICK, last_rounds=1), charset, turn=1)
    rows = last.train.canvases.parts[0][1]
    assert len(rows) == len(last.train) == 16
    assert set(some.held_back) <= set(rows)
    many = PseudoLabels(np.stack(canvases), ["tea"] * 8)
    assert mixed(some, [], config, QUICK, charset, many)[0].train.writers.count("") == 6  # 40 % of 16
    nobody = select_pseudo_labels([], [], 0.8, config, charset)
    assert len(nobody) == 0
    assert len(mixed(some, [], config, QUICK, charset, nobody)[0].train) == 16


def test_replay_leaves_out_what_the_reader_cannot_write(start: Path, hand, make_dataset):
    recognizer = Recognizer.load(start)
    odd = make_dataset("odd", {"train": ("tea", "QX"), "validation": FOUR})
    some = select_writer_words(hand, recognizer.config, QUICK, "writer-train")
    words, _ = mixed(some, [(odd, odd.part("train"))], recognizer.config, QUICK, recognizer.alphabet)
    assert set(words.train.transcriptions) == set(FOUR)
    assert words.train.transcriptions.count("tea") > 4


def test_statistics_are_frozen_and_weights_are_not(start: Path, hand, tmp_path: Path):
    recognizer = Recognizer.load(start)
    some = select_writer_words(hand, recognizer.config, QUICK, "writer-train")
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

    corrections = AcceptedWords()
    for number in range(5):
        for word in (*FOUR, "noté"):
            picture = draw(word, size=34 + number, face="DejaVuSerif")
            corrections.accept(np.ascontiguousarray(picture), word, writer="Anna")
    untouched = {path.name: path.read_bytes() for path in start.iterdir()}
    unread = [draw("tea", size=30 + number, face="DejaVuSerif") for number in range(5)] + [
        np.full((40, 60), 255, np.uint8)
    ]
    settings = replace(QUICK, sure=0.01, last_rounds=1)
    run = new_adaptation(start, writer="Anna", settings=settings, unread=unread)
    lines: list[str] = []
    status = run_adaptation(run.folder, lines.append)
    assert status.state == "done", status.message
    taught = read_result(run.folder)
    assert taught is not None
    assert (taught.learned, taught.held_back, len(taught.readings)) == (17, 8, 8)
    assert taught.others_before.words == 4
    assert status.message == taught.sentence
    assert taught.unread == 5  # one was blank
    assert taught.guessed > 0 or not taught.share
    assert not taught.after.is_worse_than(taught.before)
    assert not (run.folder / "unread.npz").exists()
    recognizer = Recognizer.load(run.folder / "checkpoint")
    assert "é" in recognizer.charset
    assert "cer" not in recognizer.summary  # eight words are no measure of a reader
    assert recognizer.summary["taught"]["writer"] == "Anna"
    assert sorted(recognizer.hand) == (sorted([*FOUR, "noté"] * 5) if taught.expects else [])
    assert {path.name: path.read_bytes() for path in start.iterdir()} == untouched
    assert list(run.history["best"]) in ([1, 0], [1])  # one round where nothing of it was worth keeping
    assert run.history["cer"].isna().tolist() in ([False, True], [False])  # the last learned from the words held back
    assert [found.name for found in list_runs()] == [run.name]
    again = [reading.text for reading in recognizer.read([draw("tea")])]
    assert len(again) == 1
    assert any("held back" in line for line in lines)


def test_a_run_that_is_stopped_says_so(start: Path, hand):

    run = new_adaptation(start, "anna", settings=QUICK, name="mine")
    assert run.name == "mine"

    def say(line: str) -> None:
        jobs.request_stop(run.folder)

    assert run_adaptation(run.folder, say).state == "stopped"
    assert read_result(run.folder) is None
    assert run.checkpoint is None


def test_a_reader_that_is_still_learning_is_not_to_be_chosen(start: Path, hand, monkeypatch):

    run = new_adaptation(start, "anna", settings=QUICK)
    assert run.config.training.epochs == QUICK.rounds
    seen = []
    really = adapting.read_all

    def read_all(*about):
        seen.append([info.name for info in list_checkpoints() if info.kind == "run"])
        return really(*about)

    def say(line: str) -> None:
        if line.startswith("round 2"):
            jobs.request_stop(run.folder)

    assert run_adaptation(run.folder, say).state == "stopped"
    assert run.checkpoint is None
    assert not (run.folder / "lesson").exists()
    monkeypatch.setattr(adapting, "read_all", read_all)
    assert run_adaptation(run.folder, lambda line: None).state == "done"
    assert len(seen) == 2  # before and after
    assert not any(run.name in names for names in seen)
    assert run.checkpoint is not None
    assert not (run.folder / "lesson").exists()


def test_the_time_that_was_promised_is_counted_down_until_the_steps_tell_better(tmp_path: Path, monkeypatch):
    from hwr_core.training import job

    now = [100.0]
    monkeypatch.setattr(job.time, "time", lambda: now[0])
    status = jobs.begin(tmp_path, "")
    tell = job.progress_teller(tmp_path, status, promised=60.0)
    left = []
    for step, seconds in ((0, 5), (1, 20), (2, 10), (3, 1), (4, 30), (6, 13), (20, 14)):
        now[0] += seconds
        tell("Learning", step, 20)
        left.append(status.seconds_left)
    tell("Saving", 0, 0)
    # 4: its 16 steps at 15.5 seconds are more than what was promised; 6: 14 steps at 11 seconds
    assert left == [55, 35, 25, 24, 248, 154, 0]
    assert status.seconds_left is None


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
