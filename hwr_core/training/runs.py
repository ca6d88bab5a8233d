"""A run is a folder under `runs/`: created, started, stopped, read and deleted here. No network is loaded."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core import jobs
from hwr_core.config import DualConfig, ResnetCtcConfig, RunConfig, Seq2SeqConfig, read_json
from hwr_core.errors import ConfigError, DataError, JobError
from hwr_core.files import JsonObject, restore_folder, write_text
from hwr_core.models import backbone_weights
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, read_about
from hwr_core.text import Charset
from hwr_core.training import run_files
from hwr_core.training.distillation import check_characters, teacher_charset
from hwr_core.training.run_files import ADAPTATION_FILE, CONFIG_FILE, NOTES_FILE, write_config
from hwr_core.workspace import home, homes, is_shared

if TYPE_CHECKING:
    import pandas

LOCK_FILE = ".training.lock"
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def runs_folder() -> Path:
    return home() / "runs"


def run_folders() -> list[Path]:
    """The folder of runs of the current workspace, then those of shared ones."""
    return [folder / "runs" for folder in homes()]


@dataclass(frozen=True)
class Run:
    """One training, finished or not; everything is read from its folder on access."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def config(self) -> RunConfig:
        """Raises `ConfigError` where the file is damaged."""
        return run_files.read_config(self.folder)

    @property
    def status(self) -> jobs.Status:
        return jobs.read_status(self.folder)

    @property
    def history(self) -> pandas.DataFrame:
        """A row an epoch; empty before the first is finished. See `trainer.run_epoch` for the columns."""
        return run_files.read_history(self.folder)

    @property
    def samples(self) -> pandas.DataFrame:
        """The same validation words' readings after each epoch."""
        return run_files.read_samples(self.folder)

    @property
    def damage(self) -> str:
        """The sentence about the first damaged file; empty where every one is missing or whole."""
        return run_files.damage(self.folder)

    @property
    def checkpoint(self) -> Path | None:
        """The best epoch's checkpoint, once there is one."""
        path = self.folder / CHECKPOINT_FOLDER
        restore_folder(path)
        return path if (path / "model.keras").is_file() else None

    @property
    def best(self) -> JsonObject:
        """The figures of the best epoch; empty before the first is finished."""
        path = self.folder / CHECKPOINT_FOLDER / "checkpoint.json"
        try:
            return read_json(path)
        except ConfigError:
            return {}

    @property
    def is_shared(self) -> bool:
        """Whether it is of a shared workspace: it can be neither changed, nor started, nor deleted."""
        return is_shared(self.folder)

    @property
    def notes(self) -> str:
        """The user's notes about the run."""
        return run_files.read_notes(self.folder)

    def set_notes(self, text: str) -> None:
        """Raises `JobError` where the run is shared."""
        _check_own(self)
        write_text(self.folder / NOTES_FILE, text)

    def log(self, lines: int = 200) -> str:
        """The last lines of the log."""
        try:
            with (self.folder / jobs.LOG_FILE).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - 200 * lines))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def open_run(name: str) -> Run:
    """A run by its name.

    Raises:
        JobError: there is none.
    """
    if isinstance(name, str) and NAME_PATTERN.fullmatch(name):
        for folder in run_folders():
            if (folder / name / CONFIG_FILE).is_file():
                return Run(folder / name)
    raise JobError(f"There is no run {repr(name)[:100]}. It may have been deleted; choose one of the list.")


def list_runs() -> list[Run]:
    """All runs, newest first; behind them the shared ones, without those whose names the workspace has, too."""
    found: dict[str, Run] = {}
    for folder in run_folders():
        for run in sorted((Run(path.parent) for path in folder.glob(f"*/{CONFIG_FILE}")), key=_age):
            found.setdefault(run.name, run)
    return list(found.values())


def _age(run: Run) -> float:
    """Orders runs, newest first."""
    # The files of an example are as old as the checkout, in no order.
    return -(run.status.started if run.is_shared else (run.folder / CONFIG_FILE).stat().st_mtime)


def new_run(config: RunConfig, name: str | None = None) -> Run:
    """Create a run's folder with its configuration; `start` then trains it.

    Args:
        config: its data sets must exist and have enough words.
        name: letters, digits, `.`, `_`, `-`; from the model's name and the time where left out.

    Raises:
        ConfigError: the name cannot be used, or is taken; or see `check_data`.
        DataError: the data cannot be trained on.
    """
    name = name or free_name(f"{config.model.name}-{time.strftime('%m%d-%H%M')}")
    if not NAME_PATTERN.fullmatch(name):
        raise ConfigError(
            f"A run's name has letters, digits, '.', '_' and '-', at most 64, and begins with a letter or digit. "
            f"Received: {name!r}."
        )
    folder = runs_folder() / name
    if any((runs / name).exists() for runs in run_folders()):
        raise ConfigError(f"There is a run {name!r} already. Choose another name, or delete it first.")
    check_data(config)
    folder.mkdir(parents=True)
    write_config(folder, config)
    return Run(folder)


def free_name(stem: str) -> str:
    """`stem`, or `stem-2` and so on where that is taken."""
    name, number = stem, 2
    while any((runs / name).exists() for runs in run_folders()):
        name, number = f"{stem}-{number}", number + 1
    return name


def check_data(config: RunConfig) -> None:
    """Refuse a configuration that cannot be trained, before anything starts.

    Raises:
        DataError: a data set is missing, or has too few training or validation words.
        ConfigError: the handwriting backbone or the teacher is missing or does not fit; or a frozen encoder has no
            starting checkpoint.
    """
    model = config.model
    if isinstance(model, Seq2SeqConfig) and model.freeze_encoder and not config.start_from:
        raise ConfigError(
            "An encoder that is frozen must come from somewhere. Choose a trained crnn or cnn_transformer to start "
            "from, or set freeze_encoder to false."
        )
    if (
        isinstance(model, DualConfig | ResnetCtcConfig)
        and model.image_weights == "handwriting"
        and not config.start_from
    ):
        backbone_weights.check(model.stage)
    if config.teacher:
        known = read_about(Path(config.start_from))[1] if config.start_from else teacher_charset(config)
        if isinstance(known, Charset):
            check_characters(config, known)
    words, validation_words = word_counts(config)
    if words < 2 or validation_words < 1:
        raise DataError(
            f"Training needs at least 2 training words and 1 validation word. {' + '.join(config.datasets)} "
            f"has {words} and {validation_words}. Add words, or writers, or a split column that names them."
        )


def word_counts(config: RunConfig) -> tuple[int, int]:
    """Training and validation words of the run's data sets, limits applied.

    Raises:
        DataError: a data set is missing.
    """
    from hwr_core.datasets import open_or_add

    train = validation = 0
    for source in config.datasets:
        dataset = open_or_add(source)
        train += len(dataset.part("train"))
        if not config.validate_on or source in config.validate_on:
            validation += len(dataset.part("validation"))
    limits = config.training
    return (
        min(train, limits.max_words) if limits.max_words else train,
        min(validation, limits.max_validation_words) if limits.max_validation_words else validation,
    )


def running_run() -> Run | None:
    """The run that is training now, if one is."""
    for run in list_runs():
        if run.status.state in ("running", "waiting") and jobs.is_alive(run.status):
            return run
    return None


def start(run: Run, needs: jobs.Needs | None = None) -> None:
    """Start or resume a run in a process of its own.

    Args:
        needs: the memory and disk that it takes; `training.start` estimates them.

    Raises:
        JobError: another training runs, the run is shared, or there is no room for it.
    """

    def refuse_second() -> None:
        other = running_run()
        if other:
            raise JobError(
                f"{other.name} is training now, and one training at a time gets the whole machine. "
                "Wait until it ends, or stop it; it can be resumed later."
            )

    _check_own(run)
    refuse_second()
    jobs.wait_until_left(run.folder)
    is_adaptation = (run.folder / ADAPTATION_FILE).is_file()
    module = "hwr_core.adaptation" if is_adaptation else "hwr_core.training"
    jobs.launch(module, run.folder, check=refuse_second, needs=needs)


def stop(run: Run) -> None:
    """Request a run to stop at its next step; the finished epochs stay, and it can be resumed."""
    jobs.request_stop(run.folder)


def delete_run(run: Run) -> None:
    """Delete a run's folder with its history and checkpoint.

    Raises:
        JobError: it is training, or shared.
    """
    _check_own(run)
    if jobs.is_busy(run.status):
        raise JobError(f"{run.name} is training. Stop it before deleting it.")
    shutil.rmtree(run.folder)


def _check_own(run: Run) -> None:
    if run.is_shared:
        raise JobError(f"{run.name} is an example for everyone who uses this studio. It cannot be changed.")
