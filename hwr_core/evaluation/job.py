"""The process that measures what a folder's `request.json` asks for, from its first word to its last."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from hwr_core import jobs
from hwr_core.datasets import open_dataset
from hwr_core.errors import HwrError, JobError
from hwr_core.evaluation.metrics import Evaluation, evaluate
from hwr_core.evaluation.store import LOCK, Request, StoredEvaluation, save
from hwr_core.evaluation.word_results import READING, Progress, RunningTotals
from hwr_core.recognition import Recognizer

WRITE_EVERY = 0.5  # seconds between two writes of the status
WAITING = "Waiting for another evaluation to end"


class StopAskedError(Exception):
    """Someone asked the job to stop."""


class TimeLeft:
    """Seconds until the phase that is being told of ends, from how quickly it has gone so far."""

    def __init__(self) -> None:
        self._phase = ""
        self._began = 0.0

    def __call__(self, phase: str, step: int, steps: int) -> float | None:
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began = phase, now
        elapsed = now - self._began
        return elapsed / step * (steps - step) if step and elapsed > 1 else None


class Reporter:
    """Turns progress into `status.json`, with the figures so far; raises when the job is asked to stop."""

    def __init__(self, folder: Path, status: jobs.Status) -> None:
        self.folder, self.status, self.so_far = folder, status, RunningTotals()
        self._left = TimeLeft()
        self._written = 0.0

    def __call__(self, phase: str, step: int, steps: int) -> None:
        if jobs.stop_requested(self.folder):
            raise StopAskedError
        left, now = self._left(phase, step, steps), time.monotonic()
        if phase == self.status.phase and now - self._written < WRITE_EVERY:
            return
        self._written = now
        status, so_far = self.status, self.so_far
        status.phase, status.step, status.steps, status.seconds_left = phase, step, steps, left
        if phase == READING and so_far.words:
            status.details = {
                "words": so_far.words,
                "cer": so_far.edits / max(1, so_far.characters),
                "word_accuracy": so_far.right / so_far.words,
                "words_per_second": so_far.words / max(so_far.seconds, 1e-9),
            }
        jobs.write_status(self.folder, status)

    def end(self, state: jobs.State, message: str) -> None:
        self.status.state, self.status.message, self.status.seconds_left = state, message, None
        self.status.details["peak_memory_mb"] = jobs.peak_memory_mb()
        jobs.write_status(self.folder, self.status)


def measure(request: Request, progress: Progress, so_far: RunningTotals | None = None) -> Evaluation:
    """Open the checkpoint and the data sets of a request, and measure.

    Raises:
        HwrError: one of them cannot be opened, or there are no words.
    """
    progress("Opening the reader", 0, 0)
    recognizer = Recognizer.load(request.checkpoint)
    return evaluate(
        recognizer,
        [open_dataset(name) for name in request.datasets],
        request.split,
        most=request.most,
        read_options=request.read_options,
        progress=progress,
        so_far=so_far,
    )


def run_job(folder: Path, measure: Callable[[Request, Progress, RunningTotals], Evaluation] = measure) -> int:
    """Measure what the folder asks for; whatever happens is said in its status. Returns the exit status."""
    target = StoredEvaluation(folder)
    report = Reporter(folder, jobs.begin(folder, "Starting"))
    before = signal.signal(signal.SIGTERM, lambda *_: jobs.request_stop(folder))
    try:
        request = target.request
        with ExitStack() as stack:
            wait_for_turn(stack, folder.parent / LOCK, report)
            evaluation = measure(request, report, report.so_far)
            save(request, evaluation, target)
    except StopAskedError:
        report.end("stopped", "Stopped as asked; nothing was kept of it. Start again to measure from the first word.")
        return 1
    except HwrError as error:
        report.end("failed", str(error))
        return 1
    except MemoryError:
        report.end("failed", "There was not enough memory to read these words. Choose fewer words.")
        return 1
    except Exception as error:
        traceback.print_exc()
        report.end("failed", f"The evaluation broke off ({type(error).__name__}: {error}). The log says more.")
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    report.end("done", f"{evaluation.words:,} words were read.")
    return 0


def wait_for_turn(stack: ExitStack, lock: Path, progress: Progress, seconds: float = 0.5) -> None:
    """Hold the lock until the stack closes; while another evaluation holds it, wait."""
    while True:
        try:
            stack.enter_context(jobs.only_one(lock, "Another evaluation is under way."))
            return
        except JobError:
            progress(WAITING, 0, 0)
            time.sleep(seconds)
