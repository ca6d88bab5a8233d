"""`seq2seq`: shapes, masks, and ONNX export."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from hwr_core.config import CanvasConfig
from hwr_core.decoding.ctc import log_softmax
from hwr_core.models import build_model, frames_of
from hwr_core.models.seq2seq import BOS_ID
from hwr_core.recognition.onnx_export import export_onnx
from hwr_core.recognition.seq2seq_runtime import KerasSeq2Seq, OnnxSeq2Seq

pytestmark = pytest.mark.slow
CLASSES = 11


@pytest.fixture(scope="module")
def model(tiny_seq2seq) -> keras.Model:
    keras.utils.set_random_seed(3)
    return build_model(tiny_seq2seq, CanvasConfig(height=32, width=64), CLASSES)


@pytest.fixture(scope="module")
def network(model) -> KerasSeq2Seq:
    return KerasSeq2Seq(model)


def words(width: int) -> np.ndarray:
    return np.random.default_rng(1).random((2, 32, width, 1)).astype(np.float32)


def texts(count: int, length: int) -> np.ndarray:
    tokens = np.random.default_rng(2).integers(1, CLASSES, (count, length)).astype(np.int32)
    tokens[:, 0] = BOS_ID
    return tokens


def test_build_gives_both_logits(model, tiny_seq2seq):
    for width in (64, 96):
        ctc, next_logits = model.predict_on_batch({"image": words(width), "tokens": texts(2, 5)})
        assert ctc.shape == (2, frames_of(tiny_seq2seq, width), CLASSES)
        assert next_logits.shape == (2, 5, CLASSES)


def test_build_encoder_equals_the_ctc_network(model, tiny_seq2seq):
    alone = build_model(tiny_seq2seq.encoder_config, CanvasConfig(height=32, width=64), CLASSES)
    alone.set_weights(model.get_layer("encoder").get_weights())
    logits, _ = model.get_layer("encoder").predict_on_batch(words(64))
    np.testing.assert_allclose(alone.predict_on_batch(words(64)), logits, atol=1e-5)


def test_decoder_masks_later_tokens_and_padding(network):
    _, frames = network.encode(words(64))
    owner, tokens = np.array([0, 1, 1]), texts(3, 6)
    logits, attention = network.next_logits(frames, owner, tokens)
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
    later = tokens.copy()
    later[:, 4] = 1 + later[:, 4] % (CLASSES - 1)
    other, _ = network.next_logits(frames, owner, later)
    np.testing.assert_allclose(other[:, :4], logits[:, :4], atol=1e-5)  # later tokens are masked
    assert np.abs(other[:, 4:] - logits[:, 4:]).max() > 1e-3
    longer = np.concatenate([frames, np.zeros_like(frames[:, :3])], axis=1)
    padded, padded_attention = network.next_logits(longer, owner, tokens)
    np.testing.assert_allclose(padded, logits, atol=1e-5)  # padding is masked
    assert padded_attention[..., -3:].max() < 1e-6
    swapped, _ = network.next_logits(frames[::-1].copy(), 1 - owner, tokens)
    np.testing.assert_allclose(swapped, logits, atol=1e-5)  # each with its own image


def test_onnx_export_gives_the_same_log_probabilities(model, network, tmp_path):
    assert export_onnx(model, tmp_path)
    quick = OnnxSeq2Seq(tmp_path)
    assert quick.output_shape[-1] == CLASSES
    for width, length in ((64, 1), (96, 7)):
        (ctc, frames), (other_ctc, other_frames) = (n.encode(words(width)) for n in (network, quick))
        np.testing.assert_allclose(log_softmax(other_ctc), log_softmax(ctc), atol=1e-4)
        np.testing.assert_allclose(other_frames, frames, atol=1e-4)
        inputs = frames, np.array([0, 0, 1]), texts(3, length)
        (logits, attention), (other_logits, other_attention) = (n.next_logits(*inputs) for n in (network, quick))
        np.testing.assert_allclose(log_softmax(other_logits), log_softmax(logits), atol=1e-4)
        np.testing.assert_allclose(other_attention, attention, atol=1e-4)
