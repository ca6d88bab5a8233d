"""`dual`: ResNet50 features of the image joined with a bidirectional LSTM over the partial text.

    image -> ResNet50 -> Flatten -> Dense -> Dropout -----+
                                                          +-- concatenate -> Dense -> Dropout -> softmax
    partial text -> Embedding -> BiLSTM -> Dense -> Dropout +           over the next token

Three models are inside, for `get_layer`, each run only as often as needed: `backbone` once an image (and cached),
`image_branch` once a reading, `next_token` once a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwr_core.config import CanvasConfig, DualConfig
from hwr_core.models import resnet
from hwr_core.text.tokens import UNK_ID

if TYPE_CHECKING:
    import keras

BOS_ID = UNK_ID  # begins every prefix: the LSTM needs at least one token


def build(config: DualConfig, canvas: CanvasConfig, num_classes: int) -> keras.Model:
    """Build the network.

    Returns:
        A model from `image` `(B, H, W, 1)` float32 ink in [0, 1] and `prefix` `(B, L)` int32 (ids of the text so
        far behind `BOS_ID`, padded with 0) to `(B, C)` probabilities of the next token.

    Raises:
        WeightsError: the image weights are not available.
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


def training_model(model: keras.Model, *, on_features: bool) -> keras.Model:
    """The same weights, for batches in which many prefixes share one image.

    Args:
        model: from `build`.
        on_features: take cached `features` of the backbone instead of `image`.

    Returns:
        A model from `features` `(B, h, w, c)` or `image` `(B, H, W, 1)`, `owner` `(N,)` int32 (the row of the
        image that each prefix belongs to) and `prefix` `(N, L)` int32 to `(N, C)` probabilities.
    """
    import keras

    backbone = model.get_layer("backbone")
    if on_features:
        source = keras.Input(backbone.output_shape[1:], name="features")
        features = source
    else:
        source = keras.Input(backbone.input_shape[1:], name="image")
        features = backbone(source)
    owner = keras.Input((), dtype="int32", name="owner")
    prefix = keras.Input((None,), dtype="int32", name="prefix")
    vectors = keras.ops.take(model.get_layer("image_branch")(features), owner, axis=0)
    inputs = {source.name: source, "owner": owner, "prefix": prefix}
    return keras.Model(inputs, model.get_layer("next_token")([vectors, prefix]), name="dual_training")


def _image_branch(config: DualConfig, shape: tuple[int, ...]) -> keras.Model:
    import keras
    from keras import layers

    features = keras.Input(shape, name="features")
    x = features
    if config.image_channels:
        x = layers.Dense(config.image_channels, activation="relu")(x)  # the same at every position
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
