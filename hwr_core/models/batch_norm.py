"""Batch normalization layers, wherever in a network they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def batch_norms(model: keras.Model) -> Iterator[keras.layers.BatchNormalization]:
    """The batch norm layers of a model and of the models inside it, in order."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from batch_norms(layer)


def recalibrate_batch_norm(
    model: keras.Model, batches: Iterable[np.ndarray], momentum: float | None = None, *, unfreeze: bool = False
) -> None:
    """Set the mean and variance of a model's batch norms to those of batches of images.

    Args:
        model: takes the batches; its own momenta are restored.
        batches: `(B, H, W, 1)` float32 arrays.
        momentum: of the running statistics; None averages them, each batch with the same weight.
        unfreeze: recalibrate the layers that are not trainable too.
    """
    norms = list(batch_norms(model))
    if not norms:
        return
    before = [(norm.momentum, norm.trainable) for norm in norms]
    for number, images in enumerate(batches):
        for norm in norms:
            norm.momentum = number / (number + 1) if momentum is None else momentum
            norm.trainable = norm.trainable or unfreeze
        model(images, training=True)
    for norm, (old_momentum, trainable) in zip(norms, before, strict=True):
        norm.momentum, norm.trainable = old_momentum, trainable
