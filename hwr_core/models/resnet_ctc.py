"""`resnet_ctc`: ResNet50, its columns spread into frames, CTC.

Pretrains the backbone of `dual` on handwriting: every column of the last feature map must identify the letters in it.
There is no sequence layer, so that the backbone itself learns all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwr_core.config import RESNET_STRIDES, CanvasConfig, ResnetCtcConfig
from hwr_core.models import resnet
from hwr_core.models.batch_norm import batch_norms
from hwr_core.models.layers import FRAME_PIXELS, FRAMES

if TYPE_CHECKING:
    import keras

MOMENTUM = 0.9  # the usual 0.99 lags behind in short runs, and inference mode then gives blanks only
CONTEXT_FRAMES = 5  # kernel of the last convolution


def build(config: ResnetCtcConfig, canvas: CanvasConfig, num_classes: int) -> keras.Model:
    """Build the network.

    Returns:
        A model from `(B, H, W, 1)` float32 ink in [0, 1], W any multiple of 32, to logits `(B, W / 4, C)` float32;
        class 0 is the blank. Its layer `backbone` is `resnet.resnet50`, all of it trained.

    Raises:
        WeightsError: the image weights are not available.
    """
    import keras
    from keras import layers

    backbone = resnet.resnet50(canvas, config.image_weights, stage=config.stage, shrink=config.shrink, any_width=True)
    for norm in batch_norms(backbone):
        norm.momentum = MOMENTUM
    frames = RESNET_STRIDES[config.stage] * config.shrink // FRAME_PIXELS  # in a column of the feature map
    image = keras.Input((canvas.height, None, 1), name="image")
    x = backbone(image)
    rows, channels = x.shape[1], x.shape[3]
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Reshape((-1, rows * channels))(x)
    x = layers.Dense(frames * config.units, name="spread")(x)
    x = layers.Reshape((-1, config.units))(x)
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_frames")(x)
    x = layers.Activation("relu", name=FRAMES)(x)
    x = layers.Conv1D(config.units, CONTEXT_FRAMES, padding="same", activation="relu", name="context")(x)
    x = layers.Dropout(config.dropout, name="dropout_out")(x)
    logits = layers.Dense(num_classes, name="logits", dtype="float32")(x)
    return keras.Model(image, logits, name="resnet_ctc")
