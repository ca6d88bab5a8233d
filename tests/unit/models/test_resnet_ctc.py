"""`resnet_ctc`, the stages of ResNet50, and the backbone trained on handwriting."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from hwr_core.config import CanvasConfig, ResnetCtcConfig
from hwr_core.errors import ConfigError, WeightsError
from hwr_core.models import backbone_weights, build_model, frames_of, resnet
from hwr_core.models.batch_norm import batch_norms

pytestmark = pytest.mark.slow
CANVAS = CanvasConfig(height=64, width=128)
REACHED = {"stage": "conv4", "shrink": 2, "height": 64, "width": 128}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).random((2, 64, 128, 1)).astype(np.float32)


def save_backbone(folder, stage: str = "conv4") -> keras.Model:
    """A small ResNet50 with random weights, saved as the handwriting backbone."""
    network = resnet.resnet50(CANVAS, "none", stage=stage, shrink=2).get_layer("resnet50")
    rng = np.random.default_rng(5)
    network.set_weights([rng.random(w.shape).astype(np.float32) for w in network.get_weights()])
    backbone_weights.save(folder / backbone_weights.NAME, network, {**REACHED, "stage": stage})
    return network


@pytest.mark.parametrize(("stage", "shrink"), [("conv3", 1), ("conv3", 2), ("conv4", 1), ("conv4", 2), ("conv5", 1)])
def test_build_gives_four_pixels_a_frame_at_every_stage(small_resnet, stage, shrink):
    config = ResnetCtcConfig(stage=stage, shrink=shrink, units=16)
    model = build_model(config, CANVAS, 11)
    for width in (32, 96, 128):
        logits = model(np.random.default_rng(1).random((2, 64, width, 1)).astype(np.float32))
        assert logits.shape == (2, frames_of(config, width), 11)
    assert all(norm.momentum == 0.9 for norm in batch_norms(model.get_layer("backbone")))


def test_build_frames_depend_on_the_image_around_them(small_resnet, images):
    """Ink at the left changes the first frames and leaves the last ones: columns are spread in their order."""
    model = build_model(ResnetCtcConfig(stage="conv4", units=16), CANVAS, 11)
    other = images.copy()
    other[:, :, :8] = 1 - other[:, :, :8]
    changed = np.abs(np.asarray(model(other)) - np.asarray(model(images))).max(axis=(0, 2)) > 1e-5
    assert changed[:4].any()
    assert not changed[16:].any()


def test_truncated_has_the_stages_of_the_real_network():
    """Strides and channels that the design counts on; the layers keep the names of keras.applications."""
    canvas = CanvasConfig(height=32, width=64)
    whole = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(32, None, 3))
    names = {layer.name for layer in whole.layers}
    for stage, shape in (("conv3", (None, 4, None, 512)), ("conv4", (None, 2, None, 1024))):
        network = resnet.truncated(whole, stage)
        assert network.output_shape == shape
        assert {layer.name for layer in network.layers} < names
        assert network.count_params() < whole.count_params()
    assert resnet.truncated(whole, "conv5") is whole
    assert frames_of(ResnetCtcConfig(), canvas.width) == 16


def test_dual_loads_the_saved_backbone(small_resnet, backbones_folder, images, tiny_dual):
    network = save_backbone(backbones_folder)
    config = backbone_weights.read_config()
    assert (config["stage"], config["shrink"]) == ("conv4", 2)
    model = build_model(replace(tiny_dual, image_weights="handwriting", stage="conv4", shrink=2), CANVAS, 9)
    backbone = model.get_layer("backbone")
    assert backbone.output_shape[1:] == (2, 4, 12)
    assert not backbone.trainable_weights
    for loaded, saved in zip(backbone.get_layer("resnet50").get_weights(), network.get_weights(), strict=True):
        np.testing.assert_allclose(loaded, saved, atol=1e-3)  # kernels in half precision
    with np.load(backbones_folder / backbone_weights.NAME / backbone_weights.WEIGHTS_FILE) as arrays:
        kinds = {name: str(arrays[name].dtype) for name in arrays.files}
    assert kinds["conv1_conv/kernel"] == "float16"
    assert kinds["conv1_bn/moving_variance"] == "float32"  # may exceed float16
    earlier = resnet.resnet50(CANVAS, "handwriting", stage="conv3")  # an earlier stage and another size are allowed
    assert earlier.output_shape[1:] == (8, 16, 8)


def test_load_missing_short_or_damaged_backbone_raises(small_resnet, backbones_folder):
    assert not backbone_weights.is_available()
    with pytest.raises(ConfigError, match=r"There is no handwriting backbone .*`make train-backbone"):
        resnet.resnet50(CANVAS, "handwriting")
    save_backbone(backbones_folder, "conv3")
    assert backbone_weights.is_available()
    with pytest.raises(ConfigError, match=r"ends with conv3, and the run needs conv4\. Choose stage=conv3"):
        resnet.resnet50(CANVAS, "handwriting", stage="conv4")
    path = backbones_folder / backbone_weights.NAME
    (path / backbone_weights.WEIGHTS_FILE).write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="is damaged"):
        resnet.resnet50(CANVAS, "handwriting", stage="conv3")
    (path / "config.json").write_text('{"format_version": 2}')
    with pytest.raises(ConfigError, match="another version"):
        backbone_weights.read_config()
