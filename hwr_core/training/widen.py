"""A trained network's weights in a wider one of the same layout, which reads the same before it learns more.

Chen, Goodfellow and Shlens 2016 (Net2Net, arXiv:1511.05641) copy units; here new ones begin at random and nobody
listens to them yet: weights from new units to old ones are zero. They find their use in training.
"""

from __future__ import annotations

from typing import Any

import numpy as np

GATES = 4  # of an LSTM, side by side in its weights


def widened_weights(start: list[np.ndarray], model: Any) -> list[np.ndarray]:
    """Weights for `model` under which it gives the logits of the network that `start` is of.

    Args:
        start: a narrower network's weights, in the order of `get_weights`.
        model: a network of the same layers in a row, fresh; convolutions, batch norms, bidirectional LSTMs, dense
            layers. Its last layer may have more classes: old ones keep their places.

    Returns:
        As `model.get_weights()`.

    Raises:
        ValueError: the layout is another, or a layer would have to shrink.
    """
    left = list(start)
    found: list[np.ndarray] = []
    inputs = np.arange(model.input_shape[-1])  # where the old inputs of the next layer are among its new ones
    for layer in model.layers:
        fresh = layer.get_weights()
        old, left = left[: len(fresh)], left[len(fresh) :]
        if not fresh:
            continue
        if len(old) != len(fresh) or any(a.ndim != b.ndim for a, b in zip(old, fresh, strict=True)):
            raise ValueError("The starting network has other layers.")
        if type(layer).__name__ == "Bidirectional":
            half = len(fresh) // 2
            found += _lstm(old[:half], fresh[:half], inputs) + _lstm(old[half:], fresh[half:], inputs)
            units, room = old[1].shape[0], fresh[1].shape[0]
            inputs = np.concatenate([np.arange(units), room + np.arange(units)])
            continue
        outputs = np.arange(old[0].shape[-1])
        found += [_placed(a, b, inputs, outputs) for a, b in zip(old, fresh, strict=True)]
        inputs = outputs
    if left:
        raise ValueError("The starting network has more layers.")
    return found


def _lstm(old: list[np.ndarray], fresh: list[np.ndarray], inputs: np.ndarray) -> list[np.ndarray]:
    """One direction's kernel, recurrent kernel and bias."""
    units, room = old[1].shape[0], fresh[1].shape[0]
    outputs = np.concatenate([gate * room + np.arange(units) for gate in range(GATES)])
    kernel = _placed(old[0], fresh[0], inputs, outputs)
    return [kernel, *(_placed(a, b, np.arange(units), outputs) for a, b in zip(old[1:], fresh[1:], strict=True))]


def _placed(old: np.ndarray, fresh: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """`fresh`, in which the old outputs hear the old inputs as before and no new one."""
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
