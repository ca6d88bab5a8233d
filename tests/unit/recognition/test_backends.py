"""Batches of words of several widths through a CTC network."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.decoding import best_paths
from hwr_core.recognition.backends import PADDING_LOG_PROB, WORDS_PER_CALL, CtcBackend, _padded
from hwr_core.recognition.output_cache import OutputCache
from hwr_core.text import Charset


class FixedNetwork:
    """Outputs `a` in every fourth column, and records the shapes of its inputs."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        self.shapes.append(images.shape)
        logits = np.zeros((len(images), images.shape[2] // 4, 3), np.float32)
        logits[..., 1] = 5
        return logits


def test_log_probs_words_of_similar_width_share_a_call():
    canvases = [np.zeros((16, 256), np.uint8) for _ in range(WORDS_PER_CALL + 3)]
    for place, canvas in enumerate(canvases):
        canvas[:, : 200 if place < WORDS_PER_CALL else 30] = 255
    network = FixedNetwork()
    log_probs, width = CtcBackend(network, Charset("ab"), OutputCache(0)).log_probs(canvases)
    assert network.shapes == [(WORDS_PER_CALL, 16, 224, 1), (3, 16, 64, 1)]
    assert (log_probs.shape, width) == ((WORDS_PER_CALL + 3, 56, 3), 224)
    assert np.exp(log_probs).sum(axis=2) == pytest.approx(1)
    assert (log_probs[WORDS_PER_CALL:, 16:, 0] == 0).all()
    assert best_paths(log_probs)[-1] == best_paths(log_probs[-1:, :16])[0]


def test_padded_frames_are_certain_blanks():
    log_probs = np.log(np.full((1, 2, 3), 1 / 3, np.float32))
    assert _padded(log_probs, 2) is log_probs
    longer = _padded(log_probs, 4)
    assert longer.dtype == log_probs.dtype
    assert longer[0, 2:].tolist() == [[0.0, PADDING_LOG_PROB, PADDING_LOG_PROB]] * 2
