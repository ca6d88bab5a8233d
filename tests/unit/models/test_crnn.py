"""`crnn`: shapes, sizes, names."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.config import CanvasConfig, CrnnConfig, DualConfig
from hwr_core.models import MODEL_NAMES, build_model, frames_of

pytestmark = pytest.mark.slow


def test_model_names():
    assert MODEL_NAMES == ("crnn", "cnn_transformer", "resnet_ctc", "ppocr_ctc", "dual", "seq2seq")


def test_frames_of_canvas_width():
    assert frames_of(CrnnConfig(), 256) == 64
    assert frames_of(DualConfig(), 256) is None


@pytest.mark.parametrize("height", [32, 64])
def test_build_gives_logits_for_every_width(tiny_crnn, height):
    model = build_model(tiny_crnn, CanvasConfig(height=height), 11)
    for width in (64, 96, 100, 256):
        images = np.random.default_rng(1).random((2, height, width, 1)).astype(np.float32)
        logits = np.asarray(model.predict_on_batch(images))
        assert logits.shape == (2, frames_of(tiny_crnn, width), 11)
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()
        assert np.abs(np.exp(logits).sum(axis=-1) - 1).max() > 0.1  # raw scores, not probabilities


def test_build_has_the_configured_sizes():
    config = CrnnConfig(channels=(8, 16, 24, 32), lstm_units=12, lstm_layers=3, dropout=0.4)
    model = build_model(config, CanvasConfig(), 7)
    convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
    assert [layer.filters for layer in convolutions] == [8, 8, 8, 16, 16, 16, 24, 24, 24, 32]
    lstms = [layer for layer in model.layers if layer.name.startswith("lstm_")]
    assert [layer.forward_layer.units for layer in lstms] == [12, 12, 12]
    dropouts = [layer for layer in model.layers if layer.name.startswith("dropout_")]
    assert [layer.rate for layer in dropouts] == [0.4] * 4


def test_build_takes_the_maximum_over_each_column(tiny_crnn):
    """Frames far from the ink do not depend on it."""
    model = build_model(tiny_crnn, CanvasConfig(), 5)
    features = next(layer.output for layer in model.layers if layer.name == "lstm_0")
    assert features.shape[1:] == (None, 2 * tiny_crnn.lstm_units)
    blank = np.zeros((1, 64, 256, 1), np.float32)
    assert np.isfinite(np.asarray(model.predict_on_batch(blank))).all()
