"""The training process, from its configuration to its last word."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hwr_core import jobs
from hwr_core.config import RunConfig, Seq2SeqConfig
from hwr_core.errors import ConfigError, HwrError, JobError
from hwr_core.text import Charset
from hwr_core.training.data import TrainingWords, training_words
from hwr_core.training.distillation import teacher_charset
from hwr_core.training.run import ADAPTATION_FILE, CONFIG_FILE, LOCK_FILE, Run

STATUS_SECONDS = 0.5
LEAST_LEFT = 5.0  # seconds said to be left where the promised ones are over and no better is known
ENDING_SECONDS = 20.0  # a training that was just stopped may hold the lock a moment longer than it says so


class Stopped(Exception):
    """Somebody asked to stop while the data was being prepared."""


def run_training(
    folder: Path,
    log: Callable[[str], None] | None = None,
    train: Callable[[Path, RunConfig, jobs.Status, Callable[[str], None]], None] | None = None,
) -> jobs.Status:
    """Train the run in `folder`, or resume it, in this process.

    Whatever happens is said in `status.json` and the log; a request to stop or a SIGTERM ends at the next step.

    Args:
        folder: holds `config.json`.
        log: takes the log's lines; they are printed with the time where left out.
        train: does the work under the lock, given the folder, its configuration, the status and `log`; ordinary
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
    quiet_libraries()
    status = jobs.begin(folder, "Reading the data set")
    before = signal.signal(signal.SIGTERM, lambda *_: jobs.request_stop(folder))
    try:
        with jobs.only_one(folder.parent / LOCK_FILE, "Another training is running on this machine.", ENDING_SECONDS):
            (train or _train)(folder, Run(folder).config, status, log)
    except Stopped:
        status.state, status.phase, status.seconds_left = "stopped", "", None
        status.message = "Stopped before the first epoch was finished. Resume goes on from there."
        log(status.message)
    except HwrError as error:
        _failed(status, str(error))
        raise
    except MemoryError:
        _failed(status, "There was not enough memory. Lower the batch size or the number of words, and resume.")
        raise JobError(status.message) from None
    except BaseException as error:
        _failed(status, f"The training broke off: {type(error).__name__}: {error}. The log has the details.")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        status.details["peak_memory_mb"] = jobs.peak_memory_mb()
        if jobs.read_status(folder).pid == os.getpid():  # else it was resumed already, by a process of its own
            jobs.write_status(folder, status)
    return status


def _failed(status: jobs.Status, message: str) -> None:
    status.state, status.phase, status.seconds_left, status.message = "failed", "", None, message


def _train(folder: Path, config: RunConfig, status: jobs.Status, say: Callable[[str], None]) -> None:
    from hwr_core.recognition.checkpoint import load_model, read_about

    if (folder / ADAPTATION_FILE).is_file():
        raise JobError(
            f"{folder.name} adapts a model to a writer. Start it with: python -m hwr_core.adaptation {folder}"
        )
    alphabet = None
    if config.start_from:
        start_config, alphabet, _ = read_about(Path(config.start_from))
        if start_config.model.name not in starters(config) or start_config.canvas != config.canvas:
            raise ConfigError(
                f"{config.start_from} is a {start_config.model.name} on another canvas than this run's "
                f"{config.model.name}. Choose a checkpoint of the same model and canvas, or start afresh."
            )
    if config.teacher and alphabet is None:
        alphabet = teacher_charset(config)  # and grown by the training words' own, as behind a start
    tell = progress_teller(folder, status)
    words = training_words(config, alphabet, tell)
    for note in words.notes:
        say(note)
    say(f"{len(words.train):,} training words, {len(words.validation):,} validation words.")
    tell("Starting the network", 0, 0)
    import keras

    keras.utils.set_random_seed(config.training.seed)
    begun = time.time()
    start = load_model(Path(config.start_from)).get_weights() if config.start_from else None
    task = make_task(config, words, folder, tell, start)
    if config.model.name == "dual":
        status.details["feature_seconds"] = time.time() - begun
        say(f"Image features ready after {time.time() - begun:.1f} s.")
    from hwr_core.training import trainer
    from hwr_core.training.feature_cache import drop_cache
    from hwr_core.training.precision import usable_precision

    say(f"{task.model.count_params():,} parameters, {keras.backend.backend()} backend, seed {config.training.seed}.")
    if usable_precision(config.training.precision) != config.training.precision:
        say("Arithmetic in float32: this processor would only imitate bfloat16, many times slower.")
    trainer.train(folder, config, task, words.samples, status, say)
    if status.state == "done":
        drop_cache(folder)


def starters(config: RunConfig) -> tuple[str, ...]:
    """The models whose weights a run can begin with: its own kind, and for `seq2seq` its encoder's."""
    return (config.model.name, *([config.model.encoder] if isinstance(config.model, Seq2SeqConfig) else []))


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


def progress_teller(folder: Path, status: jobs.Status, promised: float = 0.0) -> Callable[[str, int, int], None]:
    """A progress callback that writes the status, estimates the time left, and raises `Stopped` when asked to.

    Args:
        promised: seconds for all phases, if known: that is what the time left is counted down from until a fifth of a
            phase's steps are done. The first tenth is compiled on the way, and says nothing of the steps behind it.
    """
    begun: dict[str, tuple[float, int]] = {}
    started = time.time()
    told = 0.0

    def tell(phase: str, step: int, steps: int) -> None:
        nonlocal told, promised
        now = time.time()
        since, first = begun.setdefault(phase, (now, step))
        if jobs.stop_requested(folder):
            raise Stopped
        if phase == status.phase and now - told < STATUS_SECONDS and step < steps:
            return
        told = now
        done = step - first
        status.phase, status.step, status.steps = phase, step, steps
        status.seconds_left = (now - since) / done * (steps - step) if done > 0 else None
        if promised and steps and 5 * step > steps:
            promised = 0.0
        if promised:
            tells = status.seconds_left or 0.0
            if 10 * step <= steps:
                begun[phase], tells = (now, step), 0.0
            status.seconds_left = max(LEAST_LEFT, promised - (now - started), tells)
        jobs.write_status(folder, status)

    return tell


def quiet_libraries() -> None:
    """Keep the log for people: TensorFlow's start-up lines are no news to them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def log_line(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)
