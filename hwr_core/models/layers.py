"""Layers that the networks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

FRAME_PIXELS = 4  # the CNNs halve the width twice: columns of the canvas in a frame
FRAMES = "frames"  # name of the layer whose output is the sequence of frames
SHORTCUT = "shortcut"


def convolution(
    x: keras.KerasTensor,
    filters: int,
    size: int | tuple[int, int],
    strides: int | tuple[int, int],
    *,
    active: bool = True,
) -> keras.KerasTensor:
    """Convolution, batch norm and, where `active`, ReLU."""
    from keras import layers

    x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
    # Momentum 0.9: the usual 0.99 lags behind in short runs, and inference mode then gives blanks only.
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3)(x)
    return layers.Activation("relu")(x) if active else x


def residual(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Two 3x3 convolutions with a shortcut (He et al. 2016): a 1x1 convolution where the number of channels changes."""
    from keras import layers

    shortcut = x if x.shape[-1] == filters else convolution(x, filters, 1, 1, active=False)
    y = convolution(x, filters, 3, 1)
    y = convolution(y, filters, 3, 1, active=False)
    return layers.Activation("relu")(layers.Add()([shortcut, y]))


def frames_by_maximum(x: keras.KerasTensor) -> keras.KerasTensor:
    """Column max-pool, `(B, H, T, C)` to frames `(B, T, C)`: a letter counts at any height."""
    import keras

    return keras.layers.Identity(name=FRAMES)(keras.ops.max(x, axis=1))


def shortcut_head(model: keras.Model, num_classes: int) -> tuple[keras.Model, keras.layers.Layer]:
    """A second CTC head directly on the CNN, after Retsinas et al. 2022 (arXiv:2404.11339, section 3.3).

    It gives the CNN a gradient that bypasses the sequence layers. Only training needs it.

    Args:
        model: a recognizer with a layer named `FRAMES`.
        num_classes: characters and the blank.

    Returns:
        `model` with its frames as a second output, and the layer from frames to logits `(B, T, C)`.
    """
    import keras

    both = keras.Model(model.input, [model.output, model.get_layer(FRAMES).output], name=model.name)
    return both, keras.layers.Conv1D(num_classes, 3, padding="same", name=SHORTCUT, dtype="float32")
