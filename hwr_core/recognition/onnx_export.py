"""ONNX export: the same network, opened in a fraction of a second and without TensorFlow."""

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
INT8_FILE = "model.int8.onnx"  # the same network in 8 bits, where it is faster: preferred
DECODER_FILE = "decoder.onnx"  # of `seq2seq`; its encoder is in `ONNX_FILE`


def onnx_file(folder: Path) -> Path | None:
    """The file for ONNX Runtime in a checkpoint: int8 before float32; None where there is neither."""
    return next((folder / name for name in (INT8_FILE, ONNX_FILE) if (folder / name).is_file()), None)


class OnnxNetwork:
    """A network behind ONNX Runtime, in place of a Keras model for inference; any number of threads may run it.

    Args:
        path: a file of `export_onnx`.

    Attributes:
        is_batch_invariant: whether an image's output does not depend on the other images of its batch.

    Raises:
        CheckpointError: the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Idle threads sleep: spinning cost canvases and decoding half as much processor time again.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common base class
            raise CheckpointError(
                f"{path} is damaged ({first_line(error)}). Copy the checkpoint again, or delete this "
                "file: model.keras is then used."
            ) from error
        # Eight-bit networks scale their features by the largest of the whole batch.
        self.is_batch_invariant = Path(path).name != INT8_FILE
        self._inputs = [node.name for node in self._session.get_inputs()]
        self.output_shape = tuple(self._session.get_outputs()[0].shape)

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """As `keras.Model.predict_on_batch`: `(B, H, W, 1)` float32 to logits `(B, T, C)` float32."""
        return self.run(np.ascontiguousarray(images, np.float32))[0]

    def run(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """All outputs for all inputs, in the order and of the types of the network."""
        return [np.asarray(out) for out in self._session.run(None, dict(zip(self._inputs, arrays, strict=True)))]


def export_onnx(model: keras.Model, folder: Path) -> Path | None:
    """Write `model.onnx` next to `model.keras`; of `seq2seq` its encoder, and its decoder as `decoder.onnx`.

    Returns:
        The file, or None where this machine cannot export (only TensorFlow with tf2onnx can): Keras then reads the
        checkpoint, slower to start and otherwise the same.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return None
    try:
        import tf2onnx  # noqa: F401
    except ImportError:
        return None
    if model.name == "seq2seq":
        _export(model.get_layer("decoder"), folder / DECODER_FILE)
        model = model.get_layer("encoder")
    (folder / INT8_FILE).unlink(missing_ok=True)  # of older weights: it would be preferred
    return _export(model, folder / ONNX_FILE)


def _export(model: keras.Model, path: Path) -> Path:
    # The export needs a model that has been called; undefined sizes get a placeholder.
    inputs = [np.zeros([1, *(size or 64 for size in node.shape[1:])], node.dtype) for node in model.inputs]
    model(inputs if len(inputs) > 1 else inputs[0])
    temporary = path.with_name(f".{path.name}")
    with contextlib.redirect_stdout(io.StringIO()):
        model.export(temporary, format="onnx", verbose=False)
    os.replace(temporary, path)
    return path
