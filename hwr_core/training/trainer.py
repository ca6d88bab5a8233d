"""The loop: epochs of a task, every finished one on disk, stoppable at any step, resumable at any kill."""

from __future__ import annotations

import csv
import io
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core import jobs
from hwr_core.config import RunConfig
from hwr_core.errors import JobError, first_line
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, save_checkpoint
from hwr_core.training.data import SampleWord
from hwr_core.training.run import HISTORY_FILE, SAMPLES_FILE
from hwr_core.training.tasks import Task

STATE_FILE = "state.npz"
STATUS_SECONDS = 1.0  # the page need not know more often
WARM_UP_STEPS = 3  # compiled on the way, many times slower than the rest: no measure of the time left
Row = dict[str, Any]


@dataclass
class Progress:
    """What is carried from epoch to epoch, and written with the weights."""

    epoch: int = 0  # finished ones
    history: list[Row] = field(default_factory=list)
    samples: list[Row] = field(default_factory=list)
    best_epoch: int = 0
    best_value: float = float("inf")
    best_loss: float = float("inf")  # of equal figures the surer epoch is kept

    def better(self, row: Row, metric: str) -> bool:
        """Whether this epoch reads better than the best so far; among equals, whether its validation loss is lower."""
        return (row[metric], row.get("validation_loss", 0.0)) < (self.best_value, self.best_loss)


def train(
    folder: Path,
    config: RunConfig,
    task: Task,
    samples: Sequence[SampleWord] = (),
    status: jobs.Status | None = None,
    say: Callable[[str], None] = print,
) -> Progress:
    """Train until the epochs are done, patience ends, or somebody asks to stop.

    After each epoch `folder` holds, written atomically, `state.npz` (all variables of the network and the
    optimizer, and the history so far), `history.csv`, `samples.csv` and, when the watched figure was the best
    yet, `checkpoint/`. Called again on the same folder it goes on behind the last finished epoch.

    Returns:
        The history and the best epoch; `checkpoint/` holds that epoch's weights.
    """
    status = status or jobs.begin(folder, "Training")
    progress = restore(folder, task)
    if progress.epoch:
        write_tables(folder, progress)  # a kill between state and tables leaves them one epoch behind
        say(f"Going on behind epoch {progress.epoch}.")
    training = config.training
    stopped = False
    while progress.epoch < training.epochs and progress.epoch - progress.best_epoch < training.patience:
        row = run_epoch(folder, task, config, progress, status)
        if row is None:
            stopped = True
            break
        progress.epoch += 1
        better = progress.better(row, task.metric)
        if better:
            progress.best_epoch, progress.best_value = progress.epoch, row[task.metric]
            progress.best_loss = row.get("validation_loss", 0.0)
        progress.history.append({**row, "best": int(better)})
        read_samples(task, samples, progress)
        report(status, phase="Saving")
        jobs.write_status(folder, status)
        if better:
            figures = {"epoch": progress.epoch, "words": len(task.validation), **scalars(row)}
            save_checkpoint(folder / CHECKPOINT_FOLDER, task.model, config, task.alphabet, figures)
        save(folder, task, progress)
        write_tables(folder, progress)
        say(describe(row, task.metric, better))
    if progress.history:
        report(status, phase="Saving for quick reading", step=0, steps=0, seconds_left=None)
        jobs.write_status(folder, status)
        task.export(folder / CHECKPOINT_FOLDER)
    ended(folder, status, progress, config, task.metric, stopped)
    say(status.message)
    return progress


def run_epoch(folder: Path, task: Task, config: RunConfig, progress: Progress, status: jobs.Status) -> Row | None:
    """One epoch; None where a stop was asked for."""
    begun = time.time()
    epoch, steps = progress.epoch, task.steps()
    report(status, phase="Training", step=0, steps=steps)
    status.details.update(
        epoch=epoch + 1, epochs=config.training.epochs, metric=task.metric, best_epoch=progress.best_epoch,
        best_value=progress.best_value if progress.best_epoch else None, peak_memory_mb=jobs.peak_memory_mb(),
    )  # fmt: skip
    jobs.write_status(folder, status)
    sums: dict[str, float] = {}
    words = 0
    told, warm = 0.0, begun
    spans = [r["seconds"] for r in progress.history[-3:]]
    for step, (arrays, count) in enumerate(prefetch(task.batches(epoch)), start=1):
        if jobs.stop_requested(folder):
            return None
        logs = task.network.train_on_batch(*arrays, return_dict=True)
        if not np.isfinite(float(logs["loss"])):
            raise JobError(
                f"The loss became infinite at step {step} of epoch {epoch + 1}. "
                "Start a new run with a lower learning rate."
            )
        words += count
        for name, value in logs.items():
            sums[name] = sums.get(name, 0.0) + float(value) * count
        now = time.time()
        warm = now if step == WARM_UP_STEPS else warm
        if now - told > STATUS_SECONDS or step == steps:
            told = now
            report(status, step=step, seconds_left=seconds_left(now - warm, step, steps, spans, config, epoch))
            status.details.update(loss=sums["loss"] / words, words_per_second=words / (now - begun))
            jobs.write_status(folder, status)
    trained = time.time()
    report(status, phase="Validating")
    jobs.write_status(folder, status)
    figures = task.validate(lambda: jobs.stop_requested(folder))
    if not figures:
        return None
    return {
        "epoch": epoch + 1,
        **{name: value / words for name, value in sums.items()},
        **figures,
        "learning_rate": learning_rate(task.network),
        "seconds": time.time() - begun,
        "words_per_second": words / (trained - begun),
    }


def seconds_left(
    spent: float, step: int, steps: int, spans: Sequence[float], config: RunConfig, epoch: int
) -> float | None:
    """Seconds to the end of the last epoch; None while only steps have run that were compiled on the way.

    Args:
        spent: seconds since the warm-up steps.
        step, steps: of this epoch.
        spans: seconds that the latest whole epochs took.
        epoch: number of finished epochs.
    """
    counted = step - WARM_UP_STEPS
    later = config.training.epochs - epoch - 1
    if counted < 1:
        return float(np.mean(spans)) * (later + 1) if spans else None
    whole = float(np.mean(spans)) if spans else spent / counted * steps * 1.1  # a tenth more for validation
    return spent / counted * (steps - step) + whole * later


def prefetch(batches: Iterator[Any], most: int = 6) -> Iterator[Any]:
    """The same batches, prepared in a thread of their own while the network is busy with the ones before."""
    prepared: queue.Queue[Any] = queue.Queue(maxsize=most)
    finished = threading.Event()
    end = object()

    def put(item: Any) -> None:
        while not finished.is_set():
            try:
                return prepared.put(item, timeout=0.2)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for batch in batches:
                put(batch)
                if finished.is_set():
                    return
            put(end)
        except BaseException as error:  # handed to the loop, which raises it where it can be told
            put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        while (item := prepared.get()) is not end:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        finished.set()


def learning_rate(network: Any) -> float:
    import keras

    return float(keras.ops.convert_to_numpy(network.optimizer.learning_rate))


def read_samples(task: Task, samples: Sequence[SampleWord], progress: Progress) -> None:
    if not samples:
        return
    readings = task.read(np.array([sample.row for sample in samples]))
    for sample, reading in zip(samples, readings, strict=True):
        progress.samples.append(
            {
                "epoch": progress.epoch,
                "index": sample.index,
                "word_id": sample.word_id,
                "transcription": sample.transcription,
                "reading": reading,
                "dataset": sample.dataset,
            }
        )


def variables_of(network: Any) -> list[Any]:
    """Everything that a step changes: weights, random states, optimizer."""
    return [*network.variables, *network.optimizer.variables]


def save(folder: Path, task: Task, progress: Progress) -> None:
    """All of the state in one file, replaced at once: a kill leaves the last finished epoch or this one."""
    import keras

    arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables_of(task.network))}
    about = json.dumps(vars(progress))
    temporary = folder / f".{STATE_FILE}.new"  # one name: what a kill leaves is written over
    with temporary.open("wb") as file:
        np.savez(file, about=np.array(about), **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / STATE_FILE)


def restore(folder: Path, task: Task) -> Progress:
    """Bring the network to the last finished epoch, if there is one.

    Raises:
        JobError: the state is of another network.
    """
    path = folder / STATE_FILE
    task.network.optimizer.build(task.network.trainable_variables)
    if not path.is_file():
        return Progress()
    variables = variables_of(task.network)
    try:
        with np.load(path, allow_pickle=False) as state:
            progress = Progress(**json.loads(str(state["about"])))
            arrays = [state[f"v{i}"] for i in range(len(state.files) - 1)]
    except Exception as error:  # zip, numpy and JSON errors alike
        raise JobError(f"{path} is damaged ({first_line(error)}). Start a new run.") from error
    if [array.shape for array in arrays] != [tuple(v.shape) for v in variables]:
        raise JobError(f"{path} belongs to another network than {folder / 'config.json'} says. Start a new run.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return progress


def write_tables(folder: Path, progress: Progress) -> None:
    for name, rows in ((HISTORY_FILE, progress.history), (SAMPLES_FILE, progress.samples)):
        if rows:
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            jobs.write_text(folder / name, text.getvalue())


def report(status: jobs.Status, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(status, name, value)


def scalars(row: Row) -> Row:
    return {name: value for name, value in row.items() if isinstance(value, int | float)}


def describe(row: Row, metric: str, better: bool) -> str:
    parts = [f"epoch {row['epoch']}: loss {row['loss']:.3f}"]
    if "cer" in row:
        parts.append(f"CER {row['cer']:.1%}, words right {row['word_accuracy']:.1%}")
    parts.append(f"{row['words_per_second']:.0f} words/s, {row['seconds']:.0f} s")
    return ", ".join(parts) + (f"  (best {metric} so far)" if better else "")


def ended(folder: Path, status: jobs.Status, progress: Progress, config: RunConfig, metric: str, stopped: bool) -> None:
    status.state = "stopped" if stopped else "done"
    status.phase, status.seconds_left = "", None
    name = {"cer": "CER", "validation_loss": "validation loss"}.get(metric, metric)
    value = f"{progress.best_value:.1%}" if metric == "cer" else f"{progress.best_value:.3f}"
    best = (
        f" The best {name} was {value} in epoch {progress.best_epoch}; that epoch is kept." if progress.history else ""
    )
    if stopped:
        went = f"epoch {progress.epoch}" if progress.epoch else "the first epoch was finished"
        status.message = f"Stopped {'after' if progress.epoch else 'before'} {went}.{best} Resume goes on from there."
    elif progress.epoch < config.training.epochs:
        status.message = (
            f"Ended after epoch {progress.epoch}: no better {name} for {config.training.patience} epochs.{best}"
        )
    else:
        status.message = f"All {progress.epoch} epochs done.{best}"
    status.details.update(
        best_epoch=progress.best_epoch or None,
        best_value=progress.best_value if progress.best_epoch else None,
        peak_memory_mb=jobs.peak_memory_mb(),
    )
    jobs.write_status(folder, status)
