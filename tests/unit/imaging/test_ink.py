"""The shortcuts of ink and canvas equal their definitions to the last bit: caches and networks depend on it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hwr_core.imaging import ink as module
from hwr_core.imaging.canvas import _crop, _ink_box
from hwr_core.imaging.ink import extract_ink


def plain_ink(grey: np.ndarray) -> np.ndarray:
    """The definition of the ink, without shortcuts; dark on light, and not of one colour."""
    window = max(15, 2 * (min(grey.shape) // 4) + 1)
    small = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (window, window)))
    paper = cv2.blur(small, (window, window)).astype(np.float32)
    ink = 1 - np.minimum(1, grey.astype(np.float32) / np.maximum(paper, 1))
    spread = cv2.GaussianBlur(ink, (3, 3), 0)
    noise = 2.5 * float(np.median(np.abs(spread - np.median(spread)))) + float(np.median(spread))
    low = min(max(0.04, noise), 0.3)
    inked = ink[spread > max(low, 0.5 * float(spread.max()))]
    high = max(float(np.percentile(inked, 75)) if inked.size else 0.0, low + 0.05)
    return np.clip((ink - low) / (high - low) * 255, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [0, 3, 40])
@pytest.mark.parametrize("seed", range(3))
def test_extract_ink_equals_its_definition(seed, noise):
    rng = np.random.default_rng(seed)
    grey = np.full((60 + 31 * seed, 170), 215, np.uint8)
    cv2.putText(grey, "word", (12, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 60, 2 + seed, cv2.LINE_AA)
    grey = np.clip(grey + rng.normal(0, noise, grey.shape), 0, 255).astype(np.uint8)
    assert np.array_equal(extract_ink(grey), plain_ink(grey))


def test_quartile_and_median_equal_numpy():
    rng = np.random.default_rng(1)
    for size in [*range(1, 40), 4096, 30_001]:
        values = rng.random(size, dtype=np.float32) * np.float32(rng.choice([1e-3, 1.0]))
        values[rng.random(size) < rng.choice([0.0, 0.3, 0.5, 0.9])] = 0
        assert module._upper_quartile(values) == float(np.percentile(values, 75))
        assert module._median(values) == float(np.median(values))
    assert module._upper_quartile(np.zeros(0, np.float32)) == 0.0


@pytest.mark.parametrize("thickness", range(1, 40, 3))
def test_crop_dash_keeps_paper_for_seven_strokes(thickness):
    ink = np.zeros((90, 160), np.uint8)
    cv2.line(ink, (30, 40), (120, 45), 255, thickness)
    left, top, right, bottom = box = _ink_box(ink)
    solid = np.pad(ink[top:bottom, left:right], 1)
    distance = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    stroke = 4 * (float(distance[distance > 0].mean()) - 0.5)
    assert _crop(ink, box).shape == (max(bottom - top, round(7 * stroke)), right - left)
