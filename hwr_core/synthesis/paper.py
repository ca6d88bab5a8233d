"""Ink and paper: texture, ruled lines, bleed-through."""

from __future__ import annotations

import cv2
import numpy as np

from hwr_core.synthesis.letters import smooth_noise, white_noise
from hwr_core.synthesis.style import Style

DOT_PERIOD = (3, 9)  # of a dotted line, pixels: low, high (exclusive)


def ink_on_paper(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Compose the ink and the paper.

    Args:
        coverage: `(H, W)` uint8, 255 is ink.
        baseline: row of the baseline.

    Returns:
        Grey, `(H, W)` float32, about 0 to 255.
    """
    shape = (coverage.shape[0], coverage.shape[1])
    ink = coverage * np.float32(-0.95 * style.ink / 255)
    if style.ink_texture:
        unevenness = smooth_noise(shape, style.text_height / 2, 0.2 * style.ink_texture, rng)
        np.abs(unevenness, out=unevenness)
        unevenness += np.maximum(white_noise(shape, rng) * np.float32(0.28 * style.ink_texture), 0)
        np.subtract(1, unevenness, out=unevenness)
        ink *= np.maximum(unevenness, np.float32(0.15), out=unevenness)
    ink += 1
    if not (style.paper_texture or style.bleed or style.ruling != "none"):
        ink *= np.float32(style.paper)
        return ink
    paper = np.full(shape, style.paper, np.float32)
    if style.paper_texture:
        paper += smooth_noise(shape, 4 * style.text_height, 10 * style.paper_texture, rng)
        paper += white_noise(shape, rng) * np.float32(4.5 * style.paper_texture)
    if style.bleed:
        bleed_through(paper, coverage, style, rng)
    if style.ruling != "none":
        draw_ruling(paper, baseline, style, rng)
    paper *= ink
    return paper


def bleed_through(paper: np.ndarray, coverage: np.ndarray, style: Style, rng: np.random.Generator) -> None:
    """Add the writing on the back of the sheet, mirrored, pale and blurred, in place."""
    height, width = coverage.shape
    back = np.roll(coverage[:, ::-1], (int(rng.integers(height)), int(rng.integers(width))), (0, 1))
    soft = cv2.GaussianBlur(back, (0, 0), 0.02 * style.text_height + 0.8)
    paper *= 1 - soft.astype(np.float32) * np.float32(0.28 * style.bleed / 255)


def draw_ruling(paper: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> None:
    """Draw the ruling, one line near the baseline with a random offset, in place."""
    height, width = paper.shape
    y = min(baseline + max(rng.normal(0.05, 0.06), -0.05) * style.text_height, height - 1.0)
    thickness = int(rng.integers(1, 3))
    slope = float(rng.normal(0, 0.006)) * width
    line = np.zeros_like(paper)
    distance = max(int(rng.uniform(0.35, 0.7) * style.text_height), 12)
    rows = [y] if style.ruling != "squared" else [y + distance * step for step in range(-8, 3)]
    for row in rows:
        cv2.line(line, (0, round(row)), (width, round(row + slope)), 1.0, thickness, cv2.LINE_8)
    if style.ruling == "squared":
        for x in range(int(rng.integers(distance)), width, distance):
            cv2.line(line, (x, 0), (x - round(slope * height / width), height), 1.0, thickness, cv2.LINE_8)
    if style.ruling == "dotted":
        period = int(rng.integers(*DOT_PERIOD))
        line *= (np.arange(width) % period < period / 2)[None, :]
    darkness = rng.uniform(0.1, 0.35) if style.ruling == "squared" else rng.uniform(0.15, 0.7)
    paper *= 1 - line * np.float32(darkness)
