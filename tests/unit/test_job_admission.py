"""Jobs are refused where there is no room for them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hwr_core import jobs, workspace
from hwr_core.errors import JobError
from hwr_core.jobs import Needs, admission, runner
from hwr_core.jobs.process import own_identity

SetLimits = Callable[..., None]


def live_job(folder: Path) -> Path:
    """A job whose process is this one."""
    folder.mkdir(parents=True)
    status = jobs.Status(state="running", pid=os.getpid(), started=time.time(), process_identity=own_identity())
    jobs.write_status(folder, status)
    return folder


@pytest.fixture
def never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner.subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        (Needs(memory_mb=7_086_000), r"This would take about 7,430\.2 GB of memory; .* are free"),
        (Needs(disk_mb=9e9), r"This would take about .* GB of disk; .* are free"),
    ],
)
def test_launch_of_a_job_beyond_the_machine_is_refused(home: Path, never_started: None, needs: Needs, sentence: str):
    with pytest.raises(JobError, match=sentence):
        jobs.launch("trivial", home / "runs" / "huge", needs=needs)
    assert jobs.read_status(home / "runs" / "huge").state == "waiting"


def test_launch_on_a_full_machine_is_refused_also_where_the_needs_are_not_known(
    home: Path, never_started: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(admission, "memory_mb", lambda: (100.0, 8_000.0))
    with pytest.raises(JobError, match=r"There is hardly any memory left; 105 MB are free"):
        jobs.launch("trivial", home / "runs" / "one", needs=Needs())
    monkeypatch.setattr(admission, "memory_mb", lambda: (4_000.0, 8_000.0))
    monkeypatch.setattr(admission, "disk_mb", lambda folder: (100.0, 80_000.0))
    with pytest.raises(JobError, match="hardly any disk left"):
        jobs.launch("trivial", home / "runs" / "one")


def test_launch_beyond_the_number_of_the_workspace_is_refused(home: Path, never_started: None, set_limits: SetLimits):
    set_limits(workspace_jobs=2, total_jobs=50)
    live_job(home / "evaluations" / "first")
    live_job(home / "datasets" / "letters" / "suspects")
    with pytest.raises(JobError, match=r"^2 jobs run here already \(first, suspects\), at most 2 may at once"):
        jobs.launch("trivial", home / "runs" / "third")


def test_launch_beyond_the_number_of_the_server_is_refused(
    home: Path, never_started: None, set_limits: SetLimits, monkeypatch: pytest.MonkeyPatch
):
    set_limits(workspace_jobs=2, total_jobs=3)
    for visitor in ("a", "b", "c"):
        live_job(home / workspace.VISITORS / visitor / "runs" / "one")
    own = home / workspace.VISITORS / "d"
    own.mkdir()
    workspace.set_home_resolver(lambda: own)
    try:
        with pytest.raises(JobError, match=r"^3 jobs run on this server already, at most 3 may at once"):
            jobs.launch("trivial", own / "runs" / "one")
    finally:
        workspace.set_home_resolver(None)


def test_check_of_a_job_that_fits_passes_and_ended_jobs_do_not_count(home: Path, set_limits: SetLimits):
    set_limits(workspace_jobs=1, total_jobs=1)
    jobs.write_status(home / "runs" / "ended", jobs.Status(state="done", pid=1, process_identity="gone"))
    admission.check(home / "runs" / "one", Needs(memory_mb=1, disk_mb=1))
    own = live_job(home / "runs" / "resumed")
    admission.check(own, Needs())  # its own process does not stand in its way


def test_memory_is_the_container_s_where_that_is_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(admission, "CGROUP", tmp_path)
    machine = admission.memory_mb()
    (tmp_path / "memory.max").write_text(f"{100 * 2**20}\n")
    (tmp_path / "memory.current").write_text(f"{80 * 2**20}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {30 * 2**20}\n")
    assert admission.memory_mb() == (50.0, 100.0)
    (tmp_path / "memory.max").write_text("max\n")
    assert admission.memory_mb()[1] == machine[1]


def test_launch_gives_the_limits_to_the_process(home: Path, set_limits: SetLimits, monkeypatch: pytest.MonkeyPatch):
    given: list[dict[str, str]] = []

    class Process:
        pid = 2**22 + 1

        def __init__(self, *_: object, env: dict[str, str], **__: object) -> None:
            given.append(env)

    set_limits(dataset_words=123)
    monkeypatch.setattr(runner.subprocess, "Popen", Process)
    jobs.launch("trivial", home / "runs" / "one")
    assert '"dataset_words": 123' in given[0]["HWR_LIMITS"]
