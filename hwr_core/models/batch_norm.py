"""Batch normalisation layers, wherever in a network they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def batch_norms(model: Any) -> Iterator[Any]:
    """The batch norm layers of a model and of the models inside it, in order."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from batch_norms(layer)
