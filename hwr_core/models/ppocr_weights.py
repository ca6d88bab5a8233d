"""The pretrained weights of `ppocr_ctc`: PP-OCRv6's small recognizer, from RapidOCR's wheel (Apache-2.0).

| file in models/backbones/ppocr-rec-small | what |
|---|---|
| weights.npz | `layer/variable` -> array: float16 matrices, float32 vectors; `classes`, its characters' rows |
| config.json | where it comes from, and its licence |
| card.md | the same for people |
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.errors import ConfigError, WeightsError, first_line
from hwr_core.models.weight_files import BACKBONES, WEIGHTS_FILE, Arrays, named_variables, read_arrays

if TYPE_CHECKING:
    import keras
    import onnx

FOLDER = BACKBONES / "ppocr-rec-small"
COMMAND = "make pretrained"
HEAD = "logits"
Operations = list[tuple[np.ndarray, np.ndarray]]  # weights and bias of each layer, in the graph's order


def load(model: keras.Model) -> None:
    """Give a fresh `ppocr_ctc` the pretrained weights of every layer but the classes.

    Raises:
        ConfigError: they are not there, or the network has another size.
        WeightsError: the file is damaged.
    """
    assign(model, _read())


def assign(model: keras.Model, arrays: Arrays) -> None:
    """Give every layer but the classes its arrays, by name.

    Raises:
        ConfigError: one is missing, or of another size.
    """
    for name, variable in named_variables(model):
        if name.startswith(f"{HEAD}/"):
            continue
        if name not in arrays or arrays[name].shape != tuple(variable.shape):
            raise ConfigError(
                "The pretrained weights of PP-OCR are of a network of another size. Leave channels, blocks, "
                "width, heads and layers as they are by default, or choose weights=none."
            )
        variable.assign(arrays[name].astype(np.float32))


def load_classes(model: keras.Model, characters: Sequence[str]) -> int:
    """Give the output layer PP-OCR's columns of the blank and of the characters in its charset.

    Args:
        model: a `ppocr_ctc` whose class i + 1 is `characters[i]`.
        characters: the charset.

    Returns:
        How many of them are in PP-OCR's charset; the others keep their fresh weights.
    """
    arrays = _read()
    known = {character: row for row, character in enumerate(json.loads(str(arrays["characters"])))}
    kernel, bias = model.get_layer(HEAD).get_weights()
    for index, character in enumerate(["", *characters]):  # "" is the blank
        row = known.get(character)
        if row is not None:
            kernel[:, index], bias[index] = arrays["classes"][:, row], arrays["classes_bias"][row]
    model.get_layer(HEAD).set_weights([kernel, bias])
    return sum(character in known for character in characters)


def _read() -> Arrays:
    path = FOLDER / WEIGHTS_FILE
    if not path.is_file():
        raise ConfigError(f"There are no pretrained weights {path}. Make them by `{COMMAND}`, or choose weights=none.")
    return read_arrays(path, COMMAND)


def from_graph(graph: onnx.GraphProto, model: keras.Model) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """The weights of PP-OCR's ONNX graph by the names of `model`'s layers.

    The graph's convolutions, batch norms, layer norms and matrices are taken in their order; batch norms are folded
    into the convolution before them, the first convolution is summed over its three equal colours.

    Args:
        graph: an `onnx.GraphProto` with the layout of PP-OCRv6's small recognizer, of any width.
        model: a `ppocr_ctc` of the same width.

    Returns:
        `layer/variable` -> float32 array, and the kernel `(D, C)` and bias `(C,)` of all its classes, blank first.

    Raises:
        WeightsError: the graph has another layout.
    """
    try:
        operations = _operations(graph)
        heads = model.get_layer("attention_0").num_heads
        arrays: Arrays = {}
        for name, kind in _layers_in_graph_order(model):
            _move_next(operations, arrays, name, kind, heads)
        kernel, bias = operations.pop(0)
    except (IndexError, KeyError, ValueError) as error:
        raise WeightsError(
            f"This ONNX file is not laid out as PP-OCRv6's small recognizer ({first_line(error)}). "
            "Take the one of rapidocr 3.10.0."
        ) from error
    if operations:
        raise WeightsError(f"This ONNX file has {len(operations)} more layers than PP-OCRv6's small recognizer.")
    return arrays, kernel, bias


def _layers_in_graph_order(model: keras.Model) -> list[tuple[str, str]]:
    """Names and kinds of the layers with weights, as the graph has them: stem to neck, then block by block."""
    kinds = {"Conv2D": "convolution", "DepthwiseConv2D": "depthwise", "LayerNormalization": "norm", "Dense": "dense"}
    rows = []
    for layer in model.layers:
        kind = kinds.get(type(layer).__name__, "attention" if "Attention" in type(layer).__name__ else "")
        if kind and layer.name != HEAD:
            rows.append((layer.name, kind))
    names = [name for name, _ in rows]
    rows.insert(names.index("neck"), rows.pop(names.index("past")))  # the graph computes it before the neck
    return rows


def _operations(graph: onnx.GraphProto) -> Operations:
    """`(weights, bias)` of every convolution, matrix and layer norm, in the graph's order."""
    from onnx import numpy_helper

    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def bias_behind(output: str) -> np.ndarray | None:
        for node in users.get(output, []):
            added = [constants[name] for name in node.input if name in constants]
            if node.op_type == "Add" and added:
                return added[0].reshape(-1)
        return None

    operations: Operations = []
    for node in graph.node:
        weights = next((constants[name] for name in node.input if name in constants), None)
        if node.op_type == "Conv" and weights is not None:
            bias = bias_behind(node.output[0])
            if bias is None:  # a batch norm follows: folded in
                norm = next(n for n in users[node.output[0]] if n.op_type == "BatchNormalization")
                scale, shift, mean, variance = (constants[name] for name in norm.input[1:])
                epsilon = next(a.f for a in norm.attribute if a.name == "epsilon")
                factor = scale / np.sqrt(variance + epsilon)
                weights, bias = weights * factor[:, None, None, None], shift - mean * factor
            operations.append((weights, bias))
        elif node.op_type == "MatMul" and weights is not None:
            bias = bias_behind(node.output[0])
            operations.append((weights, np.zeros(weights.shape[1], np.float32) if bias is None else bias))
        elif node.op_type == "Mul" and weights is not None and weights.ndim == 1 and weights.size > 1:
            bias = bias_behind(node.output[0])
            if bias is not None:
                operations.append((weights, bias))
    return operations


def _move_next(operations: Operations, arrays: Arrays, name: str, kind: str, heads: int) -> None:
    """Move the next operation's weights to the layer `name`, in Keras's layout."""
    weights, bias = operations.pop(0)
    if kind == "convolution":
        kernel = weights.transpose(2, 3, 1, 0)
        arrays[f"{name}/kernel"] = kernel.sum(axis=2, keepdims=True) if name == "stem_0" else kernel
        arrays[f"{name}/bias"] = bias
    elif kind == "depthwise":
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = weights.transpose(2, 3, 0, 1), bias
    elif kind == "norm":
        arrays[f"{name}/gamma"], arrays[f"{name}/beta"] = weights, bias
    elif kind == "dense":
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = weights, bias
    else:
        width = weights.shape[0]
        for index, part in enumerate(("query", "key", "value")):
            span = slice(index * width, (index + 1) * width)
            arrays[f"{name}/{part}/kernel"] = weights[:, span].reshape(width, heads, -1)
            arrays[f"{name}/{part}/bias"] = bias[span].reshape(heads, -1)
        weights, bias = operations.pop(0)
        arrays[f"{name}/attention_output/kernel"] = weights.reshape(heads, -1, width)
        arrays[f"{name}/attention_output/bias"] = bias
