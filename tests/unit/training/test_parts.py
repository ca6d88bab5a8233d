"""A pass over the training words in parts, each an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.config import CanvasConfig, RunConfig, TrainingConfig
from hwr_core.text import Charset
from hwr_core.training.batches import PreparedWords
from hwr_core.training.tasks import CtcTask


@pytest.mark.slow
@pytest.mark.parametrize("parts", [1, 3, 4])
def test_images_of_all_parts_have_every_word_once(tiny_crnn, parts):
    training = TrainingConfig(parts=parts, batch_size=4)
    config = RunConfig(
        datasets=("words",), model=tiny_crnn, canvas=CanvasConfig(height=32, width=64), training=training
    )
    words = PreparedWords(np.zeros((22, 32, 64), np.uint8), ["ab"] * 22, ["writer"] * 22)
    task = CtcTask(config, Charset("ab"), words, words)
    for whole_pass in (0, 1):
        shown = []
        for part in range(parts):
            batches = [rows for _, rows in task._images(whole_pass * parts + part)]
            assert task.steps() - 1 <= len(batches) <= task.steps()
            shown += [row for rows in batches for row in rows]
        assert sorted(shown) == list(range(22))
