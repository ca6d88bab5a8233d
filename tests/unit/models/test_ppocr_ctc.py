"""`ppocr_ctc`, and its weights converted from an ONNX graph laid out as PP-OCRv6's small recognizer."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwr_core.config import PPOCR_CANVAS, PpocrCtcConfig
from hwr_core.errors import ConfigError, WeightsError
from hwr_core.models import build_model, frames_of, ppocr_weights
from hwr_core.recognition.onnx_export import OnnxNetwork, export_onnx

pytestmark = pytest.mark.slow
SMALL = {"channels": (16, 24, 32), "blocks": (2, 3, 2), "width": 16, "heads": 2, "layers": 1}
CLASSES = 7


class Graph:
    """Builds the stand-in: the same operations in the same order, of random weights."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(3)
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def weight(self, *shape: int, around: float = 0.0, spread: float = 0.3) -> str:
        name = f"w{len(self.tensors)}"
        values = (around + spread * self.rng.standard_normal(shape)).astype(np.float32)
        self.tensors.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, values: Any, kind: type = np.float32) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        output = f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [output], **attributes))
        return output

    def convolution(self, x: str, before: int, after: int, size: Any = (1, 1), bias: bool = True, **more: Any) -> str:
        spread = 1.0 / np.sqrt(before // more.get("group", 1) * size[0] * size[1])
        kernel = self.weight(after, before // more.get("group", 1), *size, spread=spread)
        y = self.add("Conv", x, kernel, kernel_shape=size, **more)
        return self.add("Add", y, self.weight(1, after, 1, 1)) if bias else y

    def depthwise(self, x: str, channels: int, strides: tuple[int, int] = (1, 1)) -> str:
        return self.convolution(x, channels, channels, (3, 3), pads=[1, 1, 1, 1], group=channels, strides=strides)

    def gelu(self, x: str) -> str:
        y = self.add("Erf", self.add("Div", x, self.constant(np.sqrt(2.0))))
        y = self.add("Mul", x, self.add("Add", y, self.constant(1.0)))
        return self.add("Mul", y, self.constant(0.5))

    def silu(self, x: str) -> str:
        return self.add("Mul", x, self.add("Sigmoid", x))

    def batch_norm(self, x: str, channels: int) -> str:
        parts = [self.weight(channels, around=1), self.weight(channels), self.weight(channels)]
        variance = self.weight(channels, around=2, spread=0.1)
        return self.add("BatchNormalization", x, *parts, variance, epsilon=1e-5)

    def norm(self, x: str, width: int, epsilon: float) -> str:
        y = self.add("Sub", x, self.add("ReduceMean", x, axes=[-1]))
        variance = self.add("ReduceMean", self.add("Pow", y, self.constant(2.0)), axes=[-1])
        y = self.add("Div", y, self.add("Sqrt", self.add("Add", variance, self.constant(epsilon))))
        return self.add("Add", self.add("Mul", y, self.weight(width, around=1)), self.weight(width))

    def dense(self, x: str, before: int, after: int) -> str:
        y = self.add("MatMul", x, self.weight(before, after, spread=before**-0.5))
        return self.add("Add", y, self.weight(after))

    def attention(self, x: str, width: int, heads: int) -> str:
        size = width // heads
        y = self.add("Reshape", self.dense(x, width, 3 * width), self.constant([0, -1, 3, heads, size], np.int64))
        y = self.add("Transpose", y, perm=[2, 0, 3, 1, 4])
        query, key, value = (
            self.add("Gather", y, self.constant(index, np.int64), axis=0) for index in range(3)
        )  # fmt: skip
        query = self.add("Mul", query, self.constant([size**-0.5]))
        y = self.add("Softmax", self.add("MatMul", query, self.add("Transpose", key, perm=[0, 1, 3, 2])), axis=3)
        y = self.add("Transpose", self.add("MatMul", y, value), perm=[0, 2, 1, 3])
        y = self.add("Reshape", y, self.constant([0, -1, width], np.int64))
        return self.dense(y, width, width)


def stand_in() -> Any:
    g, (a, b, c), width = Graph(), SMALL["channels"], SMALL["width"]
    half = a // 2
    x = g.add("Relu", g.convolution("x", 3, half, (3, 3), strides=[2, 2], pads=[1, 1, 1, 1]))
    y = g.add("Relu", g.convolution(x, half, half // 2, (2, 2), auto_pad="SAME_UPPER"))
    y = g.add("Relu", g.convolution(y, half // 2, half, (2, 2), auto_pad="SAME_UPPER"))
    pooled = g.add("MaxPool", x, kernel_shape=[2, 2], strides=[1, 1], auto_pad="SAME_UPPER")
    x = g.add("Concat", pooled, y, axis=1)
    x = g.add("Relu", g.convolution(x, a, half, (3, 3), strides=[2, 2], pads=[1, 1, 1, 1]))
    x = g.add("Relu", g.convolution(x, half, a))
    before = a
    squeezed = [(True, False), (True, False, False), (True, False)]
    for stage, channels in enumerate((a, b, c)):
        if stage:
            x = g.depthwise(x, before, (2, 1))
            x = g.convolution(g.gelu(g.convolution(x, before, 2 * before)), 2 * before, channels)
        for excite in squeezed[stage]:
            x = g.depthwise(x, channels)
            if excite:
                y = g.add("ReduceMean", x, axes=[2, 3], keepdims=1)
                y = g.add("Relu", g.convolution(y, channels, channels // 4))
                y = g.add("HardSigmoid", g.convolution(y, channels // 4, channels), alpha=1 / 6, beta=0.5)
                x = g.add("Mul", x, y)
            y = g.convolution(g.gelu(g.convolution(x, channels, 2 * channels)), 2 * channels, channels)
            x = g.add("Add", x, y)
        before = channels
    x = g.add("AveragePool", x, kernel_shape=[3, 2], strides=[3, 2])
    past = g.silu(g.batch_norm(g.convolution(x, c, width, bias=False), width))
    x = g.silu(g.batch_norm(g.convolution(x, c, width, bias=False), width))
    near = g.convolution(x, width, width, (1, 7), bias=False, pads=[0, 3, 0, 3], group=width)
    x = g.add("Add", x, g.silu(g.batch_norm(near, width)))
    x = g.add("Transpose", g.add("Squeeze", x, axes=[2]), perm=[0, 2, 1])
    x = g.add("Add", x, g.attention(g.norm(x, width, 1e-5), width, SMALL["heads"]))
    y = g.dense(g.silu(g.dense(g.norm(x, width, 1e-5), width, 2 * width)), 2 * width, width)
    x = g.norm(g.add("Add", x, y), width, 1e-6)
    x = g.add("Add", x, g.add("Transpose", g.add("Squeeze", past, axes=[2]), perm=[0, 2, 1]))
    x = g.add("Softmax", g.dense(x, width, CLASSES), axis=2)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", x)]
    graph = helper.make_graph(g.nodes, "stand_in", ends[:1], ends[1:], g.tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)


def test_from_graph_gives_the_probabilities_of_onnx_runtime(small_ppocr):
    """The graph is a stand-in, small and random, with every kind of layer that PP-OCR's has."""
    proto, arrays, kernel, bias = small_ppocr
    model = build_model(PpocrCtcConfig(weights="none", frame_pixels=8, **SMALL), PPOCR_CANVAS, CLASSES)
    ppocr_weights.assign(model, arrays)
    model.get_layer(ppocr_weights.HEAD).set_weights([kernel, bias])
    ink = np.random.default_rng(1).random((2, 48, 64, 1)).astype(np.float32)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    expected = session.run(None, {"x": np.repeat((1 - 2 * ink).transpose(0, 3, 1, 2), 3, axis=1)})[0]
    logits = np.asarray(model(ink))
    probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities /= probabilities.sum(-1, keepdims=True)
    assert probabilities.shape == expected.shape
    assert np.abs(probabilities - expected).max() < 1e-4
    assert np.ptp(expected, axis=(0, 1)).max() > 0.01  # the images make a difference


@pytest.fixture(scope="module")
def small_ppocr():
    proto = stand_in()
    model = build_model(PpocrCtcConfig(weights="none", frame_pixels=8, **SMALL), PPOCR_CANVAS, CLASSES)
    return proto, *ppocr_weights.from_graph(proto.graph, model)


def test_from_graph_of_another_layout_raises(small_ppocr):
    proto = small_ppocr[0]
    deeper = build_model(PpocrCtcConfig(weights="none", **{**SMALL, "layers": 2}), PPOCR_CANVAS, CLASSES)
    with pytest.raises(WeightsError, match="not laid out"):
        ppocr_weights.from_graph(proto.graph, deeper)
    shorter = onnx.ModelProto()
    shorter.CopyFrom(proto)
    del shorter.graph.node[:30]
    model = build_model(PpocrCtcConfig(weights="none", **SMALL), PPOCR_CANVAS, CLASSES)
    with pytest.raises(WeightsError):
        ppocr_weights.from_graph(shorter.graph, model)


@pytest.mark.parametrize("frame_pixels", [4, 8])
def test_build_gives_frames_for_every_width(frame_pixels):
    config = PpocrCtcConfig(weights="none", frame_pixels=frame_pixels, **SMALL)
    model = build_model(config, PPOCR_CANVAS, CLASSES)
    for width in (32, 96, 320):
        logits = model(np.zeros((1, 48, width, 1), np.float32))
        assert logits.shape == (1, frames_of(config, width), CLASSES)


def test_onnx_export_gives_the_same_logits(tmp_path):
    model = build_model(PpocrCtcConfig(weights="none", **SMALL), PPOCR_CANVAS, CLASSES)
    path = export_onnx(model, tmp_path)
    assert path is not None
    for width in (32, 160):
        ink = np.random.default_rng(width).random((2, 48, width, 1)).astype(np.float32)
        assert np.abs(OnnxNetwork(path).predict_on_batch(ink) - np.asarray(model(ink))).max() < 1e-4


def test_load_classes_of_known_characters():
    characters = [*"abcXYZ019 éçŒ’€", "☃"]
    model = build_model(PpocrCtcConfig(), PPOCR_CANVAS, len(characters) + 1)
    fresh = model.get_layer("logits").get_weights()[0]
    assert ppocr_weights.load_classes(model, characters) == len(characters) - 1
    kernel = model.get_layer("logits").get_weights()[0]
    assert np.array_equal(kernel[:, -1], fresh[:, -1])  # the snowman keeps its random column
    assert not np.array_equal(kernel[:, :-1], fresh[:, :-1])


def test_load_missing_damaged_or_unfit_weights_raises(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="another size"):
        build_model(PpocrCtcConfig(**SMALL), PPOCR_CANVAS, CLASSES)
    monkeypatch.setattr(ppocr_weights, "FOLDER", tmp_path)
    with pytest.raises(ConfigError, match="make pretrained"):
        build_model(PpocrCtcConfig(), PPOCR_CANVAS, CLASSES)
    (tmp_path / "weights.npz").write_bytes(b"no zip")
    with pytest.raises(WeightsError, match="damaged"):
        build_model(PpocrCtcConfig(), PPOCR_CANVAS, CLASSES)


@pytest.fixture
def command():
    path = Path(__file__).resolve().parents[3] / "scripts" / "make_pretrained.py"
    spec = importlib.util.spec_from_file_location("make_pretrained", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("content", [None, b"no zip", b""])
def test_make_pretrained_of_no_wheel_prints_one_sentence(command, tmp_path, capsys, content):
    wheel = tmp_path / "rapidocr.whl"
    if content is not None:
        wheel.write_bytes(content)
    assert command.main(["--wheel", str(wheel), "--to", str(tmp_path / "weights")]) == 1
    assert "Give the wheel of rapidocr" in capsys.readouterr().err
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize("data", [b"no graph", b"", "stand-in"])
def test_make_pretrained_of_another_graph_raises(command, tmp_path, data, small_ppocr):
    data = small_ppocr[0].SerializeToString() if data == "stand-in" else data  # a network that lists no characters
    with pytest.raises(WeightsError, match="Give the wheel of rapidocr"):
        command.convert(data, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_shipped_weights_name_their_source():
    about = json.loads((ppocr_weights.FOLDER / "config.json").read_text())
    assert about["licence"] == "Apache-2.0"
    assert "rapidocr" in about["source"]
