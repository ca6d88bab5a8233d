"""One word, one writer's habits, one picture: dark ink on light paper."""

from __future__ import annotations

import numpy as np

from hwr_core.errors import DataError
from hwr_core.synthesis.cropping import cut_out, strike_out, underline, with_neighbours
from hwr_core.synthesis.fonts import Face
from hwr_core.synthesis.letters import set_word
from hwr_core.synthesis.paper import ink_on_paper
from hwr_core.synthesis.pen import drawn
from hwr_core.synthesis.scanner import scanned
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
    coverage, baseline = cut_out(coverage, baseline, text, style, rng)
    if style.neighbours:
        coverage, baseline = with_neighbours(coverage, baseline, face, style, rng)
    coverage = drawn(coverage, style, rng)
    if style.underline and rng.random() < style.underline:
        underline(coverage, baseline, style, rng)
    if style.strike_out and rng.random() < style.strike_out:
        strike_out(coverage, baseline, style, rng)
    return scanned(ink_on_paper(coverage, baseline, style, rng), style, rng)
