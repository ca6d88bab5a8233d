"""Evaluations kept in the workspace: found again while nothing has changed; the job that makes them; the command."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from hwr_core import jobs
from hwr_core.errors import CheckpointError, DataError, JobError
from hwr_core.evaluation import Request, estimate, figures, list_evaluations, store, stored
from hwr_core.evaluation import word_results as room
from hwr_core.evaluation.__main__ import STOPPED, ProgressLine, main
from hwr_core.evaluation.job import Reporter, StopAskedError, measure, run_job, wait_for_turn
from hwr_core.evaluation.store import REQUEST, RESULT, key_of, write_request

ROWS = [("anna", "NA", "NA", 0.5), ("ben", 'a "quoted", word', "", 0.0), ("", "été\nligne", "=1+1", 1.0)]


@pytest.fixture
def request_of(words, checkpoint):
    def make(**changes) -> Request:
        return Request(**{"checkpoint": str(checkpoint), "datasets": ("words",), **changes})

    return make


@pytest.fixture
def asked(request_of) -> Path:
    """The folder of a job that has been asked for."""
    folder = stored(request_of()).folder
    write_request(folder, request_of())
    return folder


# --- kept -------------------------------------------------------------------------------------------------------


def test_what_is_kept_comes_back_whole(request_of, table_of):
    evaluation = figures(table_of(ROWS), "steady", "words", seconds=1.5)
    kept = store.save(request_of(), evaluation)
    assert [one.folder for one in list_evaluations()] == [kept.folder]
    assert kept.is_done
    assert kept.request == request_of()
    assert kept.evaluation().report() == evaluation.report()
    assert kept.readings().to_dict("list") == evaluation.readings.to_dict("list")
    assert kept.measured == pytest.approx(time.time(), abs=60)


def test_the_key_changes_with_everything_that_the_figures_depend_on(request_of, checkpoint, words, make_dataset):
    make_dataset("others", {"train": ["tea"], "validation": ["moon"]})
    keys = [
        key_of(request)
        for request in (
            request_of(),
            request_of(split="train"),
            request_of(most=2),
            request_of(read_options={"language": "en"}),
            request_of(datasets=("others",)),
            request_of(datasets=("words", "others")),
        )
    ]
    (checkpoint / "model.onnx").write_text("other weights")
    keys.append(key_of(request_of()))
    relabel(words.folder)
    keys.append(key_of(request_of()))
    assert len(set(keys)) == len(keys)


def relabel(folder: Path) -> None:
    import pandas as pd

    table = pd.read_parquet(folder / "words.parquet")
    table.loc[4, "transcription"] = "toe"
    table.to_parquet(folder / "words.parquet", index=False)


def test_the_key_stays_when_only_the_card_or_dates_change(request_of, checkpoint):
    before = key_of(request_of())
    (checkpoint / "card.md").write_text("another card")
    (checkpoint / "model.keras").write_text("ONNX is what reads")
    os.utime(checkpoint / "model.onnx", (1, 1))
    assert key_of(request_of()) == before


def test_keras_counts_where_there_is_no_onnx(request_of, checkpoint):
    (checkpoint / "model.onnx").unlink()
    before = key_of(request_of())
    (checkpoint / "model.keras").write_text("other weights")
    assert key_of(request_of()) != before


def test_what_is_not_there_is_one_sentence(request_of, tmp_path):
    with pytest.raises(DataError, match="There is no data set gone"):
        stored(request_of(datasets=("gone",)))
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        stored(request_of(checkpoint=str(tmp_path)))
    with pytest.raises(DataError, match="no part"):
        request_of(split="dev")
    with pytest.raises(DataError, match="at least one"):
        request_of(datasets=())


@pytest.mark.parametrize("name", [REQUEST, RESULT, "readings.csv"])
def test_a_damaged_evaluation_is_one_sentence(request_of, table_of, name):
    kept = store.save(request_of(), figures(table_of(ROWS), "steady", "words"))
    (kept.folder / name).write_text("")
    with pytest.raises(DataError, match="damaged"):
        _ = (kept.request, kept.evaluation())


def test_an_evaluation_can_be_deleted_but_not_under_way(request_of, asked):
    kept = stored(request_of())
    process = os.getpid()
    jobs.write_status(asked, jobs.Status("running", pid=process, process_started=jobs.process_start(process)))
    assert [one.folder for one in store.running()] == [asked]
    with pytest.raises(JobError, match="Stop it"):
        store.delete(kept)
    with pytest.raises(JobError, match="already"):
        store.start(request_of())
    jobs.write_status(asked, jobs.Status("stopped"))
    assert store.running() == []
    store.delete(kept)
    assert list_evaluations() == []


# --- the job ----------------------------------------------------------------------------------------------------


def test_the_job_measures_and_says_so(asked, stand_in):
    assert main([str(asked)]) == 0
    status = jobs.read_status(asked)
    assert (status.state, status.message) == ("done", "4 words were read.")
    assert status.details["peak_memory_mb"] > 1
    (kept,) = list_evaluations()
    assert kept.evaluation().word_accuracy.value == 0.25


def test_the_status_tells_the_figures_so_far(asked, stand_in, monkeypatch):
    monkeypatch.setattr(room, "CHUNK", 2)
    monkeypatch.setattr("hwr_core.evaluation.job.WRITE_EVERY", 0)
    seen = []
    write = jobs.write_status
    monkeypatch.setattr(jobs, "write_status", lambda *both: (seen.append(dict(both[1].details)), write(*both)))
    run_job(asked)
    (half, *_) = [details for details in seen if details.get("words") == 2]
    assert half["word_accuracy"] in (0.0, 0.5)
    assert half["words_per_second"] > 0


def test_a_stopped_job_keeps_nothing(asked, stand_in):
    def stop(request, progress, so_far):
        jobs.request_stop(asked)
        return measure(request, progress, so_far)

    assert run_job(asked, stop) == 1
    assert jobs.read_status(asked).state == "stopped"
    assert not (asked / RESULT).exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DataError("The pictures have gone."), "The pictures have gone."),
        (MemoryError(), "not enough memory"),
        (ZeroDivisionError("float division"), "broke off (ZeroDivisionError: float division)"),
    ],
)
def test_a_job_that_fails_says_why(asked, error, sentence, capsys):
    def fail(request, progress, so_far):
        raise error

    assert run_job(asked, fail) == 1
    status = jobs.read_status(asked)
    assert status.state == "failed"
    assert sentence in status.message


def test_a_second_job_waits_for_its_turn(asked, tmp_path):
    lock, told = tmp_path / "lock", []

    def tell(phase, step, steps):
        told.append(phase)
        first.close()

    with ExitStack() as first, ExitStack() as second:
        wait_for_turn(first, lock, tell)
        assert told == []
        wait_for_turn(second, lock, tell, seconds=0.01)
    assert told == ["Waiting for another evaluation to end"]


def test_a_job_that_waits_can_be_stopped(asked):
    jobs.request_stop(asked)
    with pytest.raises(StopAskedError):
        Reporter(asked, jobs.Status())("Waiting", 0, 0)


def test_a_job_runs_in_a_process_of_its_own(request_of, checkpoint):
    target = store.start(request_of())
    end = time.monotonic() + 60
    while jobs.is_alive(target.status) and time.monotonic() < end:
        time.sleep(0.05)
    assert target.status.state == "failed"  # the stand-in checkpoint has no checkpoint.json
    assert "is no whole checkpoint" in target.status.message


# --- the estimate -----------------------------------------------------------------------------------------------


def test_the_estimate_is_a_guess_until_the_reader_has_been_measured(request_of, table_of):
    first = estimate(request_of())
    assert (first.words, estimate(request_of(most=3)).words) == (4, 3)
    assert "a guess" in first.note
    slow = figures(table_of(ROWS), "steady", "words", seconds=30.0)
    store.save(request_of(split="train"), slow)
    second = estimate(request_of())
    assert "last time" in second.note
    assert second.seconds == pytest.approx(1.5 + 4 * 10)


def test_a_damaged_evaluation_is_no_reason_to_refuse_an_estimate(request_of, table_of):
    kept = store.save(request_of(), figures(table_of(ROWS), "steady", "words"))
    (kept.folder / RESULT).write_text("{}")
    assert "a guess" in estimate(request_of()).note


def test_canvases_that_have_to_be_prepared_take_their_time(request_of, words):
    before = estimate(request_of()).seconds
    for path in words.folder.glob("canvases*"):
        path.unlink()
    assert estimate(request_of()).seconds == pytest.approx(before + 7 / 300)


# --- the command ------------------------------------------------------------------------------------------------


def test_the_command_prints_the_table_and_writes_json_and_csv(words, checkpoint, stand_in, tmp_path, capsys):
    target = tmp_path / "out" / "figures.json"
    assert main([str(checkpoint), "words", "--json", str(target), "--option", "language=en"]) == 0
    assert "| words | 4 of words, validation, 1 writers |" in capsys.readouterr().out
    report = json.loads(target.read_text())
    assert report["word_accuracy"]["value"] == 0.25
    assert target.with_suffix(".csv").read_text().count("\n") == 5
    assert stand_in.calls[0][1] == {"language": "en"}


def test_the_command_reads_again_only_when_something_has_changed(words, checkpoint, stand_in, capsys):
    call = [str(checkpoint), "words", "--most", "2"]
    assert [main(call), main(call)] == [0, 0]
    assert len(stand_in.calls) == 2  # without a language and with
    assert "nothing has changed since" in capsys.readouterr().err
    assert main([*call, "--again"]) == 0
    assert len(stand_in.calls) == 4


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], [{"language": "none"}, {}]),
        (["--language", "none"], [{"language": "none"}]),
        (["--language", "auto"], [{}]),
        (["--language", "fr", "--option", "views=3"], [{"language": "fr", "views": 3}]),
    ],
)
def test_letter_by_letter_and_with_languages(words, checkpoint, stand_in, tmp_path, capsys, arguments, asked):
    target = tmp_path / "figures.json"
    assert main([str(checkpoint), "words", "--json", str(target), *arguments]) == 0
    assert [options for _, options in stand_in.calls] == asked
    printed = capsys.readouterr().out
    assert ("| letter by letter, no language |" in printed) == (len(asked) == 2)
    report = json.loads(target.read_text())
    assert len(report["ways"]) == len(asked)
    assert all(way["word_accuracy"]["value"] == 0.25 for way in report["ways"].values())


def test_other_languages_give_other_readings(words, checkpoint, monkeypatch, tmp_path):
    request, plain = (Request(str(checkpoint), ("words",), read_options=o) for o in ({}, {"language": "none"}))
    before = store.key_of(request), store.key_of(plain)
    monkeypatch.setattr(store, "LANGUAGE_FOLDER", tmp_path)
    (tmp_path / "en.npz").write_text("others")
    assert store.key_of(request) != before[0]
    assert store.key_of(plain) == before[1]


def test_a_file_is_as_good_as_a_name(words, checkpoint, stand_in, tmp_path, capsys):
    assert main([str(checkpoint), str(tmp_path / "sources" / "words" / "words.csv")]) == 0
    assert "4 of words, validation" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone"], "There is no data set 'gone'"),
        (["words", "--option", "language"], "takes a name and a value"),
        (["words", "--split", "test"], "no words in its part"),
    ],
)
def test_what_goes_wrong_is_one_sentence(words, checkpoint, stand_in, capsys, arguments, sentence):
    assert main([str(checkpoint), *arguments]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def test_a_path_that_cannot_be_written_is_one_sentence(words, checkpoint, stand_in, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(checkpoint), "words", "--json", str(tmp_path / "file" / "out.json")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing_behind(words, checkpoint, stand_in, tmp_path, monkeypatch, capsys, home):
    def interrupted(canvases, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(stand_in, "read_canvases", interrupted)
    target = tmp_path / "out" / "figures.json"
    assert main([str(checkpoint), "words", "--json", str(target)]) == STOPPED
    assert not target.parent.exists()
    assert not (home / "evaluations").exists()
    assert "nothing was written" in capsys.readouterr().err


def test_progress_on_a_terminal_is_one_line_with_the_time_left(monkeypatch, capsys):
    clock = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    line = ProgressLine()
    for step in (0, 64, 128):
        line("Reading", step, 2515)
    line.note("Done.")
    said = capsys.readouterr().err
    assert "Reading 128 of 2,515, 1:" in said
    assert "left" in said
    assert said.endswith("\rDone.\n")
