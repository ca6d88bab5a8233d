"""A job is a process whose whole state is files in a folder: it outlives pages, tabs and servers.

The page starts `python -m ... FOLDER`, then only reads `status.json`. Writes are atomic, so a reader never
sees half a file; a job whose process is gone is told from one that is running by its process id and start time.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, Any, Literal

from hwr_core.errors import JobError

State = Literal["waiting", "running", "done", "stopped", "failed"]
STATUS_FILE = "status.json"
STOP_FILE = "stop"
LOG_FILE = "log.txt"
STARTING = "Starting"  # the phase between `launch` and the process's own first word


def home() -> Path:
    """The folder that holds `datasets/` and `runs/`: `$HWR_HOME`, else the current folder."""
    return Path(os.environ.get("HWR_HOME", ".")).resolve()


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


@dataclass
class Status:
    """What a job says of itself. Times are seconds since the epoch, `seconds_left` an estimate or None."""

    state: State = "waiting"
    phase: str = ""  # in the user's words: "Preparing pictures", "Training", ...
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    message: str = ""  # the sentence that ends the job: what happened, what next
    pid: int = 0
    process_started: float = 0.0  # tells this process from a later one of the same number
    started: float = 0.0
    updated: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)  # a training adds epoch, epochs, words_per_second, ...

    @property
    def progress(self) -> float:
        """Share of the current phase that is done, in [0, 1]."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0


def process_start(pid: int) -> float:
    """When the process began, or 0 if there is none (or it is dead and only waits to be collected)."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.Error, ValueError):
        return 0.0


def is_alive(status: Status) -> bool:
    """Whether the process that wrote `status` still runs."""
    started = process_start(status.pid) if status.pid else 0.0
    return started > 0 and abs(started - status.process_started) < 1.0


def is_busy(status: Status) -> bool:
    """Whether a process works on the job, or is just leaving it; our own has left when it has said its last word."""
    is_over = status.state in ("done", "stopped", "failed")
    return is_alive(status) and not (is_over and status.pid == os.getpid())


def wait_until_left(folder: Path, seconds: float = 20.0) -> None:
    """Wait for the process of a job that has said its last word and only tidies up; not for a running one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = read_status(folder)
        if status.state in ("running", "waiting") or not is_alive(status) or status.pid == os.getpid():
            return
        time.sleep(0.1)


def write_status(folder: Path, status: Status) -> None:
    status.updated = time.time()
    write_text(folder / STATUS_FILE, json.dumps(asdict(status), indent=1))


def read_status(folder: Path) -> Status:
    """The job's status; one left "running" by a process that is gone reads as "stopped", with a sentence."""
    try:
        values = json.loads((folder / STATUS_FILE).read_text(encoding="utf-8"))
        known = {spec.name for spec in fields(Status)}
        status = Status(**{name: value for name, value in values.items() if name in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return Status()
    if status.state in ("running", "waiting") and status.pid and not is_alive(status):
        status.state = "stopped"
        status.seconds_left = None
        status.message = "The process ended without a word (it was killed, or the machine was). Resume to go on."
    return status


def begin(folder: Path, phase: str) -> Status:
    """Called by the job's own process: says that it runs, and forgets an older request to stop."""
    last = read_status(folder)
    if (last.pid, last.phase) != (os.getpid(), STARTING):  # `launch` forgot it already: this one is newer
        (folder / STOP_FILE).unlink(missing_ok=True)
    now = time.time()
    status = Status(
        state="running", phase=phase, pid=os.getpid(), process_started=process_start(os.getpid()), started=now
    )
    write_status(folder, status)
    return status


def launch(module: str, folder: Path, *arguments: str) -> int:
    """Start `python -m module folder ...` as a process of its own; its output goes to `log.txt`.

    Returns:
        The process id.

    Raises:
        JobError: a job already runs in this folder.
    """
    if is_busy(read_status(folder)):
        raise JobError(f"{folder.name} is running already. Wait for it, or stop it first.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STOP_FILE).unlink(missing_ok=True)
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HWR_HOME": str(home())}
    with (folder / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # closing the terminal or the server leaves it running
            env=environment,
        )
    now = time.time()
    status = Status(state="running", phase=STARTING, pid=process.pid, started=now)
    status.process_started = process_start(process.pid)
    current = read_status(folder)
    if current.pid != process.pid:  # the process may have spoken first
        write_status(folder, status)
    return process.pid


def request_stop(folder: Path) -> None:
    """Ask the job to stop; it does so at the next step and keeps what it has."""
    write_text(folder / STOP_FILE, "")


def stop_requested(folder: Path) -> bool:
    return (folder / STOP_FILE).exists()


@contextmanager
def only_one(lock: Path, what: str, wait: float = 0.0) -> Iterator[None]:
    """Hold `lock` while the body runs; the system frees it when the process ends, however it ends.

    Args:
        lock: a file; made where it is not there.
        what: the sentence to refuse with.
        wait: seconds for which somebody else may still hold it, such as a job that is just ending.

    Raises:
        JobError: somebody else holds it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + wait
    with lock.open("a+b") as file:
        while True:
            try:
                _lock(file)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    break  # a file system without locks: `is_alive` has to do
                if time.monotonic() >= end:
                    raise JobError(f"{what} Wait until it ends, or stop it first.") from None
            time.sleep(0.1)
        yield


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MiB."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return psutil.Process().memory_info().peak_wset / 2**20
    peak = _peak_of_status(Path("/proc/self/status"))
    if peak is not None:
        return peak
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage / (2**20 if sys.platform == "darwin" else 2**10)


def _peak_of_status(path: Path) -> float | None:
    """MiB that Linux gives as the peak, or None where the file or its line is missing.

    getrusage's maximum is handed down: a process begun by a large one would report its parent's memory. `VmHWM`
    starts anew with the program.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return next(int(line.split()[1]) / 2**10 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
