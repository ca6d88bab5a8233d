"""Runs from start to end: killed and resumed, stopped, refused, deleted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from hwr_core import jobs
from hwr_core.errors import ConfigError, DataError, JobError
from hwr_core.training import delete_run, list_runs, new_run, open_run, running_run

WORDS = ["tea", "ink", "moon", "sally", "note", "line", "so", "lent"]
COMPARED = ["epoch", "loss", "validation_loss", "cer", "learning_rate"]


@pytest.fixture
def config(make_dataset, tiny_crnn, config_of):
    make_dataset("words", {"train": WORDS, "validation": WORDS[:3]})
    return config_of(["words"], tiny_crnn, epochs=5, batch_size=4, patience=5)


def train(run, **options):
    command = [sys.executable, "-W", "ignore", "-m", "hwr_core.training", str(run.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["tiny_crnn", "tiny_seq2seq", "tiny_dual"])
def test_run_training_learns_four_words(model, request, tmp_path, learn_four_words, small_resnet):
    settings = {"epochs": 25, "patience": 25, "learning_rate": 0.005}
    folder = learn_four_words(tmp_path, request.getfixturevalue(model), **settings)
    assert (folder / "checkpoint" / "model.onnx").is_file() == (model != "tiny_dual")


@pytest.mark.slow
def test_a_killed_run_resumes_with_the_history_of_an_undisturbed_one(config):
    undisturbed, killed = new_run(config, "undisturbed"), new_run(config, "killed")
    assert train(undisturbed).wait(300) == 0
    process = train(killed)
    deadline = time.time() + 300
    while len(killed.history) < 2 and time.time() < deadline:
        assert process.poll() is None, "the training ended before it could be killed"
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    finished = len(killed.history)
    assert killed.status.state in ("stopped", "done")
    assert train(killed).wait(300) == 0
    assert finished >= 2
    assert len(killed.history) == 5
    assert killed.status.state == "done"
    pd.testing.assert_frame_equal(killed.history[COMPARED], undisturbed.history[COMPARED], rtol=1e-3, atol=1e-4)
    assert killed.checkpoint
    assert killed.status.details["peak_memory_mb"] > 100
    assert len(killed.samples) == 5 * 3


@pytest.mark.slow
def test_a_run_told_to_stop_says_so(config, capsys):
    from hwr_core.training.job import run_training

    run = new_run(config)
    lines = []

    def log(line: str) -> None:
        lines.append(line)
        if line.startswith("epoch 1"):
            jobs.request_stop(run.folder)

    status = run_training(run.folder, log)
    assert status.state == "stopped"
    assert "Stopped after epoch 1" in run.status.message
    assert len(run.history) == 1
    assert run_training(run.folder, lines.append).state == "done"
    assert "Going on behind epoch 1." in lines
    assert list(run.history["epoch"]) == [1, 2, 3, 4, 5]


def test_data_that_teaches_nothing_is_refused(make_dataset, tiny_crnn, config_of):
    make_dataset("one", {"train": ["tea"]})
    with pytest.raises(DataError, match="Training needs at least 2 training words"):
        new_run(config_of(["one"], tiny_crnn))
    with pytest.raises(DataError):
        new_run(config_of(["nowhere"], tiny_crnn))
    assert list_runs() == []


def test_names_of_runs(config):
    run = new_run(config, "first")
    with pytest.raises(ConfigError, match="already"):
        new_run(config, "first")
    with pytest.raises(ConfigError, match="letters, digits"):
        new_run(config, "../out")
    assert new_run(config).name != new_run(config).name
    assert {"first"} < {result.name for result in list_runs()}
    assert open_run("first").folder == run.folder
    run.set_notes("a good one")
    assert run.notes == "a good one"
    delete_run(run)
    with pytest.raises(JobError, match="no run 'first'"):
        open_run("first")
    assert running_run() is None
