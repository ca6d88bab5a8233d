"""What a step trains, and what is read with: second loss, averaged weights, bfloat16, changes on the device."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from hwr_core.config import AugmentationConfig, CnnTransformerConfig, TrainingConfig
from hwr_core.models import build_model
from hwr_core.text import Charset
from hwr_core.training import precision
from hwr_core.training.batches import PreparedWords
from hwr_core.training.tasks import CtcTask, augments_on_device
from hwr_core.training.trainable_model import recalibrate_cnn
from hwr_core.training.trainer import TrainingState, restore, save, variables_of

pytestmark = pytest.mark.slow
WORDS = ["tea", "ink", "moon", "sally"]


def prepared(count: int = 4) -> PreparedWords:
    """Words of one width: every shape more is compiled anew, which takes longer than the steps."""
    canvases = np.zeros((count, 32, 64), np.uint8)
    canvases[:, 6:26, 2:60] = np.random.default_rng(1).integers(0, 255, (count, 20, 58))
    return PreparedWords(canvases, WORDS[:count], ["one"] * count)


@pytest.fixture
def make_task(tiny_crnn, config_of):
    def make(model=None, augmentation: AugmentationConfig | None = None, **training: object) -> CtcTask:
        keras.utils.set_random_seed(4)
        config = config_of(["words"], model or tiny_crnn, batch_size=2, epochs=3, warmup_steps=1, **training)
        if augmentation:
            config = replace(config, augmentation=augmentation)
        task = CtcTask(config, Charset.from_texts(WORDS), prepared(), prepared(2))
        # Two steps are sooner run than compiled; JAX has no other way than to compile.
        task.network.run_eagerly = task.model.run_eagerly = keras.backend.backend() == "tensorflow"
        return task

    return make


def steps(task: CtcTask, epoch: int = 0) -> list[dict[str, float]]:
    return [task.network.train_on_batch(*arrays, return_dict=True) for arrays, _ in task.batches(epoch)]


def test_trainable_model_plain_shares_the_weights(make_task):
    task = make_task()
    steps(task)
    assert task.network.weights[0] is task.model.weights[0]
    assert task.network.inputs[0] is task.model.inputs[0]


def test_shortcut_loss_is_weighted_and_not_saved(make_task, tiny_crnn, tmp_path):
    task = make_task(replace(tiny_crnn, shortcut=0.5))
    logs = steps(task)[0]
    parts = sorted(value for name, value in logs.items() if name != "loss")
    assert len(parts) == 2
    assert logs["loss"] in (pytest.approx(parts[0] + 0.5 * parts[1]), pytest.approx(parts[1] + 0.5 * parts[0]))
    shortcut = {v.path for v in task.network.trainable_variables} - {v.path for v in task.model.trainable_variables}
    assert {path.split("/")[0] for path in shortcut} == {"shortcut"}
    assert len(task.model.outputs) == 1
    task.model.save(tmp_path / "model.keras")
    saved = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert [w.shape for w in saved.weights] == [w.shape for w in build_model(tiny_crnn, task.config.canvas, 12).weights]


def test_publish_gives_averaged_weights(make_task):
    """Checked against the average computed by hand after every step."""
    task = make_task(average=0.5)
    names = [variable.path for variable in task.network.trainable_variables]
    before = [w.copy() for w in task.model.get_weights()]
    average = None
    for arrays, _ in task.batches(0):
        task.network.train_on_batch(*arrays)
        now = [np.asarray(variable) for variable in task.network.trainable_variables]
        average = now if average is None else [0.5 * a + 0.5 * n for a, n in zip(average, now, strict=True)]
    assert all((a == b).all() for a, b in zip(before, task.model.get_weights(), strict=True))
    last = task.network.get_weights()
    figures = task.validate(lambda: False)
    assert np.isfinite(figures["validation_loss"])
    for name, variable, value in zip(names, task.model.trainable_variables, average, strict=True):
        np.testing.assert_allclose(np.asarray(variable), value, atol=1e-6, err_msg=name)
    assert all((a == b).all() for a, b in zip(last, task.network.get_weights(), strict=True))
    assert len(variables_of(task.network)) > len(variables_of(make_task().network)) + len(names) - 1


def test_recalibrate_cnn_averages_over_batches(tiny_crnn, config_of):
    canvas = config_of(["words"], tiny_crnn).canvas
    model = build_model(tiny_crnn, canvas, 9)
    batches = [np.random.default_rng(i).random((3, 32, 64, 1)).astype(np.float32) for i in range(3)]
    norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    inside = keras.Model(model.input, norm.input)
    seen = np.stack([np.asarray(inside.predict_on_batch(batch)) for batch in batches])
    recalibrate_cnn(model, iter(batches))
    np.testing.assert_allclose(norm.moving_mean, seen.mean(axis=(0, 1, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, seen.var(axis=(1, 2, 3)).mean(axis=0), atol=1e-5)
    assert norm.momentum == 0.9


@pytest.mark.parametrize("name", ["crnn", "cnn_transformer"])
def test_bfloat16_trains_and_saves_float32(make_task, tiny_crnn, tiny_cnn_transformer, name, monkeypatch):
    monkeypatch.setattr(precision, "cpu_flags", lambda: {"avx512_bf16"})
    model = tiny_crnn if name == "crnn" else replace(tiny_cnn_transformer, shortcut=0.1)
    task = make_task(model, precision="mixed_bfloat16")
    assert keras.config.dtype_policy().name == "float32"
    computed = {layer.compute_dtype for layer in task._trained._core.layers if "conv2d" in layer.name}
    assert computed == {"bfloat16"}
    assert {layer.compute_dtype for layer in task._trained._core.layers if "lstm" in layer.name} <= {"float32"}
    assert {str(w.dtype) for w in task.network.weights} == {"float32"}
    assert all(np.isfinite(log["loss"]) for log in steps(task))
    assert np.isfinite(task.validate(lambda: False)["validation_loss"])
    assert {layer.compute_dtype for layer in task.model.layers} == {"float32"}
    core_weights = task._trained._core.get_weights()
    assert all((a == b).all() for a, b in zip(core_weights, task.model.get_weights(), strict=True))


def test_usable_precision_without_bfloat16_is_float32(make_task, tiny_crnn, monkeypatch):
    monkeypatch.setattr(precision, "has_accelerator", lambda: False)
    monkeypatch.setattr(precision, "cpu_flags", lambda: {"avx2"})
    task = make_task(tiny_crnn, precision="mixed_bfloat16")
    assert {layer.compute_dtype for layer in task._trained._core.layers} == {"float32"}
    assert precision.usable_precision("mixed_bfloat16") == "float32"
    monkeypatch.setattr(precision, "has_accelerator", lambda: True)
    assert precision.usable_precision("mixed_bfloat16") == "mixed_bfloat16"


def test_cpu_flags(tmp_path, monkeypatch):
    known = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "CPU_FLAGS", known)
    assert precision.cpu_flags() == set()
    known.write_text("model name\t: any\nflags\t\t: fpu avx2 avx512_bf16\n\nflags\t\t: fpu\n", encoding="utf-8")
    assert precision.cpu_flags() == {"fpu", "avx2", "avx512_bf16"}


def test_augmentation_runs_in_the_step(make_task, tiny_cnn_transformer):
    augmentation = AugmentationConfig(device="layers", mask=0.2)
    task = make_task(replace(tiny_cnn_transformer, shortcut=0.1), augmentation, average=0.9)
    shapes = set()
    for (images, labels), count in task.batches(0):
        assert images.dtype == np.uint8
        assert count == 2
        assert labels[0] is labels[1]
        shapes.add((images.shape, labels[0].shape))
    assert shapes == {((2, 32, 64, 1), (2, 8))}
    assert task.steps() == 2 == len(steps(task))
    figures = task.validate(lambda: False)
    assert 0 <= figures["word_accuracy"] <= 1
    assert len(task.read(np.array([0, 1]))) == 2
    assert task.model.input.dtype == "float32"


def test_augments_on_device(monkeypatch):
    assert augments_on_device(AugmentationConfig(device="layers"))
    assert not augments_on_device(AugmentationConfig(device="loader"))
    for devices, expected in ((["cpu:0", "gpu:0"], True), (["cuda:0"], True), (["cpu:0"], False), ([], False)):
        monkeypatch.setattr(keras.distribution, "list_devices", lambda devices=devices: devices)
        assert augments_on_device(AugmentationConfig()) is expected


def test_defaults_add_no_losses_or_averaging():
    """A configuration written before these settings existed means what it meant."""
    assert (TrainingConfig().average, TrainingConfig().precision) == (0, "float32")
    assert (AugmentationConfig().mask, AugmentationConfig().device) == (0, "auto")
    assert CnnTransformerConfig().shortcut == 0.1


def test_restore_resumes_identically(make_task, tiny_cnn_transformer, tmp_path):
    """Averages, dropout and the changes' own chance are part of the state."""

    def fresh() -> CtcTask:
        model = replace(tiny_cnn_transformer, dropout=0.2, shortcut=0.1)
        return make_task(model, AugmentationConfig(device="layers", mask=0.2), average=0.8)

    undisturbed = fresh()
    steps(undisturbed)
    undisturbed.validate(lambda: False)
    save(tmp_path, undisturbed, TrainingState(epoch=1))
    expected = steps(undisturbed, 1), undisturbed.validate(lambda: False)
    resumed = fresh()
    assert restore(tmp_path, resumed).epoch == 1
    result = steps(resumed, 1), resumed.validate(lambda: False)
    for one, other in zip(expected[0], result[0], strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    assert expected[1] == pytest.approx(result[1], rel=1e-3)
    for one, other in zip(undisturbed.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-3)
