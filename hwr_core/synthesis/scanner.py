"""The scan: a binary or grey scanner, or a camera with perspective and shadows."""

from __future__ import annotations

import cv2
import numpy as np

from hwr_core.synthesis.letters import smooth_noise, white_noise
from hwr_core.synthesis.style import Style


def scan_image(image: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Scan or photograph a page.

    Args:
        image: grey, `(H, W)` float32.

    Returns:
        `(H, W)` uint8.
    """
    if style.scan == "photo":
        image = photograph(image, style, rng)
    if style.blur:
        image = cv2.GaussianBlur(image, (0, 0), style.blur)
    if style.noise:
        image = image + white_noise((image.shape[0], image.shape[1]), rng) * np.float32(style.noise)
    if style.scan == "binary":
        darkest, lightest = float(image.min()), float(style.paper)
        level = darkest + (0.52 + 0.2 * rng.random()) * (lightest - darkest)
        return np.where(image < level, np.uint8(0), np.uint8(255))
    grey = np.clip(image, 0, 255).astype(np.uint8)
    if style.jpeg:
        packed = cv2.imencode(".jpg", grey, (cv2.IMWRITE_JPEG_QUALITY, style.jpeg))[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    return grey


def photograph(image: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Add perspective, uneven light and, in half of the images, a shadow."""
    height, width = image.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.uniform(-0.05, 0.05, (4, 2)).astype(np.float32) * height
    matrix = cv2.getPerspectiveTransform(corners, moved)
    warped = cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    light = 1 + smooth_noise((height, width), 3 * style.text_height, 0.04, rng)
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    light = light + across * np.float32(rng.normal(0, 0.1)) + down * np.float32(rng.normal(0, 0.04))
    if rng.random() < 0.5:
        light = light * shadow(across, down * (height / width), rng)
    return warped * np.clip(light * np.float32(rng.uniform(0.75, 1.0)), 0.35, 1.1)


def shadow(across: np.ndarray, down: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A soft-edged shadow over one side of the image: factors in (0, 1]."""
    angle = rng.uniform(0, 2 * np.pi)
    side = across * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle)) - np.float32(rng.uniform(-0.3, 0.3))
    softness = np.float32(rng.uniform(0.03, 0.15))
    return 1 - np.float32(rng.uniform(0.1, 0.35)) / (1 + np.exp(-np.clip(side / softness, -30, 30)))
