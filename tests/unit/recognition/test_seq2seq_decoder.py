"""Joint decoding: weights between CTC's and the decoder's probabilities, attention, constraints."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core import Recognizer
from hwr_core.recognition.seq2seq_decoder import Scored

SCORED = Scored([[1], [2], [1, 2]], np.log([0.5, 0.3, 0.1]), np.log([0.2, 0.6, 0.05]))


def test_joint_weight_of_zero_or_one_is_one_probability():
    np.testing.assert_allclose(np.exp(SCORED.joint(1.0)), [0.5, 0.3, 0.1])
    np.testing.assert_allclose(np.exp(SCORED.joint(0.0)), [0.2, 0.6, 0.05])


def test_joint_weight_between_normalises_with_the_rest():
    shares = np.exp(SCORED.joint(0.5))
    raw = np.sqrt([0.5 * 0.2, 0.3 * 0.6, 0.1 * 0.05, 0.1 * 0.15])
    np.testing.assert_allclose(shares, (raw / raw.sum())[:3])


@pytest.fixture(scope="module")
def recognizer(seq2seq_run) -> Recognizer:
    return Recognizer.load(seq2seq_run / "checkpoint")


@pytest.mark.slow
def test_read_masks_and_words(recognizer, draw):
    images = [draw("moon"), draw("tea")]
    assert [r.text for r in recognizer.read(images, mask=["m??n", "?ea"])] == ["moon", "tea"]
    readings = recognizer.read(images, words=["tea", "moon", "ink"], alternatives=3)
    assert [r.text for r in readings] == ["moon", "tea"]
    assert all(sum(c for _, c in r.alternatives) <= 1 + 1e-6 for r in readings)
    assert recognizer.read(images[:1], words=["sally"])[0].confidence < 0.2


@pytest.mark.slow
def test_read_alignment_has_columns_and_attention(recognizer, draw):
    reading = recognizer.read([draw("moon")], alignment=True)[0]
    assert reading.alignment
    assert "".join(letter.text for letter in reading.alignment.letters) == "moon"
    attention = np.array(reading.alignment.attention)
    assert attention.shape == (4, len(reading.alignment.frames))
    np.testing.assert_allclose(attention.sum(axis=1), 1, atol=1e-4)
