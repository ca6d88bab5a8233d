"""Checkpoint folders: contents, writing, validation.

| file | what |
|---|---|
| config.json | the run's configuration (`hwr_core.config.RunConfig`) |
| charset.txt | CTC models and `seq2seq`: one character a line; tokens.txt for `dual` |
| model.keras | architecture and weights, without the optimizer |
| model.int8.onnx | shipped checkpoints, where it is faster: the same in 8 bits, preferred to model.onnx |
| model.onnx | the same network for ONNX Runtime, where it could be exported; of `seq2seq` its encoder |
| decoder.onnx | `seq2seq`: the decoder |
| checkpoint.json | versions, and the figures measured when it was saved |
| card.md | shipped checkpoints: data, licence, recipe, figures |
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core import packages
from hwr_core.config import RunConfig, read_json
from hwr_core.errors import CharsetError, CheckpointError, ConfigError, first_line
from hwr_core.files import JsonObject, is_stored_number, replace_folder, restore_folder, write_text
from hwr_core.recognition.onnx_export import OnnxNetwork, onnx_file
from hwr_core.text import Charset, Tokens
from hwr_core.version import __version__
from hwr_core.workspace import homes

if TYPE_CHECKING:
    import keras

CHECKPOINT_VERSION = 1
SHIPPED = Path(__file__).resolve().parents[2] / "models"
CHECKPOINT_FOLDER = "checkpoint"  # inside a run


def name_of(folder: Path) -> str:
    """The name of a checkpoint: its folder's, or its run's.

    Example:
        >>> name_of(Path("models/reader")), name_of(Path("runs/mine/checkpoint"))
        ('reader', 'mine')
    """
    return folder.parent.name if folder.name == CHECKPOINT_FOLDER else folder.name


@dataclass(frozen=True)
class CheckpointInfo:
    """An entry of `list_checkpoints`; `summary` has the figures of `checkpoint.json`."""

    folder: Path
    name: str
    model_name: str
    kind: str  # "shipped" or "run"
    summary: JsonObject = field(default_factory=dict)


def list_checkpoints() -> list[CheckpointInfo]:
    """The shipped checkpoints, then those of runs, newest first; damaged ones are left out."""
    shipped = sorted(path for path in SHIPPED.glob("*") if (path / "model.keras").is_file())
    runs: list[Path] = []
    for folder in homes():
        for run in (folder / "runs").glob("*"):
            restore_folder(run / CHECKPOINT_FOLDER)
        found = [path for path in (folder / "runs").glob(f"*/{CHECKPOINT_FOLDER}") if (path / "model.keras").is_file()]
        runs += sorted(found, key=lambda path: -(path / "model.keras").stat().st_mtime)
    infos = [*(checkpoint_info(path, "shipped") for path in shipped), *(checkpoint_info(path, "run") for path in runs)]
    return [info for info in infos if info is not None]


def checkpoint_info(folder: Path, kind: str) -> CheckpointInfo | None:
    """An entry of `list_checkpoints`; None where `config.json` or `checkpoint.json` is damaged."""
    files = (folder / "checkpoint.json", folder / "config.json")
    about = _about(*files, *map(file_stamp, files))
    return about and CheckpointInfo(folder, name_of(folder), about[0], kind, about[1])


@lru_cache(maxsize=512)
def _about(summary_file: Path, config_file: Path, *_: FileStamp | None) -> tuple[str, JsonObject] | None:
    """The model's name and the figures; None where a file is damaged. Read again when a file's stamp has changed."""
    try:
        summary = read_json(summary_file)
        model_name = str(read_json(config_file)["model"]["name"])
        numbers = [summary.get("cer"), summary.get("words")]
        for measured in summary.get("measured_with_languages", {}).values():
            numbers += [measured["cer"]["value"], measured["characters"], measured["words"]]
        summary.get("taught", {}).get("dataset")
    except (AttributeError, ConfigError, KeyError, TypeError):
        return None
    return (model_name, summary) if all(x is None or is_stored_number(x) for x in numbers) else None


FileStamp = tuple[int, int, int]  # inode, bytes, time of the last change in ns


def file_stamp(path: Path) -> FileStamp | None:
    """A stamp that changes with the file; None for a missing file."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns


def save_checkpoint(
    folder: Path, model: keras.Model, config: RunConfig, alphabet: Charset | Tokens, summary: JsonObject
) -> None:
    """Replace a checkpoint; a kill at any moment leaves the old or the new one, complete."""
    import keras

    restore_folder(folder)
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    model.save(fresh / "model.keras")
    write_text(fresh / "config.json", json.dumps(config.to_dict(), indent=1, ensure_ascii=False))
    alphabet.save(fresh / ("charset.txt" if isinstance(alphabet, Charset) else "tokens.txt"))
    about = {
        "checkpoint_version": CHECKPOINT_VERSION,
        "hwr_core": __version__,
        "keras": keras.__version__,
        **summary,
    }
    write_text(fresh / "checkpoint.json", json.dumps(about, indent=1))
    replace_folder(fresh, folder)  # an older epoch's model.onnx goes with its folder


def read_about(folder: Path) -> tuple[RunConfig, Charset | Tokens, JsonObject]:
    """A checkpoint without its network: configuration, alphabet, figures.

    Raises:
        CheckpointError: the folder is no checkpoint, or a part is missing, damaged or of another version.
    """
    restore_folder(folder)
    if not folder.is_dir():
        raise CheckpointError(f"There is no checkpoint folder {folder}. Choose one under models/ or runs/.")
    missing = [name for name in ("config.json", "checkpoint.json", "model.keras") if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(
            f"{folder} is no whole checkpoint: {', '.join(missing)} missing. Choose a folder that a training wrote."
        )
    try:
        summary = read_json(folder / "checkpoint.json")
        if summary.get("checkpoint_version") != CHECKPOINT_VERSION:
            raise CheckpointError(
                f"{folder} has checkpoint version {summary.get('checkpoint_version')}, this program reads "
                f"{CHECKPOINT_VERSION}. Update the studio, or train again."
            )
        config = RunConfig.from_dict(read_json(folder / "config.json"))
        ctc = config.model.name != "dual"
        alphabet = Charset.load(folder / "charset.txt") if ctc else Tokens.load(folder / "tokens.txt")
    except (ConfigError, CharsetError) as error:
        raise CheckpointError(f"The checkpoint {folder} cannot be used. {error}") from error
    return config, alphabet, summary


def load_network(folder: Path) -> keras.Model | OnnxNetwork:
    """The network in ONNX Runtime where it is installed and the checkpoint has a `model.onnx`, else in Keras."""
    path = onnx_file(folder)
    if path and find_spec("onnxruntime"):
        return OnnxNetwork(path)
    return load_model(folder)


def load_model(folder: Path) -> keras.Model:
    """The Keras model of a checkpoint, for inference.

    Raises:
        CheckpointError: `model.keras` is damaged, or Keras is not installed.
    """
    if not packages.can_train():
        raise CheckpointError(packages.sentence(f"Opening {name_of(folder)}, which has no model.onnx,"))
    import keras

    try:
        return keras.saving.load_model(folder / "model.keras", compile=False)
    except Exception as error:  # zip, HDF5 and deserialisation errors alike
        raise CheckpointError(
            f"{folder / 'model.keras'} is damaged or was written by another version of Keras "
            f"({first_line(error)}). Copy the checkpoint again, or train again."
        ) from error
