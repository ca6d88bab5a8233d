"""Quantized files of a shipped checkpoint read as the original ones do."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hwr_core import Recognizer
from hwr_core.errors import CheckpointError
from hwr_core.imaging import ink_canvas
from hwr_core.recognition.checkpoint import SHIPPED, load_model
from hwr_core.recognition.onnx_export import INT8_FILE, ONNX_FILE, OnnxNetwork, onnx_file
from hwr_core.recognition.quantization import WEIGHTS, halve_keras, halve_onnx, write_int8

FOLDER = SHIPPED / "reader-small"


@pytest.fixture
def canvases(draw) -> list[np.ndarray]:
    return [ink_canvas(draw(word)) for word in ("the", "word", "minimum", "Tea", "quick", "brown")]


def test_write_int8_reads_the_same(tmp_path, canvases):
    pytest.importorskip("onnx")
    folder = Path(shutil.copytree(FOLDER, tmp_path / "reader", ignore=shutil.ignore_patterns(INT8_FILE)))
    plain = OnnxNetwork(folder / ONNX_FILE)
    assert write_int8(folder, canvases).stat().st_size < 1.3e6  # 1.1 million parameters
    assert onnx_file(folder) == folder / INT8_FILE
    images = np.stack(canvases)[..., None] / np.float32(255)
    best = [net.predict_on_batch(images).argmax(-1) for net in (plain, OnnxNetwork(folder / INT8_FILE))]
    assert (best[0] == best[1]).mean() > 0.97
    assert len(Recognizer.load(folder).read_canvases(canvases)) == len(canvases)


def test_write_int8_without_network_or_canvases_raises(tmp_path, canvases):
    with pytest.raises(CheckpointError, match="canvases"):
        write_int8(tmp_path, canvases)


def test_halve_keras_is_smaller_and_nearly_the_same(tmp_path):
    h5py = pytest.importorskip("h5py")
    whole, path = tmp_path / "whole.keras", tmp_path / "model.keras"
    model = load_model(FOLDER)
    model.set_weights([1.0001 * weights for weights in model.get_weights()])  # no longer what float16 holds
    model.save(whole)
    shutil.copy(whole, path)
    halve_keras(path)
    assert path.stat().st_size < 0.6 * whole.stat().st_size
    before, after = (h5py.File(io.BytesIO(zipfile.ZipFile(file).read(WEIGHTS))) for file in (whole, path))
    kinds = set()

    def compare(name, item):
        if isinstance(item, h5py.Dataset):
            kinds.add(after[name].dtype)
            np.testing.assert_allclose(after[name][()], item[()], rtol=1e-3, atol=1e-6)

    before.visititems(compare)
    assert kinds == {np.dtype(np.float16), np.dtype(np.float32)}


def test_halve_onnx_outputs_are_nearly_the_same(tmp_path, canvases):
    pytest.importorskip("onnx")
    folder = Path(shutil.copytree(FOLDER, tmp_path / "reader", ignore=shutil.ignore_patterns(INT8_FILE)))
    images = np.stack(canvases)[..., None] / np.float32(255)
    before = OnnxNetwork(folder / ONNX_FILE).predict_on_batch(images)
    halve_onnx(folder / ONNX_FILE)
    size = (folder / ONNX_FILE).stat().st_size
    assert size < 2.4e6  # 1.1 million parameters
    after = OnnxNetwork(folder / ONNX_FILE).predict_on_batch(images)
    np.testing.assert_allclose(after, before, atol=0.05)
    halve_onnx(folder / ONNX_FILE)  # a second time there is nothing to halve
    np.testing.assert_array_equal(OnnxNetwork(folder / ONNX_FILE).predict_on_batch(images), after)
    assert write_int8(folder, canvases).stat().st_size < size
