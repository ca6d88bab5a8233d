"""The training process, from its configuration to its final status."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwr_core import jobs
from hwr_core.config import RunConfig, Seq2SeqConfig
from hwr_core.errors import ConfigError, HwrError, JobError
from hwr_core.text import Charset
from hwr_core.training import speed
from hwr_core.training.data import TrainingWords, training_words
from hwr_core.training.distillation import teacher_charset
from hwr_core.training.presets import starting_models
from hwr_core.training.runs import ADAPTATION_FILE, CONFIG_FILE, LOCK_FILE, Run

ENDING_SECONDS = 20.0  # a training that has just ended may hold the lock a moment longer than its status says
ENDINGS = jobs.Endings(
    failure="The training failed",
    stopped="Stopped before the first epoch was finished. Resume goes on from there.",
    memory="There was not enough memory. Lower the batch size or the number of words, and resume.",
)
Train = Callable[[Path, RunConfig, jobs.Progress, Callable[[str], None]], None]


def run_training(folder: Path, log: Callable[[str], None] | None = None, train: Train | None = None) -> jobs.Status:
    """Train the run in `folder`, or resume it, in this process.

    The machine's lock is held before anything is written: of several trainings started at once one trains, and the
    others raise at once. Then whatever happens is written to `status.json` and the log; a request to stop or a
    SIGTERM ends at the next step.

    Args:
        folder: holds `config.json`.
        log: takes the log's lines; they are printed with the time where left out.
        train: does the work under the lock, given the folder, its configuration, the progress and `log`; ordinary
            training where left out. `hwr_core.adaptation.job` passes its own.

    Returns:
        The last status.

    Raises:
        HwrError: what could not be trained and why.
    """
    log = log or log_line
    if not folder.is_dir():
        raise JobError(f"There is no run {folder}. Choose a folder with a {CONFIG_FILE}.")
    last = jobs.read_status(folder)
    if last.pid != os.getpid() and jobs.is_alive(last):  # its files are not ours to write
        raise JobError(f"{folder.name} is training already. Wait until it ends, or stop it first.")
    lock, message = folder.parent / LOCK_FILE, "Another training is running on this machine."
    with ExitStack() as stack:
        try:
            stack.enter_context(
                jobs.only_one(lock, message, ENDING_SECONDS, lambda: not _is_other_running(folder.parent))
            )
        except JobError as error:
            if last.pid == os.getpid():  # `launch` wrote that this process runs
                jobs.write_status(folder, replace(last, state="failed", phase="", message=str(error)))
            raise
        speed.stop_measurement()  # a training gets the whole machine
        return _run(folder, log, train or _train)


def _is_other_running(runs: Path) -> bool:
    statuses = [jobs.read_status(path.parent) for path in runs.glob(f"*/{jobs.STATUS_FILE}")]
    return any(
        status.state == "running" and status.phase != jobs.STARTING and status.pid != os.getpid() for status in statuses
    )


def _run(folder: Path, log: Callable[[str], None], train: Train) -> jobs.Status:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up lines do not belong in the log
    progress = jobs.Progress(folder, jobs.begin(folder, "Reading the data set"))
    try:
        with jobs.reported(progress, ENDINGS):
            train(folder, Run(folder).config, progress, log)
    except jobs.Stopped:
        log(progress.status.message)
    except MemoryError:
        raise JobError(ENDINGS.memory) from None
    return progress.status


def _train(folder: Path, config: RunConfig, progress: jobs.Progress, log: Callable[[str], None]) -> None:
    from hwr_core.recognition.checkpoint import load_model, read_about

    if (folder / ADAPTATION_FILE).is_file():
        raise JobError(
            f"{folder.name} adapts a model to a writer. Start it with: python -m hwr_core.adaptation {folder}"
        )
    alphabet = None
    if config.start_from:
        start_config, alphabet, _ = read_about(Path(config.start_from))
        encoders = (config.model.encoder,) if isinstance(config.model, Seq2SeqConfig) else ()
        models = starting_models(config.model.name, encoders)
        if start_config.model.name not in models or start_config.canvas != config.canvas:
            raise ConfigError(
                f"{config.start_from} is a {start_config.model.name} on another canvas than this run's "
                f"{config.model.name}. Choose a checkpoint of the same model and canvas, or start afresh."
            )
    if config.teacher and alphabet is None:
        alphabet = teacher_charset(config)  # and grown by the training words' own, as behind a start
    words = training_words(config, alphabet, progress)
    for note in words.notes:
        log(note)
    log(f"{len(words.train):,} training words, {len(words.validation):,} validation words.")
    progress("Starting the network", 0, 0)
    import keras

    keras.utils.set_random_seed(config.training.seed)
    begun = time.time()
    start = load_model(Path(config.start_from)).get_weights() if config.start_from else None
    task = make_task(config, words, folder, progress, start)
    if config.model.name == "dual":
        progress.status.details["feature_seconds"] = time.time() - begun
        log(f"Image features ready after {time.time() - begun:.1f} s.")
    from hwr_core.training import trainer
    from hwr_core.training.feature_cache import drop_cache
    from hwr_core.training.precision import usable_precision

    log(f"{task.model.count_params():,} parameters, {keras.backend.backend()} backend, seed {config.training.seed}.")
    if usable_precision(config.training.precision) != config.training.precision:
        log("Arithmetic in float32: this processor would only imitate bfloat16, many times slower.")
    trainer.train(folder, config, task, words.samples, progress.status, log)
    if progress.status.state == "done":
        drop_cache(folder)


def make_task(config: RunConfig, words: TrainingWords, folder: Path, progress: Any = None, start: Any = None) -> Any:
    """The task that trains the configured model on the words; `start` are the weights it begins with, if given."""
    from hwr_core.training.dual_task import DualTask
    from hwr_core.training.seq2seq_task import Seq2SeqTask
    from hwr_core.training.tasks import CtcTask

    if config.model.name == "dual":
        return DualTask(config, words.alphabet, words.train, words.validation, folder, progress, start)  # type: ignore[arg-type]
    if config.model.name == "seq2seq":
        assert isinstance(words.alphabet, Charset)
        return Seq2SeqTask(
            config, words.alphabet, words.train, words.validation, start, folder=folder, progress=progress
        )
    return CtcTask(config, words.alphabet, words.train, words.validation, start)  # type: ignore[arg-type]


def main(room: str, description: str, run: Callable[[Path], object]) -> int:
    """The command `python -m hwr_core.ROOM RUN`: what `run` does in the folder RUN; returns the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m hwr_core.{room}", description=description)
    parser.add_argument("run", type=Path, help="a run's folder; its history and checkpoint go there")
    try:
        run(parser.parse_args().run.resolve())
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def log_line(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)
