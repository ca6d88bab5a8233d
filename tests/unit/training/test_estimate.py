"""Estimates before the start: from an earlier run, from the measured speed, or words alone."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from hwr_core import jobs
from hwr_core.config import AugmentationConfig, CrnnConfig, DualConfig, RunConfig, TrainingConfig, default_canvas
from hwr_core.errors import DataError
from hwr_core.training import estimate, new_run
from hwr_core.training.speed import Failure, Speed, speed_key, write_speed

DUAL = DualConfig(image_weights="none")
SPEED = Speed(
    words_per_second=2.0,
    validation_words_per_second=10.0,
    feature_words_per_second=None,
    feature_bytes=0.0,
    parameters=1000,
    memory_mb=900.0,
)
FEATURES = dataclasses.replace(SPEED, feature_words_per_second=4.0, feature_bytes=2.0**19)


@pytest.fixture(autouse=True)
def words(make_dataset):
    return make_dataset("words", {"train": ["one", "two", "three"], "validation": ["four", "five"]})


def config_of(model=None, **training: object) -> RunConfig:
    model = model or CrnnConfig()
    return RunConfig(
        datasets=("words",), model=model, canvas=default_canvas(model.name), training=TrainingConfig(**training)
    )  # type: ignore[arg-type]


def store(config: RunConfig, speed: Speed | Failure = SPEED) -> RunConfig:
    write_speed(speed_key(config), speed)
    return config


@pytest.mark.parametrize("failure", [None, Failure("The teacher is damaged.")])
def test_estimate_not_measured_has_words_alone(failure):
    config = config_of()
    if failure:
        store(config, failure)
    result = estimate(config)
    assert (result.words, result.validation_words) == (3, 2)
    assert result.cost is None
    assert result.memory_mb is None


def test_estimate_is_made_of_the_measured_speed():
    result = estimate(store(config_of(epochs=3)))
    assert result.cost
    assert result.cost.seconds_per_epoch == pytest.approx(3 / 2 + 2 / 10)
    assert result.cost.seconds == pytest.approx(3 * result.cost.seconds_per_epoch)
    assert (result.cost.first_seconds, result.cost.disk_mb) == (0, 0)
    assert (result.memory_mb, result.cost.parameters) == (900, 1000)
    assert "measurement on this computer" in result.cost.note


def test_estimate_parts_divide_the_words_of_an_epoch():
    cost = estimate(store(config_of(parts=3))).cost
    assert cost
    assert cost.seconds_per_epoch == pytest.approx(1 / 2 + 2 / 10)


def test_estimate_averaged_weights_add_the_words_of_recalibration():
    cost = estimate(store(config_of(average=0.999))).cost
    assert cost
    assert cost.seconds_per_epoch == pytest.approx(3 / 2 + (2 + 3) / 10)


def test_estimate_of_a_frozen_backbone_has_its_features_once():
    frozen = estimate(store(config_of(DUAL), FEATURES)).cost
    assert frozen
    assert frozen.first_seconds == pytest.approx((3 + 2) / 4)
    assert frozen.disk_mb == pytest.approx((3 + 2) / 2)
    assert frozen.seconds == pytest.approx(frozen.first_seconds + 40 * frozen.seconds_per_epoch)
    twice = estimate(config_of(dataclasses.replace(DUAL, views=2))).cost
    assert twice
    assert twice.disk_mb == pytest.approx((2 * 3 + 2) / 2)  # validation words have one version
    plain = dataclasses.replace(
        config_of(dataclasses.replace(DUAL, views=2)), augmentation=AugmentationConfig(strength=0.0)
    )
    same = estimate(store(plain, FEATURES)).cost  # both versions would be the same
    assert same
    assert same.disk_mb == frozen.disk_mb


def test_estimate_uses_the_speed_of_an_earlier_run():
    new_run(config_of(CrnnConfig(lstm_units=64)), "other")
    damaged = new_run(config_of(), "damaged")
    (damaged.folder / "config.json").write_text("{")
    run = new_run(config_of(epochs=3), "same")
    assert estimate(config_of()).cost is None  # it has no history yet
    pd.DataFrame({"epoch": [1], "words_per_second": [3.0]}).to_csv(run.folder / "history.csv", index=False)
    assert estimate(config_of()).cost is None  # its first epoch alone says little
    pd.DataFrame({"epoch": [1, 2], "words_per_second": [3.0, 6.0]}).to_csv(run.folder / "history.csv", index=False)
    jobs.write_status(run.folder, jobs.Status(state="done", details={"peak_memory_mb": 1234.0}))
    alone = estimate(config_of()).cost
    assert alone
    assert "earlier run" in alone.note
    assert alone.seconds_per_epoch == pytest.approx(3 / 6 + 2 / 18)
    assert (alone.memory_mb, alone.parameters) == (1234, None)
    wins = estimate(store(config_of())).cost
    assert wins
    assert wins.seconds_per_epoch == pytest.approx(3 / 6 + 2 / 10)
    assert (wins.memory_mb, wins.parameters) == (1234, 1000)
    assert estimate(config_of(batch_size=16)).memory_mb is None  # as quick, but of another size
    assert estimate(store(config_of(batch_size=16))).memory_mb == 900


def test_estimate_with_an_earlier_run_of_a_frozen_backbone_still_needs_its_features():
    run = new_run(config_of(DUAL), "same")
    pd.DataFrame({"epoch": [1, 2], "words_per_second": [3.0, 6.0]}).to_csv(run.folder / "history.csv", index=False)
    assert estimate(config_of(DUAL)).cost is None
    cost = estimate(store(config_of(DUAL), FEATURES)).cost
    assert cost
    assert cost.seconds_per_epoch == pytest.approx(3 / 6 + 2 / 10)


def test_estimate_of_missing_data_raises():
    with pytest.raises(DataError, match="There is no data set 'nothing'"):
        estimate(RunConfig(datasets=("nothing",)))
