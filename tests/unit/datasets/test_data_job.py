from __future__ import annotations

import json
import time

import pytest

from hwr_core import jobs
from hwr_core.cli import data as command
from hwr_core.config import CanvasConfig
from hwr_core.datasets import dataset_folder, job, list_datasets, open_dataset, start_adding
from hwr_core.datasets.store import REQUEST


@pytest.fixture
def prepared(make, monkeypatch):
    """A requested adding whose process was not started; `main` runs it here."""
    monkeypatch.setattr(jobs, "launch", lambda module, folder, **_: 0)
    path = make.writers()
    return start_adding("letters", path, canvas=CanvasConfig(height=32))


def test_run_job_adds_the_data_set(prepared):
    assert job.run_job(prepared).state == "done"
    status = jobs.read_status(prepared)
    assert status.state == "done"
    assert status.message == "36 words are ready; 0 rows were left out."
    assert open_dataset("letters").canvases(CanvasConfig(height=32)).shape == (36, 32, 256)


def test_list_datasets_being_added_is_not_ready(prepared, make):
    [info] = list_datasets()
    assert (info.name, info.words, info.is_ready) == ("letters", 0, False)
    assert info.source == str(make.folder / "words.csv")


def test_run_job_failing_has_a_sentence(prepared, make):
    (make.folder / "words.csv").unlink()
    assert job.run_job(prepared).state != "done"
    status = jobs.read_status(prepared)
    assert status.state == "failed"
    assert status.message.startswith("There is no file or folder")
    assert list_datasets()[0].problem == status.message


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"source": "x"}'])
def test_run_job_damaged_request_fails(prepared, text):
    (prepared / REQUEST).write_text(text)
    assert job.run_job(prepared).state != "done"
    assert "no request to add a data set" in jobs.read_status(prepared).message


def test_run_job_setting_out_of_range_fails(prepared):
    request = json.loads((prepared / REQUEST).read_text())
    (prepared / REQUEST).write_text(json.dumps({**request, "canvas": {"height": 33}}))
    assert job.run_job(prepared).state != "done"
    assert jobs.read_status(prepared).message.startswith("height must be")


def test_run_job_bug_is_logged(prepared, monkeypatch, capsys):
    def fail(*arguments, **settings):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(job, "add_dataset", fail)
    assert job.run_job(prepared).state != "done"
    assert (
        jobs.read_status(prepared).message
        == "The data set could not be added (ZeroDivisionError: by zero). The log has the details."
    )
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_run_job_stopped_can_be_started_again(prepared, monkeypatch):
    from hwr_core.jobs import runner

    begin = runner.begin

    def begin_and_stop(folder, phase):
        status = begin(folder, phase)
        jobs.request_stop(folder)
        return status

    monkeypatch.setattr(runner, "begin", begin_and_stop)
    assert job.run_job(prepared).state != "done"
    status = jobs.read_status(prepared)
    assert status.state == "stopped"
    assert "begin anew" in status.message
    assert sorted(path.name for path in prepared.iterdir()) == ["request.json", "status.json", "stop"]
    monkeypatch.setattr(runner, "begin", begin)
    assert job.run_job(prepared).state == "done"


def test_start_adding_runs_a_process(make):
    make.word("yes.png", "yes")
    make.word("no.png", "no")
    folder = start_adding("mine", make.folder)
    deadline = time.time() + 60
    while jobs.read_status(folder).state in ("running", "waiting") and time.time() < deadline:
        time.sleep(0.05)
    status = jobs.read_status(folder)
    assert (status.state, status.message) == ("done", "2 words are ready; 0 rows were left out.")
    assert len(open_dataset("mine")) == 2


def test_command_line_adds_lists_and_removes(make, capsys):
    make.word("pics/a.png", "x")
    make.word("pics/b.png", "y")
    path = make.csv([("a", "x"), ("b", "y"), ("c", "z")], ("Nr", "Wort"), name="lists/liste.csv")
    columns = ["--column", "transcription=Wort", "--column", "word_id=Nr"]
    assert command.main(["add", "mine", str(path), "--images", str(make.folder / "pics"), *columns]) == 0
    out = capsys.readouterr().out
    assert "mine: 2 words (1 train, 1 validation), split by word." in out
    assert "1 missing image (left out), for example: No image in pics is named 'c'" in out
    assert "not writer-independent" in out
    assert command.main(["list"]) == 0
    assert "mine: 2 words of 0 writers, from " in capsys.readouterr().out
    assert command.main(["remove", "mine"]) == 0
    assert "were not touched" in capsys.readouterr().out
    assert command.main(["list"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "mine", "nowhere.csv"], "There is no file or folder"),
        (["add", "../mine", "nowhere.csv"], "is no name for a data set"),
        (["add", "mine", "x.csv", "--column", "transcription"], "--column takes our name and yours"),
        (["remove", "mine"], "There is no data set mine"),
    ],
)
def test_command_line_error_is_one_sentence(arguments, sentence, capsys):
    assert command.main(arguments) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
    assert not dataset_folder("mine").exists()


def test_command_line_interrupt_has_no_traceback(monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "list_datasets", interrupt)
    assert command.main(["list"]) == 130
    assert "Stopped" in capsys.readouterr().err
