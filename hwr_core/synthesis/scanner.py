"""What takes the picture: a scanner in black and white or grey, or a camera with its shadows."""

from __future__ import annotations

import cv2
import numpy as np

from hwr_core.synthesis.letters import grain, waves
from hwr_core.synthesis.style import Style


def scanned(picture: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """The picture as a file has it.

    Args:
        picture: grey, `(H, W)` float32.

    Returns:
        `(H, W)` uint8.
    """
    if style.scan == "photo":
        picture = photographed(picture, style, rng)
    if style.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), style.blur)
    if style.noise:
        picture = picture + grain((picture.shape[0], picture.shape[1]), rng) * np.float32(style.noise)
    if style.scan == "binary":
        darkest, lightest = float(picture.min()), float(style.paper)
        level = darkest + (0.52 + 0.2 * rng.random()) * (lightest - darkest)
        return np.where(picture < level, np.uint8(0), np.uint8(255))
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    if style.jpeg:
        packed = cv2.imencode(".jpg", grey, (cv2.IMWRITE_JPEG_QUALITY, style.jpeg))[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    return grey


def photographed(picture: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Seen at an angle, in uneven light, with the edge of a shadow now and then."""
    height, width = picture.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.uniform(-0.05, 0.05, (4, 2)).astype(np.float32) * height
    matrix = cv2.getPerspectiveTransform(corners, moved)
    seen = cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    light = 1 + waves((height, width), 3 * style.text_height, 0.04, rng)
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    light = light + across * np.float32(rng.normal(0, 0.1)) + down * np.float32(rng.normal(0, 0.04))
    if rng.random() < 0.5:
        light = light * shadow(across, down * (height / width), rng)
    return seen * np.clip(light * np.float32(rng.uniform(0.75, 1.0)), 0.35, 1.1)


def shadow(across: np.ndarray, down: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A soft-edged shadow over one side of the picture: factors in (0, 1]."""
    angle = rng.uniform(0, 2 * np.pi)
    side = across * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle)) - np.float32(rng.uniform(-0.3, 0.3))
    softness = np.float32(rng.uniform(0.03, 0.15))
    return 1 - np.float32(rng.uniform(0.1, 0.35)) / (1 + np.exp(-np.clip(side / softness, -30, 30)))
