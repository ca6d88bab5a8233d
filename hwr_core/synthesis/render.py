"""One word, one writer's habits, one picture: dark ink on light paper."""

from __future__ import annotations

import cv2
import numpy as np

from hwr_core.errors import DataError
from hwr_core.synthesis.fonts import Face
from hwr_core.synthesis.letters import crop, leave_remains, pen_change, set_word, thicken, underline, waves
from hwr_core.synthesis.style import Style

MOST_CHARACTERS = 60


def render_word(text: str, face: Face, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Write one word.

    Args:
        text: 1 to 60 characters that `face` can write, no spaces.
        face: the hand (the style's own, or another that takes over its habits).
        style: the writer's habits.
        rng: this word's chances; the same state gives the same picture.

    Returns:
        `(H, W)` uint8, grey: dark ink on light paper, cropped to the ink and a small margin. A word with
        ascenders and descenders is about `style.text_height` high.

    Raises:
        DataError: the text is empty or too long, or the face lacks one of its characters.
    """
    if not 0 < len(text) <= MOST_CHARACTERS:
        raise DataError(f"A word has 1 to {MOST_CHARACTERS} characters. Received {len(text)}: {text[:80]!r}.")
    if not face.can_write(text):
        missing = sorted(set(text) - face.characters)
        raise DataError(f"The face '{face.name}' cannot write {missing} of {text!r}. Choose another face.")
    coverage, baseline = set_word(text, face, style, rng)
    coverage = thicken(coverage, pen_change(face, style))
    coverage, baseline = crop(coverage, baseline, style, rng)
    if style.underline and rng.random() < style.underline:
        underline(coverage, baseline, style, rng)
    if style.remains and rng.random() < style.remains:
        taller = leave_remains(coverage, rng)
        coverage, baseline = taller, baseline + taller.shape[0] - coverage.shape[0]
    picture = ink_on_paper(coverage, baseline, style, rng)
    return scanned(picture, style, rng)


# Ink, paper, scanner: grey, (H, W) float32 in [0, 255].


def ink_on_paper(coverage: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Lay the ink on the paper, with its lines, stains and fibres."""
    shape = coverage.shape
    ink = coverage.astype(np.float32) * np.float32(style.ink / 255)
    if style.ink_texture:
        pressure = waves(shape, style.text_height / 2, 0.25 * style.ink_texture, rng)
        grain = rng.standard_normal(shape, np.float32) * np.float32(0.25 * style.ink_texture)
        ink *= np.clip(1 - np.abs(pressure) - np.maximum(grain, 0), 0.15, 1)
    paper = np.full(shape, style.paper, np.float32)
    if style.paper_texture:
        paper += waves(shape, 4 * style.text_height, 10 * style.paper_texture, rng)
        paper += rng.standard_normal(shape, np.float32) * np.float32(6 * style.paper_texture)
    if style.ruling != "none":
        rule(paper, baseline, style, rng)
    return paper * (1 - ink * np.float32(0.95))


def rule(paper: np.ndarray, baseline: float, style: Style, rng: np.random.Generator) -> None:
    """Print the paper's line under the word (or through it: hands are not exact), in place."""
    height, width = paper.shape
    y = baseline + max(rng.normal(0.08, 0.06), 0.01) * style.text_height
    thickness = int(rng.integers(1, 3))
    line = np.zeros_like(paper)
    y = min(y, height - 1.0)
    slope = rng.normal(0, 0.006) * width
    cv2.line(line, (0, round(y)), (width, round(y + slope)), 1.0, thickness, cv2.LINE_8)
    if style.ruling == "dotted":
        period = int(rng.integers(4, 9))
        line *= (np.arange(width) % period < period / 2)[None, :]
    paper *= 1 - line * np.float32(rng.uniform(0.15, 0.75))


def scanned(picture: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """What the scanner makes of it: `(H, W)` uint8."""
    if style.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), style.blur)
    if style.noise:
        picture = picture + rng.standard_normal(picture.shape, np.float32) * np.float32(style.noise)
    if style.scan == "binary":
        darkest, lightest = float(picture.min()), float(style.paper)
        level = darkest + (0.52 + 0.2 * rng.random()) * (lightest - darkest)
        return np.where(picture < level, 0, 255).astype(np.uint8)
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    if style.jpeg:
        grey = cv2.imdecode(cv2.imencode(".jpg", grey, (cv2.IMWRITE_JPEG_QUALITY, style.jpeg))[1], 0)
    return grey
