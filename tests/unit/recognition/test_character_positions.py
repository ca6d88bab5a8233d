"""Letters lie on ink, wherever the network fired for them."""

from __future__ import annotations

import numpy as np

from hwr_core.recognition.character_positions import align
from hwr_core.text import Charset


def test_align_letter_fired_after_the_ink_ends_with_the_ink():
    frames = np.full((8, 3), 0.02)  # blank, a, b
    frames[:, 0] = 0.96
    frames[1] = (0.02, 0.96, 0.02)
    frames[7] = (0.02, 0.02, 0.96)  # on paper: a recurrent network is late at the end
    log_probs = np.log(frames)
    alignment = align("ab", log_probs, Charset("ab"), width=64, ink=(4, 40), placement=None)
    assert [letter.text for letter in alignment.letters] == ["a", "b"]
    assert [letter.canvas for letter in alignment.letters] == [(4, 28), (28, 40)]
    assert alignment.frame_width == 8
