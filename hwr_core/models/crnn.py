"""`crnn`: compact residual CNN, column max-pool, bidirectional LSTM, CTC.

Shi, Bai and Yao 2017 (arXiv:1507.05717); column max-pool and residual stages after Retsinas et al. 2022
(arXiv:2404.11339).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwr_core.config import CanvasConfig, CrnnConfig
from hwr_core.models.layers import convolution, frames_by_maximum, residual

if TYPE_CHECKING:
    import keras


def build(config: CrnnConfig, canvas: CanvasConfig, num_classes: int) -> keras.Model:
    """Build the network.

    Returns:
        A model from `(B, H, W, 1)` float32 ink in [0, 1], W any multiple of 4, to logits `(B, W / 4, C)` float32;
        class 0 is the blank.
    """
    import keras
    from keras import layers

    stem, second, third, fourth = config.channels
    image = keras.Input((canvas.height, None, 1), name="image")
    # The stem alone works on full resolution: a stride of 4 down and 2 across divides the cost of the rest by four.
    x = convolution(image, stem, (7, 5), (4, 2))
    x = residual(x, stem)
    x = convolution(x, second, 3, (2, 2))
    x = residual(x, second)
    x = convolution(x, third, 3, (2, 1))  # keep frames wide enough for narrow letters
    x = residual(x, third)
    x = convolution(x, fourth, 3, 1)
    x = frames_by_maximum(x)
    for index in range(config.lstm_layers):
        x = layers.Dropout(config.dropout, name=f"dropout_{index}")(x)
        # Recurrent layers stay float32: under JAX the fused LSTM has no bfloat16.
        lstm = layers.LSTM(config.lstm_units, return_sequences=True, dtype="float32")
        x = layers.Bidirectional(lstm, name=f"lstm_{index}", dtype="float32")(x)
    x = layers.Dropout(config.dropout, name="dropout_out")(x)
    logits = layers.Dense(num_classes, name="logits", dtype="float32")(x)
    return keras.Model(image, logits, name="crnn")
