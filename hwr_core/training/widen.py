"""A trained network's weights in a wider one of the same layout, with the same outputs before it is trained on.

Chen, Goodfellow and Shlens 2016 (Net2Net, arXiv:1511.05641) copy units; here new units are random, and their weights
to old units are zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

NUM_GATES = 4  # of an LSTM, concatenated in its weights


def widened_weights(start: list[np.ndarray], model: keras.Model) -> list[np.ndarray]:
    """Weights with which `model` gives the same logits as the network of `start`.

    Args:
        start: a narrower network's weights, in the order of `get_weights`.
        model: fresh, the same sequence of layers: convolutions, batch norms, bidirectional LSTMs, dense layers. Its
            last layer may have more classes: old ones keep their ids.

    Returns:
        As `model.get_weights()`.

    Raises:
        ValueError: the layout is another, or a layer would have to shrink.
    """
    left = list(start)
    widened: list[np.ndarray] = []
    inputs = np.arange(model.input_shape[-1])  # indices of the next layer's old inputs among its new ones
    for layer in model.layers:
        fresh = layer.get_weights()
        old, left = left[: len(fresh)], left[len(fresh) :]
        if not fresh:
            continue
        if len(old) != len(fresh) or any(a.ndim != b.ndim for a, b in zip(old, fresh, strict=True)):
            raise ValueError("The starting network has other layers.")
        if type(layer).__name__ == "Bidirectional":
            half = len(fresh) // 2
            widened += _lstm(old[:half], fresh[:half], inputs) + _lstm(old[half:], fresh[half:], inputs)
            units, new_units = old[1].shape[0], fresh[1].shape[0]
            inputs = np.concatenate([np.arange(units), new_units + np.arange(units)])
            continue
        outputs = np.arange(old[0].shape[-1])
        widened += [_placed(a, b, inputs, outputs) for a, b in zip(old, fresh, strict=True)]
        inputs = outputs
    if left:
        raise ValueError("The starting network has more layers.")
    return widened


def _lstm(old: list[np.ndarray], fresh: list[np.ndarray], inputs: np.ndarray) -> list[np.ndarray]:
    """One direction's kernel, recurrent kernel and bias."""
    units, new_units = old[1].shape[0], fresh[1].shape[0]
    outputs = np.concatenate([gate * new_units + np.arange(units) for gate in range(NUM_GATES)])
    kernel = _placed(old[0], fresh[0], inputs, outputs)
    return [kernel, *(_placed(a, b, np.arange(units), outputs) for a, b in zip(old[1:], fresh[1:], strict=True))]


def _placed(old: np.ndarray, fresh: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """`fresh` with the old weights from old inputs to old outputs, and zeros from new inputs to old outputs."""
    if outputs[-1] >= fresh.shape[-1] or (old.ndim > 1 and inputs[-1] >= fresh.shape[-2]):
        raise ValueError("The starting network is wider.")
    new = fresh.copy()
    if old.ndim == 1:
        new[outputs] = old
        return new
    if old.shape[:-2] != fresh.shape[:-2] or old.shape[-2] != len(inputs):
        raise ValueError("The starting network has other layers.")
    new[..., outputs] = 0.0
    new[..., inputs[:, None], outputs] = old
    return new
