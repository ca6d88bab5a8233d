"""Distillation: a teacher's frames in addition to the transcription."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

from hwr_core.config import CanvasConfig
from hwr_core.errors import CheckpointError, ConfigError
from hwr_core.models import backbone_weights
from hwr_core.recognition.checkpoint import load_model
from hwr_core.text import Charset
from hwr_core.training import new_run
from hwr_core.training.data import training_words
from hwr_core.training.distillation import kl_divergence, load_teacher, teacher_charset, teacher_folder
from hwr_core.training.job import make_task, run_training

pytestmark = pytest.mark.slow


@pytest.fixture
def config(crnn_run, make_dataset, tiny_crnn, config_of):
    make_dataset("words", {"train": ["tea", "zoo", "ink"], "validation": ["tea"]})
    student = replace(tiny_crnn, channels=(8, 8, 8, 16))
    return replace(config_of(["words"], student, epochs=1, batch_size=2), teacher=str(crnn_run / "checkpoint"))


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    compiled = keras.Model.compile  # few steps are sooner run than compiled
    monkeypatch.setattr(keras.Model, "compile", lambda *a, **k: compiled(*a, **{**k, "run_eagerly": True}))


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_kl_divergence_is_summed_over_frames(config):
    teacher = load_model(teacher_folder(config))
    image = np.random.default_rng(1).random((2, 32, 64, 1)).astype(np.float32)
    target = np.asarray(teacher(image))
    assert np.abs(np.asarray(kl_divergence(teacher, image, keras.ops.convert_to_tensor(target)))).max() < 1e-4
    new = np.random.default_rng(2).normal(size=(2, target.shape[1], 1)).astype(np.float32)  # a new class
    logits = np.concatenate([np.random.default_rng(3).normal(size=target.shape), new], axis=-1).astype(np.float32)
    p, q = softmax(target), softmax(logits)[..., :-1]
    expected = (p * (np.log(p) - np.log(q))).sum(axis=(1, 2))
    result = np.asarray(kl_divergence(teacher, image, keras.ops.convert_to_tensor(logits)))
    np.testing.assert_allclose(result, expected, rtol=1e-3)


def test_run_with_teacher_trains_and_extends_its_charset(config):
    run = new_run(config)
    assert run_training(run.folder, log=lambda line: None).state == "done"
    charset = Charset.load(run.checkpoint / "charset.txt")
    known = teacher_charset(config)
    assert charset.characters[: len(known)] == known.characters
    assert "z" in charset.characters[len(known) :]
    assert "distance_loss" in run.history
    assert (run.history["distance_loss"] > 0).all()
    assert load_model(run.checkpoint).output_shape[-1] == len(charset) + 1


def test_load_teacher_stays_frozen(config):
    words = training_words(config, teacher_charset(config))
    task = make_task(config, words, None)
    shapes = [v.shape for v in load_model(teacher_folder(config)).weights]
    before = [np.array(v) for v in task.network.variables]
    for arrays, _ in task.batches(0):
        task.network.train_on_batch(*arrays)
    after = [np.array(v) for v in task.network.variables]
    untouched = [a.shape for a, b in zip(after, before, strict=True) if (a == b).all()]
    assert sorted(map(str, untouched)).count("(1,)") <= len(shapes)
    assert len(untouched) >= len(shapes)
    assert len(task.network.trainable_variables) == len(task.model.trainable_variables)


def test_load_teacher_unfit_raises(config, tmp_path):
    with pytest.raises(CheckpointError, match="There is no checkpoint folder"):
        new_run(replace(config, teacher=str(tmp_path / "nowhere")))
    with pytest.raises(ConfigError, match="on this run's 32 x 128"):
        new_run(replace(config, canvas=CanvasConfig(height=32, width=128)))
    with pytest.raises(ConfigError, match="are not those of the teacher"):
        load_teacher(config, Charset("xyz"))


def test_teacher_folder_finds_shipped_models_from_anywhere(config, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert (teacher_folder(replace(config, teacher="models/reader-small")) / "config.json").is_file()


def test_new_run_without_backbone_raises(config, backbones_folder, tiny_dual):
    dual = replace(config, model=replace(tiny_dual, image_weights="handwriting"), teacher="")
    with pytest.raises(ConfigError, match="There is no handwriting backbone"):
        new_run(dual)
    folder = backbones_folder / backbone_weights.NAME
    folder.mkdir(parents=True)
    (folder / backbone_weights.WEIGHTS_FILE).touch()
    about = {"format_version": 1, "stage": "conv4", "shrink": 1}
    (folder / "config.json").write_text(json.dumps(about))
    with pytest.raises(ConfigError, match="ends with conv4, and the run needs conv5"):
        new_run(dual)


def test_new_run_start_with_other_characters_raises(config, crnn_run, tmp_path):
    shutil.copytree(crnn_run / "checkpoint", tmp_path / "other")
    Charset("xyz").save(tmp_path / "other" / "charset.txt")
    with pytest.raises(ConfigError, match="are not those of the teacher"):
        new_run(replace(config, start_from=str(tmp_path / "other")))
