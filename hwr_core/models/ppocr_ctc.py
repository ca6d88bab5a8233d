"""`ppocr_ctc`: the recognizer of PP-OCRv6 (small), with frames twice as fine, CTC.

Depthwise convolutions with squeeze and excite (Hu et al. 2018, arXiv:1709.01507) and GELU, then two Transformer blocks
over the columns (SVTR, Du et al. 2022, arXiv:2205.00159). Its batch norms are folded into the convolutions before
them. `models.ppocr_weights` has the pretrained weights, in the order of these layers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hwr_core.config import CanvasConfig, PpocrCtcConfig
from hwr_core.models.layers import FRAMES

if TYPE_CHECKING:
    import keras

SQUEEZE = 4  # reduction of channels inside squeeze and excite
LAST_EPSILON = 1e-6  # of the layer norm behind the blocks; the others use 1e-5


def build(config: PpocrCtcConfig, canvas: CanvasConfig, num_classes: int) -> keras.Model:
    """Build the network.

    Returns:
        A model from `(B, 48, W, 1)` float32 ink in [0, 1], W any multiple of 8, to logits `(B, W / F, C)` float32,
        F being `config.frame_pixels`; class 0 is the blank.

    Raises:
        ConfigError, WeightsError: `config.weights` are pretrained ones that are missing or damaged.
    """
    import keras
    from keras import layers

    image = keras.Input((canvas.height, None, 1), name="image")
    x = layers.Rescaling(-2.0, 1.0, name="paper")(image)  # as in PP-OCR: paper 1, ink -1
    x = _stem(x, config)
    for stage, (channels, count) in enumerate(zip(config.channels, config.blocks, strict=True)):
        if stage:
            # Half as many rows: TensorFlow's depthwise convolution needs equal strides both ways.
            x = _depthwise(x, f"down{stage}_depthwise")[:, ::2]
            x = _feed_forward(x, x.shape[-1] * 2, channels, f"down{stage}")
        for block in range(count):
            name = f"stage{stage}_{block}"
            x = _depthwise(x, f"{name}_depthwise")
            if block % 2 == 0 and (block + 1 < count or count == 1):  # every other block, never a stage's last
                x = _squeeze_and_excite(x, name)
            x = layers.Add()([x, _feed_forward(x, 2 * channels, channels, name)])
    fine = config.frame_pixels == 4
    # Stride 1 gives twice as many frames as PP-OCR: short words need them.
    x = layers.AveragePooling2D((3, 2), (3, 1) if fine else (3, 2), padding="same" if fine else "valid")(x)
    shortcut = _silu(_pointwise(x, config.width, "past"))
    x = _silu(_pointwise(x, config.width, "neck"))
    depthwise = layers.DepthwiseConv2D((1, 7), padding="same", name="neck_depthwise")
    if fine:
        # Even and odd frames in a row each, a dilation of 2: the kernel then covers what it covered over PP-OCR's
        # frames. TensorFlow's own dilated depthwise convolution fails where the width is unknown.
        rows = layers.Permute((2, 1, 3))(layers.Reshape((-1, 2, config.width))(x))
        y = layers.Permute((2, 1, 3))(depthwise(rows))
    else:
        y = depthwise(x)
    y = layers.Reshape((-1, config.width))(_silu(y))
    x = layers.Add()([layers.Reshape((-1, config.width))(x), y])
    for index in range(config.layers):
        x = _encoder_block(x, config, index)
    x = layers.LayerNormalization(epsilon=LAST_EPSILON, name="norm_out")(x)
    x = layers.Add(name=FRAMES)([x, layers.Reshape((-1, config.width))(shortcut)])
    x = layers.Dropout(config.dropout, name="dropout_out")(x)
    logits = layers.Dense(num_classes, name="logits", dtype="float32")(x)
    model = keras.Model(image, logits, name="ppocr_ctc")
    if config.weights == "ppocr":
        from hwr_core.models import ppocr_weights

        ppocr_weights.load(model)
    return model


def _stem(x: keras.KerasTensor, config: PpocrCtcConfig) -> keras.KerasTensor:
    """Two strides of 2; between them a max-pool parallel to two small convolutions."""
    from keras import layers

    half = config.channels[0] // 2
    x = _strided(x, half, "stem_0")
    y = layers.Conv2D(half // 2, 2, padding="same", activation="relu", name="stem_1")(x)
    y = layers.Conv2D(half, 2, padding="same", activation="relu", name="stem_2")(y)
    x = layers.Concatenate()([layers.MaxPooling2D(2, 1, padding="same")(x), y])
    x = _strided(x, half, "stem_3")
    return layers.Conv2D(config.channels[0], 1, activation="relu", name="stem_4")(x)


def _strided(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """3x3 with stride 2 and one pixel on every side: Keras's own "same" would pad one side only."""
    from keras import layers

    return layers.Conv2D(filters, 3, 2, activation="relu", name=name)(layers.ZeroPadding2D(1)(x))


def _depthwise(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    from keras import layers

    return layers.DepthwiseConv2D(3, padding="same", name=name)(x)


def _squeeze_and_excite(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    from keras import layers

    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Conv2D(x.shape[-1] // SQUEEZE, 1, activation="relu", name=f"{name}_squeeze")(y)
    y = layers.Conv2D(x.shape[-1], 1, activation="hard_sigmoid", name=f"{name}_excite")(y)
    return layers.Multiply()([x, y])


def _feed_forward(x: keras.KerasTensor, inner: int, outer: int, name: str) -> keras.KerasTensor:
    from keras import ops

    y = _pointwise(x, inner, f"{name}_wide")
    # Exact GELU, written out: Keras's own becomes `Erfc` under TensorFlow, which ONNX does not have; ONNX Runtime
    # fuses these five operations.
    y = 0.5 * (y * (ops.erf(y / math.sqrt(2.0)) + 1.0))
    return _pointwise(y, outer, f"{name}_back")


def _pointwise(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    from keras import layers

    return layers.Conv2D(filters, 1, name=name)(x)


def _silu(x: keras.KerasTensor) -> keras.KerasTensor:
    from keras import layers

    return layers.Activation("silu")(x)


def _encoder_block(x: keras.KerasTensor, config: PpocrCtcConfig, index: int) -> keras.KerasTensor:
    """Pre-norm self-attention and feed-forward layers, each with a shortcut."""
    from keras import layers

    y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_attention_{index}")(x)
    attention = layers.MultiHeadAttention(
        config.heads, config.width // config.heads, dropout=config.dropout, name=f"attention_{index}"
    )
    x = layers.Add()([x, attention(y, y)])
    y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_dense_{index}")(x)
    y = layers.Dense(2 * config.width, activation="silu", name=f"dense_{index}")(y)
    y = layers.Dense(config.width, name=f"dense_back_{index}")(layers.Dropout(config.dropout)(y))
    return layers.Add()([x, y])
