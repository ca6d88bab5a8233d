"""Jobs: files that are whole, processes that are told from dead ones, locks that outlive nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hwr_core import jobs, workspace
from hwr_core.errors import DataError, JobError
from hwr_core.files import write_text
from hwr_core.jobs import process, runner

TRIVIAL = """
import sys, time
from pathlib import Path
from hwr_core import jobs, workspace
folder = Path(sys.argv[1])
status = jobs.begin(folder, "Counting")
print("counting", *sys.argv[2:], workspace.home(), flush=True)
for step in range(600):
    if jobs.stop_requested(folder):
        status.state, status.message = "stopped", f"Stopped at {step}."
        break
    if "quick" in sys.argv:
        status.state, status.message = "done", "Counted."
        break
    time.sleep(0.05)
jobs.write_status(folder, status)
"""


def wait_for(condition, seconds: float = 60.0) -> None:
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "it never happened"
        time.sleep(0.05)


@pytest.fixture
def module(tmp_path, monkeypatch) -> str:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "trivial_job.py").write_text(TRIVIAL)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    return "trivial_job"


def dead_process() -> tuple[int, float]:
    """The id and the start of a process that ran and is gone."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = jobs.process_start(process.pid)
    process.communicate(b"\n")
    return process.pid, started


def test_home_is_what_the_environment_says(home, monkeypatch, tmp_path):
    assert workspace.home() == home
    monkeypatch.delenv("HWR_HOME")
    monkeypatch.chdir(tmp_path)
    assert workspace.home() == tmp_path.resolve()


def test_a_write_replaces_the_whole_file_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "é\r\none\n")
    assert path.read_bytes() == "é\r\none\n".encode()

    def no_room(descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="no space"):
        write_text(path, "two")
    assert path.read_bytes() == "é\r\none\n".encode()
    assert [other.name for other in path.parent.iterdir()] == ["file.txt"]


def test_readers_never_see_half_a_file_while_threads_write(tmp_path):
    path, texts = tmp_path / "file.txt", ["a" * 40_000, "b" * 50_000]
    write_text(path, texts[0])
    errors: list[BaseException] = []

    def write(text: str) -> None:
        try:
            for _ in range(40):
                write_text(path, text)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert path.read_text() in texts
    assert errors == []


def test_a_status_is_the_same_after_its_file(tmp_path):
    status = jobs.begin(tmp_path, "Reading")
    status.step, status.steps, status.details = 3, 12, {"epoch": 2}
    before = time.time()
    jobs.write_status(tmp_path, status)
    read = jobs.read_status(tmp_path)
    assert read == status
    assert (read.state, read.phase, read.pid, read.progress) == ("running", "Reading", os.getpid(), 0.25)
    assert before <= read.updated <= time.time()
    assert jobs.is_alive(read)


def test_progress_of_a_phase_without_steps_is_zero():
    assert jobs.Status().progress == 0
    assert jobs.Status(step=5, steps=4).progress == 1


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"state": "running"', b"\xff"])
def test_a_status_that_cannot_be_read_is_an_empty_one(tmp_path, content):
    if content is not None:
        (tmp_path / jobs.STATUS_FILE).write_bytes(content)
    assert jobs.read_status(tmp_path) == jobs.Status()


def test_settings_of_a_later_version_are_left_aside(tmp_path):
    (tmp_path / jobs.STATUS_FILE).write_text('{"state": "done", "colour": "red"}')
    assert jobs.read_status(tmp_path).state == "done"


@pytest.mark.parametrize("state", ["running", "waiting"])
def test_a_dead_process_reads_as_stopped(tmp_path, state):
    pid, started = dead_process()
    assert started > 0
    jobs.write_status(tmp_path, jobs.Status(state=state, pid=pid, process_started=started, seconds_left=9.0))
    status = jobs.read_status(tmp_path)
    assert status.state == "stopped"
    assert status.seconds_left is None
    assert "Resume" in status.message


def test_a_later_process_of_the_same_number_is_another(tmp_path):
    started = jobs.process_start(os.getpid()) - 100
    jobs.write_status(tmp_path, jobs.Status(state="running", pid=os.getpid(), process_started=started))
    assert jobs.read_status(tmp_path).state == "stopped"


def test_a_process_that_died_before_its_start_was_known_is_dead(tmp_path):
    pid, _ = dead_process()
    status = jobs.Status(state="running", pid=pid, process_started=0.0)
    assert not jobs.is_alive(status)
    jobs.write_status(tmp_path, status)
    assert jobs.read_status(tmp_path).state == "stopped"


def test_what_is_over_stays_as_it_ended(tmp_path):
    pid, started = dead_process()
    jobs.write_status(tmp_path, jobs.Status(state="done", pid=pid, process_started=started, message="All done."))
    assert jobs.read_status(tmp_path).state == "done"
    assert jobs.read_status(tmp_path).message == "All done."


def test_a_job_runs_to_its_end_and_logs(tmp_path, module, home):
    folder = tmp_path / "job"
    pid = jobs.launch(module, folder, "quick")
    wait_for(lambda: jobs.read_status(folder).state == "done")
    status = jobs.read_status(folder)
    assert (status.pid, status.message, status.phase) == (pid, "Counted.", "Counting")
    assert (folder / jobs.LOG_FILE).read_text() == f"counting quick {home}\n"


def test_a_job_stops_when_asked_and_starts_again(tmp_path, module):
    folder = tmp_path / "job"
    jobs.launch(module, folder)
    assert jobs.read_status(folder).state == "running"
    wait_for(lambda: jobs.read_status(folder).phase == "Counting")
    with pytest.raises(JobError, match="job is running already"):
        jobs.launch(module, folder)
    jobs.request_stop(folder)
    wait_for(lambda: jobs.read_status(folder).state == "stopped")
    assert jobs.read_status(folder).message.startswith("Stopped at")
    wait_for(lambda: not jobs.is_alive(jobs.read_status(folder)))
    jobs.launch(module, folder, "quick")  # the old request to stop is forgotten
    wait_for(lambda: jobs.read_status(folder).state == "done")


def test_a_stop_asked_for_while_the_process_is_starting_is_kept(tmp_path, module):
    folder = tmp_path / "job"
    jobs.launch(module, folder)
    jobs.request_stop(folder)
    wait_for(lambda: jobs.read_status(folder).state == "stopped")
    assert jobs.read_status(folder).message == "Stopped at 0."


def test_a_job_that_cannot_start_ends_as_stopped(tmp_path):
    folder = tmp_path / "job"
    jobs.launch("no_such_module_here", folder)
    wait_for(lambda: jobs.read_status(folder).state == "stopped")
    assert "No module named" in (folder / jobs.LOG_FILE).read_text()


def test_a_killed_job_reads_as_stopped(tmp_path, module):
    folder = tmp_path / "job"
    pid = jobs.launch(module, folder)
    wait_for(lambda: jobs.read_status(folder).phase == "Counting")
    os.kill(pid, 9)
    wait_for(lambda: jobs.read_status(folder).state == "stopped")
    assert "ended without" in jobs.read_status(folder).message


def test_a_job_that_has_said_its_last_word_is_waited_for(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"])
    status = jobs.Status(state="stopped", pid=process.pid, process_started=jobs.process_start(process.pid))
    jobs.write_status(tmp_path, status)
    jobs.wait_until_left(tmp_path, 30)
    assert not jobs.is_alive(status)
    process.wait()


def test_a_running_job_is_not_waited_for(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    status = jobs.Status(state="running", pid=process.pid, process_started=jobs.process_start(process.pid))
    jobs.write_status(tmp_path, status)
    jobs.wait_until_left(tmp_path, 1e9)
    assert jobs.is_alive(status)
    process.kill()
    process.wait()


def test_only_one_holds_the_lock(tmp_path):
    lock = tmp_path / "deep" / "lock"
    with jobs.only_one(lock, "Another is at work."):
        with pytest.raises(JobError, match=r"Another is at work\. Wait"), jobs.only_one(lock, "Another is at work."):
            pytest.fail("two hold it")
        assert lock.exists()
    with jobs.only_one(lock, "Another is at work."):
        pass


def test_a_lock_that_is_about_to_be_free_is_waited_for(tmp_path):
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with jobs.only_one(tmp_path / "lock", ""):
            entered.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(10)
    threading.Timer(0.3, leave.set).start()
    with jobs.only_one(tmp_path / "lock", "Another is at work.", wait_seconds=30):
        assert leave.is_set()
    holder.join(10)


def test_the_lock_is_given_back_after_an_error(tmp_path):
    lock = tmp_path / "lock"
    with pytest.raises(ValueError, match="within"), jobs.only_one(lock, ""):
        raise ValueError("within")
    with jobs.only_one(lock, ""):
        pass


@pytest.mark.parametrize("content", ["dead", "", "{", "[1]", "null", "[0, 0.0]"])
def test_a_lock_whose_holder_is_gone_is_taken_over(tmp_path, content):
    lock = tmp_path / "lock"
    lock.write_text(json.dumps(dead_process()) if content == "dead" else content)
    os.utime(lock, (time.time() - 60, time.time() - 60))
    with (
        jobs.only_one(lock, "Another is at work."),
        pytest.raises(JobError),
        jobs.only_one(lock, "Another is at work."),
    ):
        pytest.fail("two hold it")


CONTENDER = """
import sys, time
from pathlib import Path
from hwr_core import jobs
from hwr_core.errors import JobError
lock, held, until = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
import psutil
while time.time() < until:
    pass
for _ in range(200):
    try:
        with jobs.only_one(lock, ""):
            held.open("x").close()  # fails if two hold the lock at once
            held.unlink()
    except JobError:
        pass
"""


def test_processes_that_race_for_a_lock_never_share_it(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text(json.dumps(dead_process()))
    command = [sys.executable, "-c", CONTENDER, str(lock), str(tmp_path / "held"), str(time.time() + 2)]
    root = Path(jobs.__file__).parents[1]
    contenders = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) for _ in range(4)]
    for contender in contenders:
        _, errors = contender.communicate(timeout=120)
        assert contender.returncode == 0, errors.decode()


def test_peak_memory_is_this_process_s_own():
    import psutil

    now = psutil.Process().memory_info().rss / 2**20
    assert 0.5 * now < jobs.peak_memory_mb() < now + 8000


def test_peak_memory_is_not_the_parent_s(tmp_path: Path):
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmPeak:\t  900000 kB\nVmHWM:\t   51200 kB\n")
    assert process._peak_of_status(status) == 50
    status.write_text("Name:\tpython\n")
    assert process._peak_of_status(status) is None
    assert process._peak_of_status(tmp_path / "gone") is None


def test_process_identity_after_the_clock_was_set_stays_the_same(tmp_path, monkeypatch):
    status = jobs.begin(tmp_path, "Training")
    start = process.process_start
    monkeypatch.setattr(process, "process_start", lambda pid: start(pid) + 7200)
    monkeypatch.setattr("hwr_core.jobs.status.process_start", lambda pid: start(pid) + 7200)
    assert jobs.is_alive(jobs.read_status(tmp_path))
    status.process_identity = ""  # as versions before 0.2 wrote it
    assert not jobs.is_alive(status)


def test_process_identity_of_another_process_of_the_same_number_differs(tmp_path):
    status = jobs.begin(tmp_path, "Training")
    status.process_identity = status.process_identity[:-1] + "x"
    assert not jobs.is_alive(status)
    assert jobs.identity_of(2**22 + 1) == ""


def test_launch_three_times_at_once_starts_one(tmp_path, module):
    refused, started = [], []

    def check():
        if any(jobs.is_busy(jobs.read_status(path)) for path in (tmp_path / "runs").glob("job*")):
            raise JobError("One is running.")

    def start(number):
        try:
            started.append(jobs.launch(module, tmp_path / "runs" / f"job{number}", check=check))
        except JobError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for path in (tmp_path / "runs").glob("job*"):
        jobs.request_stop(path)
        wait_for(lambda path=path: not jobs.is_alive(jobs.read_status(path)))
    assert (len(started), refused) == (1, ["One is running.", "One is running."])


@pytest.mark.parametrize(
    ("error", "state", "sentence"),
    [
        (DataError("The images have gone."), "failed", "The images have gone."),
        (MemoryError(), "failed", "not enough memory"),
        (ZeroDivisionError("by zero"), "failed", "It failed (ZeroDivisionError: by zero). The log has the details."),
        (jobs.Stopped(), "stopped", "nothing was kept"),
    ],
)
def test_run_with_an_error_ends_with_a_sentence(tmp_path, error, state, sentence, capsys):
    def work(progress):
        raise error

    status = jobs.run(tmp_path, work, jobs.Endings("It failed"), phase="Working")
    assert (status.state, jobs.read_status(tmp_path).state) == (state, state)
    assert sentence in jobs.read_status(tmp_path).message
    assert status.details["peak_memory_mb"] > 1


def test_progress_is_written_seldom_and_knows_the_time_left(tmp_path, monkeypatch):
    now, written = [100.0], []
    monkeypatch.setattr(runner.time, "monotonic", lambda: now[0])
    progress = jobs.Progress(tmp_path, jobs.begin(tmp_path, ""))
    monkeypatch.setattr(
        runner, "write_status", lambda folder, status: written.append((status.step, status.seconds_left))
    )
    for step in range(101):
        progress("Preparing images", step, 200)
        now[0] += 0.05
    assert 9 <= len(written) <= 11
    step, left = written[-1]
    assert left == pytest.approx((200 - step) * 0.05, rel=0.1)


def test_progress_with_expected_seconds_counts_down_until_steps_are_measured(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(runner.time, "monotonic", lambda: now[0])
    progress = jobs.Progress(tmp_path, jobs.begin(tmp_path, ""))
    progress.expect(60.0)
    left = []
    for step, seconds in ((0, 5), (1, 20), (2, 10), (3, 1.5), (4, 29.5), (6, 13), (20, 14)):
        now[0] += seconds
        progress("Learning", step, 20)
        left.append(progress.status.seconds_left)
    progress("Saving", 0, 0)
    # 4: its 16 steps at 15.5 seconds are more than what was expected; 6: 14 steps at 11 seconds
    assert left == [55, 35, 25, 25.5, 248, 154, 0]
    assert progress.status.seconds_left is None


def test_progress_after_a_request_to_stop_raises(tmp_path):
    progress = jobs.Progress(tmp_path, jobs.begin(tmp_path, ""))
    jobs.request_stop(tmp_path)
    with pytest.raises(jobs.Stopped):
        progress("Reading", 1, 2)


def test_progress_line_on_a_terminal_is_one_line_with_the_time_left(monkeypatch, capsys):
    clock = iter(range(100))
    monkeypatch.setattr(runner.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    line = jobs.ProgressLine()
    for step in (0, 64, 128):
        line("Reading", step, 2515)
    line.note("Done.")
    shown = capsys.readouterr().err
    assert "Reading 128 of 2,515, 0:" in shown
    assert "left" in shown
    assert shown.endswith("\rDone.\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"state": 3}',
        '{"state": "running", "pid": "x"}',
        '{"details": []}',
        '{"started": NaN}',
        '{"started": 1e300}',
        '{"step": 1e999}',
        f'{{"seconds_left": 1{"0" * 400}}}',
    ],
)
def test_read_status_of_a_damaged_file_is_a_job_not_begun(tmp_path, text):
    (tmp_path / jobs.STATUS_FILE).write_text(text)
    assert jobs.read_status(tmp_path) == jobs.Status()


def test_begin_removes_what_a_killed_process_left(tmp_path):
    left = tmp_path / ".status.json.4194305-1"
    left.write_text("half")
    jobs.begin(tmp_path, "Training")
    assert [path.name for path in tmp_path.iterdir()] == [jobs.STATUS_FILE]
