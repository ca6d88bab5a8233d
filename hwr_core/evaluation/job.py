"""The job that evaluates: `python -m hwr_core.evaluation FOLDER` measures what FOLDER/request.json describes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from hwr_core import jobs
from hwr_core.datasets import open_dataset
from hwr_core.errors import JobError
from hwr_core.evaluation.metrics import Evaluation, evaluate
from hwr_core.evaluation.store import LOCK, Request, StoredEvaluation, save
from hwr_core.evaluation.word_results import READING_PHASE, RunningTotals
from hwr_core.recognition import Recognizer

WAITING = "Waiting for another evaluation to end"
LOCK_INTERVAL_SECONDS = 0.5
Measure = Callable[[Request, jobs.OnProgress, RunningTotals], Evaluation]


def measure(request: Request, on_progress: jobs.OnProgress, totals: RunningTotals | None = None) -> Evaluation:
    """Open the checkpoint and the data sets of a request, and measure.

    Raises:
        HwrError: one of them cannot be opened, or there are no words.
    """
    on_progress("Opening the model", 0, 0)
    recognizer = Recognizer.load(request.checkpoint)
    return evaluate(
        recognizer,
        [open_dataset(name) for name in request.datasets],
        request.split,
        max_words=request.most,
        read_options=request.read_options,
        progress=on_progress,
        totals=totals,
    )


def run_job(folder: Path, measure: Measure = measure) -> jobs.Status:
    """Measure what the folder's request describes; returns the last status."""
    target = StoredEvaluation(folder)

    def work(progress: jobs.Progress) -> str:
        totals = RunningTotals()

        def on_progress(phase: str, step: int, steps: int) -> None:
            if phase == READING_PHASE and totals.words:
                progress.status.details = {
                    "words": totals.words,
                    "cer": totals.edits / max(1, totals.characters),
                    "word_accuracy": totals.right / totals.words,
                    "words_per_second": totals.words / max(totals.seconds, 1e-9),
                }
            progress(phase, step, steps)

        request = target.request
        with ExitStack() as stack:
            wait_for_turn(stack, folder.parent / LOCK, on_progress)
            evaluation = measure(request, on_progress, totals)
            save(request, evaluation, target)
        return f"{evaluation.words:,} words were read."

    endings = jobs.Endings(
        failure="The evaluation failed",
        stopped="Stopped; nothing was kept of it. Start again to measure from the first word.",
        memory="There was not enough memory to read these words. Choose fewer words.",
    )
    return jobs.run(folder, work, endings, phase="Starting")


def wait_for_turn(stack: ExitStack, lock: Path, on_progress: jobs.OnProgress) -> None:
    """Hold the lock until the stack closes; while another evaluation holds it, wait."""
    while True:
        try:
            stack.enter_context(jobs.only_one(lock, "Another evaluation is running."))
            return
        except JobError:
            on_progress(WAITING, 0, 0)
            time.sleep(LOCK_INTERVAL_SECONDS)
