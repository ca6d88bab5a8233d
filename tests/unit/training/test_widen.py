"""A wider network that begins with a narrower one's weights reads as that one did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwr_core.config import CanvasConfig, CrnnConfig
from hwr_core.models import build_model
from hwr_core.training.widen import widened_weights

pytestmark = pytest.mark.slow
SMALL = CrnnConfig(channels=(8, 8, 16, 16), lstm_units=8, lstm_layers=2)
WIDE = replace(SMALL, channels=(16, 8, 24, 32), lstm_units=12)
CANVAS = CanvasConfig(height=32)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).random((3, 32, 64, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def small(images):
    model = build_model(SMALL, CANVAS, 7)
    rng = np.random.default_rng(2)  # batch norm's statistics and the biases are to count too
    model.set_weights([w + 0.3 * rng.random(w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def test_widened_weights_give_the_same_logits(small, images):
    wide = build_model(WIDE, CANVAS, 9)
    wide.set_weights(widened_weights(small.get_weights(), wide))
    before, after = small.predict_on_batch(images), wide.predict_on_batch(images)
    np.testing.assert_allclose(after[..., :7], before, atol=1e-4)
    assert not np.allclose(after[..., 7:], 0)  # new classes have weights of their own


def test_widened_weights_new_units_have_gradients(small, images):
    import keras

    wide = build_model(WIDE, CANVAS, 7)
    wide.set_weights(widened_weights(small.get_weights(), wide))
    fresh = [w.copy() for w in wide.get_weights()]
    wide.compile("adam", loss=keras.losses.CTC())
    wide.train_on_batch(images, np.ones((3, 2), np.int32))
    kernel, before = wide.get_layer("logits").get_weights()[0], fresh[-2]
    assert np.abs(kernel[8:12] - before[8:12]).min(axis=1).max() > 0  # the first direction's new units are heard now


def test_widened_weights_of_the_same_size_are_equal(small):
    again = build_model(SMALL, CANVAS, 7)
    for old, new in zip(small.get_weights(), widened_weights(small.get_weights(), again), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("layers", [1, 3])
def test_widened_weights_of_another_layout_raise(small, layers):
    with pytest.raises(ValueError, match="The starting network"):
        widened_weights(small.get_weights(), build_model(replace(SMALL, lstm_layers=layers), CANVAS, 7))


def test_widened_weights_of_a_narrower_network_raise(small):
    wide = build_model(WIDE, CANVAS, 7)
    with pytest.raises(ValueError, match="is wider"):
        widened_weights(wide.get_weights(), small)
