"""Pretrained weights: a NumPy archive of `layer/variable` -> array in a folder of `models/backbones`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.errors import WeightsError, first_line
from hwr_core.files import replace_folder

if TYPE_CHECKING:
    import keras

Arrays = dict[str, np.ndarray]

BACKBONES = Path(__file__).resolve().parents[2] / "models" / "backbones"
WEIGHTS_FILE = "weights.npz"


def named_variables(model: keras.Model) -> list[tuple[str, keras.Variable]]:
    """`conv1_conv/kernel` -> its variable, for every weight of the model's layers."""
    return [(f"{layer.name}/{v.path.partition('/')[2]}", v) for layer in model.layers for v in layer.weights]


def read_arrays(path: Path, command: str) -> Arrays:
    """Every array of a weights file.

    Args:
        path: the file.
        command: what makes it again, for the error.

    Raises:
        WeightsError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except Exception as error:  # zip and numpy errors alike
        raise damaged(path, command, error) from error


def damaged(path: Path, command: str, error: Exception) -> WeightsError:
    return WeightsError(f"{path} is damaged ({first_line(error)}). Make it again by `{command}`.")


def half_precision(array: np.ndarray) -> np.ndarray:
    """Float16 for kernels and matrices; vectors stay float32, as variances of first layers exceed float16's range."""
    return array.astype(np.float16 if array.ndim > 1 else np.float32)


def write_folder(folder: Path, arrays: Arrays, texts: dict[str, str]) -> None:
    """Write weights and text files by name; `folder` is replaced, and is there whole or not at all."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    np.savez_compressed(fresh / WEIGHTS_FILE, **arrays)  # type: ignore[arg-type]
    for name, text in texts.items():
        (fresh / name).write_text(text, encoding="utf-8")
    replace_folder(fresh, folder)
