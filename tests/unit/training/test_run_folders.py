"""Runs as folders: made, listed, started, stopped, deleted; no network is loaded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from hwr_core import jobs
from hwr_core.config import RunConfig, TrainingConfig
from hwr_core.errors import ConfigError, DataError, JobError
from hwr_core.training import (
    Run,
    delete_run,
    list_runs,
    new_run,
    open_run,
    running_run,
    start,
    stop,
)
from hwr_core.training import runs as run_module
from hwr_core.training.job import run_training

CONFIG = RunConfig(datasets=("words",), notes="from the settings")


@pytest.fixture
def words(make_dataset):
    return make_dataset("words", {"train": ["one", "two", "three"], "validation": ["four"]})


@pytest.fixture
def sleeper():
    """A process that is at work until the test is over."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def working(run: Run, process: subprocess.Popen[bytes]) -> None:
    status = jobs.Status(state="running", pid=process.pid, process_started=jobs.process_start(process.pid))
    jobs.write_status(run.folder, status)


def test_new_run_creates_a_folder_with_its_configuration(home, words):
    run = new_run(CONFIG, "first.run_1")
    assert run.folder == home / "runs" / "first.run_1"
    assert (run.name, run.config) == ("first.run_1", CONFIG)
    assert [path.name for path in run.folder.iterdir()] == ["config.json"]
    assert run.status.state == "waiting"
    assert run.history.empty
    assert run.samples.empty
    assert (run.log(), run.checkpoint, run.best) == ("", None, {})
    assert open_run("first.run_1") == run


def test_new_run_without_name_is_named_by_model_and_time(words):
    names = [new_run(CONFIG).name for _ in range(3)]
    assert re.fullmatch(r"crnn-\d{4}-\d{4}", names[0])
    assert len(set(names)) == 3


def test_free_name_of_a_taken_name_adds_a_number(words):
    assert run_module.free_name("first") == "first"
    for expected in ("first", "first-2", "first-3"):
        name = run_module.free_name("first")
        assert name == expected
        new_run(CONFIG, name)


@pytest.mark.parametrize("name", ["a b", "ä", "../up", ".hidden", "a/b", "x" * 65, "-x", "a\n"])
def test_new_run_with_an_invalid_name_raises(words, name):
    with pytest.raises(ConfigError, match="A run's name has letters"):
        new_run(CONFIG, name)
    assert list_runs() == []


def test_new_run_with_a_taken_name_raises(words):
    new_run(CONFIG, "first")
    with pytest.raises(ConfigError, match="There is a run 'first' already"):
        new_run(CONFIG, "first")


def test_new_run_with_too_little_data_raises_and_creates_nothing(home, make_dataset):
    with pytest.raises(DataError, match="There is no data set 'words'"):
        new_run(CONFIG, "first")
    make_dataset("words", {"train": ["one"], "validation": ["two"]})
    with pytest.raises(DataError, match=r"needs at least 2 training words and 1 validation.* words has 1 and 1"):
        new_run(CONFIG, "first")
    make_dataset("tests", {"train": ["one"], "validation": ["two"], "test": ["three"]})
    none = RunConfig(datasets=("words", "tests"), training=TrainingConfig(max_words=1))
    with pytest.raises(DataError, match=r"words \+ tests has 1 and 2"):
        new_run(none, "first")
    assert not (home / "runs").exists()


def test_word_counts_apply_limits(words):
    limited = RunConfig(datasets=("words",), training=TrainingConfig(max_words=2, max_validation_words=1))
    assert run_module.word_counts(limited) == (2, 1)
    assert run_module.word_counts(CONFIG) == (3, 1)
    with pytest.raises(DataError, match="has 1 and 1"):
        new_run(RunConfig(datasets=("words",), training=TrainingConfig(max_words=1)))


def test_list_runs_newest_first(words):
    runs = [new_run(CONFIG, name) for name in ("b", "a", "c")]
    for age, run in zip((20, 10, 30), runs, strict=True):
        os.utime(run.folder / "config.json", (time.time() - age, time.time() - age))
    (run_module.runs_folder() / "no run").mkdir()
    assert [run.name for run in list_runs()] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["gone", "../runs/first", ""])
def test_open_run_missing_raises(words, name):
    new_run(CONFIG, "first")
    with pytest.raises(JobError, match="There is no run"):
        open_run(name)


def test_config_damaged_raises(words):
    run = new_run(CONFIG, "first")
    (run.folder / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="no readable JSON"):
        _ = run.config
    assert run.notes == ""


def test_set_notes_replaces_notes(words):
    run = new_run(CONFIG, "first")
    assert run.notes == "from the settings"
    run.set_notes("Größer\nist besser")
    assert open_run("first").notes == "Größer\nist besser"
    run.set_notes("")
    assert run.notes == ""


def test_samples_keep_text_as_written(words):
    run = new_run(CONFIG, "first")
    (run.folder / "history.csv").write_text("epoch,loss,cer,best\n1,2.5,0.75,1\n2,1.5,,0\n")
    (run.folder / "samples.csv").write_text(
        "epoch,index,word_id,transcription,reading,dataset\n1,0,007,NA,,words\n1,1,8,null,None,words\n"
    )
    assert run.history["loss"].tolist() == [2.5, 1.5]
    assert run.history["cer"].isna().tolist() == [False, True]
    samples = run.samples
    assert samples["word_id"].tolist() == ["007", "8"]
    assert samples["transcription"].tolist() == ["NA", "null"]
    assert samples["reading"].tolist() == ["", "None"]
    assert samples["index"].tolist() == [0, 1]
    (run.folder / "history.csv").write_text("")
    assert run.history.empty


def test_log_returns_the_last_lines(words):
    run = new_run(CONFIG, "first")
    (run.folder / jobs.LOG_FILE).write_text("".join(f"line {i} é\n" for i in range(5000)), encoding="utf-8")
    assert run.log(3) == "line 4997 é\nline 4998 é\nline 4999 é"
    assert len(run.log().splitlines()) == 200


def test_checkpoint_and_best(words):
    run = new_run(CONFIG, "first")
    folder = run.folder / "checkpoint"
    folder.mkdir()
    assert run.checkpoint is None
    (folder / "model.keras").write_text("")
    (folder / "checkpoint.json").write_text(json.dumps({"epoch": 3, "cer": 0.1}))
    assert run.checkpoint == folder
    assert run.best == {"epoch": 3, "cer": 0.1}


def test_start_while_another_runs_raises(words, sleeper):
    first, second = new_run(CONFIG, "first"), new_run(CONFIG, "second")
    assert running_run() is None
    working(first, sleeper)
    assert running_run() == first
    for run in (first, second):
        with pytest.raises(JobError, match=r"first is training now.* Wait until it ends, or stop it"):
            start(run)
    with pytest.raises(JobError, match=r"first is training\. Stop it before"):
        delete_run(first)
    stop(first)
    assert jobs.stop_requested(first.folder)
    delete_run(second)
    assert list_runs() == [first]


def test_delete_run_whose_process_is_gone(words):
    run = new_run(CONFIG, "first")
    jobs.write_status(run.folder, jobs.Status(state="running", pid=2**22 - 3, process_started=1.0))
    assert running_run() is None
    assert run.status.state == "stopped"
    delete_run(run)
    assert list_runs() == []


def test_delete_run_that_ended_in_this_process(words):
    run = new_run(CONFIG, "first")
    status = jobs.begin(run.folder, "Training")
    with pytest.raises(JobError, match="is training"):
        delete_run(run)
    status.state = "done"
    jobs.write_status(run.folder, status)
    assert running_run() is None
    delete_run(run)


def test_start_launches_the_training_module(words, monkeypatch):
    launched = []
    monkeypatch.setattr(jobs, "launch", lambda *arguments, **settings: launched.append(arguments))
    run = new_run(CONFIG, "first")
    start(run)
    assert launched == [("hwr_core.training", run.folder)]


def test_run_config_after_the_workspace_was_moved_still_leads_to_its_start(words, home, monkeypatch, tmp_path):
    start = home / "runs" / "before" / "checkpoint"
    start.mkdir(parents=True)
    run = new_run(replace(CONFIG, start_from=str(start)), "after")
    assert json.loads((run.folder / "config.json").read_text())["start_from"] == "runs/before/checkpoint"
    home.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "elsewhere"))
    assert open_run("after").config.start_from == str(tmp_path / "elsewhere" / "runs" / "before" / "checkpoint")


def test_run_training_that_fails_keeps_the_details_of_its_status(words):
    run = new_run(CONFIG, "first")
    jobs.begin(run.folder, "Starting")  # as `launch` writes it for this process

    def train(folder, config, progress, log):
        progress.status.details["epoch"] = 3
        raise JobError("The loss became infinite.")

    with pytest.raises(JobError, match="infinite"):
        run_training(run.folder, lambda line: None, train)
    assert (run.status.state, run.status.details["epoch"]) == ("failed", 3)
