"""The parts that the compact CNNs are made of."""

from __future__ import annotations

from typing import Any

FRAME_PIXELS = 4  # the CNNs halve the width twice: a frame is so many columns of the canvas
FRAMES = "frames"  # the layer behind which the picture is a row of frames
SHORTCUT = "shortcut"


def convolution(x: Any, filters: int, size: Any, strides: Any, *, active: bool = True) -> Any:
    """Convolution, batch norm and, where `active`, ReLU."""
    from keras import layers

    x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
    # Momentum 0.9: the usual 0.99 lags behind in short runs, and inference mode then reads nothing.
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3)(x)
    return layers.Activation("relu")(x) if active else x


def residual(x: Any, filters: int) -> Any:
    """Two 3x3 convolutions past a shortcut (He et al. 2016), 1x1 where the number of channels changes."""
    from keras import layers

    past = x if x.shape[-1] == filters else convolution(x, filters, 1, 1, active=False)
    y = convolution(x, filters, 3, 1)
    y = convolution(y, filters, 3, 1, active=False)
    return layers.Activation("relu")(layers.Add()([past, y]))


def frames_by_maximum(x: Any) -> Any:
    """`(B, H, T, C)` to frames `(B, T, C)`: a letter counts wherever it stands in its column."""
    import keras

    return keras.layers.Identity(name=FRAMES)(keras.ops.max(x, axis=1))


def shortcut_head(model: Any, num_classes: int) -> tuple[Any, Any]:
    """A second CTC head right behind the CNN, after Retsinas et al. 2022 (arXiv:2404.11339, section 3.3).

    It hands the CNN a gradient that has not come through the sequence layers. Only training needs it.

    Args:
        model: a recognizer with a layer named `FRAMES`.
        num_classes: characters and the blank.

    Returns:
        `model` with its frames as a second output, and the layer that makes logits `(B, T, C)` of them.
    """
    import keras

    both = keras.Model(model.input, [model.output, model.get_layer(FRAMES).output], name=model.name)
    return both, keras.layers.Conv1D(num_classes, 3, padding="same", name=SHORTCUT, dtype="float32")
