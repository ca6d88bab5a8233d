"""The training loop: every finished epoch is on disk, it can be stopped at any step and resumed after any kill."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core import jobs
from hwr_core.config import RunConfig
from hwr_core.errors import JobError, first_line
from hwr_core.files import JsonObject, replacing, write_text
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, save_checkpoint
from hwr_core.training.data import SampleWord
from hwr_core.training.run_files import HISTORY_FILE, SAMPLES_FILE
from hwr_core.training.steps import COMPILING_STEPS, EpochTotals, train_epoch
from hwr_core.training.tasks import Task

if TYPE_CHECKING:
    import keras

STATE_FILE = "state.npz"
STATUS_INTERVAL_SECONDS = 1.0
Row = JsonObject


@dataclass
class TrainingState:
    """The state that is saved with the weights after each epoch."""

    epoch: int = 0  # number of finished ones
    history: list[Row] = field(default_factory=list)
    samples: list[Row] = field(default_factory=list)
    best_epoch: int = 0
    best_value: float = float("inf")
    best_loss: float = float("inf")  # decides between equal figures

    def is_better(self, row: Row, metric: str) -> bool:
        """Whether this epoch's metric is better than the best so far or, if equal, its validation loss."""
        return (row[metric], row.get("validation_loss", 0.0)) < (self.best_value, self.best_loss)


def train(
    folder: Path,
    config: RunConfig,
    task: Task,
    samples: Sequence[SampleWord] = (),
    status: jobs.Status | None = None,
    log: Callable[[str], None] = print,
) -> TrainingState:
    """Train until all epochs are done, patience ends, or a stop is requested.

    After each epoch `folder` holds, written atomically, `state.npz` (all variables of the network and the
    optimizer, and the history so far), `history.csv`, `samples.csv` and, when the metric is the best so far,
    `checkpoint/`. Called again on the same folder it resumes behind the last finished epoch.

    Returns:
        The history and the best epoch; `checkpoint/` holds that epoch's weights.
    """
    status = status or jobs.begin(folder, "Training")
    state = restore(folder, task)
    if state.epoch:
        write_tables(folder, state)  # a kill between state and tables leaves them one epoch behind
        log(f"Going on behind epoch {state.epoch}.")
    training = config.training
    stopped = False
    while state.epoch < training.epochs and state.epoch - state.best_epoch < training.patience:
        row = run_epoch(folder, task, config, state, status)
        if row is None:
            stopped = True
            break
        state.epoch += 1
        better = state.is_better(row, task.metric)
        if better:
            state.best_epoch, state.best_value = state.epoch, row[task.metric]
            state.best_loss = row.get("validation_loss", 0.0)
        state.history.append({**row, "best": int(better)})
        read_samples(task, samples, state)
        report(status, phase="Saving")
        jobs.write_status(folder, status)
        if better:
            figures = {"epoch": state.epoch, "words": len(task.validation), **scalars(row)}
            save_checkpoint(folder / CHECKPOINT_FOLDER, task.model, config, task.alphabet, figures)
        save(folder, task, state)
        write_tables(folder, state)
        log(describe(row, task.metric, better))
    if state.history:
        report(status, phase="Saving for quick reading", step=0, steps=0, seconds_left=None)
        jobs.write_status(folder, status)
        task.export(folder / CHECKPOINT_FOLDER)
    finish(folder, status, state, config, task.metric, stopped)
    log(status.message)
    return state


def run_epoch(folder: Path, task: Task, config: RunConfig, state: TrainingState, status: jobs.Status) -> Row | None:
    """Train and validate one epoch; None where a stop was requested."""
    epoch, steps = state.epoch, task.steps()
    report(status, phase="Training", step=0, steps=steps)
    status.details.update(
        epoch=epoch + 1, epochs=config.training.epochs, metric=task.metric, best_epoch=state.best_epoch,
        best_value=state.best_value if state.best_epoch else None, peak_memory_mb=jobs.peak_memory_mb(),
    )  # fmt: skip
    jobs.write_status(folder, status)
    totals = EpochTotals()
    last_status = 0.0
    epoch_seconds = [r["seconds"] for r in state.history[-3:]]
    for totals in train_epoch(task, epoch, "Start a new run with a lower learning rate."):
        if jobs.stop_requested(folder):
            return None
        now = time.time()
        if now - last_status > STATUS_INTERVAL_SECONDS or totals.steps == steps:
            last_status = now
            left = seconds_left(now - totals.timed_since, totals.steps, steps, epoch_seconds, config, epoch)
            report(status, step=totals.steps, seconds_left=left)
            status.details.update(loss=totals.means["loss"], words_per_second=totals.words / (now - totals.begun))
            jobs.write_status(folder, status)
    trained = time.time()
    report(status, phase="Validating")
    jobs.write_status(folder, status)
    figures = task.validate(lambda: jobs.stop_requested(folder))
    if not figures:
        return None
    return {
        "epoch": epoch + 1,
        **totals.means,
        **figures,
        "learning_rate": learning_rate(task.network),
        "seconds": time.time() - totals.begun,
        "words_per_second": totals.words / (trained - totals.begun),
    }


def seconds_left(
    spent: float, step: int, steps: int, epoch_seconds: Sequence[float], config: RunConfig, epoch: int
) -> float | None:
    """Seconds to the end of the last epoch; None during the compiling steps of the first one.

    Args:
        spent: seconds since the compiling steps.
        step, steps: of this epoch.
        epoch_seconds: of the latest whole epochs.
        epoch: number of finished epochs.
    """
    measured_steps = step - COMPILING_STEPS
    later = config.training.epochs - epoch - 1
    if measured_steps < 1:
        return float(np.mean(epoch_seconds)) * (later + 1) if epoch_seconds else None
    step_seconds = spent / measured_steps
    whole = float(np.mean(epoch_seconds)) if epoch_seconds else step_seconds * steps * 1.1  # a tenth for validation
    return step_seconds * (steps - step) + whole * later


def learning_rate(network: keras.Model) -> float:
    import keras

    return float(keras.ops.convert_to_numpy(network.optimizer.learning_rate))


def read_samples(task: Task, samples: Sequence[SampleWord], state: TrainingState) -> None:
    if not samples:
        return
    readings = task.read(np.array([sample.row for sample in samples]))
    for sample, reading in zip(samples, readings, strict=True):
        state.samples.append(
            {
                "epoch": state.epoch,
                "index": sample.index,
                "word_id": sample.word_id,
                "transcription": sample.transcription,
                "reading": reading,
                "dataset": sample.dataset,
            }
        )


def variables_of(network: keras.Model) -> list[keras.Variable]:
    """Everything that a step changes: weights, random states, optimizer variables."""
    return [*network.variables, *network.optimizer.variables]


def save(folder: Path, task: Task, state: TrainingState) -> None:
    """Write variables and state in one file, atomically: a kill leaves the last finished epoch or this one."""
    import keras

    arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables_of(task.network))}
    about = np.array(json.dumps(vars(state)))
    with replacing(folder / STATE_FILE) as temporary, temporary.open("wb") as file:
        np.savez(file, about=about, **arrays)


def restore(folder: Path, task: Task) -> TrainingState:
    """Restore the network of the last finished epoch, if there is one.

    Raises:
        JobError: the state is of another network.
    """
    path = folder / STATE_FILE
    task.network.optimizer.build(task.network.trainable_variables)
    if not path.is_file():
        return TrainingState()
    variables = variables_of(task.network)
    try:
        with np.load(path, allow_pickle=False) as file:
            state = TrainingState(**json.loads(str(file["about"])))
            arrays = [file[f"v{i}"] for i in range(len(file.files) - 1)]
    except Exception as error:  # zip, numpy and JSON errors alike
        raise JobError(f"{path} is damaged ({first_line(error)}). Start a new run.") from error
    if [array.shape for array in arrays] != [tuple(v.shape) for v in variables]:
        raise JobError(f"{path} belongs to another network than that of {folder / 'config.json'}. Start a new run.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return state


def write_tables(folder: Path, state: TrainingState) -> None:
    for name, rows in ((HISTORY_FILE, state.history), (SAMPLES_FILE, state.samples)):
        if rows:
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            write_text(folder / name, text.getvalue())


def report(status: jobs.Status, **changes: object) -> None:
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


def finish(
    folder: Path, status: jobs.Status, state: TrainingState, config: RunConfig, metric: str, stopped: bool
) -> None:
    """Write the final status and its message."""
    status.state = "stopped" if stopped else "done"
    status.phase, status.seconds_left = "", None
    name = {"cer": "CER", "validation_loss": "validation loss"}.get(metric, metric)
    value = f"{100 * state.best_value:.1f} %" if metric == "cer" else f"{state.best_value:.3f}"
    best = f" The best {name} was {value} in epoch {state.best_epoch}; that epoch is kept." if state.history else ""
    if stopped:
        went = f"epoch {state.epoch}" if state.epoch else "the first epoch was finished"
        status.message = f"Stopped {'after' if state.epoch else 'before'} {went}.{best} Resume goes on from there."
    elif state.epoch < config.training.epochs:
        status.message = (
            f"Ended after epoch {state.epoch}: no better {name} for {config.training.patience} epochs.{best}"
        )
    else:
        status.message = f"All {state.epoch} epochs done.{best}"
    status.details.update(
        best_epoch=state.best_epoch or None,
        best_value=state.best_value if state.best_epoch else None,
        peak_memory_mb=jobs.peak_memory_mb(),
    )
    jobs.write_status(folder, status)
