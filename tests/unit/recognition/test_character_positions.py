"""Letters are boxed where there is ink, wherever the network fired for them."""

from __future__ import annotations

import numpy as np

from hwr_core.recognition.character_positions import align
from hwr_core.text import Charset


def test_a_letter_that_was_read_behind_the_ink_is_boxed_at_its_end():
    frames = np.full((8, 3), 0.02)  # blank, a, b
    frames[:, 0] = 0.96
    frames[1] = (0.02, 0.96, 0.02)
    frames[7] = (0.02, 0.02, 0.96)  # on paper: a recurrent network is late at the end
    log_probs = np.log(frames)
    found = align("ab", log_probs, Charset("ab"), width=64, ink=(4, 40), placement=None)
    assert [letter.text for letter in found.letters] == ["a", "b"]
    assert [letter.canvas for letter in found.letters] == [(4, 28), (28, 40)]
    assert found.frame_width == 8
