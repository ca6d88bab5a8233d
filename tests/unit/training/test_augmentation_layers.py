"""Augmentation layers in the training step: as the loader's, deterministic by seed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

from hwr_core.config import AugmentationConfig, CanvasConfig
from hwr_core.imaging import ink_canvas
from hwr_core.training import augmentation_layers
from hwr_core.training.augmentation import augment
from hwr_core.training.batches import balanced_batches, bucket_width, canvases_of, padded_widths

pytestmark = pytest.mark.slow
NOTHING = dict.fromkeys(("rotation", "shear", "scale", "shift", "elastic", "stroke", "noise"), 0.0)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def canvases(draw) -> np.ndarray:
    """`(8, 64, 128, 1)` uint8: four words, each twice."""
    words = [ink_canvas(draw(word, size=40), CanvasConfig(width=128)) for word in ("ink", "moon", "tea", "so")]
    return np.stack([*words, *words])[..., None]


def changed(canvases: np.ndarray, seed: int = 1, training: bool = True, **settings: float) -> np.ndarray:
    layer = augmentation_layers.Augmentation(AugmentationConfig(**settings), seed)
    return keras.ops.convert_to_numpy(layer(canvases, training=training))


def test_augmentation_shape_and_range(canvases):
    for strength in (0.5, 2.0):
        out = changed(canvases, strength=strength, mask=0.3)
        assert out.shape == canvases.shape
        assert out.dtype == np.float32
        assert out.min() >= 0
        assert out.max() <= 1
        assert np.abs(out - canvases / 255).max() > 0.5


def test_augmentation_strength_zero_returns_the_canvas(canvases):
    assert (changed(canvases, strength=0.0, mask=0.3) == canvases.astype(np.float32) / np.float32(255)).all()


def test_layers_with_zero_amounts_change_nothing(canvases):
    for kind in (augmentation_layers.Warp, augmentation_layers.Strokes, augmentation_layers.Masking):
        images = canvases.astype(np.float32) / 255
        out = kind(AugmentationConfig(**NOTHING), 1)(images, training=True)
        assert (keras.ops.convert_to_numpy(out) == images).all()


def test_augmentation_outside_training_changes_nothing(canvases):
    assert (changed(canvases, training=False) == canvases.astype(np.float32) / np.float32(255)).all()


def test_augmentation_is_deterministic_by_seed(canvases):
    one, again, other = (changed(canvases, seed) for seed in (5, 5, 6))
    assert (one == again).all()
    assert (one != other).any()
    assert (one[:4] != one[4:]).any()  # each image is augmented separately


def test_augmentation_state_restores_the_second_step(canvases):
    layer = augmentation_layers.Augmentation(AugmentationConfig(mask=0.2), 1)
    layer(canvases, training=True)
    state = [keras.ops.convert_to_numpy(variable) for variable in layer.variables]
    second = keras.ops.convert_to_numpy(layer(canvases, training=True))
    for variable, value in zip(layer.variables, state, strict=True):
        variable.assign(value)
    assert (keras.ops.convert_to_numpy(layer(canvases, training=True)) == second).all()
    assert layer.weights == []  # nothing of it is in a checkpoint


def test_augmentation_keeps_the_word_on_the_canvas(canvases):
    """Ink is neither lost over an edge nor flooded, like the loader's."""
    images = np.repeat(canvases, 8, axis=0)
    before = images.sum(axis=(1, 2, 3), dtype=float) / 255
    ratio = changed(images, strength=1.0).sum(axis=(1, 2, 3)) / before
    assert (ratio > 0.15).all()
    assert (ratio < 5).all()
    warped = augmentation_layers.Warp(AugmentationConfig(elastic=0.0, rotation=0.0, shift=0.0), 1)(
        images / 255.0, training=True
    )
    ink_share = keras.ops.convert_to_numpy(warped).sum(axis=(1, 2, 3)) / before
    assert (ink_share > 0.55).all()  # scaled down in both directions at the most
    assert (ink_share < 1.35).all()


def test_augmentation_amounts_match_the_loader(canvases):
    rng = np.random.default_rng(1)
    images = np.repeat(canvases, 8, axis=0)
    theirs = [augment(c[..., 0], AugmentationConfig(), rng).sum(dtype=float) / 255 for c in images]
    ours = changed(images).sum(axis=(1, 2, 3))
    assert np.mean(ours) == pytest.approx(np.mean(theirs), rel=0.25)


def test_resampled_at_known_coordinates():
    image = np.zeros((1, 4, 5, 1), np.float32)
    image[0, 1, 2] = 1.0
    rows, columns = np.meshgrid(np.arange(4.0), np.arange(5.0), indexing="ij")
    for shift, expected in ((1.0, {(1, 1): 1.0}), (0.25, {(1, 1): 0.25, (1, 2): 0.75}), (-9.0, {})):
        result = keras.ops.convert_to_numpy(
            augmentation_layers.resampled(
                image, (columns[None] + shift).astype("float32"), rows[None].astype("float32")
            )
        )
        dense = np.zeros((4, 5))
        for place, value in expected.items():
            dense[place] = value
        np.testing.assert_allclose(result[0, ..., 0], dense, atol=1e-6)


def test_strokes_become_thicker_and_thinner():
    image = np.zeros((1, 9, 9, 1), np.float32)
    image[0, 4, 4] = 1.0
    assert keras.ops.convert_to_numpy(augmentation_layers.cross_maximum(image)).sum() == 5
    assert keras.ops.convert_to_numpy(augmentation_layers.square_maximum(image)).sum() == 4
    one = augmentation_layers.Strokes(AugmentationConfig(stroke=1.0), 3)
    sums = {float(keras.ops.convert_to_numpy(one(image, training=True)).sum()) for _ in range(30)}
    assert sums == {1.0, 4.0, 5.0}  # a lone pixel is not worn away


def test_blurred_preserves_total_ink():
    image = np.zeros((2, 9, 9, 1), np.float32)
    image[:, 4, 4] = 1.0
    out = keras.ops.convert_to_numpy(
        augmentation_layers.blurred(image, np.array([0.4, 1.0], np.float32).reshape(2, 1, 1, 1))
    )
    np.testing.assert_allclose(out.sum(axis=(1, 2, 3)), 1.0, atol=1e-5)
    assert out[0, 4, 4] > out[1, 4, 4] > out[1, 4, 5] > out[0, 4, 5] > 0


def test_masking_hides_at_most_its_share(canvases):
    images = (canvases > 0).astype(np.float32)
    images[:, 0, :100] = 1.0  # ink in every column
    images[:, :, 100:] = 0.0
    out = keras.ops.convert_to_numpy(
        augmentation_layers.Masking(AugmentationConfig(mask=0.3), 2)(images, training=True)
    )
    hidden = (out.max(axis=1) == 0)[:, :100, 0].mean(axis=1)
    assert hidden.max() <= 0.33
    assert hidden.mean() > 0.05


def test_augment_masks_stripes(canvases):
    canvas = np.full((64, 100), 255, np.uint8)
    settings = AugmentationConfig(**NOTHING, mask=0.4)
    shares = [(augment(canvas, settings, np.random.default_rng(seed)).max(axis=0) == 0).mean() for seed in range(20)]
    assert 0.05 < np.mean(shares) < max(shares) < 0.45
    plain = AugmentationConfig(mask=0.0)
    one = augment(canvas, plain, np.random.default_rng(1))
    assert (one == augment(canvas, AugmentationConfig(), np.random.default_rng(1))).all()


def test_balanced_batches_are_of_one_size():
    widths = np.array([10, 20, 30, 60, 70, 200, 250, 300, 40, 130, 5])
    result = balanced_batches(widths, 4, 256, np.random.default_rng(1))
    assert [len(rows) for rows, _ in result] == [4, 4, 4]
    assert {int(row) for rows, _ in result for row in rows} == set(range(11))
    for rows, width in result:
        assert width in (128, 256)
        assert all(min(256, widths[row]) <= width for row in rows)
    again = balanced_batches(widths, 4, 256, np.random.default_rng(1))
    assert all((a == b).all() for (a, _), (b, _) in zip(result, again, strict=True))
    assert [len(rows) for rows, _ in balanced_batches(widths[:2], 4, 256, np.random.default_rng(1))] == [4]


def test_bucket_width_and_padded_widths():
    assert [bucket_width(width, 256) for width in (0, 1, 128, 129, 256)] == [0, 128, 128, 256, 256]
    assert padded_widths(np.array([100]), AugmentationConfig(strength=0.0), 64).tolist() == [100]
    assert padded_widths(np.array([100]), AugmentationConfig(), 64)[0] > 110
    stored = np.random.default_rng(1).integers(0, 255, (3, 8, 32), np.uint8)
    assert (canvases_of(stored, np.array([2, 0]), 16)[..., 0] == stored[[2, 0], :, :16]).all()


@pytest.mark.skipif(not find_spec("jax"), reason="JAX is not installed")
def test_augmentation_runs_under_jax():
    code = (
        "import numpy as np, keras\n"
        "from hwr_core.config import AugmentationConfig\n"
        "from hwr_core.training.augmentation_layers import Augmentation\n"
        "canvas = keras.Input((32, None, 1), dtype='uint8')\n"
        "model = keras.Model(canvas, Augmentation(AugmentationConfig(mask=0.2))(canvas))\n"
        "out = keras.ops.convert_to_numpy(model(np.full((2, 32, 64, 1), 200, 'uint8'), training=True))\n"
        "assert keras.backend.backend() == 'jax' and out.shape == (2, 32, 64, 1) and 0 < out.mean() < 1"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "KERAS_BACKEND": "jax"}, cwd=ROOT, check=True)
