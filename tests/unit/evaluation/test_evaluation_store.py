"""Evaluations in the workspace: used again while nothing has changed; the job that makes them; the command."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from hwr_core import jobs
from hwr_core.cli.evaluate import STOPPED, main
from hwr_core.errors import CheckpointError, DataError, JobError
from hwr_core.evaluation import Request, estimate, evaluate_readings, list_evaluations, store, stored, word_results
from hwr_core.evaluation.job import measure, run_job, wait_for_turn
from hwr_core.evaluation.store import REQUEST, RESULT, key_of, write_request

ROWS = [("anna", "NA", "NA", 0.5), ("ben", 'a "quoted", word', "", 0.0), ("", "été\nligne", "=1+1", 1.0)]


@pytest.fixture
def request_of(words, checkpoint):
    def make(**changes) -> Request:
        return Request(**{"checkpoint": str(checkpoint), "datasets": ("words",), **changes})

    return make


@pytest.fixture
def job_folder(request_of) -> Path:
    """The folder of a job that has not begun."""
    folder = stored(request_of()).folder
    write_request(folder, request_of())
    return folder


# --- the store --------------------------------------------------------------------------------------------------


def test_save_evaluation_is_read_back_whole(request_of, table_of):
    evaluation = evaluate_readings(table_of(ROWS), "steady", "words", seconds=1.5)
    saved = store.save(request_of(read_options={"views": 3}), evaluation)
    assert [one.folder for one in list_evaluations()] == [saved.folder]
    assert saved.is_done
    assert saved.request == request_of(read_options={"views": 3})
    assert saved.report() == saved.evaluation().report() == evaluation.report()
    assert saved.readings().to_dict("list") == evaluation.readings.to_dict("list")
    assert saved.measured == pytest.approx(time.time(), abs=60)


def test_key_of_changes_with_everything_that_metrics_depend_on(request_of, checkpoint, words, make_dataset):
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


def test_key_of_card_or_dates_changed_is_the_same(request_of, checkpoint):
    before = key_of(request_of())
    (checkpoint / "card.md").write_text("another card")
    (checkpoint / "model.keras").write_text("ONNX is what reads")
    os.utime(checkpoint / "model.onnx", (1, 1))
    assert key_of(request_of()) == before


def test_key_of_keras_without_onnx_counts(request_of, checkpoint):
    (checkpoint / "model.onnx").unlink()
    before = key_of(request_of())
    (checkpoint / "model.keras").write_text("other weights")
    assert key_of(request_of()) != before


def test_request_missing_parts_is_one_sentence(request_of, tmp_path):
    with pytest.raises(DataError, match="There is no data set gone"):
        stored(request_of(datasets=("gone",)))
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        stored(request_of(checkpoint=str(tmp_path)))
    with pytest.raises(DataError, match="no part"):
        request_of(split="dev")
    with pytest.raises(DataError, match="at least one"):
        request_of(datasets=())


def written(values: object) -> bytes:
    return json.dumps(values).encode()


CHECKPOINT, READINGS = "/models/steady", b"dataset,index,word_id,writer,transcription,reading,confidence,edits\n"
DAMAGED = {
    REQUEST: [
        b"", b"\xff\xfe", b'{"checkpoint": "a", "data', *map(written, (None, 3, "text", [], {})),
        *(
            written({"checkpoint": CHECKPOINT, "datasets": ["words"], **change})
            for change in (
                {"checkpoint": 3}, {"checkpoint": None}, {"checkpoint": "a\0b"}, {"datasets": "words"}, {"datasets": 3},
                {"datasets": [3]}, {"datasets": []}, {"datasets": {}}, {"split": "dev"}, {"split": 3}, {"most": "2"},
                {"most": 1.5}, {"most": None}, {"read_options": []}, {"read_options": None}, {"other": 1},
            )
        ),
    ],
    RESULT: [
        b"", b"\xff\xfe", b'{"format_version": 1, "wo', *map(written, (None, 3, "text", [], {})),
        written({"format_version": 1}), written({"format_version": "1"}), written({"format_version": []}),
    ],
    "readings.csv": [
        b"", b"\xff\xfe", b"{}", b"null", b"word_id\nw0\n", READINGS, READINGS + b"words,0,w0,anna,NA,NA,0.5,0",
        READINGS + b"words,0,w0,anna,NA,NA,0.5\n" * 3, READINGS + b"words,0,w0,anna,NA,NA,much,0\n" * 3,
        READINGS + b"words,0,w0,anna,NA,NA,2.5,0\n" * 3, READINGS + b"words,0,w0,anna,NA,NA,0.5,x\n" * 3,
        READINGS + b"words,zero,w0,anna,NA,NA,0.5,0\n" * 3, READINGS + b'words,0,w0,anna,NA,"NA,0.5,0\n',
        READINGS + b"words,0,w0,anna,NA,NA,0.5,0\n" * 2, READINGS + b"words,0,w0,anna,NA,NA,0.5,0.5\n" * 3,
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "content"), [(name, content) for name in DAMAGED for content in DAMAGED[name]])
def test_stored_evaluation_damaged_is_one_sentence_and_still_listed(request_of, table_of, name, content):
    saved = store.save(request_of(), evaluate_readings(table_of(ROWS), "steady", "words"))
    (saved.folder / name).write_bytes(content)
    (listed,) = list_evaluations()
    with pytest.raises(DataError, match=r"damaged|another version") as error:
        _ = (listed.request, listed.evaluation())
    assert "\n" not in str(error.value)
    if name == RESULT:
        with pytest.raises(DataError, match=r"damaged|another version"):
            listed.report()
    assert store.running() == []
    assert "a guess" in estimate(request_of()).note or name == "readings.csv"


@pytest.mark.parametrize("cut", [1, 7, 40, 200])
@pytest.mark.parametrize("name", list(DAMAGED))
def test_stored_evaluation_truncated_is_one_sentence(request_of, table_of, name, cut):
    saved = store.save(request_of(), evaluate_readings(table_of(ROWS), "steady", "words"))
    path = saved.folder / name
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match="damaged"):
        _ = (saved.request, saved.evaluation())


def test_list_evaluations_unusable_folders_never_raises(home):
    assert list_evaluations() == []
    folder = home / "evaluations"
    folder.mkdir(parents=True)
    (folder / "a file").write_text("")
    (folder / "empty").mkdir()
    (folder / "folders" / REQUEST).mkdir(parents=True)
    (folder / "link").mkdir()
    (folder / "link" / REQUEST).symlink_to(folder / "gone")
    for evaluation in list_evaluations():
        assert not evaluation.is_done
        assert evaluation.status.state == "waiting"
        with pytest.raises(DataError, match="damaged"):
            _ = evaluation.request


def test_delete_running_evaluation_is_refused(request_of, job_folder):
    evaluation = stored(request_of())
    process = os.getpid()
    jobs.write_status(job_folder, jobs.Status("running", pid=process, process_started=jobs.process_start(process)))
    assert [one.folder for one in store.running()] == [job_folder]
    with pytest.raises(JobError, match="Stop it"):
        store.delete(evaluation)
    with pytest.raises(JobError, match="already"):
        store.start(request_of())
    jobs.write_status(job_folder, jobs.Status("stopped"))
    assert store.running() == []
    store.delete(evaluation)
    assert list_evaluations() == []


# --- the job ----------------------------------------------------------------------------------------------------


def test_run_job_stores_the_evaluation(job_folder, stand_in):
    run_job(job_folder)
    status = jobs.read_status(job_folder)
    assert (status.state, status.message) == ("done", "4 words were read.")
    assert status.details["peak_memory_mb"] > 1
    (evaluation,) = list_evaluations()
    assert evaluation.evaluation().word_accuracy.value == 0.25


def test_run_job_status_has_running_totals(job_folder, stand_in, monkeypatch):
    monkeypatch.setattr(word_results, "MAX_BATCH_WORDS", 2)
    monkeypatch.setattr("hwr_core.jobs.runner.STATUS_INTERVAL_SECONDS", 0)
    details_written = []
    write = jobs.write_status
    monkeypatch.setattr(
        "hwr_core.jobs.runner.write_status", lambda *both: (details_written.append(dict(both[1].details)), write(*both))
    )
    run_job(job_folder)
    (half, *_) = [details for details in details_written if details.get("words") == 2]
    assert half["word_accuracy"] in (0.0, 0.5)
    assert half["words_per_second"] > 0


def test_run_job_stopped_stores_nothing(job_folder, stand_in):
    def stop(request, progress, totals):
        jobs.request_stop(job_folder)
        return measure(request, progress, totals)

    assert run_job(job_folder, stop).state == "stopped"
    assert not (job_folder / RESULT).exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DataError("The images are gone."), "The images are gone."),
        (MemoryError(), "not enough memory"),
        (ZeroDivisionError("float division"), "failed (ZeroDivisionError: float division)"),
    ],
)
def test_run_job_failed_has_the_reason(job_folder, error, sentence, capsys):
    def fail(request, progress, totals):
        raise error

    status = run_job(job_folder, fail)
    assert status.state == "failed"
    assert sentence in status.message


def test_wait_for_turn_second_job_waits(job_folder, tmp_path):
    lock, phases = tmp_path / "lock", []

    def on_progress(phase, step, steps):
        phases.append(phase)
        first.close()

    with ExitStack() as first, ExitStack() as second:
        wait_for_turn(first, lock, on_progress)
        assert phases == []
        wait_for_turn(second, lock, on_progress)
    assert phases == ["Waiting for another evaluation to end"]


def test_start_runs_in_a_process_of_its_own(request_of, checkpoint):
    target = store.start(request_of())
    end = time.monotonic() + 60
    while jobs.is_alive(target.status) and time.monotonic() < end:
        time.sleep(0.05)
    assert target.status.state == "failed"  # the stand-in checkpoint has no checkpoint.json
    assert "is no whole checkpoint" in target.status.message


# --- the estimate -----------------------------------------------------------------------------------------------


def test_estimate_before_the_first_evaluation_is_a_guess(request_of, table_of):
    first = estimate(request_of())
    assert (first.words, estimate(request_of(most=3)).words) == (4, 3)
    assert "a guess" in first.note
    slow = evaluate_readings(table_of(ROWS), "steady", "words", seconds=30.0)
    store.save(request_of(split="train"), slow)
    second = estimate(request_of())
    assert "last time" in second.note
    assert second.seconds == pytest.approx(1.5 + 4 * 10)


def test_estimate_includes_preparing_canvases(request_of, words):
    before = estimate(request_of()).seconds
    for path in words.folder.glob("canvases*"):
        path.unlink()
    assert estimate(request_of()).seconds == pytest.approx(before + 7 / 300)


# --- the command ------------------------------------------------------------------------------------------------


def test_command_prints_the_table_and_writes_json_and_csv(words, checkpoint, stand_in, tmp_path, capsys):
    target = tmp_path / "out" / "figures.json"
    assert main([str(checkpoint), "words", "--json", str(target), "--option", "language=en"]) == 0
    assert "| words | 4 of words, validation, 1 writers |" in capsys.readouterr().out
    report = json.loads(target.read_text())
    assert report["word_accuracy"]["value"] == 0.25
    assert target.with_suffix(".csv").read_text().count("\n") == 5
    assert stand_in.calls[0][1] == {"language": "en"}


def test_command_reads_again_only_when_something_has_changed(words, checkpoint, stand_in, capsys):
    call = [str(checkpoint), "words", "--most", "2"]
    assert [main(call), main(call)] == [0, 0]
    assert len(stand_in.calls) == 2  # without a language and with
    assert "nothing has changed since" in capsys.readouterr().err
    assert main([*call, "--again"]) == 0
    assert len(stand_in.calls) == 4


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], [{"language": "none"}, {}]),
        (["--language", "none"], [{"language": "none"}]),
        (["--language", "auto"], [{}]),
        (["--language", "fr", "--option", "views=3"], [{"language": "fr", "views": 3}]),
    ],
)
def test_command_language_option_selects_reading_modes(
    words, checkpoint, stand_in, tmp_path, capsys, arguments, options
):
    target = tmp_path / "figures.json"
    assert main([str(checkpoint), "words", "--json", str(target), *arguments]) == 0
    assert [called for _, called in stand_in.calls] == options
    printed = capsys.readouterr().out
    assert ("| letter by letter, no language |" in printed) == (len(options) == 2)
    report = json.loads(target.read_text())
    assert len(report["ways"]) == len(options)
    assert all(way["word_accuracy"]["value"] == 0.25 for way in report["ways"].values())


def test_key_of_languages_changed_differs_unless_none_is_used(words, checkpoint, monkeypatch, tmp_path):
    request, plain = (Request(str(checkpoint), ("words",), read_options=o) for o in ({}, {"language": "none"}))
    before = store.key_of(request), store.key_of(plain)
    monkeypatch.setattr(store, "LANGUAGE_FOLDER", tmp_path)
    (tmp_path / "en.npz").write_text("others")
    assert store.key_of(request) != before[0]
    assert store.key_of(plain) == before[1]


def test_command_accepts_a_file_as_data_set(words, checkpoint, stand_in, tmp_path, capsys):
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
def test_command_invalid_arguments_are_one_sentence(words, checkpoint, stand_in, capsys, arguments, sentence):
    assert main([str(checkpoint), *arguments]) == 1
    output = capsys.readouterr().err
    assert sentence in output
    assert "Traceback" not in output


def test_command_unwritable_path_is_one_sentence(words, checkpoint, stand_in, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(checkpoint), "words", "--json", str(tmp_path / "file" / "out.json")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_command_interrupted_leaves_nothing_behind(words, checkpoint, stand_in, tmp_path, monkeypatch, capsys, home):
    def interrupted(canvases, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(stand_in, "read_canvases", interrupted)
    target = tmp_path / "out" / "figures.json"
    assert main([str(checkpoint), "words", "--json", str(target)]) == STOPPED
    assert not target.parent.exists()
    assert not (home / "evaluations").exists()
    assert "nothing was written" in capsys.readouterr().err
