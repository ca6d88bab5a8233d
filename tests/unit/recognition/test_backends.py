"""What a CTC network says of words of several widths at once."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.decoding import best_paths
from hwr_core.recognition.backends import NO_LETTER, ROWS, CtcBackend, _as_long
from hwr_core.recognition.output_cache import OutputCache
from hwr_core.text import Charset


class Widths:
    """Says `a` in every fourth column, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, ...]] = []

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        self.shown.append(images.shape)
        logits = np.zeros((len(images), images.shape[2] // 4, 3), np.float32)
        logits[..., 1] = 5
        return logits


def test_words_of_like_width_are_shown_no_wider_than_they_are():
    canvases = [np.zeros((16, 256), np.uint8) for _ in range(ROWS + 3)]
    for place, canvas in enumerate(canvases):
        canvas[:, : 200 if place < ROWS else 30] = 255
    network = Widths()
    log_probs, width = CtcBackend(network, Charset("ab"), OutputCache(0)).log_probs(canvases)
    assert network.shown == [(ROWS, 16, 224, 1), (3, 16, 64, 1)]
    assert (log_probs.shape, width) == ((ROWS + 3, 56, 3), 224)
    assert np.exp(log_probs).sum(axis=2) == pytest.approx(1)
    assert (log_probs[ROWS:, 16:, 0] == 0).all()
    assert best_paths(log_probs)[-1] == best_paths(log_probs[-1:, :16])[0]


def test_what_is_behind_a_picture_is_blank_for_sure():
    said = np.log(np.full((1, 2, 3), 1 / 3, np.float32))
    assert _as_long(said, 2) is said
    longer = _as_long(said, 4)
    assert longer.dtype == said.dtype
    assert longer[0, 2:].tolist() == [[0.0, NO_LETTER, NO_LETTER]] * 2
