"""Batches: every word once, like widths together, nothing cut off."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.config import AugmentationConfig
from hwr_core.training.batches import (
    ConcatCanvases,
    PreparedWords,
    batch_width,
    images_of,
    ink_widths,
    padded,
    shuffled_batches,
    sorted_batches,
)


def canvas_of(width: int, value: int = 200) -> np.ndarray:
    """`(32, 128)` with ink in the first `width` columns."""
    canvas = np.zeros((32, 128), np.uint8)
    canvas[8:24, :width] = value
    return canvas


def test_concat_canvases_indexes_as_one_array():
    one, two = np.arange(4 * 2 * 3).reshape(4, 2, 3), 100 + np.arange(3 * 2 * 3).reshape(3, 2, 3)
    joined = ConcatCanvases([(one, np.array([3, 1])), (two, np.array([], int)), (two, np.array([0, 2, 2]))])
    expected = np.stack([one[3], one[1], two[0], two[2], two[2]])
    assert len(joined) == 5
    assert joined.shape == (5, 2, 3)
    assert (np.stack([joined[i] for i in range(5)]) == expected).all()


def test_prepared_words_length_is_that_of_transcriptions():
    assert len(PreparedWords(np.zeros((2, 4, 4), np.uint8), ["a", "b"], ["", ""])) == 2


def test_ink_widths():
    canvases = np.stack([canvas_of(10), canvas_of(128), np.zeros((32, 128), np.uint8)])
    assert ink_widths(canvases).tolist() == [13, 128, 3]


@pytest.mark.parametrize(
    ("widths", "max_width", "width"), [([1], 256, 32), ([32], 256, 32), ([33, 5], 256, 64), ([250], 200, 200)]
)
def test_batch_width(widths, max_width, width):
    assert batch_width(widths, max_width) == width


@pytest.mark.parametrize(("words", "size"), [(1, 4), (8, 4), (500, 4), (1000, 7)])
def test_shuffled_batches_have_every_word_once(words, size):
    widths = np.random.default_rng(1).integers(5, 256, words)
    for batches in (shuffled_batches(widths, size, np.random.default_rng(2)), sorted_batches(widths, size)):
        assert sorted(np.concatenate(batches).tolist()) == list(range(words))
        assert max(map(len, batches)) <= size
        assert len(batches) >= -(-words // size)


def test_shuffled_batches_number():
    """`steps()` of a task counts on it."""
    for words in (1, 63, 64, 65, 2560, 2561, 6000):
        batches = shuffled_batches(np.arange(words), 64, np.random.default_rng(0))
        assert len(batches) == -(-words // 64)


def test_shuffled_batches_group_similar_widths_in_random_order():
    widths = np.random.default_rng(1).integers(5, 256, 400)
    batches = shuffled_batches(widths, 10, np.random.default_rng(2))
    spread = np.mean([np.ptp(widths[batch]) for batch in batches])
    assert spread < 0.1 * np.ptp(widths)
    means = [widths[batch].mean() for batch in batches]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.5
    again = shuffled_batches(widths, 10, np.random.default_rng(2))
    other = shuffled_batches(widths, 10, np.random.default_rng(3))
    assert all((a == b).all() for a, b in zip(batches, again, strict=True))
    assert any((a != b).any() for a, b in zip(batches, other, strict=True))


def test_sorted_batches_rise_in_width():
    widths = np.random.default_rng(1).integers(5, 256, 50)
    in_order = widths[np.concatenate(sorted_batches(widths, 8))]
    assert (np.diff(in_order) >= 0).all()


def test_images_of_are_as_wide_as_the_widest():
    canvases = np.stack([canvas_of(10), canvas_of(50, 255), canvas_of(100)])
    images = images_of(canvases, np.array([1, 0]))
    assert images.shape == (2, 32, 64, 1)
    assert images.dtype == np.float32
    assert images.max() == 1
    np.testing.assert_allclose(images[0, :, :, 0], canvases[1][:, :64] / 255, atol=1e-6)
    np.testing.assert_allclose(images[1, :, :, 0], canvases[0][:, :64] / 255, atol=1e-6)
    assert images_of(canvases, np.array([2])).shape == (1, 32, 128, 1)
    assert images_of(canvases, np.array([0]), min_width=70).shape == (1, 32, 96, 1)
    assert images_of(canvases, np.array([0]), min_width=7000).shape == (1, 32, 128, 1)


def test_images_of_augmented_are_deterministic_by_seed():
    canvases = np.stack([canvas_of(40), canvas_of(90)])
    rows, config = np.array([0, 1]), AugmentationConfig()
    one, again, other = (images_of(canvases, rows, config, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert one.shape != other.shape or (one != other).any()
    assert one.shape[2] <= 128
    plain = images_of(canvases, rows, AugmentationConfig(strength=0.0), np.random.default_rng(1))
    assert (plain == images_of(canvases, rows)).all()


def test_padded_fills_with_zeros():
    assert padded([[1, 2], [], [3]]).tolist() == [[1, 2], [0, 0], [3, 0]]
    assert padded([[1]], 3).tolist() == [[1, 0, 0]]
    assert padded([[]]).shape == (1, 1)
    assert padded([[1]]).dtype == np.int32
