"""`seq2seq` in training: both losses, a frozen encoder's cached frames, averages, and starting from a CTC network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from hwr_core.config import AugmentationConfig
from hwr_core.errors import ConfigError
from hwr_core.models import build_model
from hwr_core.text import Charset
from hwr_core.training.batches import PreparedWords
from hwr_core.training.presets import starting_models
from hwr_core.training.runs import check_data
from hwr_core.training.seq2seq_model import TARGET_PAD_ID, add_token_noise, next_character_loss
from hwr_core.training.seq2seq_task import Seq2SeqTask

WORDS = ["tea", "ink", "moon", "sally"]


def prepared(count: int = 4) -> PreparedWords:
    canvases = np.zeros((count, 32, 64), np.uint8)
    canvases[:, 6:26, 2:60] = np.random.default_rng(1).integers(0, 255, (count, 20, 58))
    return PreparedWords(canvases, WORDS[:count], ["one"] * count)


@pytest.fixture
def make_task(tiny_seq2seq, config_of, tmp_path):
    def make(folder: Path = tmp_path, start=None, augmentation=None, **training: object) -> Seq2SeqTask:
        keras.utils.set_random_seed(4)
        model = replace(tiny_seq2seq, freeze_encoder=start is not None, views=2)
        config = config_of(["words"], model, batch_size=2, epochs=3, warmup_steps=1, **training)
        config = replace(config, augmentation=augmentation or config.augmentation)
        task = Seq2SeqTask(config, Charset.from_texts(WORDS), prepared(), prepared(2), start, folder=folder)
        task.network.run_eagerly = task.model.run_eagerly = keras.backend.backend() == "tensorflow"
        return task

    return make


def steps(task: Seq2SeqTask, epoch: int = 0) -> list[float]:
    return [float(task.network.train_on_batch(*arrays, return_dict=True)["loss"]) for arrays, _ in task.batches(epoch)]


def test_add_token_noise_replaces_characters_only():
    tokens = np.tile(np.array([0, 3, 4, 5, 0], np.int32), (400, 1))
    result = add_token_noise(tokens, 0.5, 9, np.random.default_rng(1))
    assert (result[:, [0, 4]] == 0).all()
    assert 1 <= result[:, 1:4].min() <= result[:, 1:4].max() < 9
    assert 0.3 < (result[:, 1:4] != tokens[:, 1:4]).mean() < 0.5
    assert (add_token_noise(tokens, 0.0, 9, np.random.default_rng(1)) == tokens).all()


@pytest.mark.slow
def test_next_character_loss_is_the_negative_log_probability():
    logits = np.random.default_rng(1).normal(size=(1, 3, 4)).astype(np.float32)
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    targets = np.array([[2, 0, TARGET_PAD_ID]])
    own = -(log_probs[0, 0, 2] + log_probs[0, 1, 0])
    assert float(next_character_loss(0.0)(targets, logits)) == pytest.approx(own, rel=1e-5)
    smooth = 0.9 * own - 0.1 * log_probs[0, :2].mean(-1).sum()
    assert float(next_character_loss(0.1)(targets, logits)) == pytest.approx(smooth, rel=1e-5)


@pytest.mark.slow
def test_task_trains_both_losses_with_averaged_weights(make_task):
    task = make_task(average=0.5, precision="mixed_bfloat16")
    assert all(np.isfinite(steps(task)))
    figures = task.validate(lambda: False)
    assert next(iter(figures)) == task.metric == "cer"
    assert np.isfinite(figures["validation_loss"])
    assert len(task.read(np.array([0, 1]))) == 2
    assert task.validate(lambda: True) == {}


@pytest.mark.slow
def test_task_frozen_encoder_keeps_its_weights(make_task, tiny_crnn, config_of, tmp_path):
    keras.utils.set_random_seed(5)
    start = build_model(tiny_crnn, config_of(["words"], tiny_crnn).canvas, len(Charset.from_texts(WORDS)) + 1)
    task = make_task(start=start.get_weights(), augmentation=AugmentationConfig(device="loader"))
    steps(task)
    figures = task.validate(lambda: False)
    for one, other in zip(task.model.get_layer("encoder").get_weights(), start.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.isfinite(figures["validation_loss"])
    views = task._cached.batch(0, np.array([0])), task._cached.batch(1, np.array([0]))
    assert np.abs(views[0][:, :8] - views[1][:, :8]).max() > 1e-3  # augmented differently
    again = make_task(start=start.get_weights(), augmentation=AugmentationConfig(device="loader"))
    np.testing.assert_array_equal(again._cached.batch(0, np.array([0])), views[0])  # cached, not computed again


def test_starting_models_of_seq2seq(tiny_seq2seq, config_of):
    assert starting_models("seq2seq") == ("seq2seq", "crnn", "cnn_transformer")
    with pytest.raises(ConfigError, match="must come from somewhere"):
        check_data(config_of(["words"], replace(tiny_seq2seq, freeze_encoder=True)))
