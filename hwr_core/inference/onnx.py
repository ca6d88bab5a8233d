"""ONNX beside Keras: the same network, opened in a fraction of a second and without TensorFlow."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.errors import CheckpointError, first_line

if TYPE_CHECKING:
    import keras

ONNX_FILE = "model.onnx"
INT8_FILE = "model.int8.onnx"  # the same network in 8 bits, where it was found to pay: read first


def onnx_file(folder: Path) -> Path | None:
    """What ONNX Runtime is to read of a checkpoint: int8 before float32; None where there is neither."""
    return next((folder / name for name in (INT8_FILE, ONNX_FILE) if (folder / name).is_file()), None)


class OnnxNetwork:
    """A network behind ONNX Runtime; takes the place of a Keras model where only reading is asked for.

    Args:
        path: the file that `export_onnx` wrote.

    Raises:
        CheckpointError: the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Waiting threads sleep: spinning took half as much processor time again from canvases and decoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common parent
            raise CheckpointError(
                f"{path} is damaged ({first_line(error)}). Copy the checkpoint again, or delete this "
                "file: model.keras is then used."
            ) from error
        self._input = self._session.get_inputs()[0].name
        self.output_shape = tuple(self._session.get_outputs()[0].shape)

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """As `keras.Model.predict_on_batch`: `(B, H, W, 1)` float32 to logits `(B, T, C)` float32."""
        return np.asarray(self._session.run(None, {self._input: np.ascontiguousarray(images, np.float32)})[0])


def export_onnx(model: keras.Model, folder: Path) -> Path | None:
    """Write `model.onnx` beside `model.keras`.

    Returns:
        The file, or None where this machine cannot export (only TensorFlow with tf2onnx can): reading then goes by
        way of Keras, slower to start and otherwise the same.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return None
    try:
        import tf2onnx  # noqa: F401
    except ImportError:
        return None
    height, width, channels = model.input_shape[1:]
    model(np.zeros((1, height, width or 64, channels), np.float32))  # the export refuses a model never called
    path = folder / ONNX_FILE
    temporary = folder / f".{ONNX_FILE}"
    with contextlib.redirect_stdout(io.StringIO()):
        model.export(temporary, format="onnx", verbose=False)
    os.replace(temporary, path)
    return path
