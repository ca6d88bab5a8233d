"""Measured speeds: what they depend on, how they are stored, and the process that measures."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hwr_core import jobs
from hwr_core.config import (
    AugmentationConfig,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    DualConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
)
from hwr_core.errors import DataError, JobError
from hwr_core.files import write_text
from hwr_core.training import estimate, micro_run, new_run
from hwr_core.training import speed as module
from hwr_core.training.speed import (
    DIED,
    Failure,
    Speed,
    forget_speed,
    is_measuring,
    measured_config,
    read_speed,
    request_file,
    result_file,
    speed_folder,
    speed_key,
    start_measurement,
    stop_measurement,
    write_speed,
)

CONFIG = RunConfig(datasets=("words",))
SPEED = Speed(
    words_per_second=50.0,
    validation_words_per_second=100.0,
    feature_words_per_second=None,
    feature_bytes=0.0,
    parameters=1000,
    memory_mb=900.0,
)


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that measures nothing and does not end, in place of the measurement."""
    (tmp_path / "sleeper.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(module, "MODULE", "sleeper")


# --- what the speed depends on --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        replace(CONFIG, datasets=("others",), notes="is it quick?"),
        replace(CONFIG, start_from="runs/earlier/checkpoint"),
        replace(CONFIG, training=TrainingConfig(epochs=3, parts=2, learning_rate=0.01, seed=7, patience=2)),
        replace(CONFIG, training=TrainingConfig(max_words=100, max_validation_words=10, warmup_steps=5)),
        replace(CONFIG, model=CrnnConfig(dropout=0.4)),
        replace(CONFIG, augmentation=AugmentationConfig(strength=0.5, rotation=5.0)),
    ],
    ids=["data", "start", "length", "limits", "dropout", "augmentation"],
)
def test_speed_key_is_the_same_for_what_does_not_change_the_speed(changed):
    assert speed_key(changed) == speed_key(CONFIG)


@pytest.mark.parametrize(
    "changed",
    [
        replace(CONFIG, model=CrnnConfig(lstm_units=64)),
        replace(CONFIG, model=CrnnConfig(shortcut=0.1)),
        replace(CONFIG, canvas=CanvasConfig(width=512)),
        replace(CONFIG, training=TrainingConfig(batch_size=16)),
        replace(CONFIG, training=TrainingConfig(average=0.99)),
        replace(CONFIG, training=TrainingConfig(precision="mixed_bfloat16")),
        replace(CONFIG, augmentation=AugmentationConfig(strength=0.0)),
        replace(CONFIG, augmentation=AugmentationConfig(elastic=0.0)),
        replace(CONFIG, augmentation=AugmentationConfig(device="layers")),
        replace(CONFIG, teacher="models/reader-small"),
    ],
    ids=["units", "shortcut", "canvas", "batch", "average", "precision", "plain", "elastic", "device", "teacher"],
)
def test_speed_key_is_another_for_what_changes_the_speed(changed):
    assert speed_key(changed) != speed_key(CONFIG)


def test_speed_key_is_of_the_computer_and_the_version(monkeypatch):
    keys = {speed_key(CONFIG)}
    monkeypatch.setattr("os.cpu_count", lambda: 97)
    keys.add(speed_key(CONFIG))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keys.add(speed_key(CONFIG))
    monkeypatch.setattr(module, "__version__", "9.9")
    keys.add(speed_key(CONFIG))
    assert len(keys) == 4


def test_speed_key_changes_when_the_teacher_does(crnn_run, tmp_path):
    teacher = shutil.copytree(crnn_run / "checkpoint", tmp_path / "teacher")
    config = replace(CONFIG, teacher=str(teacher))
    before = speed_key(config)
    (teacher / "model.keras").write_bytes(b"damaged")
    assert speed_key(config) != before


@pytest.mark.parametrize(
    "model",
    [CrnnConfig(), CnnTransformerConfig(), ResnetCtcConfig(image_weights="imagenet"), DualConfig(views=3),
     PpocrCtcConfig(), Seq2SeqConfig(freeze_encoder=True)],
    ids=lambda model: model.name,
)  # fmt: skip
def test_measured_config_is_its_own_measured_config(model):
    height = 48 if model.name == "ppocr_ctc" else 64
    config = replace(CONFIG, model=model, canvas=CanvasConfig(height=height, width=320))
    measured = measured_config(config)
    assert measured_config(measured) == measured
    assert RunConfig.from_dict(measured.to_dict()) == measured
    assert {getattr(measured.model, name, "none") for name in ("image_weights", "weights")} == {"none"}
    assert getattr(measured.model, "views", 1) == 1


# --- stored results -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [SPEED, replace(SPEED, feature_words_per_second=3.5), Failure("No memory.")])
def test_read_speed_reads_what_was_written(result):
    assert read_speed(CONFIG) is None
    write_speed(speed_key(CONFIG), result)
    assert read_speed(CONFIG) == result
    assert read_speed(replace(CONFIG, model=CrnnConfig(lstm_units=64))) is None
    forget_speed(CONFIG)
    assert read_speed(CONFIG) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"words_per_second": 1', '{"words_per_second": "quick"}'])
def test_read_speed_damaged_is_none(text):
    speed_folder().mkdir(parents=True)
    result_file(speed_key(CONFIG)).write_text(text)
    assert read_speed(CONFIG) is None


def test_read_speed_of_nothing_a_second_is_none():
    write_speed(speed_key(CONFIG), replace(SPEED, words_per_second=0.0))
    assert read_speed(CONFIG) is None


# --- the process ----------------------------------------------------------------------------------------------


def test_start_measurement_while_another_runs_is_refused(sleeper):
    start_measurement(CONFIG)
    assert is_measuring()
    assert read_speed(CONFIG) is None
    other = replace(CONFIG, model=CrnnConfig(lstm_units=64))
    with pytest.raises(JobError, match="is running already"):
        start_measurement(other)
    assert not request_file(speed_key(other)).exists()
    stop_measurement()
    assert not is_measuring()
    assert read_speed(CONFIG) is None  # stopped on purpose: it may be measured later
    start_measurement(other)
    stop_measurement()
    stop_measurement()  # there is none


def test_start_measurement_while_a_run_trains_is_refused(make_dataset, monkeypatch, sleeper):
    make_dataset("words", {"train": ["one", "two"], "validation": ["four"]})
    run = new_run(CONFIG, "busy")
    monkeypatch.setattr(module, "running_run", lambda: run)
    with pytest.raises(JobError, match="busy is training now"):
        start_measurement(CONFIG)
    assert not is_measuring()
    assert read_speed(CONFIG) is None


def test_read_speed_of_a_measurement_that_was_killed_is_a_failure(sleeper):
    start_measurement(CONFIG)
    import psutil

    process = psutil.Process(jobs.read_status(speed_folder()).pid)
    process.kill()
    process.wait(10)
    assert read_speed(CONFIG) == DIED
    forget_speed(CONFIG)
    assert read_speed(CONFIG) is None
    start_measurement(CONFIG)
    stop_measurement()


def test_run_training_stops_a_measurement(make_dataset, sleeper):
    from hwr_core.training.job import run_training

    make_dataset("words", {"train": ["one", "two"], "validation": ["four"]})
    start_measurement(CONFIG)
    seen = []
    run_training(new_run(CONFIG).folder, train=lambda *_: seen.append(is_measuring()))
    assert seen == [False]


def run_micro_run(config: RunConfig) -> None:
    """The measurement in this process's place, and its result."""
    key = speed_key(config)
    write_text(request_file(key), json.dumps(measured_config(config).to_dict()))
    command = [sys.executable, "-W", "ignore", "-m", "hwr_core.training.micro_run", str(speed_folder()), key]
    subprocess.run(command, check=True, timeout=300)
    assert not request_file(key).exists()
    assert not (speed_folder() / "features").exists()


def test_micro_run_of_a_missing_teacher_stores_its_sentence(tmp_path):
    config = replace(CONFIG, teacher=str(tmp_path / "nowhere"))
    run_micro_run(config)
    result = read_speed(config)
    assert isinstance(result, Failure)
    assert result.sentence.startswith("There is no checkpoint folder")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), micro_run.MEMORY_SENTENCE),
        (type("ResourceExhaustedError", (Exception,), {})("OOM [64,256]"), micro_run.MEMORY_SENTENCE),
        (DataError("The words are gone."), "The words are gone."),
        (RuntimeError("shapes differ\n[64,256]"), "The speed could not be measured: shapes differ. "),
    ],
)
def test_micro_run_that_fails_stores_one_sentence(monkeypatch, error, sentence):
    def measure(*_: object) -> Speed:
        raise error

    key = speed_key(CONFIG)
    write_text(request_file(key), json.dumps(measured_config(CONFIG).to_dict()))
    monkeypatch.setattr(micro_run, "measure", measure)
    monkeypatch.setattr(sys, "argv", ["micro_run", str(speed_folder()), key])
    micro_run.main()
    result = read_speed(CONFIG)
    assert isinstance(result, Failure)
    assert result.sentence.startswith(sentence)
    assert "\n" not in result.sentence


@pytest.fixture
def tiny_config(config_of, request) -> Callable[[str], RunConfig]:
    def make(name: str) -> RunConfig:
        model = request.getfixturevalue("tiny_" + name.removesuffix("_frozen"))
        if name == "seq2seq_frozen":
            model = replace(model, freeze_encoder=True)
        return config_of(["words"], model, batch_size=4)

    return make


@pytest.mark.slow
@pytest.mark.parametrize("name", ["crnn", "cnn_transformer", "seq2seq", "seq2seq_frozen", "dual"])
def test_measure_a_tiny_network_gives_every_figure(tiny_config, small_resnet, monkeypatch, tmp_path, name):
    monkeypatch.setattr(micro_run, "MEASURED_SECONDS", 0.2)
    config = measured_config(tiny_config(name))
    result = micro_run.measure(config, tmp_path / "features")
    assert result.words_per_second > 0
    assert result.validation_words_per_second > 0
    assert result.parameters > 1000
    assert result.memory_mb > 100
    if name in ("seq2seq_frozen", "dual"):
        assert result.feature_words_per_second
        assert result.feature_words_per_second > 0
        expected = {"seq2seq_frozen": 16 * 64 * 2, "dual": 1 * 2 * 16 * 2}[name]  # columns, features, bytes
        assert result.feature_bytes == expected
    else:
        assert result.feature_words_per_second is None
        assert result.feature_bytes == 0


@pytest.mark.slow
def test_measure_with_a_teacher(tiny_config, crnn_run, monkeypatch, tmp_path):
    monkeypatch.setattr(micro_run, "MEASURED_SECONDS", 0.2)
    config = measured_config(replace(tiny_config("crnn"), teacher=str(crnn_run / "checkpoint")))
    assert micro_run.measure(config, tmp_path).words_per_second > 0


@pytest.mark.slow
def test_started_measurement_feeds_the_estimate(tiny_config, make_dataset):
    make_dataset("words", {"train": ["one", "two"], "validation": ["four"]})
    config = tiny_config("crnn")
    assert estimate(config).cost is None
    start_measurement(config)
    deadline = time.monotonic() + 300
    while is_measuring() and time.monotonic() < deadline:
        time.sleep(0.2)
    result = read_speed(config)
    assert isinstance(result, Speed)
    cost = estimate(dataclasses.replace(config, training=TrainingConfig(batch_size=4, epochs=9))).cost
    assert cost
    assert cost.seconds == pytest.approx(9 * (2 / result.words_per_second + 1 / result.validation_words_per_second))
    assert cost.memory_mb == result.memory_mb
    assert sorted(path.name for path in speed_folder().iterdir()) == [
        f"{speed_key(config)}.json", "log.txt", "status.json",
    ]  # fmt: skip
