"""The small files of a run's folder: parsed once as long as they stay the same, checked, a damaged one named.

A damaged table, status or note reads as empty; `damage` is the sentence about it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core import jobs
from hwr_core.config import RunConfig, read_json
from hwr_core.errors import ConfigError, DataError, first_line
from hwr_core.files import JsonObject, is_stored_number, write_text
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, FileStamp, checkpoint_info, file_stamp
from hwr_core.workspace import resolved_path, stored_path

if TYPE_CHECKING:
    import pandas

CONFIG_FILE = "config.json"
HISTORY_FILE = "history.csv"
SAMPLES_FILE = "samples.csv"
ADAPTATION_FILE = "adaptation.json"  # of a run that adapts a model to a writer, see `hwr_core.adaptation.adapt`
RESULT_FILE = "taught.json"  # the result of that
NOTES_FILE = "notes.txt"
HISTORY_COLUMNS, SAMPLES_COLUMNS = (
    ("epoch", "best", "loss"),
    ("epoch", "index", "transcription", "reading", "dataset"),
)
HISTORY_NUMBERS = ("loss", "validation_loss", "seconds", "cer", "word_accuracy", "accuracy", "validation_accuracy")
WHOLE_NUMBERS = ("epoch", "best", "index")
SAMPLES_TEXTS = ("word_id", "transcription", "reading", "dataset")
SCORES = ("before", "after", "others_before", "others_after")
SCORE_NUMBERS = ("words", "right", "edits", "characters")
RESULT_NUMBERS = ("seconds", "share", "unread", "guessed")
DETAIL_NUMBERS = ("epoch", "epochs", "loss", "words_per_second", "peak_memory_mb", "words")


def write_config(folder: Path, config: RunConfig) -> None:
    """Write a run's `config.json`; checkpoints of the workspace are stored relative to it, so that it can be moved."""
    values = config.to_dict()
    for name in ("start_from", "teacher"):
        if values[name] and Path(values[name]).is_absolute():
            values[name] = stored_path(values[name])
    write_text(folder / CONFIG_FILE, json.dumps(values, indent=1, ensure_ascii=False))


def read_config(folder: Path) -> RunConfig:
    """Raises `ConfigError` where the file is missing or damaged."""
    path = folder / CONFIG_FILE
    config = _config(path, file_stamp(path))
    start_from, teacher = map(_inside_workspace, (config.start_from, config.teacher))
    return replace(config, start_from=start_from, teacher=teacher)


def _inside_workspace(stored: str) -> str:
    """The absolute path where it leads to a folder of the workspace; others may be relative to the program."""
    return str(resolved_path(stored)) if stored and resolved_path(stored).is_dir() else stored


@lru_cache(maxsize=512)
def _config(path: Path, _: FileStamp | None) -> RunConfig:
    try:
        return RunConfig.from_dict(read_json(path))
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} has a value of another type than a configuration has: {error}.") from error


def read_history(folder: Path, *, checked: bool = False) -> pandas.DataFrame:
    """A row an epoch, with the columns of `trainer.run_epoch`; empty where there is none yet, or the file is damaged.

    Args:
        folder: of the run.
        checked: whether a table that lacks a column of `HISTORY_COLUMNS`, or has a wrong type, is taken as damaged.
    """
    return _read(folder / HISTORY_FILE, checked)


def read_samples(folder: Path, *, checked: bool = False) -> pandas.DataFrame:
    """Readings of the same validation words after each epoch; as `read_history`."""
    return _read(folder / SAMPLES_FILE, checked)


def _read(path: Path, checked: bool) -> pandas.DataFrame:
    import pandas

    try:
        version = file_stamp(path)
        return (_checked(path, version) if checked else _table(path, version)).copy()
    except DataError:
        return pandas.DataFrame()


@lru_cache(maxsize=512)
def _table(path: Path, version: FileStamp | None) -> pandas.DataFrame:
    """The table, empty where there is none; `DataError` where it cannot be parsed."""
    import pandas

    if version is None:
        return pandas.DataFrame()
    # A reading may be "NA" or empty, and is no missing value then.
    texts = SAMPLES_TEXTS if path.name == SAMPLES_FILE else ()
    try:
        return pandas.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=not texts)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is damaged: {first_line(error)}.") from error


@lru_cache(maxsize=512)
def _checked(path: Path, version: FileStamp | None) -> pandas.DataFrame:
    """The table; `DataError` where it cannot be parsed, lacks a column, or has another type in one."""
    table = _table(path, version)
    if version is None:
        return table
    missing = [
        name for name in (HISTORY_COLUMNS if path.name == HISTORY_FILE else SAMPLES_COLUMNS) if name not in table
    ]
    if missing:
        raise DataError(f"{path} is damaged: it has no column {', '.join(missing)}.")
    numbers = table.select_dtypes("number")
    for name in table.columns.intersection([*HISTORY_NUMBERS, *WHOLE_NUMBERS]):
        if name not in numbers or (name in WHOLE_NUMBERS and not (table[name] % 1 == 0).all()):
            raise DataError(f"{path} is damaged: {name} must be {'a whole' if name in WHOLE_NUMBERS else 'a'} number.")
    if "dataset" in table and (table["dataset"].fillna("") == "").any():
        raise DataError(f"{path} is damaged: a row is cut short.")
    return table


def read_notes(folder: Path) -> str:
    """What a person wrote about the run; empty where the file is damaged."""
    try:
        return (folder / NOTES_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError):
        return ""
    try:
        return read_config(folder).notes
    except ConfigError:
        return ""


def read_adaptation_result(folder: Path) -> JsonObject:
    """The values of `hwr_core.adaptation.adapt.AdaptationResult`, as JSON has them.

    Raises:
        ConfigError: the file is missing or damaged.
    """
    path = folder / RESULT_FILE
    values = read_json(path)
    try:
        numbers = [values[score][name] for score in SCORES for name in SCORE_NUMBERS]
        numbers += [values["learned"], values["held_back"], *(values.get(name, 0) for name in RESULT_NUMBERS)]
        words = values.get("readings", [])
        texts = [word[name] for word in words for name in ("transcription", "before", "after")]
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path} is damaged: it lacks {error}.") from error
    if (
        not isinstance(words, list)
        or not all(map(is_stored_number, numbers))
        or not all(isinstance(x, str) for x in texts)
    ):
        raise ConfigError(f"{path} is damaged: a value has another type.")
    return values


def number_of(status: jobs.Status, name: str) -> float | None:
    """One of `DETAIL_NUMBERS` among a training's details; None where it is missing or no number."""
    value = status.details.get(name)
    return value if is_stored_number(value) else None


def damage(folder: Path) -> str:
    """The sentence about the first damaged file of a run; empty where every one is missing or whole."""
    paths = (
        *(folder / name for name in (CONFIG_FILE, HISTORY_FILE, SAMPLES_FILE, NOTES_FILE, ADAPTATION_FILE)),
        *(folder / name for name in (RESULT_FILE, jobs.STATUS_FILE)),
        *(folder / CHECKPOINT_FOLDER / name for name in ("checkpoint.json", "config.json", "model.keras")),
    )
    return _damage(folder, tuple(map(file_stamp, paths)))


@lru_cache(maxsize=512)
def _damage(folder: Path, _: tuple[FileStamp | None, ...]) -> str:
    try:
        read_config(folder)
        for name in (HISTORY_FILE, SAMPLES_FILE):
            _checked(folder / name, file_stamp(folder / name))
        if (folder / ADAPTATION_FILE).exists():
            read_json(folder / ADAPTATION_FILE)
        checkpoint = folder / CHECKPOINT_FOLDER
        if (checkpoint / "model.keras").exists() and checkpoint_info(checkpoint, "run") is None:
            raise DataError(f"{checkpoint} is damaged: checkpoint.json or config.json cannot be read.")
        if (folder / RESULT_FILE).exists():
            read_adaptation_result(folder)
        if (folder / NOTES_FILE).exists():
            (folder / NOTES_FILE).read_text(encoding="utf-8")
    except (ConfigError, DataError) as error:
        return str(error) if str(folder) in str(error) else f"{folder / CONFIG_FILE} is damaged: {error}"
    except (OSError, UnicodeDecodeError) as error:
        return f"{folder / NOTES_FILE} is no readable text: {error}."
    path, status = folder / jobs.STATUS_FILE, jobs.read_status(folder)
    if path.exists() and status == jobs.Status():  # as which a damaged one reads
        return f"{path} is damaged: it is no status of a run."
    for name in DETAIL_NUMBERS:
        if status.details.get(name) is not None and not is_stored_number(status.details[name]):
            return f"{path} is damaged: {name} must be a number. Received: {status.details[name]!r}"
    return ""
