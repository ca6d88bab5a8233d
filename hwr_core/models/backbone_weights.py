"""The ResNet50 trained on handwriting: stored once, in `models/backbones`, for every `dual` to start from.

| file | what |
|---|---|
| weights.npz | `layer/variable` -> array: kernels float16, what has one dimension float32 |
| config.json | the stage that it reaches, the size that it was trained at, data, licence, recipe, figures |
| card.md | the same for people |
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.config import RESNET_STRIDES, read_json
from hwr_core.errors import ConfigError
from hwr_core.files import JsonObject
from hwr_core.models.weight_files import (
    BACKBONES,
    WEIGHTS_FILE,
    damaged,
    half_precision,
    named_variables,
    read_arrays,
    write_folder,
)

if TYPE_CHECKING:
    import keras

NAME = "resnet50-handwriting"
COMMAND = "make train-backbone DATA=folder-of-zips"
FORMAT_VERSION = 1


def read_config(folder: Path | None = None) -> JsonObject:
    """The backbone's `config.json`: `stage`, `shrink`, `height`, `width`, and its figures.

    Raises:
        ConfigError: there is none.
    """
    folder = folder or BACKBONES / NAME
    if not (folder / WEIGHTS_FILE).is_file():
        raise ConfigError(
            f"There is no handwriting backbone in {folder}. Make it by `{COMMAND}`, or choose image_weights=imagenet, "
            "none, or a weights file."
        )
    values = read_json(folder / "config.json")
    if values.get("format_version") != FORMAT_VERSION or values.get("stage") not in RESNET_STRIDES:
        raise ConfigError(f"The backbone {folder} was made by another version. Make it again by `{COMMAND}`.")
    return values


def is_available() -> bool:
    """Whether `image_weights: handwriting` can be used."""
    try:
        return bool(read_config())
    except ConfigError:
        return False


def check(stage: str) -> None:
    """Refuse a stage that the backbone does not reach.

    Raises:
        ConfigError: it ends before, or there is none.
    """
    reached = read_config()
    if RESNET_STRIDES[stage] > RESNET_STRIDES[reached["stage"]]:
        raise ConfigError(
            f"The handwriting backbone ends with {reached['stage']}, and the run needs {stage}. Choose "
            f"stage={reached['stage']} and shrink={reached['shrink']}, as it was trained."
        )


def load(network: keras.Model, stage: str) -> None:
    """Give a ResNet50 that is truncated behind `stage` the weights of handwriting.

    Raises:
        ConfigError: there are none, or they do not reach that stage.
        WeightsError: the file is damaged.
    """
    check(stage)
    path = BACKBONES / NAME / WEIGHTS_FILE
    arrays = read_arrays(path, COMMAND)
    try:
        for name, variable in named_variables(network):
            variable.assign(arrays[name].astype(np.float32))
    except Exception as error:  # a missing name or another shape
        raise damaged(path, COMMAND, error) from error


def save(folder: Path, network: keras.Model, values: JsonObject) -> None:
    """Write a ResNet50's weights and their description; the folder is there whole or not at all.

    Args:
        folder: replaced where it exists; what else is in it is lost.
        network: with the layer names of `keras.applications`; may be truncated behind a stage.
        values: `stage`, `shrink`, `height`, `width` and whatever else is to be stored.
    """
    arrays = {name: half_precision(np.asarray(v, np.float32)) for name, v in named_variables(network)}
    text = json.dumps({"format_version": FORMAT_VERSION, **values}, indent=1, ensure_ascii=False)
    write_folder(folder, arrays, {"config.json": text + "\n"})
