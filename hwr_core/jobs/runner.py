"""The driver of long jobs: a process of its own that writes progress, can be stopped, and always ends with a sentence.

Used by every kind of job: adding a data set, synthesis, training, adaptation, evaluation, the search for label errors.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hwr_core import limits
from hwr_core.errors import HwrError, JobError
from hwr_core.files import sweep_temporary
from hwr_core.jobs import admission
from hwr_core.jobs.admission import Needs
from hwr_core.jobs.lock import only_one
from hwr_core.jobs.process import identity_of, own_identity, peak_memory_mb, process_start
from hwr_core.jobs.status import (
    LOG_FILE,
    STARTING,
    STOP_FILE,
    Status,
    is_busy,
    read_status,
    request_stop,
    stop_requested,
    write_status,
)
from hwr_core.workspace import VISITORS, environment, home, server_home

ROOT = Path(__file__).resolve().parents[2]
START_LOCK = ".start.lock"  # beside the jobs' folders: held from the check that none runs until the status says so
START_WAIT_SECONDS = 10.0
STATUS_INTERVAL_SECONDS = 0.5
MIN_MEASURED_SECONDS = 1.0  # a phase's speed is not judged before
MIN_SECONDS_LEFT = 5.0  # shown where the expected time is over and no measured one is known
OnProgress = Callable[[str, int, int], None]  # phase, step, steps; may raise `Stopped`


class Stopped(Exception):
    """A stop of the job was requested."""


def launch(
    module: str, folder: Path, *arguments: str, check: Callable[[], None] = lambda: None, needs: Needs | None = None
) -> int:
    """Start `python -m module folder ...` as a process of its own; its output goes to `log.txt`.

    Args:
        check: raises `JobError` where the job may not start now. It is called while no other job beside `folder` can
            be started, so that of several starts at once exactly one passes.
        needs: the memory and disk that it takes at most, where they are known.

    Returns:
        The process id.

    Raises:
        JobError: a job already runs in this folder, `check` refuses, or there is no room for it (`admission.check`).
    """
    with ExitStack() as locks:
        for place in dict.fromkeys((folder.parent, *visitors_lock())):
            locks.enter_context(only_one(place / START_LOCK, "Another job is being started.", START_WAIT_SECONDS))
        if is_busy(read_status(folder)):
            raise JobError(f"{folder.name} is running already. Wait for it, or stop it first.")
        check()
        admission.check(folder, needs or Needs())
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STOP_FILE).unlink(missing_ok=True)
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        variables |= environment() | limits.environment()
        with (folder / LOG_FILE).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, str(folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # closing the terminal or the server leaves it running
                env=variables,
            )
        status = Status(state="running", phase=STARTING, pid=process.pid, started=time.time())
        status.process_started, status.process_identity = process_start(process.pid), identity_of(process.pid)
        if read_status(folder).pid != process.pid:  # the process may have written first
            write_status(folder, status)
        return process.pid


def visitors_lock() -> list[Path]:
    """Where jobs of different visitors wait for each other, so that they are counted one after the other."""
    return [server_home() / VISITORS] if home() != server_home() else []


def begin(folder: Path, phase: str) -> Status:
    """Called by the job's own process: writes that it runs, and forgets an older request to stop."""
    last = read_status(folder)
    if (last.pid, last.phase) != (os.getpid(), STARTING):  # `launch` forgot it already: this one is newer
        (folder / STOP_FILE).unlink(missing_ok=True)
    sweep_temporary(folder)  # of a killed process that worked here before
    pid = os.getpid()
    status = Status(state="running", phase=phase, pid=pid, started=time.time())
    status.process_started, status.process_identity = process_start(pid), own_identity()
    write_status(folder, status)
    return status


class Progress:
    """Called with phase, step and steps: writes `status.json` at most twice a second, raises `Stopped` on request.

    Attributes:
        status: the job's status; `details` may be changed between calls.
    """

    def __init__(self, folder: Path, status: Status) -> None:
        self.folder, self.status = folder, status
        self._expected = 0.0
        self._started = time.monotonic()
        self._phases: dict[str, tuple[float, int]] = {}  # phase -> time and step of its first call
        self._written = float("-inf")

    def expect(self, seconds: float) -> None:
        """Count the time left down from `seconds`, for all phases, until a fifth of a phase's steps are done.

        Their first tenth compiles on the way, and is no measure of the others.
        """
        self._expected = seconds

    def __call__(self, phase: str, step: int, steps: int) -> None:
        if stop_requested(self.folder):
            raise Stopped
        now, status = time.monotonic(), self.status
        since, first = self._phases.setdefault(phase, (now, step))
        if phase == status.phase and now - self._written < STATUS_INTERVAL_SECONDS and step < steps:
            return
        self._written = now
        status.phase, status.step, status.steps = phase, step, steps
        status.seconds_left = seconds_left(now - since, step - first, steps - step)
        if steps and 5 * step > steps:
            self._expected = 0.0
        if self._expected:
            measured = status.seconds_left or 0.0
            if 10 * step <= steps:
                self._phases[phase], measured = (now, step), 0.0
            status.seconds_left = max(MIN_SECONDS_LEFT, self._expected - (now - self._started), measured)
        write_status(self.folder, status)


@dataclass(frozen=True)
class Endings:
    """The sentences that a job may end with when it does not end well.

    Attributes:
        failure: begins the sentence of an error that is not the library's: "The data set could not be added".
        stopped: of a job that was stopped.
        memory: where memory ran out.
    """

    failure: str
    stopped: str = "Stopped; nothing was kept. Start it again to begin anew."
    memory: str = "There was not enough memory. Choose fewer words."


def run(
    folder: Path,
    work: Callable[[Progress], str],
    endings: Endings,
    *,
    phase: str,
) -> Status:
    """Do a job in this process; whatever happens is written to its status, and nothing is raised.

    An error of the library fails the job with its own sentence; of any other one the traceback goes to the log.

    Args:
        folder: the job's.
        work: does it, and returns the sentence that the status ends with. It may set `progress.status.state`.
        endings: the sentences of other ends.
        phase: the first phase.

    Returns:
        The last status, of state done, stopped or failed.
    """
    progress = Progress(folder, begin(folder, phase))
    try:
        with reported(progress, endings):
            progress.status.message = work(progress)
    except (Stopped, HwrError, MemoryError):
        pass  # its sentence says all
    except Exception:
        traceback.print_exc()
    return progress.status


@contextmanager
def reported(progress: Progress, endings: Endings) -> Iterator[None]:
    """Do a job's work in the body; however it ends is written to the job's status, and any error is raised again.

    A body that ends by itself is done, unless it has set `progress.status.state`. SIGTERM is a request to stop.
    """
    status = progress.status
    with stop_on_sigterm(progress.folder):
        try:
            yield
            status.state = "done" if status.state == "running" else status.state
        except HwrError as error:
            status.state, status.message = "failed", str(error)
            raise
        except MemoryError:
            status.state, status.message = "failed", endings.memory
            raise
        except Stopped:
            status.state, status.message = "stopped", endings.stopped
            raise
        except Exception as error:
            status.state = "failed"
            if is_out_of_memory(error):
                status.message = endings.memory
                raise MemoryError from error
            status.message = f"{endings.failure} ({type(error).__name__}: {error}). The log has the details."
            raise
        finally:
            if status.state == "running":  # KeyboardInterrupt, SystemExit
                status.state, status.message = "stopped", endings.stopped
            finish(progress.folder, status)


def is_out_of_memory(error: Exception) -> bool:
    """Whether a backend of Keras says so in its own way."""
    return "ResourceExhausted" in type(error).__name__ or "RESOURCE_EXHAUSTED" in str(error)


def finish(folder: Path, status: Status) -> None:
    """Write a final status, unless the job was started anew by another process meanwhile."""
    status.phase, status.seconds_left = "", None
    status.details["peak_memory_mb"] = peak_memory_mb()
    if read_status(folder).pid == os.getpid():
        write_status(folder, status)


@contextmanager
def stop_on_sigterm(folder: Path) -> Iterator[None]:
    """While the body runs, SIGTERM asks the job to stop; does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: request_stop(folder))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class ProgressLine:
    """Progress with the time left: one line that changes on a terminal, a line every ten seconds elsewhere."""

    def __init__(self) -> None:
        self._phase, self._began, self._first = "", 0.0, 0
        self._shown = time.monotonic()
        self._width = 0
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, phase: str, step: int, steps: int) -> None:
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began, self._first = phase, now, step
        if now - self._shown < (0.1 if self._is_terminal else 10):
            return
        self._shown = now
        text = f"{phase} {step:,} of {steps:,}" if steps else phase
        left = seconds_left(now - self._began, step - self._first, steps - step)
        if left is not None:
            text += f", {int(left) // 60}:{int(left) % 60:02d} left"
        if self._is_terminal:
            print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line."""
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)
            self._width = 0

    def note(self, sentence: str) -> None:
        """Print a sentence in place of the line."""
        self.clear()
        print(sentence, file=sys.stderr)


def seconds_left(elapsed: float, done: int, remaining: int) -> float | None:
    """Seconds for the remaining steps at the speed so far; None before it can be judged."""
    return elapsed / done * remaining if done > 0 and elapsed > MIN_MEASURED_SECONDS else None
