"""Replays of recorded trainings on the Train page, and examples on the Runs page."""

from __future__ import annotations

from pathlib import Path

import pytest
from saved_runs import element, links, make_run, open_page, shown

from hwr_core import packages
from hwr_core.training import Run
from pages.train_sections import live_run, replay


@pytest.fixture
def example(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The finished run "taught" of a folder of examples, of four epochs."""
    monkeypatch.setenv("HWR_EXAMPLES", str(tmp_path / "examples"))
    monkeypatch.setenv("HWR_MODE", "local")
    (workspace / "datasets").mkdir()
    (workspace / "datasets" / ".built-in").touch()
    return Run(make_run(tmp_path / "examples", "taught", checkpoint=False, notes="how it was made"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of replays, in seconds: the last number of the list."""
    times = [1000.0]
    monkeypatch.setattr(replay.time, "time", lambda: times[-1])
    return times


def test_replay_shows_each_epoch_and_ends(example: Run, clock: list[float]):
    at = open_page("train", replay="taught")
    assert "nothing is computed now" in shown(at)
    assert "epoch 1 of 40" in shown(at)
    clock.append(1002.5)
    at.run()
    assert "epoch 3 of 40" in shown(at)
    assert ">30.0 %<" in shown(at)  # the best CER of two epochs
    clock.append(1010.0)
    at.run()
    assert ">12.5 %<" in shown(at)
    assert element(at, "replay_start").label == "Again"


def test_replay_can_be_stopped_continued_and_begun_again(example: Run, clock: list[float]):
    at = open_page("train", replay="taught")
    clock.append(1001.5)
    at.button(key="replay_stop").click().run()
    clock.append(1100.0)
    at.run()
    assert "The replay is stopped." in shown(at)
    at.button(key="replay_resume").click().run()
    clock.append(1101.0)
    at.run()
    assert "epoch 3 of 40" in shown(at)
    clock.append(1200.0)
    at.run()
    at.button(key="replay_start").click().run()
    assert "epoch 1 of 40" in shown(at)


def test_replay_changes_no_file(example: Run, clock: list[float]):
    before = {path: path.read_bytes() for path in example.folder.iterdir()}
    open_page("train", replay="taught")
    assert {path: path.read_bytes() for path in example.folder.iterdir()} == before


def test_train_without_the_right_offers_replays_only(example: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HWR_MODE", "demo")
    at = open_page("train")
    assert "Training models is not open to you" in shown(at)
    assert element(at, "replay_start").label == "Start"
    assert element(at, "start") is None
    at.button(key="replay_start").click().run()
    assert "epoch 1 of 40" in shown(at)


def test_train_without_keras_says_so_and_offers_replays(example: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "can_train", lambda: False)
    at = open_page("train")
    assert "Training needs Keras and TensorFlow" in shown(at)
    assert element(at, "replay_start").label == "Start"


def test_train_offers_to_watch_a_recorded_training(example: Run):
    assert "replay=taught" in links(open_page("train"))["Watch a recorded training"]


@pytest.mark.parametrize("name", ["none", "../taught", "a" * 4000])
def test_replay_unknown_address_opens_another_one(example: Run, name: str):
    at = open_page("train", replay=name)
    assert element(at, "replay_start").label == "Start"


def test_replay_without_recordings_is_an_empty_state(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HWR_MODE", "local")
    assert "There is no recorded training here." in shown(open_page("train", replay="taught"))


def test_runs_example_is_marked_and_cannot_be_changed(example: Run):
    at = open_page("runs")
    assert at.dataframe[0].value.set_index("Name").loc["taught", "State"] == "example"
    assert element(at, "delete") is None
    assert element(at, "notes_taught") is None
    assert "replay=taught" in links(at)["Watch it again"]


def test_runs_selection_deletes_own_runs_only(example: Run, workspace: Path):
    make_run(workspace, "mine")
    at = open_page("runs", runs="mine,taught")
    assert element(at, "delete").label == "Delete …"
    at.button(key="delete").click().run()
    assert "**mine** will be deleted" in shown(at)


def test_is_recording_needs_a_finished_shared_run(example: Run, workspace: Path):
    assert live_run.is_recording(example)
    assert not live_run.is_recording(Run(make_run(workspace, "mine")))


def test_most_learned_prefers_the_steepest_fall(example: Run, tmp_path: Path):
    flat = [{"epoch": epoch, "loss": 1.0, "cer": 0.1, "best": 1, "seconds": 1.0} for epoch in (1, 2)]
    dull = Run(make_run(tmp_path / "examples", "dull", history=flat, checkpoint=False))
    assert replay.most_learned([dull, example]) == example
    assert replay.most_learned([]) is None
