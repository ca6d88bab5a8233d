"""Presets, the settings by group and name, and which weights fit which settings."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from hwr_core.config import (
    MODEL_CONFIGS,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    DualConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
    default_canvas,
)
from hwr_core.errors import ConfigError
from hwr_core.models import backbone_weights
from hwr_core.training.presets import (
    PRESETS,
    QUICK_TRY,
    THOROUGH,
    has_preset_values,
    network_values,
    preset_values,
    starting_models,
    teacher_models,
    weights_fit,
)
from hwr_core.training.setting_values import (
    as_rows,
    changed_settings,
    groups_of,
    parse_value,
    run_config,
    settings_of,
    values_of,
)

CONFIG = RunConfig(datasets=("a",))


@pytest.fixture
def backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the handwriting backbone would be; nothing is there yet."""
    monkeypatch.setattr(backbone_weights, "BACKBONES", tmp_path)
    return tmp_path / backbone_weights.NAME


@pytest.mark.parametrize("model", MODEL_CONFIGS)
@pytest.mark.parametrize("preset", PRESETS)
def test_preset_values_of_every_model_make_a_valid_run(backbone: Path, preset: str, model: str):
    values = preset_values(preset, model)
    config = run_config(["a"], [], model, values)
    assert has_preset_values(preset, model, values_of(config))
    assert not any(has_preset_values(other, model, values_of(config)) for other in PRESETS if other != preset)
    if preset != QUICK_TRY:
        assert config.training.epochs == (120 if preset == THOROUGH else 40)
        assert config.canvas == default_canvas(model)


@pytest.mark.parametrize("preset", [QUICK_TRY, THOROUGH])
def test_preset_values_of_dual_take_the_handwriting_backbone_where_it_is_installed(backbone: Path, preset: str):
    assert "image_weights" not in preset_values(preset, "dual")["dual"]
    backbone.mkdir()
    (backbone / backbone_weights.WEIGHTS_FILE).touch()
    (backbone / "config.json").write_text(json.dumps({"format_version": 1, "stage": "conv3", "shrink": 2}))
    values = preset_values(preset, "dual")["dual"]
    assert (values["image_weights"], values["stage"], values["shrink"]) == ("handwriting", "conv3", 2)


def test_preset_values_of_a_quick_try_fit_the_checkpoint_to_start_from():
    start = RunConfig(datasets=("iam",), model=CrnnConfig(lstm_units=96), canvas=CanvasConfig(height=32, width=128))
    fine_tuned = run_config(["a"], [], "crnn", preset_values(QUICK_TRY, "crnn", start))
    decoder = run_config(["a"], [], "seq2seq", preset_values(QUICK_TRY, "seq2seq", start), "checkpoint")
    assert (fine_tuned.training.epochs, decoder.training.epochs) == (5, 20)
    assert isinstance(decoder.model, Seq2SeqConfig)
    assert decoder.model.freeze_encoder
    assert weights_fit(start, fine_tuned)
    assert weights_fit(start, decoder)
    assert not weights_fit(start, CONFIG)


@pytest.mark.parametrize("network", [CrnnConfig(shortcut=0.3), CnnTransformerConfig(layers=2)])
def test_weights_fit_a_ctc_network_as_encoder(network: CrnnConfig | CnnTransformerConfig):
    start = dataclasses.replace(CONFIG, model=network)
    values = {"seq2seq": network_values(start, "seq2seq")}
    assert weights_fit(start, run_config(["a"], [], "seq2seq", values, "checkpoint"))
    values["seq2seq"]["channels"] = (8, 8, 8, 8)
    assert not weights_fit(start, run_config(["a"], [], "seq2seq", values, "checkpoint"))
    assert starting_models("seq2seq") == ("seq2seq", "crnn", "cnn_transformer")


def test_weights_fit_a_frozen_branch_that_is_fine_tuned_later():
    frozen = RunConfig(datasets=("a",), model=DualConfig(image_weights="handwriting", stage="conv3", shrink=2))
    tuned = dataclasses.replace(frozen.model, image_weights="none", fine_tune_from="conv3")
    assert weights_fit(frozen, dataclasses.replace(frozen, model=tuned))
    for other in (dataclasses.replace(tuned, stage="conv4"), dataclasses.replace(tuned, joint_units=64), CrnnConfig()):
        assert not weights_fit(frozen, dataclasses.replace(frozen, model=other))


def test_teacher_models_are_those_that_read_by_ctc():
    assert teacher_models() == ("crnn", "cnn_transformer", "resnet_ctc", "ppocr_ctc")


@pytest.mark.parametrize("model", MODEL_CONFIGS)
def test_values_of_a_config_make_the_same_config(model: str):
    config = run_config(["a", "b"], ["b"], model, {"training": {"epochs": 7}, "canvas": {"height": 48}})
    again = run_config(config.datasets, config.validate_on, model, values_of(config))
    assert again == config
    assert config.training == TrainingConfig(epochs=7)
    assert changed_settings(model, values_of(config))[0].startswith("epochs 7 (not 40)")
    assert as_rows(config)["training: epochs"] == "7"
    assert as_rows(config)["data"] == "a, b"
    assert {f"{group}.{setting.name}" for group in groups_of(model) for setting in settings_of(group)} >= {
        "training.epochs",
        "canvas.height",
        "augmentation.strength",
    }


def test_parse_value_of_a_list_takes_commas_and_refuses_letters():
    channels = settings_of("crnn")[0]
    assert parse_value(channels, "16, 32;48,") == (16, 32, 48)
    assert parse_value(channels, None) == channels.default
    with pytest.raises(ConfigError, match=r"Channels are whole numbers, with commas, such as .* Received: '16, many'"):
        parse_value(channels, "16, many")


def test_run_config_value_out_of_range_is_refused():
    with pytest.raises(ConfigError, match="epochs must be from 1"):
        run_config(["a"], [], "crnn", {"training": {"epochs": 0}})
