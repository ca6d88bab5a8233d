"""`dual`: ResNet50 features of the picture joined with a bidirectional LSTM over the partial text.

    picture -> ResNet50 -> Flatten -> Dense -> Dropout --+
                                                          +-- concatenate -> Dense -> Dropout -> softmax
    partial text -> Embedding -> BiLSTM -> Dense -> Dropout +           over the next token

It is built of three models, so that each is run as often as it must: `backbone` once a picture (and cached),
`image_branch` once a reading, `next_token` once a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwr_core.config import CanvasConfig, DualConfig
from hwr_core.models import resnet
from hwr_core.text.tokens import UNKNOWN

if TYPE_CHECKING:
    import keras

BEGIN = UNKNOWN  # opens every prefix: an empty one would leave the LSTM nothing to read


def build(config: DualConfig, canvas: CanvasConfig, num_classes: int) -> keras.Model:
    """Build the network.

    Returns:
        A model from `image` `(B, H, W, 1)` float32 ink in [0, 1] and `prefix` `(B, L)` int32 (ids of the text so
        far behind `BEGIN`, padded with 0) to `(B, C)` probabilities of the next token.

    Raises:
        WeightsError: the image weights cannot be had.
    """
    import keras

    backbone = resnet.resnet50(canvas, config.image_weights, stage=config.stage, shrink=config.shrink)
    resnet.set_trainable(backbone, config.fine_tune_from)
    branch = _image_branch(config, backbone.output_shape[1:])
    head = _next_token(config, num_classes)
    image = keras.Input((canvas.height, canvas.width, 1), name="image")
    prefix = keras.Input((None,), dtype="int32", name="prefix")
    vector = branch(backbone(image))
    return keras.Model({"image": image, "prefix": prefix}, head([vector, prefix]), name="dual")


def part(model: keras.Model, name: str) -> keras.Model:
    """One of the three models inside: `backbone`, `image_branch` or `next_token`."""
    return model.get_layer(name)


def training_model(model: keras.Model, *, on_features: bool) -> keras.Model:
    """The same weights, for batches in which many prefixes share one picture.

    Args:
        model: from `build`.
        on_features: take cached `features` of the backbone instead of `image`.

    Returns:
        A model from `features` `(B, h, w, c)` or `image` `(B, H, W, 1)`, `owner` `(N,)` int32 (the row of the
        picture that each prefix belongs to) and `prefix` `(N, L)` int32 to `(N, C)` probabilities.
    """
    import keras

    backbone = part(model, "backbone")
    if on_features:
        picture = keras.Input(backbone.output_shape[1:], name="features")
        features = picture
    else:
        picture = keras.Input(backbone.input_shape[1:], name="image")
        features = backbone(picture)
    owner = keras.Input((), dtype="int32", name="owner")
    prefix = keras.Input((None,), dtype="int32", name="prefix")
    vectors = keras.ops.take(part(model, "image_branch")(features), owner, axis=0)
    inputs = {picture.name: picture, "owner": owner, "prefix": prefix}
    return keras.Model(inputs, part(model, "next_token")([vectors, prefix]), name="dual_training")


def _image_branch(config: DualConfig, shape: tuple[int, ...]) -> keras.Model:
    import keras
    from keras import layers

    features = keras.Input(shape, name="features")
    x = features
    if config.image_channels:
        x = layers.Dense(config.image_channels, activation="relu")(x)  # the same at each place
    x = layers.Flatten()(x)
    x = layers.Dense(config.image_units, activation="relu")(x)
    x = layers.Dropout(config.image_dropout)(x)
    return keras.Model(features, x, name="image_branch")


def _next_token(config: DualConfig, num_classes: int) -> keras.Model:
    import keras
    from keras import layers

    vector = keras.Input((config.image_units,), name="vector")
    prefix = keras.Input((None,), dtype="int32", name="prefix")
    x = layers.Embedding(num_classes, config.embedding_units, mask_zero=True)(prefix)
    x = layers.Bidirectional(layers.LSTM(config.lstm_units, dtype="float32"), dtype="float32")(x)
    x = layers.Dense(config.text_units, activation="relu")(x)
    x = layers.Dropout(config.text_dropout)(x)
    x = layers.Concatenate()([vector, x])
    x = layers.Dense(config.joint_units, activation="relu")(x)
    x = layers.Dropout(config.joint_dropout)(x)
    x = layers.Dense(num_classes, activation="softmax", dtype="float32")(x)
    return keras.Model([vector, prefix], x, name="next_token")
