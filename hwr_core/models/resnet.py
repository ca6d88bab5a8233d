"""Image -> features: ResNet50 of `keras.applications`, for ink canvases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core.config import RESNET_STAGES, CanvasConfig
from hwr_core.errors import WeightsError, first_line
from hwr_core.models import backbone_weights

if TYPE_CHECKING:
    import keras

CHANNEL_MEANS = (103.939, 116.779, 123.68)  # blue, green, red of ImageNet: ResNet50's own preprocessing
LAST_LAYERS = {"conv3": "conv3_block4_out", "conv4": "conv4_block6_out"}  # conv5's is the last of the network


def resnet50(
    canvas: CanvasConfig, weights: str, *, stage: str = "conv5", shrink: int = 1, any_width: bool = False
) -> keras.Model:
    """ResNet50 (He et al. 2016) without its classifier, up to a stage.

    Args:
        canvas: the size of its input.
        weights: `imagenet` (downloaded once by `keras.applications`), `handwriting` (models/backbones), `none`
            (random), or the path of a `.weights.h5` or `.keras` file with a ResNet50 in it.
        stage: the last one: conv3, conv4 or conv5.
        shrink: factor by which the image is downsampled first, by averaging.
        any_width: accept images of any width, not only the canvas's.

    Returns:
        A model from `(B, H, W, 1)` float32 ink in [0, 1] to features `(B, ceil(H/S), ceil(W/S), C)` float32: S is
        the stage's stride (8, 16, 32) times `shrink`, C its channels (512, 1024, 2048).

    Raises:
        WeightsError: the weights cannot be downloaded or read; random ones never replace them.
    """
    import keras

    image = keras.Input((canvas.height, None if any_width else canvas.width, 1), name="image")
    small = keras.layers.AveragePooling2D(shrink, name="shrink")(image) if shrink > 1 else image
    paper = (1.0 - small) * 255.0  # as in ImageNet: dark ink on light paper
    channels = keras.ops.concatenate([paper - mean for mean in CHANNEL_MEANS], axis=-1)
    if weights == "handwriting":
        network = truncated(_network(channels.shape[1:], "none"), stage)
        backbone_weights.load(network, stage)
    else:
        network = truncated(_network(channels.shape[1:], weights), stage)
    return keras.Model(image, network(channels), name="backbone")


def truncated(network: keras.Model, stage: str) -> keras.Model:
    """The network up to a stage; it shares the layers."""
    import keras

    if stage not in LAST_LAYERS:
        return network
    return keras.Model(network.input, network.get_layer(LAST_LAYERS[stage]).output, name=network.name)


def _network(shape: tuple[int | None, ...], weights: str) -> keras.Model:
    import keras

    if weights != "imagenet":
        network = keras.applications.ResNet50(include_top=False, weights=None, input_shape=shape, name="resnet50")
        if weights != "none":
            _load(network, Path(weights))
        return network
    try:
        return keras.applications.ResNet50(include_top=False, weights="imagenet", input_shape=shape, name="resnet50")
    except Exception as error:  # the download raises plain Exception, URLError, OSError, ValueError ...
        raise WeightsError(
            "ResNet50's ImageNet weights could not be downloaded "
            f"({first_line(error)}). Connect this machine to the internet once, "
            "or choose a local weights file, image_weights=handwriting, or none: random features, which read far worse."
        ) from error


def _load(network: keras.Model, path: Path) -> None:
    import keras

    if not path.is_file():
        raise WeightsError(
            f"There is no weights file {path}. Choose imagenet, handwriting, none, or the path of a file."
        )
    try:
        if path.suffix == ".keras":
            source = keras.saving.load_model(path, compile=False)
            inner = [layer for layer in source.layers if layer.name == "resnet50"]
            network.set_weights((inner[0] if inner else source).get_weights())
        else:
            network.load_weights(path)
    except Exception as error:  # h5py, zip and shape errors alike
        raise WeightsError(
            f"{path} does not hold the weights of a ResNet50 without its classifier "
            f"({first_line(error)}). Choose another file."
        ) from error


def set_trainable(backbone: keras.Model, fine_tune_from: str) -> None:
    """Freeze the backbone, or what comes before the stage `conv2` ... `conv5`.

    Batch norm stays frozen: its statistics over batches of words would be poor.
    """
    import keras

    network = backbone.get_layer("resnet50")
    if not fine_tune_from:
        backbone.trainable = False
        return
    backbone.trainable = True
    trained = RESNET_STAGES[RESNET_STAGES.index(fine_tune_from) :]
    for layer in network.layers:
        batch_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer.name.startswith(trained) and not batch_norm
