"""The loop with a network of one layer: best epochs, patience, stops, kills and damaged states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from hwr_core import jobs
from hwr_core.config import RunConfig, TrainingConfig
from hwr_core.errors import JobError
from hwr_core.text import Charset
from hwr_core.training import trainer
from hwr_core.training.data import SampleWord
from hwr_core.training.runs import Run
from hwr_core.training.tasks import optimizer

pytestmark = pytest.mark.slow

CONFIG = RunConfig(datasets=("words",), training=TrainingConfig(epochs=6, patience=2, learning_rate=0.01))
SAMPLES = [SampleWord(0, "words", 7, "id-7", "tea"), SampleWord(2, "words", 9, "id-9", "ink, or NA")]
STEPS = 3


class StandInTask:
    """A dense layer with dropout, whose validation figures follow a script."""

    metric = "cer"
    alphabet = Charset("ab")
    validation = ("a", "b")

    def __init__(self, script: list[float], config: RunConfig = CONFIG) -> None:
        keras.utils.set_random_seed(3)
        self.script = script
        self.network = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
        )
        self.model = self.network
        self.network.compile(optimizer(config.training, STEPS * config.training.epochs), loss="mse")
        self.weights_after: dict[int, list[np.ndarray]] = {}
        self.epoch = 0
        self.during_step = self.during_validation = lambda epoch: None
        self.exported: list[Path] = []

    def steps(self) -> int:
        return STEPS

    def batches(self, epoch: int) -> Iterator[tuple[tuple[np.ndarray, ...], int]]:
        self.epoch = epoch + 1
        rng = np.random.default_rng(epoch)
        for _ in range(STEPS):
            self.during_step(epoch + 1)
            x = rng.normal(size=(8, 4)).astype(np.float32)
            yield (x, x.sum(axis=1, keepdims=True)), 8

    def validate(self, stop) -> dict[str, float]:
        self.during_validation(self.epoch)
        self.weights_after[self.epoch] = self.network.get_weights()
        if stop():
            return {}
        cer = self.script[self.epoch - 1]
        return {"cer": cer, "word_accuracy": 1 - cer, "validation_loss": 2 * cer}

    def read(self, rows: np.ndarray) -> list[str]:
        return [f"reading {row} of {self.epoch}" for row in rows]

    def export(self, checkpoint: Path) -> None:
        self.exported.append(checkpoint)


def train(folder: Path, task: StandInTask, config: RunConfig = CONFIG) -> tuple[trainer.TrainingState, jobs.Status]:
    folder.mkdir(parents=True, exist_ok=True)
    progress = trainer.train(folder, config, task, SAMPLES, log=lambda line: None)
    return progress, jobs.read_status(folder)


def test_train_ends_after_patience_with_the_best_checkpoint(tmp_path):
    task = StandInTask([0.9, 0.5, 0.7, 0.5, 0.1, 0.1])
    progress, status = train(tmp_path, task)
    assert (progress.epoch, progress.best_epoch, progress.best_value) == (4, 2, 0.5)
    best_model = keras.saving.load_model(tmp_path / "checkpoint" / "model.keras", compile=False)
    for one, other in zip(best_model.get_weights(), task.weights_after[2], strict=True):
        assert (one == other).all()
    assert any((a != b).any() for a, b in zip(task.weights_after[2], task.weights_after[4], strict=True))
    assert status.state == "done"
    assert status.message == (
        "Ended after epoch 4: no better CER for 2 epochs. The best CER was 50.0 % in epoch 2; that epoch is kept."
    )
    assert (status.details["best_epoch"], status.details["best_value"]) == (2, 0.5)
    best = Run(tmp_path).best
    assert (best["epoch"], best["cer"], best["words"]) == (2, 0.5, 2)
    assert task.exported == [tmp_path / "checkpoint"]


def test_train_writes_a_history_row_per_epoch(tmp_path):
    progress, status = train(tmp_path, StandInTask([0.9, 0.8, 0.85, 0.7, 0.6, 0.5]))
    history = Run(tmp_path).history
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert history["best"].tolist() == [1, 1, 0, 1, 1, 1]
    assert history["cer"].tolist() == [0.9, 0.8, 0.85, 0.7, 0.6, 0.5]
    needed = {"loss", "validation_loss", "word_accuracy", "learning_rate", "seconds", "words_per_second"}
    assert needed <= set(history.columns)
    assert (history[["seconds", "words_per_second", "learning_rate", "loss"]] > 0).all(axis=None)
    assert history["learning_rate"].iloc[-1] < history["learning_rate"].max() / 5
    assert status.message == "All 6 epochs done. The best CER was 50.0 % in epoch 6; that epoch is kept."
    assert status.seconds_left is None
    assert status.phase == ""
    assert status.details["peak_memory_mb"] > 100
    assert progress.history[0]["epoch"] == 1


def test_train_loss_is_the_mean_over_words(tmp_path):
    task = StandInTask([0.5])
    losses = []
    step = task.network.train_on_batch

    def recorded(*arrays: np.ndarray, **options: bool) -> dict[str, float]:
        logs = step(*arrays, **options)
        losses.append(float(logs["loss"]))
        return logs

    task.network.train_on_batch = recorded
    config = replace(CONFIG, training=replace(CONFIG.training, epochs=1))
    train(tmp_path, task, config)
    assert len(set(losses)) == STEPS
    assert Run(tmp_path).history["loss"].iloc[0] == pytest.approx(np.mean(losses))


def test_train_reads_samples_after_every_epoch(tmp_path):
    train(tmp_path, StandInTask([0.9, 0.8, 0.85, 0.9, 0.9, 0.9]))
    samples = Run(tmp_path).samples
    assert samples["epoch"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert samples["reading"].tolist()[:4] == [
        "reading 0 of 1", "reading 2 of 1", "reading 0 of 2", "reading 2 of 2",
    ]  # fmt: skip
    assert samples["transcription"].tolist()[:2] == ["tea", "ink, or NA"]
    assert samples["index"].tolist()[:2] == [7, 9]
    assert set(samples["dataset"]) == {"words"}


class Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", ["step", "validation", "saving"])
def test_train_resumes_identically_after_a_kill(tmp_path, monkeypatch, moment):
    script = [0.9, 0.8, 0.85, 0.7, 0.75, 0.6]
    whole = StandInTask(script)
    expected, _ = train(tmp_path / "whole", whole)

    def kill(epoch: int) -> None:
        if epoch == 3:
            raise Killed

    broken = StandInTask(script)
    with monkeypatch.context() as patch:
        if moment == "step":
            broken.during_step = kill
        elif moment == "validation":
            broken.during_validation = kill
        else:  # after the checkpoint, before the state: the epoch counts as unfinished
            write = trainer.save
            patch.setattr(trainer, "save", lambda f, t, p: kill(p.epoch) or write(f, t, p))
        with pytest.raises(Killed):
            train(tmp_path / "broken", broken)
    assert Run(tmp_path / "broken").history["epoch"].tolist() == [1, 2]
    (tmp_path / "broken" / "samples.csv").unlink()  # as if killed between the state and the tables

    again = StandInTask(script)
    progress, status = train(tmp_path / "broken", again)
    assert sorted(again.weights_after) == [3, 4, 5, 6]
    assert status.state == "done"
    varying = ["seconds", "words_per_second"]
    pd.testing.assert_frame_equal(
        Run(tmp_path / "broken").history.drop(columns=varying), Run(tmp_path / "whole").history.drop(columns=varying)
    )
    pd.testing.assert_frame_equal(Run(tmp_path / "broken").samples, Run(tmp_path / "whole").samples)
    for one, other in zip(again.network.get_weights(), whole.network.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert (progress.best_epoch, progress.best_value) == (expected.best_epoch, expected.best_value)


def test_train_finished_run_changes_nothing(tmp_path):
    train(tmp_path, StandInTask([0.9, 0.5, 0.7, 0.8, 0.1, 0.1]))
    before = (tmp_path / "history.csv").read_bytes()
    again = StandInTask([0.0] * 6)
    progress, status = train(tmp_path, again)
    assert again.weights_after == {}
    assert (progress.epoch, status.state) == (4, "done")
    assert (tmp_path / "history.csv").read_bytes() == before


@pytest.mark.parametrize("moment", ["step", "validation"])
@pytest.mark.parametrize("epoch", [1, 3])
def test_train_stop_request_keeps_finished_epochs(tmp_path, moment, epoch):
    task = StandInTask([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])

    def ask(now: int) -> None:
        if now == epoch:
            jobs.request_stop(tmp_path)

    if moment == "step":
        task.during_step = ask
    else:
        task.during_validation = ask
    progress, status = train(tmp_path, task)
    assert progress.epoch == epoch - 1
    assert status.state == "stopped"
    assert status.message == (
        "Stopped before the first epoch was finished. Resume goes on from there."
        if epoch == 1
        else "Stopped after epoch 2. The best CER was 80.0 % in epoch 2; that epoch is kept. Resume goes on from there."
    )
    _, status = train(tmp_path, StandInTask([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]))
    assert status.message.startswith("All 6 epochs done.")


def test_train_infinite_loss_raises(tmp_path):
    task = StandInTask([0.5] * 6)
    task.batches = lambda epoch: iter([((np.full((8, 4), np.inf, np.float32), np.zeros((8, 1))), 8)])
    with pytest.raises(JobError, match="The loss became infinite at step 1 of epoch 1"):
        train(tmp_path, task)


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "unknown"])
def test_restore_damaged_state_raises(tmp_path, damage):
    config = replace(CONFIG, training=replace(CONFIG.training, epochs=1))
    train(tmp_path, StandInTask([0.5], config), config)
    path = tmp_path / trainer.STATE_FILE
    if damage == "unknown":
        np.savez(path, about=np.array(json.dumps({"colour": 1})))
    else:
        path.write_bytes({"cut": path.read_bytes()[:3000], "empty": b"", "text": b"no state"}[damage])
    with pytest.raises(JobError, match=r"state\.npz is damaged") as error:
        train(tmp_path, StandInTask([0.5]), config)
    assert "\n" not in str(error.value)


def test_restore_state_of_another_network_raises(tmp_path):
    config = replace(CONFIG, training=replace(CONFIG.training, epochs=1))
    train(tmp_path, StandInTask([0.5], config), config)
    other = StandInTask([0.5])
    other.network = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    other.network.compile(optimizer(config.training, 3), loss="mse")
    with pytest.raises(JobError, match="belongs to another network"):
        train(tmp_path, other)


def test_train_status_while_validating(tmp_path):
    task = StandInTask([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    seen: dict[str, jobs.Status] = {}

    def look(epoch: int) -> None:
        if epoch == 3:
            seen["validating"] = jobs.read_status(tmp_path)

    task.during_validation = look
    train(tmp_path, task)
    status = seen["validating"]
    assert (status.state, status.phase) == ("running", "Validating")
    assert (status.step, status.steps) == (STEPS, STEPS)
    assert status.seconds_left > 0
    details = status.details
    assert (details["epoch"], details["epochs"], details["metric"]) == (3, 6, "cer")
    assert (details["best_epoch"], details["best_value"]) == (2, 0.8)
    assert details["loss"] > 0
    assert details["words_per_second"] > 0
