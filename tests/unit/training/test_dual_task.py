"""`dual` in training: which view of a word's image an epoch takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwr_core.config import AugmentationConfig
from hwr_core.text import Tokens
from hwr_core.training.batches import PreparedWords
from hwr_core.training.dual_task import DualTask

WORDS = ["tea", "ink", "moon"]

pytestmark = pytest.mark.slow


@pytest.fixture
def make_task(tiny_dual, config_of, tmp_path):
    def make(strength: float = 1.0, **model: object) -> DualTask:
        canvases = np.zeros((3, 32, 64), np.uint8)
        canvases[:, 6:26, 2:60] = np.random.default_rng(1).integers(0, 255, (3, 20, 58))
        words = PreparedWords(canvases, WORDS, ["one"] * 3)
        config = config_of(["words"], replace(tiny_dual, stage="conv3", **model), batch_size=3)
        config = replace(config, augmentation=AugmentationConfig(strength=strength))
        return DualTask(config, Tokens.from_texts(WORDS), words, words, tmp_path)

    return make


def shown(task: DualTask, epoch: int) -> np.ndarray:
    """Images or features in the only batch of an epoch."""
    [((inputs, _, _), count)] = task.batches(epoch)
    assert count == 3
    return inputs["features"] if task.frozen else inputs["image"]


def test_batches_frozen_take_views_in_turn(make_task):
    task = make_task(views=2)
    assert (shown(task, 0) != shown(task, 1)).any()
    assert (shown(task, 0) == shown(task, 2)).all()
    assert (shown(task, 1) == shown(task, 3)).all()


def test_batches_without_augmentation_have_one_view(make_task):
    task = make_task(strength=0.0, views=2)
    assert (shown(task, 0) == shown(task, 1)).all()


def test_batches_fine_tuned_are_augmented_each_time(make_task):
    task = make_task(fine_tune_from="conv3")
    first, second = shown(task, 0), shown(task, 1)
    assert first.shape == second.shape == (3, 32, 64, 1)
    assert (first != second).any()
    plain = make_task(strength=0.0, fine_tune_from="conv3")
    assert (shown(plain, 0) == shown(plain, 1)).all()
