"""Adaptation to a writer: what is held back, what is mixed in, what is frozen, what is selected, and a whole run."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from hwr_core import Reading, Recognizer, jobs
from hwr_core.adaptation import AdaptationResult, adapt, estimated_seconds, new_adaptation, read_result
from hwr_core.adaptation.data import PseudoLabels, hold_back, mix_words, select_pseudo_labels, select_writer_words
from hwr_core.adaptation.estimate import START_SECONDS, WORDS_PER_SECOND
from hwr_core.adaptation.job import run_adaptation
from hwr_core.adaptation.selection import Score, Trial, best_trial, score
from hwr_core.adaptation.trainer import start_task, train_rounds
from hwr_core.config import AdaptationConfig
from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import list_datasets, open_dataset
from hwr_core.errors import ConfigError, DataError
from hwr_core.models.batch_norm import batch_norms
from hwr_core.recognition import list_checkpoints
from hwr_core.text import Charset
from hwr_core.training import list_runs

FOUR = ("tea", "ink", "moon", "sally")
QUICK = AdaptationConfig(passes=4, rounds=2, last_rounds=0, batch_size=8, replay_share=0.5)
BEFORE, OTHERS = Score(8, 5, 9, 40), Score(2, 1, 1, 8)


@pytest.mark.parametrize(("number", "held"), [(16, 8), (31, 8), (32, 8), (64, 16), (200, 50)])
def test_hold_back_takes_every_fourth_word_and_at_least_eight(number: int, held: int):
    mask = hold_back(number, AdaptationConfig())
    assert (len(mask), mask.sum()) == (number, held)
    gaps = np.diff(np.flatnonzero(mask))
    assert gaps.max() - gaps.min() <= 1  # spread evenly


def test_hold_back_too_few_words_says_how_many_are_missing():
    with pytest.raises(DataError, match=r"at least 16 words of a writer\. Found 13: accept or correct 3 more"):
        hold_back(13, AdaptationConfig())


@pytest.mark.parametrize(
    "wrong",
    [{"least_held_back": 16}, {"shares": (0.3, 1.1)}, {"shares": (1.0, 1.0)}, {"shares": ()}, {"held_back_every": 1},
     {"last_rounds": 5}, {"unread_share": 1.0}, {"sure": 0.0}, {"steady": 1.5}, {"most_unread": -1},
     {"change_cost": -0.1},
     {"rounds": 400}, {"batch_size": 0}, {"replay_share": 1.0},
     {"learning_rate": 0.0}, {"most_steps": 0}],
)  # fmt: skip
def test_adaptation_config_out_of_range_is_refused(wrong: dict):
    with pytest.raises(ConfigError):
        AdaptationConfig(**wrong)


def test_score_counts_words_and_edits():
    result = score(["tea", "moon", "ink"], ["tea", "mon", ""])
    assert result == Score(words=3, right=1, edits=4, characters=10)
    assert (result.word_accuracy, result.cer) == (1 / 3, 0.4)
    assert score([], []).cer == score([], []).word_accuracy == 0


def test_score_is_worse_with_fewer_words_right_or_more_edits():
    assert Score(8, 4, 9, 40).is_worse_than(Score(8, 5, 20, 40))
    assert Score(8, 5, 21, 40).is_worse_than(Score(8, 5, 20, 40))
    assert not Score(8, 5, 20, 40).is_worse_than(Score(8, 5, 20, 40))


@pytest.mark.parametrize(("right", "first_word"), [(6, "Better"), (5, "No better"), (4, "Worse")])
def test_sentence_begins_with_the_outcome(right: int, first_word: str):
    result = AdaptationResult(24, 8, BEFORE, Score(8, right, 9, 40), OTHERS, OTHERS)
    assert result.sentence.startswith(first_word)
    assert f"{right} of 8 words held back are read right, 5 before" in result.sentence
    assert result.is_worse is (first_word == "Worse")


def test_sentence_names_the_share_and_what_limits_it():
    result = AdaptationResult(48, 16, Score(16, 5, 9, 40), Score(16, 6, 9, 40), OTHERS, OTHERS, expects=True)
    assert result.sentence.endswith("5 before.")
    assert replace(result, share=0.5).sentence.endswith("50% of what was learned is in: that reads them best.")
    few = replace(result, held_back=8, before=BEFORE, after=Score(8, 6, 9, 40))
    assert few.sentence.endswith("8 words are a small sample: check what it reads before you rely on it.")
    more_edits = replace(result, after=Score(16, 5, 11, 40))
    assert more_edits.sentence.startswith("Not better: 5 of 16")
    assert "with 11 characters to be changed, 9 before" in more_edits.sentence
    assert more_edits.is_worse
    assert "Only the writer's words, capitals and marks are in" in replace(result, share=0.0).sentence
    assert "learned from 30 of the 40 unread words" in replace(result, unread=40, guessed=30).sentence
    unchanged = replace(result, share=0.0, expects=False, after=result.before)
    assert unchanged.is_unchanged
    assert unchanged.sentence.startswith("Not better: what was learned read the words held back worse")


def trial(share: float, right: int, expected: float = 4.0, edits: int = 9, changed: int = 0) -> Trial:
    return Trial(share, Score(8, right, edits, 40), expected, changed)


def test_best_trial_takes_the_share_that_reads_held_back_words_best():
    assert best_trial([trial(0.5, 6), trial(1.0, 7), trial(0.0, 5)], BEFORE, 0.25).share == 1.0
    assert best_trial([trial(0.5, 6), trial(1.0, 6, 6.0), trial(0.0, 5)], BEFORE, 0.25).share == 1.0
    assert best_trial([trial(0.5, 6), trial(1.0, 6, 4.5), trial(0.0, 5)], BEFORE, 0.25).share == 0.5  # a tie


def test_best_trial_never_takes_one_that_reads_worse_than_before():
    assert best_trial([trial(1.0, 4, 8.0), trial(0.0, 5)], BEFORE, 0.25).share == 0.0
    assert best_trial([trial(1.0, 4), trial(0.0, 4)], BEFORE, 0.25) is None


def test_best_trial_counts_changed_sure_readings_against_a_share():
    trials = [trial(1.0, 7, changed=12), trial(0.25, 6)]
    assert best_trial(trials, BEFORE, 0.25).share == 0.25
    assert best_trial(trials, BEFORE, 0.0).share == 1.0


def test_estimated_seconds_grow_with_the_words(crnn_run: Path):
    start = crnn_run / "checkpoint"
    assert estimated_seconds(16, start) < estimated_seconds(64, start) <= estimated_seconds(200, start)


def test_estimated_seconds_are_those_of_the_last_adaptation(start: Path, anna):
    """Words a second, and what is outside the steps, as measured by an earlier run of the same network."""
    run = new_adaptation(start, "anna", settings=QUICK)
    result = AdaptationResult(24, 8, BEFORE, Score(8, 6, 9, 40), OTHERS, OTHERS, seconds=20.0)
    (run.folder / "taught.json").write_text(json.dumps(asdict(result)))
    (run.folder / "history.csv").write_text("epoch,words_per_second,seconds\n1,90,4\n2,100,4\n")
    learned = 24 - QUICK.least_held_back
    shown = QUICK.passes * learned / (1 - QUICK.replay_share)
    assert estimated_seconds(24, start, QUICK) == pytest.approx(20 - 8 + shown / 100)


def test_estimated_seconds_before_the_first_are_those_of_the_checkpoints_own_training(crnn_run: Path, tmp_path: Path):
    checkpoint = shutil.copytree(crnn_run / "checkpoint", tmp_path / "copy")
    summary = json.loads((checkpoint / "checkpoint.json").read_text())
    shown = QUICK.passes * (24 - QUICK.least_held_back) / (1 - QUICK.replay_share)
    for recorded, speed in ((80, 80), (0, WORDS_PER_SECOND), ("quick", WORDS_PER_SECOND), (None, WORDS_PER_SECOND)):
        (checkpoint / "checkpoint.json").write_text(json.dumps({**summary, "words_per_second": recorded}))
        assert estimated_seconds(24, checkpoint, QUICK) == pytest.approx(START_SECONDS + shown / speed)
    (checkpoint / "checkpoint.json").unlink()
    assert estimated_seconds(24, checkpoint, QUICK) == pytest.approx(START_SECONDS + shown / WORDS_PER_SECOND)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"learned": 3', '{"before": 3}'])
def test_read_result_damaged_is_none(tmp_path: Path, text: str):
    (tmp_path / "taught.json").write_text(text)
    assert read_result(tmp_path) is None


@pytest.fixture
def start(crnn_run: Path, make_dataset) -> Path:
    """A checkpoint that reads four words, whose data set is here."""
    make_dataset("four", {"train": FOUR * 4, "validation": FOUR})
    return crnn_run / "checkpoint"


@pytest.fixture
def anna(make_dataset):
    """Words of the writers "writer-train" (16) and "writer-validation" (5)."""
    return make_dataset("anna", {"train": FOUR * 4, "validation": ("line", *FOUR)})


@pytest.fixture
def recognizer(start: Path) -> Recognizer:
    return Recognizer.load(start)


@pytest.fixture
def writer_words(anna, recognizer: Recognizer):
    return select_writer_words(anna, recognizer.config, QUICK, "writer-train")


def test_select_writer_words_learned_and_held_back_are_disjoint(anna, recognizer: Recognizer, writer_words):
    assert len(writer_words.learned) == len(writer_words.held_back) == 8
    assert not set(writer_words.learned) & set(writer_words.held_back)
    everyone = select_writer_words(anna, recognizer.config, QUICK)
    assert len(everyone.learned) + len(everyone.held_back) == len(anna)
    with pytest.raises(DataError, match="Found 5"):
        select_writer_words(anna, recognizer.config, QUICK, "writer-validation")


def test_charset_holds_characters_that_only_held_back_words_have(writer_words):
    """The last rounds train on them; a word with another character ended the adaptation."""
    only_there = set("".join(writer_words.texts(writer_words.held_back))) - set(
        "".join(writer_words.texts(writer_words.learned))
    )
    known = Charset("".join(sorted(set("".join(writer_words.texts(writer_words.learned))))))
    charset = known.extended(writer_words.all_texts())
    assert set(charset.characters) == set(known.characters) | only_there
    assert not charset.missing("".join(writer_words.texts(writer_words.held_back)))


def test_mix_words_repeats_learned_words_and_adds_replay(anna, recognizer: Recognizer, writer_words):
    four = open_dataset("four")
    replay = [(four, four.part("train"))]
    words, config = mix_words(writer_words, replay, recognizer.config, QUICK, recognizer.alphabet)
    assert len(words.train) == 2 * 2 * 8  # two passes a round of 8 words, and as many of other writers
    assert config.training.epochs == 2
    assert config.datasets == ("anna", "four")
    first = anna.canvases(config.canvas)[writer_words.learned][0]
    np.testing.assert_array_equal(words.train.canvases[0], first)
    np.testing.assert_array_equal(words.train.canvases[8], first)
    assert list(words.validation.transcriptions) == writer_words.texts(writer_words.held_back)
    alone, _ = mix_words(writer_words, [], recognizer.config, QUICK, recognizer.alphabet)
    assert len(alone.train) == 2 * 8


def test_mix_words_pseudo_labels_take_the_place_of_transcribed_words(anna, recognizer: Recognizer, writer_words):
    config, charset = recognizer.config, recognizer.alphabet
    canvases = list(anna.canvases(config.canvas)[writer_words.held_back])
    readings = [Reading(text, confidence, []) for text, confidence in
                [("tea", 0.9), ("ink", 0.5), ("", 1.0), ("QX", 0.9), ("m" * 200, 0.9), ("moon", 0.8)]]  # fmt: skip
    pseudo_labels = select_pseudo_labels(canvases[:6], readings, 0.8, config, charset)
    assert list(pseudo_labels.texts) == ["tea", "moon"]
    np.testing.assert_array_equal(pseudo_labels.canvases, [canvases[0], canvases[5]])
    before, _ = mix_words(writer_words, [], config, QUICK, charset)
    for turn in (0, 1):
        words, _ = mix_words(writer_words, [], config, QUICK, charset, pseudo_labels, turn)
        assert len(words.train) == len(before.train) == 16
        assert words.train.writers.count("") == 4  # each as often as a transcribed word alone would be
        row = writer_words.learned[0 if turn == 0 else 12 % 8]  # goes on where the last round ended
        np.testing.assert_array_equal(words.train.canvases[0], anna.canvases(config.canvas)[row])
    many = PseudoLabels(np.stack(canvases), ["tea"] * 8)
    mixed, _ = mix_words(writer_words, [], config, QUICK, charset, many)
    assert mixed.train.writers.count("") == 6  # 40 % of 16
    none = select_pseudo_labels([], [], 0.8, config, charset)
    assert len(none) == 0
    assert len(mix_words(writer_words, [], config, QUICK, charset, none)[0].train) == 16


def test_mix_words_last_rounds_contain_held_back_words(recognizer: Recognizer, writer_words):
    settings = replace(QUICK, last_rounds=1)
    last, _ = mix_words(writer_words, [], recognizer.config, settings, recognizer.alphabet, turn=1)
    rows = last.train.canvases.parts[0][1]
    assert len(rows) == len(last.train) == 16
    assert set(writer_words.held_back) <= set(rows)


def test_mix_words_replay_leaves_out_what_the_charset_cannot_write(recognizer: Recognizer, writer_words, make_dataset):
    odd = make_dataset("odd", {"train": ("tea", "QX"), "validation": FOUR})
    words, _ = mix_words(writer_words, [(odd, odd.part("train"))], recognizer.config, QUICK, recognizer.alphabet)
    assert set(words.train.transcriptions) == set(FOUR)
    assert words.train.transcriptions.count("tea") > 4


@pytest.mark.slow
def test_train_rounds_freeze_batch_norm_statistics_and_change_weights(
    start: Path, recognizer: Recognizer, writer_words
):
    words, config = mix_words(writer_words, [], recognizer.config, QUICK, recognizer.alphabet)
    task = start_task(start, words, config)
    layers = list(batch_norms(task.model))
    before = [np.array(weight) for layer in layers for weight in layer.get_weights()]
    head = np.array(task.model.get_layer("logits").get_weights()[0])
    steps = []
    rounds = list(train_rounds(task, config, lambda *step: steps.append(step)))
    after = [np.array(weight) for layer in layers for weight in layer.get_weights()]
    assert len(layers) > 4
    for was, now in zip(before, after, strict=True):
        np.testing.assert_array_equal(was, now)
    assert np.abs(task.model.get_layer("logits").get_weights()[0] - head).max() > 0
    assert all(layer.trainable for layer in layers)
    assert [result.words for result in rounds] == [16, 16]
    assert steps == [(step, 4) for step in range(5)]


@pytest.mark.slow
def test_run_adaptation_on_accepted_words_makes_a_checkpoint(start: Path, draw):
    """Words of other letter forms, one with a character that the recognizer did not know."""
    corrections = AcceptedWords()
    for number in range(5):
        for word in (*FOUR, "noté"):
            image = draw(word, size=34 + number, face="DejaVuSerif")
            corrections.accept(np.ascontiguousarray(image), word, writer="Anna")
    files = {path.name: path.read_bytes() for path in start.iterdir()}
    unread = [draw("tea", size=30 + number, face="DejaVuSerif") for number in range(5)]
    unread.append(np.full((40, 60), 255, np.uint8))
    settings = replace(QUICK, sure=0.01, last_rounds=1)
    run = new_adaptation(start, writer="Anna", settings=settings, unread=unread)
    lines: list[str] = []
    status = run_adaptation(run.folder, lines.append)
    assert status.state == "done", status.message
    result = read_result(run.folder)
    assert result is not None
    assert (result.learned, result.held_back, len(result.readings)) == (17, 8, 8)
    assert result.others_before.words == 4
    assert status.message == result.sentence
    assert result.unread == 5  # one was blank
    assert result.guessed > 0 or not result.share
    assert not result.after.is_worse_than(result.before)
    assert not (run.folder / "unread.npz").exists()
    recognizer = Recognizer.load(run.folder / "checkpoint")
    assert "é" in recognizer.charset
    assert "cer" not in recognizer.summary  # eight words are no measure of a recognizer
    assert recognizer.summary["taught"]["writer"] == "Anna"
    assert sorted(recognizer.writer_texts) == (sorted([*FOUR, "noté"] * 5) if result.expects else [])
    assert {path.name: path.read_bytes() for path in start.iterdir()} == files
    assert list(run.history["best"]) in ([1, 0], [1])  # one round where nothing of it was worth taking
    assert run.history["cer"].isna().tolist() in ([False, True], [False])  # the last trains on held-back words
    assert [listed.name for listed in list_runs()] == [run.name]
    assert len(recognizer.read([draw("tea")])) == 1
    assert any("held back" in line for line in lines)


def test_run_adaptation_stopped_has_no_result(start: Path, anna):
    run = new_adaptation(start, "anna", settings=QUICK, name="mine")
    assert run.name == "mine"

    def log(line: str) -> None:
        jobs.request_stop(run.folder)

    assert run_adaptation(run.folder, log).state == "stopped"
    assert read_result(run.folder) is None
    assert run.checkpoint is None


@pytest.mark.slow
def test_run_adaptation_checkpoint_is_not_listed_until_it_is_measured(start: Path, anna, monkeypatch):
    made = new_adaptation(start, "anna", settings=QUICK)
    assert made.config.training.epochs == QUICK.rounds
    listed = []
    read_rows = adapt.read_rows

    def spy(*values):
        listed.append([info.name for info in list_checkpoints() if info.kind == "run"])
        return read_rows(*values)

    def log(line: str) -> None:
        if line.startswith("round 2"):
            jobs.request_stop(made.folder)

    assert run_adaptation(made.folder, log).state == "stopped"
    assert made.checkpoint is None
    assert not (made.folder / "working").exists()
    monkeypatch.setattr(adapt, "read_rows", spy)
    assert run_adaptation(made.folder, lambda line: None).state == "done"
    assert len(listed) == 2  # before and after
    assert not any(made.name in names for names in listed)
    assert made.checkpoint is not None
    assert not (made.folder / "working").exists()


@pytest.mark.slow
def test_new_adaptation_unusable_input_is_refused_before_a_folder_is_made(
    start: Path, anna, dual_run: Path, make_dataset
):
    with pytest.raises(ConfigError, match="dual model cannot be adapted"):
        new_adaptation(dual_run / "checkpoint", "anna")
    with pytest.raises(DataError, match="No word was accepted yet"):
        new_adaptation(start)
    make_dataset("few", {"train": FOUR, "validation": FOUR})
    with pytest.raises(DataError, match="8 more"):
        new_adaptation(start, "few")
    assert list_runs() == []


def test_replay_datasets_are_those_that_the_checkpoint_was_trained_on(start: Path, anna):
    config = Recognizer.load(start).config
    assert {info.name for info in list_datasets()} == {"four", "anna"}
    assert adapt.replay_datasets(config, "anna") == ("four",)
    assert adapt.replay_datasets(config, "four") == ("demo",)
    request = json.loads((new_adaptation(start, "anna").folder / "adaptation.json").read_text())
    assert request["replay"] == ["four"]
