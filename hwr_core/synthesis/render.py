"""One word in one style as one image, dark ink on light paper."""

from __future__ import annotations

import numpy as np

from hwr_core.errors import DataError
from hwr_core.synthesis.cropping import add_neighbours, crop_to_ink, strike_out, underline
from hwr_core.synthesis.fonts import Face
from hwr_core.synthesis.letters import lay_out_word
from hwr_core.synthesis.paper import ink_on_paper
from hwr_core.synthesis.pen import apply_pen
from hwr_core.synthesis.scanner import scan_image
from hwr_core.synthesis.style import Style

MAX_CHARACTERS = 60


def render_word(text: str, face: Face, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Render one word.

    Args:
        text: 1 to 60 characters that `face` can write, no spaces.
        face: the font; the style's own or another.
        style: the writer's style.
        rng: the same state gives the same image.

    Returns:
        `(H, W)` uint8 grey, dark ink on light paper, cropped to the ink and a small margin. A word with
        ascenders and descenders is about `style.text_height` high.

    Raises:
        DataError: the text is empty or too long, or the face lacks one of its characters.
    """
    if not 0 < len(text) <= MAX_CHARACTERS:
        raise DataError(f"A word has 1 to {MAX_CHARACTERS} characters. Received {len(text)}: {text[:80]!r}.")
    if not face.can_write(text):
        missing = sorted(set(text) - face.characters)
        raise DataError(f"The face '{face.name}' cannot write {missing} of {text!r}. Choose another face.")
    coverage, baseline = lay_out_word(text, face, style, rng)
    coverage, baseline = crop_to_ink(coverage, baseline, text, style, rng)
    if style.neighbours:
        coverage, baseline = add_neighbours(coverage, baseline, face, style, rng)
    coverage = apply_pen(coverage, style, rng)
    if style.underline and rng.random() < style.underline:
        underline(coverage, baseline, style, rng)
    if style.strike_out and rng.random() < style.strike_out:
        strike_out(coverage, baseline, style, rng)
    return scan_image(ink_on_paper(coverage, baseline, style, rng), style, rng)
