"""Quantization of a finished checkpoint: int8 for ONNX Runtime, float16 inside the files of weights.

Done once, when a checkpoint is shipped; training continues from it as from any checkpoint.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.errors import CheckpointError
from hwr_core.recognition.onnx_export import INT8_FILE, ONNX_FILE

if TYPE_CHECKING:
    import h5py
    from onnxruntime.quantization import CalibrationDataReader

WEIGHTS = "model.weights.h5"  # inside a .keras file
MAX_HALVED_VALUE = 6e4  # float16 ends at 65,504
MIN_HALVED_SIZE = 1024  # smaller arrays stay float32


def write_int8(folder: Path, canvases: Sequence[np.ndarray]) -> Path:
    """Write `model.int8.onnx` next to `model.onnx`; it is then preferred for reading.

    Convolutions get static ranges from the canvases (per channel, 8 bits), LSTM and dense layers dynamic ones. On two
    cores with AVX-512 VNNI networks read 2.2 to 3 times as fast; measure the cost in errors.

    Args:
        folder: a checkpoint with a `model.onnx`.
        canvases: 100 or more training canvases `(H, W)` uint8, 0 paper to 255 ink: they determine the ranges.

    Raises:
        CheckpointError: there is no `model.onnx`, or there are no canvases.
    """
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if not (folder / ONNX_FILE).is_file() or not len(canvases):
        raise CheckpointError(f"{folder} needs a {ONNX_FILE}, and canvases to find the ranges of int8 with.")
    with tempfile.TemporaryDirectory() as name:
        prepared, static, dynamic = (Path(name) / f"{step}.onnx" for step in ("prepared", "static", "dynamic"))
        quant_pre_process(str(folder / ONNX_FILE), str(prepared), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(prepared),
            str(static),
            _calibration_data(prepared, canvases),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["Conv"],
        )
        quantization.quantize_dynamic(
            str(static),
            str(dynamic),
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["MatMul", "LSTM"],
        )
        temporary = folder / f".{INT8_FILE}"
        temporary.write_bytes(dynamic.read_bytes())
    os.replace(temporary, folder / INT8_FILE)
    return folder / INT8_FILE


def _calibration_data(network: Path, canvases: Sequence[np.ndarray]) -> CalibrationDataReader:
    """Canvases for onnxruntime's calibration: one at a time, None after the last."""
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader

    name = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"]).get_inputs()[0].name
    inputs: Iterator[dict[str, np.ndarray]] = (
        {name: np.asarray(canvas, np.float32)[None, ..., None] / np.float32(255)} for canvas in canvases
    )

    class Canvases(CalibrationDataReader):
        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(inputs, None)

    return Canvases()


def halve_keras(path: Path) -> None:
    """Store the matrices of a `.keras` file as float16: half its size, and Keras opens it as float32 as before.

    Vectors (biases, batch norm) and values beyond float16's range stay float32. Export ONNX from the resulting file, so
    that both have the same rounded weights.
    """
    import h5py

    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    buffer = io.BytesIO()
    with h5py.File(io.BytesIO(parts[WEIGHTS])) as source, h5py.File(buffer, "w") as target:
        _copy_halved(source, target)
    parts[WEIGHTS] = buffer.getvalue()
    temporary = path.with_name(f".{path.name}")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    os.replace(temporary, path)


def _copy_halved(source: h5py.Group, target: h5py.Group) -> None:
    import h5py

    target.attrs.update(source.attrs)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_halved(item, target.create_group(name))
            continue
        values = np.asarray(item)
        halved = values.astype(np.float16) if _can_be_halved(values) else values
        target.create_dataset(name, data=halved).attrs.update(item.attrs)


def _can_be_halved(values: np.ndarray) -> bool:
    large = values.dtype == np.float32 and values.size >= MIN_HALVED_SIZE and values.ndim >= 2
    return bool(large and np.abs(values).max() < MAX_HALVED_VALUE)


def halve_onnx(path: Path) -> None:
    """Store the matrices of an ONNX file as float16, each before a `Cast`: half its size, computed in float32.

    ONNX Runtime casts once, when it opens the file. For weights from `halve_keras` the outputs are identical.

    Raises:
        CheckpointError: the machine lacks the package onnx.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise CheckpointError(f"Smaller ONNX files need the package onnx: pip install onnx ({error}).") from error
    model = onnx.load(str(path))
    casts = []
    for weights in list(model.graph.initializer):
        values = numpy_helper.to_array(weights)
        if not _can_be_halved(values):
            continue
        name = f"{weights.name}_half"
        casts.append(onnx.helper.make_node("Cast", [name], [weights.name], f"{name}_cast", to=onnx.TensorProto.FLOAT))
        weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    temporary = path.with_name(f".{path.name}")
    onnx.save(model, str(temporary))
    os.replace(temporary, path)
