"""`cnn_transformer`: residual CNN, column max-pool, Transformer encoder, CTC.

The CNN after Retsinas et al. 2022 (arXiv:2404.11339); the encoder of Vaswani et al. 2017 (arXiv:1706.03762) in its
pre-norm form, which trains without a long warm-up (Xiong et al. 2020, arXiv:2002.04745).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwr_core.config import CanvasConfig, CnnTransformerConfig
from hwr_core.models.layers import convolution, frames_by_maximum, residual

if TYPE_CHECKING:
    import keras

MAX_WAVELENGTH_FRAMES = 10_000.0  # of the position signal, divided by 2 pi


def build(config: CnnTransformerConfig, canvas: CanvasConfig, num_classes: int) -> keras.Model:
    """Build the network.

    Attention needs no mask: a canvas is padded with paper at every width in training too, so that frames of paper are
    learned as blanks.

    Returns:
        A model from `(B, H, W, 1)` float32 ink in [0, 1], W any multiple of 4, to logits `(B, W / 4, C)` float32;
        class 0 is the blank.
    """
    import keras
    from keras import layers

    stem, *stages = config.channels
    image = keras.Input((canvas.height, None, 1), name="image")
    x = convolution(image, stem, 7, (4, 2))  # the stem alone works on full resolution
    # The first pool halves both ways; the second keeps frames wide enough for narrow letters.
    for channels, count, pool in zip(stages, config.blocks, (None, (2, 2), (2, 1)), strict=True):
        if pool:
            x = layers.MaxPooling2D(pool)(x)
        for _ in range(count):
            x = residual(x, channels)
    x = frames_by_maximum(x)
    x = layers.Dense(config.width, name="projection")(x)
    x = with_positions(x)
    x = layers.Dropout(config.dropout, name="dropout_in")(x)
    for index in range(config.layers):
        x = encoder_block(x, config, index)
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_out")(x)
    x = layers.Dropout(config.dropout, name="dropout_out")(x)
    logits = layers.Dense(num_classes, name="logits", dtype="float32")(x)
    return keras.Model(image, logits, name="cnn_transformer")


def with_positions(x: keras.KerasTensor) -> keras.KerasTensor:
    """Add sinusoidal positions with wavelengths from 2 pi frames on (Vaswani et al. 2017, section 3.5).

    Computed from the number of frames, so that any width can be read, and in float32: bfloat16 does not distinguish
    frame 63 from frame 64 in the shortest waves.
    """
    from keras import ops

    half = x.shape[-1] // 2
    rates = (MAX_WAVELENGTH_FRAMES ** -(np.arange(half) / half)).astype(np.float32)
    position = ops.cumsum(ops.ones_like(x[..., :1], dtype="float32"), axis=1) - 1.0  # (B, T, 1)
    angle = position * rates
    signal = ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
    return x + ops.cast(signal, x.dtype)


def encoder_block(x: keras.KerasTensor, config: CnnTransformerConfig, index: int) -> keras.KerasTensor:
    """Pre-norm self-attention and feed-forward layers, each with a shortcut."""
    from keras import layers

    y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_attention_{index}")(x)
    attention = layers.MultiHeadAttention(
        config.heads, config.width // config.heads, dropout=config.dropout, name=f"attention_{index}"
    )
    x = layers.Add()([x, layers.Dropout(config.dropout)(attention(y, y))])
    y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_dense_{index}")(x)
    y = layers.Dense(config.feed_forward, activation="silu", name=f"dense_{index}")(y)
    y = layers.Dropout(config.dropout)(y)
    y = layers.Dense(config.width, name=f"dense_back_{index}")(y)
    return layers.Add()([x, layers.Dropout(config.dropout)(y)])
