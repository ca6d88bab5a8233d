"""The ResNet50 that has learned handwriting: kept once, in `models/backbones`, for every `dual` to begin with.

| file | what |
|---|---|
| weights.npz | `layer/variable` -> array: kernels float16, what has one dimension float32 |
| config.json | the stage that it reaches, the size that it was trained at, data, licence, recipe, figures |
| card.md | the same for people |
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.config import RESNET_STRIDES, read_json
from hwr_core.errors import ConfigError, WeightsError, first_line
from hwr_core.files import replace_folder

if TYPE_CHECKING:
    import keras

BACKBONES = Path(__file__).resolve().parents[2] / "models" / "backbones"
NAME = "resnet50-handwriting"
COMMAND = "make train-backbone DATA=folder-of-zips"
WEIGHTS_FILE = "weights.npz"
FORMAT_VERSION = 1


def about(folder: Path | None = None) -> dict[str, Any]:
    """What `config.json` says of the backbone: `stage`, `shrink`, `height`, `width`, and its figures.

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


def is_there() -> bool:
    """Whether `image_weights: handwriting` can be had."""
    try:
        return bool(about())
    except ConfigError:
        return False


def check(stage: str) -> None:
    """Refuse a stage that the backbone does not reach.

    Raises:
        ConfigError: it ends before, or there is none.
    """
    reached = about()
    if RESNET_STRIDES[stage] > RESNET_STRIDES[reached["stage"]]:
        raise ConfigError(
            f"The handwriting backbone ends with {reached['stage']}, and the run asks for {stage}. Choose "
            f"stage={reached['stage']} and shrink={reached['shrink']}, as it was trained."
        )


def load(network: keras.Model, stage: str) -> None:
    """Give a ResNet50 that was cut behind `stage` the weights of handwriting.

    Raises:
        ConfigError: there are none, or they do not reach that stage.
        WeightsError: the file is damaged.
    """
    check(stage)
    path = BACKBONES / NAME / WEIGHTS_FILE
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for name, variable in variables_of(network):
                variable.assign(arrays[name].astype(np.float32))
    except Exception as error:  # zip, numpy and shape errors alike
        raise WeightsError(f"{path} is damaged ({first_line(error)}). Make it again by `{COMMAND}`.") from error


def save(folder: Path, network: keras.Model, values: dict[str, Any]) -> None:
    """Write a ResNet50's weights and what is known of them; the folder is there whole or not at all.

    Args:
        folder: replaced where it is there; what else is in it is lost.
        network: with the layer names of `keras.applications`; may be cut behind a stage.
        values: `stage`, `shrink`, `height`, `width` and whatever else is to be remembered.
    """
    import shutil

    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    arrays = {}
    for name, variable in variables_of(network):
        array = np.asarray(variable, np.float32)
        # Variances of the first layers exceed float16's largest number.
        arrays[name] = array.astype(np.float16) if array.ndim > 1 else array
    np.savez_compressed(fresh / WEIGHTS_FILE, **arrays)  # type: ignore[arg-type]
    text = json.dumps({"format_version": FORMAT_VERSION, **values}, indent=1, ensure_ascii=False)
    (fresh / "config.json").write_text(text + "\n", encoding="utf-8")
    replace_folder(fresh, folder)


def variables_of(network: keras.Model) -> list[tuple[str, Any]]:
    """`conv1_conv/kernel` -> its variable, for every variable."""
    return [(f"{layer.name}/{v.name}", v) for layer in network.layers for v in layer.variables]
