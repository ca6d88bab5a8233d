"""`cnn_transformer`: shapes, sizes, positions, and ONNX export."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from hwr_core.config import CanvasConfig, CnnTransformerConfig, CrnnConfig
from hwr_core.decoding.ctc import log_softmax
from hwr_core.models import build_model, frames_of
from hwr_core.models.cnn_transformer import with_positions
from hwr_core.models.layers import FRAMES, shortcut_head
from hwr_core.recognition.onnx_export import OnnxNetwork, export_onnx

pytestmark = pytest.mark.slow


def words(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).random((2, height, width, 1)).astype(np.float32)


@pytest.mark.parametrize("height", [32, 64])
def test_build_gives_logits_for_every_width(tiny_cnn_transformer, height):
    model = build_model(tiny_cnn_transformer, CanvasConfig(height=height), 11)
    for width in (64, 96, 100, 256):
        logits = np.asarray(model.predict_on_batch(words(height, width)))
        assert logits.shape == (2, frames_of(tiny_cnn_transformer, width), 11)
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()


def test_build_has_the_configured_sizes():
    config = CnnTransformerConfig(
        channels=(8, 16, 24, 32), blocks=(1, 2, 1), width=24, layers=3, heads=2, feed_forward=40, dropout=0.4
    )
    model = build_model(config, CanvasConfig(), 7)
    kinds = {name: [x for x in model.layers if type(x).__name__ == name] for name in ("Conv2D", "MultiHeadAttention")}
    wide = [layer.filters for layer in kinds["Conv2D"] if layer.kernel_size == (3, 3)]
    assert wide == [16] * 2 + [24] * 4 + [32] * 2
    assert [layer.filters for layer in kinds["Conv2D"] if layer.kernel_size == (7, 7)] == [8]
    assert [(layer.num_heads, layer.key_dim) for layer in kinds["MultiHeadAttention"]] == [(2, 12)] * 3
    assert [model.get_layer(f"dense_{i}").units for i in range(3)] == [40] * 3
    assert {layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"} == {0.4}


def test_build_without_layers_has_no_attention(tiny_cnn_transformer):
    model = build_model(replace(tiny_cnn_transformer, layers=0), CanvasConfig(), 7)
    assert not [layer for layer in model.layers if type(layer).__name__ == "MultiHeadAttention"]
    assert np.asarray(model.predict_on_batch(words(64, 128))).shape == (2, 32, 7)


def test_with_positions_adds_sines_and_cosines():
    frames = keras.Input((None, 6))
    model = keras.Model(frames, with_positions(frames))
    signal = np.asarray(model.predict_on_batch(np.zeros((1, 50, 6), np.float32)))[0]
    place = np.arange(50)[:, None] * 10_000.0 ** -(np.arange(3) / 3)
    np.testing.assert_allclose(signal, np.concatenate([np.sin(place), np.cos(place)], axis=1), atol=1e-5)


def test_encoder_block_with_positions_depends_on_order(tiny_cnn_transformer):
    """Attention alone would give the mirrored frames' logits mirrored."""
    frames = keras.Input((None, 32))
    from hwr_core.models.cnn_transformer import encoder_block

    without_positions = keras.Model(frames, encoder_block(frames, tiny_cnn_transformer, 0))
    with_positions_ = keras.Model(frames, encoder_block(with_positions(frames), tiny_cnn_transformer, 0))
    x = np.random.default_rng(1).normal(size=(1, 8, 32)).astype(np.float32)
    forward, reversed_ = (np.asarray(without_positions.predict_on_batch(frames_)) for frames_ in (x, x[:, ::-1].copy()))
    np.testing.assert_allclose(reversed_[:, ::-1], forward, atol=1e-4)
    forward, reversed_ = (np.asarray(with_positions_.predict_on_batch(frames_)) for frames_ in (x, x[:, ::-1].copy()))
    assert np.abs(reversed_[:, ::-1] - forward).max() > 0.01


def test_onnx_export_gives_the_same_log_probabilities(tiny_cnn_transformer, tmp_path):
    keras.utils.set_random_seed(2)
    model = build_model(tiny_cnn_transformer, CanvasConfig(height=32, width=64), 11)
    network = OnnxNetwork(export_onnx(model, tmp_path))
    for width in (32, 64, 96):
        images = words(32, width)
        one, other = (log_softmax(np.asarray(n.predict_on_batch(images))) for n in (model, network))
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("kind", [CrnnConfig, CnnTransformerConfig])
def test_shortcut_head_takes_frames_before_the_sequence_layers(kind, tiny_crnn, tiny_cnn_transformer):
    config = tiny_crnn if kind is CrnnConfig else tiny_cnn_transformer
    model = build_model(config, CanvasConfig(height=32), 9)
    before = len(model.weights)
    both, head = shortcut_head(model, 9)
    logits, frames = both(words(32, 64))
    assert frames.shape == (2, 16, config.channels[-1])
    assert head(frames).shape == logits.shape == (2, 16, 9)
    assert len(model.weights) == before  # the saved model does not contain it
    np.testing.assert_allclose(frames, keras.Model(model.input, model.get_layer(FRAMES).output)(words(32, 64)))
