"""Augmentation by the loader: another writer, pen or scanner, the same word."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.config import AugmentationConfig, CanvasConfig
from hwr_core.imaging import ink_canvas, ink_width
from hwr_core.training.augmentation import augment, pad_to

NOTHING = dict.fromkeys(("rotation", "shear", "scale", "shift", "elastic", "stroke", "noise"), 0.0)


@pytest.fixture
def canvas(draw) -> np.ndarray:
    return ink_canvas(draw("word", size=60), CanvasConfig())


def test_augment_strength_zero_returns_the_canvas(canvas):
    out = augment(canvas, AugmentationConfig(strength=0.0), np.random.default_rng(1))
    assert (out == canvas[:, : ink_width(canvas)]).all()


@pytest.mark.parametrize("strength", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("max_width", [None, 100, 256])
def test_augment_size_and_type(canvas, strength, max_width):
    for seed in range(30):
        out = augment(canvas, AugmentationConfig(strength=strength), np.random.default_rng(seed), max_width)
        assert out.dtype == np.uint8
        assert out.shape[0] == canvas.shape[0]
        assert 8 <= out.shape[1] <= (max_width or canvas.shape[1])
        assert out.max() > 60
        if strength <= 1 and max_width != 100:
            assert 0.25 < out.sum(dtype=float) / canvas.sum(dtype=float) < 4  # neither gone nor flooded


def test_augment_does_not_modify_its_input(canvas):
    before = canvas.copy()
    augment(canvas, AugmentationConfig(strength=2.0), np.random.default_rng(1))
    assert (canvas == before).all()


def test_augment_is_deterministic_by_seed(canvas):
    one, again, other = (augment(canvas, AugmentationConfig(), np.random.default_rng(s)) for s in (5, 5, 6))
    assert (one == again).all()
    assert one.shape != other.shape or (one != other).any()


@pytest.mark.parametrize("width", [0, 1, 256])
def test_augment_of_odd_canvases(width):
    canvas = np.zeros((64, 256), np.uint8)
    canvas[20:40, :width] = 255
    for seed in range(20):
        out = augment(canvas, AugmentationConfig(strength=2.0), np.random.default_rng(seed))
        assert out.shape[1] <= 256


def slant_of(canvas: np.ndarray) -> float:
    """Horizontal shift of the ink per row, from the rows' centres of gravity."""
    weights = canvas.astype(float)
    weights[weights < 60] = 0
    rows = np.flatnonzero(weights.sum(axis=1) > 0)
    centres = (weights[rows] * np.arange(canvas.shape[1])).sum(axis=1) / weights[rows].sum(axis=1)
    return float(np.polyfit(rows, centres, 1)[0])


def test_augment_shear_is_two_sided_and_limited():
    bar = np.zeros((64, 256), np.uint8)
    bar[6:58, 3:9] = 255
    config = AugmentationConfig(**{**NOTHING, "shear": 0.35})
    slants = [slant_of(augment(bar, config, np.random.default_rng(seed))) for seed in range(60)]
    assert min(slants) < -0.2
    assert max(slants) > 0.2
    assert max(map(abs, slants)) < 0.4


def test_augment_scale_changes_the_height():
    block = np.zeros((64, 256), np.uint8)
    block[4:60, 3:60] = 255
    config = AugmentationConfig(**{**NOTHING, "scale": 0.3})
    outs = [augment(block, config, np.random.default_rng(seed)) for seed in range(40)]
    heights = [int(((out > 100).sum(axis=1) > 0).sum()) for out in outs]
    assert min(heights) < 46
    assert max(heights) <= 64
    still = AugmentationConfig(**NOTHING)
    assert {int(((augment(block, still, np.random.default_rng(s)) > 60).any(axis=1)).sum()) for s in range(20)} <= {
        55, 56, 57, 58,
    }  # fmt: skip


def test_augment_strokes_become_thinner_and_thicker():
    bar = np.zeros((64, 256), np.uint8)
    bar[6:58, 20:28] = 255
    widths = {}
    for stroke in (0.0, 1.0):
        config = AugmentationConfig(**{**NOTHING, "stroke": stroke})
        outs = [augment(bar, config, np.random.default_rng(seed)) for seed in range(40)]
        widths[stroke] = {int((out[32] > out[32].max() / 2).sum()) for out in outs}
    assert min(widths[1.0]) < min(widths[0.0])
    assert max(widths[1.0]) > max(widths[0.0])


def test_augment_noise_is_on_paper_too(canvas):
    noisy = AugmentationConfig(**{**NOTHING, "noise": 0.2})
    outs = [augment(canvas, noisy, np.random.default_rng(seed)) for seed in range(10)]
    plain = [augment(canvas, AugmentationConfig(**NOTHING), np.random.default_rng(seed)) for seed in range(10)]
    assert np.mean([(out[:2] > 0).mean() for out in outs]) > 0.3
    assert max((out[:2] > 0).mean() for out in plain) == 0


def test_pad_to_pads_and_crops():
    canvas = np.full((4, 10), 7, np.uint8)
    assert pad_to(canvas, 12)[:, 10:].sum() == 0
    assert (pad_to(canvas, 12)[:, :10] == 7).all()
    assert pad_to(canvas, 6).shape == (4, 6)
