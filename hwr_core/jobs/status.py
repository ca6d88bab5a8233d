"""A job's status: one JSON file in the job's folder, written as a whole and read by anyone."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal

from hwr_core.files import JsonObject, is_stored_number, write_text
from hwr_core.jobs.process import identity_of, own_identity, process_start

State = Literal["waiting", "running", "done", "stopped", "failed"]
STATUS_FILE = "status.json"
STOP_FILE = "stop"
LOG_FILE = "log.txt"
END_OF_TIME = 253_402_300_800  # seconds from the epoch to the year 10000, the first that no date can show
STARTING = "Starting"  # the phase between `launch` and the process's own first status


@dataclass
class Status:
    """State of a job. Times are seconds since the epoch, `seconds_left` an estimate or None."""

    state: State = "waiting"
    phase: str = ""  # in the user's words: "Preparing images", "Training", ...
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    message: str = ""  # the sentence that ends the job: what happened, what next
    pid: int = 0
    process_started: float = 0.0  # seconds since the epoch; all that older versions wrote of the process
    process_identity: str = ""  # boot and start ticks: unlike a time it does not move when the clock is set
    started: float = 0.0
    updated: float = 0.0
    details: JsonObject = field(default_factory=dict)  # a training adds epoch, epochs, words_per_second, ...

    @property
    def progress(self) -> float:
        """Share of the current phase that is done, in [0, 1]."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "stopped", "failed")


def is_alive(status: Status) -> bool:
    """Whether the process that wrote `status` still runs."""
    if not status.pid:
        return False
    if status.process_identity:
        return identity_of(status.pid) == status.process_identity
    started = process_start(status.pid)
    return started > 0 and abs(started - status.process_started) < 1.0


def is_busy(status: Status) -> bool:
    """Whether a process works on the job or is just leaving it; this process has left when its status is final."""
    return is_alive(status) and not (status.is_over and status.process_identity == own_identity())


def wait_until_left(folder: Path, seconds: float = 20.0) -> None:
    """Wait for a process whose status is final and which only tidies up; not for a running one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = read_status(folder)
        if not status.is_over or not is_busy(status):
            return
        time.sleep(0.1)


def write_status(folder: Path, status: Status) -> None:
    status.updated = time.time()
    write_text(folder / STATUS_FILE, json.dumps(asdict(status), indent=1))


def read_status(folder: Path) -> Status:
    """The job's status; "running" of a process that is gone reads as "stopped", with a sentence.

    A missing file, and one that is damaged, read as a job that has not begun.
    """
    try:
        values = json.loads((folder / STATUS_FILE).read_text(encoding="utf-8"))
        status = Status(**{spec.name: values[spec.name] for spec in fields(Status) if spec.name in values})
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Status()
    if not _is_valid(status):
        return Status()
    if status.state in ("running", "waiting") and status.pid and not is_alive(status):
        status.state = "stopped"
        status.seconds_left = None
        status.message = "The process ended without a message (it or the machine was stopped). Resume to go on."
    return status


def _is_valid(status: Status) -> bool:
    """Whether each value has the type that its field declares."""
    texts = (status.phase, status.message, status.process_identity)
    numbers = (status.step, status.steps, status.pid)
    times = (status.process_started, status.started, status.updated)
    return (
        status.state in ("waiting", "running", "done", "stopped", "failed")
        and all(isinstance(text, str) for text in texts)
        and all(map(is_stored_number, (*numbers, *times)))
        and all(0 <= time < END_OF_TIME for time in times)
        and (status.seconds_left is None or is_stored_number(status.seconds_left))
        and isinstance(status.details, dict)
    )


def request_stop(folder: Path) -> None:
    """Ask the job to stop; it does so at the next step and keeps what it has."""
    write_text(folder / STOP_FILE, "")


def terminate(folder: Path, seconds: float = 5.0) -> None:
    """End the job's processes: a request first, and a kill where they are not gone after `seconds`."""
    status = read_status(folder)
    if not is_busy(status) or status.pid == os.getpid():
        return
    request_stop(folder)
    for sent, wait in ((signal.SIGTERM, seconds), (signal.SIGKILL, 1.0)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(status.pid, sent)  # `launch` gave it a group of its own
        end = time.monotonic() + wait
        while is_alive(status) and time.monotonic() < end:
            time.sleep(0.05)
        if not is_alive(status):
            return


def stop_requested(folder: Path) -> bool:
    return (folder / STOP_FILE).exists()
