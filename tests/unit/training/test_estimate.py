"""Estimates before the start: sane figures, and the parameters that are then built."""

from __future__ import annotations

import dataclasses
import sys

import pandas as pd
import pytest

from hwr_core.config import (
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    DualConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
    default_canvas,
)
from hwr_core.errors import DataError
from hwr_core.training import Estimate, estimate, new_run
from hwr_core.training.estimate import ctc_parameters, dual_parameters

DUAL = DualConfig(image_weights="none")


@pytest.fixture(autouse=True)
def words(make_dataset):
    return make_dataset("words", {"train": ["one", "two", "three"], "validation": ["four", "five"]})


def config_of(model=None, **training: object) -> RunConfig:
    model = model or CrnnConfig()
    return RunConfig(
        datasets=("words",), model=model, canvas=default_canvas(model.name), training=TrainingConfig(**training)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "model",
    [
        CrnnConfig(),
        CnnTransformerConfig(),
        ResnetCtcConfig(),
        PpocrCtcConfig(),
        Seq2SeqConfig(),
        DUAL,
        dataclasses.replace(DUAL, fine_tune_from="conv5"),
        dataclasses.replace(DUAL, stage="conv3", shrink=2),
    ],
    ids=["crnn", "cnn_transformer", "resnet_ctc", "ppocr_ctc", "seq2seq", "dual", "tuned", "dual_small"],
)
def test_estimate_is_plausible(model):
    result = estimate(config_of(model))
    assert (result.words, result.validation_words) == (3, 2)
    assert all(value >= 0 for value in dataclasses.astuple(result)[:-1])
    assert result.seconds_per_epoch > 0
    assert result.seconds == pytest.approx(result.first_seconds + 40 * result.seconds_per_epoch)
    assert 800 < result.memory_mb < 16_000
    assert result.parameters > 100_000
    assert "measured on two cores" in result.note


def test_estimate_seconds_grow_with_work():
    def seconds(model=None, canvas: CanvasConfig | None = None, **training: object) -> float:
        config = config_of(model, **training)
        return estimate(dataclasses.replace(config, canvas=canvas or config.canvas)).seconds

    usual = seconds()
    assert seconds(epochs=80) == pytest.approx(2 * usual)
    assert seconds(max_words=2) < usual
    assert seconds(parts=4) < 0.6 * usual  # as many epochs, each a quarter of a pass
    assert seconds(CrnnConfig(channels=(48, 96, 192, 256))) > 2 * usual
    assert seconds(canvas=CanvasConfig(height=64, width=512)) == pytest.approx(2 * usual, rel=0.1)


def test_estimate_of_30000_words_is_near_measurements(monkeypatch):
    """Figures of this network on two cores: about 200 to 400 words a second, ResNet50 about 65 images."""
    monkeypatch.setattr(sys.modules[estimate.__module__], "word_counts", lambda config: (30_000, 0))
    assert 60 < 30_000 / estimate(config_of()).seconds_per_epoch < 600
    dual = estimate(config_of(DUAL))
    assert 30 < 30_000 / dual.first_seconds < 130
    assert dual.seconds_per_epoch < dual.first_seconds / 5
    assert dual.disk_mb == pytest.approx(30_000 * 2 * 8 * 2048 * 2 / 2**20)


def test_estimate_first_seconds_only_of_a_frozen_backbone():
    frozen = estimate(config_of(DUAL))
    tuned = estimate(config_of(dataclasses.replace(DUAL, fine_tune_from="conv4")))
    assert frozen.first_seconds > 0
    assert frozen.disk_mb > 0
    assert (tuned.first_seconds, tuned.disk_mb) == (0, 0)
    assert tuned.seconds_per_epoch > 10 * frozen.seconds_per_epoch
    assert tuned.memory_mb > frozen.memory_mb
    assert estimate(config_of()).disk_mb == 0
    twice = estimate(config_of(dataclasses.replace(DUAL, views=2)))
    assert frozen.disk_mb < twice.disk_mb < 2 * frozen.disk_mb  # validation words have one version


def test_estimate_uses_the_speed_of_an_earlier_run():
    new_run(config_of(CrnnConfig(lstm_units=64)), "other")
    damaged = new_run(config_of(), "damaged")
    (damaged.folder / "config.json").write_text("{")
    run = new_run(config_of(epochs=3), "same")
    assert "two cores" in estimate(config_of()).note  # it has no history yet
    pd.DataFrame({"epoch": [1, 2], "words_per_second": [3.0, 6.0]}).to_csv(run.folder / "history.csv", index=False)
    result: Estimate = estimate(config_of())
    assert "earlier run" in result.note
    assert result.seconds_per_epoch == pytest.approx(3 / 6 + 2 / 18)


def test_estimate_of_missing_data_raises():
    with pytest.raises(DataError, match="There is no data set 'nothing'"):
        estimate(RunConfig(datasets=("nothing",)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        CrnnConfig(),
        CrnnConfig(channels=(16, 32, 64, 64), lstm_units=64, lstm_layers=1),
        CrnnConfig(channels=(32, 64, 128, 256), lstm_units=256, lstm_layers=3),
        CnnTransformerConfig(),
        CnnTransformerConfig(channels=(16, 32, 32, 64), blocks=(1, 1, 2), width=64, layers=1, feed_forward=512),
        ResnetCtcConfig(stage="conv3", shrink=2),
        PpocrCtcConfig(weights="none"),
    ],
)
def test_ctc_parameters_match_the_built_network(model):
    from hwr_core.models import build_model

    built = build_model(model, CanvasConfig(), 101).count_params()
    assert ctc_parameters(model) == pytest.approx(built, rel=0.03)


@pytest.mark.slow
def test_dual_parameters_match_the_built_network():
    from hwr_core.models import build_model

    canvas = CanvasConfig(height=32, width=64)
    built = build_model(DUAL, canvas, 100)
    head = sum(built.get_layer(name).count_params() for name in ("image_branch", "next_token"))
    assert dual_parameters(DUAL, canvas) == pytest.approx(head, rel=0.03)
    narrow = dataclasses.replace(DUAL, image_channels=16)
    branch = build_model(narrow, canvas, 100).get_layer("image_branch").count_params()
    assert dual_parameters(narrow, canvas) - head == pytest.approx(
        branch - built.get_layer("image_branch").count_params(), rel=0.03
    )
    tuned = dataclasses.replace(DUAL, fine_tune_from="conv2")
    assert dual_parameters(tuned, canvas) == pytest.approx(built.count_params(), rel=0.03)
