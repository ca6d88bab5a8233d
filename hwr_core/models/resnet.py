"""Picture -> features: ResNet50 as `keras.applications` has it, for ink canvases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core.config import RESNET_STAGES, CanvasConfig
from hwr_core.errors import WeightsError, first_line
from hwr_core.models import backbone_weights
from hwr_core.models.batch_norm import batch_norms

if TYPE_CHECKING:
    import keras

CHANNEL_MEANS = (103.939, 116.779, 123.68)  # blue, green, red of ImageNet: ResNet50's own preprocessing
LAST_LAYERS = {"conv3": "conv3_block4_out", "conv4": "conv4_block6_out"}  # conv5's is the network's own last


def resnet50(
    canvas: CanvasConfig, weights: str, *, stage: str = "conv5", shrink: int = 1, any_width: bool = False
) -> keras.Model:
    """ResNet50 (He et al. 2016) without its classifier, as far as a stage.

    Args:
        canvas: the size of its input.
        weights: `imagenet` (downloaded once by `keras.applications`), `handwriting` (models/backbones), `none`
            (random), or the path of a `.weights.h5` or `.keras` file with a ResNet50 in it.
        stage: whose output is taken: conv3, conv4 or conv5; what is behind it is left out.
        shrink: the picture is averaged to so many times smaller first.
        any_width: take pictures of any width, not only the canvas's.

    Returns:
        A model from `(B, H, W, 1)` float32 ink in [0, 1] to features `(B, ceil(H/S), ceil(W/S), C)` float32: S is
        the stage's stride (8, 16, 32) times `shrink`, C its channels (512, 1024, 2048).

    Raises:
        WeightsError: the weights cannot be downloaded or read; nothing random takes their place.
    """
    import keras

    image = keras.Input((canvas.height, None if any_width else canvas.width, 1), name="image")
    small = keras.layers.AveragePooling2D(shrink, name="shrink")(image) if shrink > 1 else image
    paper = (1.0 - small) * 255.0  # as ImageNet's photographs: dark ink on light paper
    colours = keras.ops.concatenate([paper - mean for mean in CHANNEL_MEANS], axis=-1)
    if weights == "handwriting":
        network = cut(_network(colours.shape[1:], "none"), stage)
        backbone_weights.load(network, stage)
    else:
        network = cut(_network(colours.shape[1:], weights), stage)
    return keras.Model(image, network(colours), name="backbone")


def cut(network: keras.Model, stage: str) -> keras.Model:
    """The network as far as a stage; the layers are the same."""
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
        known = "imagenet, handwriting, none, or the path of a file"
        raise WeightsError(f"There is no weights file {path}. Choose {known}.")
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
    """Freeze the backbone, or all of it before the stage `conv2` ... `conv5`.

    Batch norm stays frozen: batches of words would spoil its statistics.
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


def recalibrate_batch_norm(backbone: keras.Model, batches) -> None:
    """Give random weights the activations' own scale: batch norm's statistics from a few batches of canvases.

    Without it the features of an untrained ResNet50 grow by orders of magnitude from block to block.

    Args:
        backbone: from `resnet50(..., "none")`.
        batches: `(B, H, W, 1)` float32 arrays.
    """
    norms = list(batch_norms(backbone))
    before = [(norm.momentum, norm.trainable) for norm in norms]
    for norm in norms:
        norm.momentum, norm.trainable = 0.5, True
    for batch in batches:
        backbone(batch, training=True)
    for norm, (momentum, trainable) in zip(norms, before, strict=True):
        norm.momentum, norm.trainable = momentum, trainable
