"""Settings: defaults, checks with one sentence, and equality after a round through JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from hwr_core import config as configs
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
    model_config,
    read_json,
)
from hwr_core.errors import ConfigError, HwrError

MODELS = (CrnnConfig, CnnTransformerConfig, ResnetCtcConfig, PpocrCtcConfig, DualConfig, Seq2SeqConfig)
CONFIGS = (CanvasConfig, *MODELS, AugmentationConfig, TrainingConfig)


@pytest.mark.parametrize(
    "model", [CrnnConfig(channels=(8, 16, 24, 32)), CnnTransformerConfig(blocks=(1, 2, 1)), DualConfig(tokens="words")]
)
def test_run_config_after_json_is_equal(model):
    run = RunConfig(
        datasets=("one", "/data/words.csv"), model=model, validate_on=("one",), canvas=CanvasConfig(height=32)
    )
    assert RunConfig.from_dict(json.loads(json.dumps(run.to_dict()))) == run


def test_run_config_left_out_settings_are_defaults():
    assert RunConfig.from_dict({"datasets": ["demo"]}) == RunConfig(datasets=("demo",))
    assert RunConfig.from_dict({"datasets": ["demo"], "model": {"name": "dual"}}).model == DualConfig()


@pytest.mark.parametrize("kind", CONFIGS)
def test_settings_have_a_line_of_help(kind):
    for spec in dataclasses.fields(kind):
        if spec.name != "name":
            assert spec.metadata["help"].endswith("."), spec.name


@pytest.mark.parametrize("kind", CONFIGS)
def test_configs_are_frozen(kind):
    spec = dataclasses.fields(kind)[-1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(kind(), spec.name, spec.default)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (CanvasConfig, "height", 63),
        (CanvasConfig, "width", 250),
        (CanvasConfig, "width", 32),
        (CanvasConfig, "width", 4096),
        (CrnnConfig, "channels", (8, 8, 8)),
        (CrnnConfig, "channels", (8, 8, 8, 9)),
        (CrnnConfig, "lstm_units", 0),
        (CrnnConfig, "lstm_layers", 6),
        (CrnnConfig, "dropout", 1.0),
        (CrnnConfig, "shortcut", 1.5),
        (CnnTransformerConfig, "channels", (8, 8, 8)),
        (CnnTransformerConfig, "blocks", (1, 1)),
        (CnnTransformerConfig, "blocks", (1, 0, 1)),
        (CnnTransformerConfig, "width", 4),
        (CnnTransformerConfig, "width", 100),
        (CnnTransformerConfig, "layers", 25),
        (CnnTransformerConfig, "heads", 0),
        (CnnTransformerConfig, "feed_forward", 4),
        (CnnTransformerConfig, "dropout", 1.0),
        (CnnTransformerConfig, "shortcut", -0.1),
        (PpocrCtcConfig, "weights", "imagenet"),
        (PpocrCtcConfig, "frame_pixels", 6),
        (PpocrCtcConfig, "channels", (96, 192)),
        (PpocrCtcConfig, "blocks", (3, 6, 0)),
        (PpocrCtcConfig, "heads", 0),
        (PpocrCtcConfig, "width", 121),
        (PpocrCtcConfig, "layers", 0),
        (PpocrCtcConfig, "dropout", 1.0),
        (PpocrCtcConfig, "shortcut", 1.5),
        (CanvasConfig, "margin", 0),
        (TrainingConfig, "parts", 0),
        (ResnetCtcConfig, "stage", "conv2"),
        (ResnetCtcConfig, "shrink", 3),
        (ResnetCtcConfig, "image_weights", ""),
        (ResnetCtcConfig, "units", 4),
        (ResnetCtcConfig, "dropout", 1.0),
        (ResnetCtcConfig, "shortcut", 1.5),
        (DualConfig, "tokens", "letters"),
        (DualConfig, "stage", "conv1"),
        (DualConfig, "shrink", 0),
        (DualConfig, "image_weights", ""),
        (DualConfig, "fine_tune_from", "conv1"),
        (DualConfig, "joint_units", 3),
        (DualConfig, "text_dropout", -0.1),
        (Seq2SeqConfig, "encoder", "dual"),
        (Seq2SeqConfig, "views", 0),
        (Seq2SeqConfig, "channels", (8, 8, 8)),
        (Seq2SeqConfig, "freeze_encoder", 1),
        (Seq2SeqConfig, "decoder_width", 100),
        (Seq2SeqConfig, "decoder_layers", 0),
        (Seq2SeqConfig, "ctc_weight", 1.0),
        (Seq2SeqConfig, "reading_weight", 1.5),
        (Seq2SeqConfig, "token_noise", -0.1),
        (AugmentationConfig, "strength", 3.0),
        (AugmentationConfig, "shear", -0.1),
        (AugmentationConfig, "mask", 0.6),
        (AugmentationConfig, "device", "gpu"),
        (TrainingConfig, "epochs", 0),
        (TrainingConfig, "batch_size", 0),
        (TrainingConfig, "learning_rate", 1.0),
        (TrainingConfig, "learning_rate", float("nan")),
        (TrainingConfig, "warmup_steps", -1),
        (TrainingConfig, "weight_decay", 1.0),
        (TrainingConfig, "clip_norm", 0.0),
        (TrainingConfig, "average", 1.0),
        (TrainingConfig, "precision", "float16"),
        (TrainingConfig, "patience", 0),
        (TrainingConfig, "max_words", -1),
        (TrainingConfig, "max_validation_words", -1),
        (RunConfig, "datasets", ()),
    ],
)
def test_configs_value_out_of_range_raises_with_its_name(kind, name, value):
    with pytest.raises(ConfigError, match=f"{name} must be .* Received: {name}="):
        kind(**{name: value})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "datasets"),
        ({"datasets": []}, "at least one data set"),
        ({"datasets": "demo"}, "datasets must be a list"),
        ({"datasets": [3]}, "datasets must be a list"),
        ({"datasets": ["a"], "validate_on": ["b"]}, "validate_on must be among"),
        ({"datasets": ["a"], "validate_on": "a"}, "validate_on must be a list"),
        ({"datasets": ["a"], "epochs": 3}, "no setting 'epochs'"),
        ({"datasets": ["a"], "start_from": 5}, "start_from must be text"),
        ({"datasets": ["a"], "format_version": 2}, "format 2"),
        (
            {"datasets": ["a"], "model": {"name": "resnet"}},
            "Known: crnn, cnn_transformer, resnet_ctc, ppocr_ctc, dual, seq2seq",
        ),
        ({"datasets": ["a"], "model": "crnn"}, "Unknown model None"),
        ({"datasets": ["a"], "canvas": [64, 256]}, "mapping"),
        ({"datasets": ["a"], "training": {"epochs": "5"}}, "epochs must be a number"),
        ({"datasets": ["a"], "training": {"epochs": True}}, "epochs must be a number"),
        ({"datasets": ["a"], "training": {"epochs": 2.5}}, "epochs must be a whole number"),
        ({"datasets": ["a"], "training": {"epochs": float("nan")}}, "epochs must be a whole number"),
        ({"datasets": ["a"], "training": {"epochs": float("inf")}}, "epochs must be a whole number"),
        ({"datasets": ["a"], "model": {"name": "crnn", "channels": [8, 8, 8, "8"]}}, "channels|CrnnConfig"),
        ({"datasets": ["a"], "model": {"name": "crnn", "channels": 8}}, "channels must be a list"),
        ({"datasets": ["a"], "model": {"name": "seq2seq", "freeze_encoder": 1}}, "true or false"),
        ({"datasets": ["a"], "model": {"name": "dual", "tokens": 1}}, "tokens must be text"),
        ({"datasets": ["a"], "model": {"name": "dual"}, "training": {"average": 0.9}}, "average must be 0 for dual"),
        ({"datasets": ["a"], "model": {"name": "dual"}, "training": {"precision": "mixed_bfloat16"}}, "for dual"),
        ({"datasets": ["a"], "model": {"name": "dual"}, "teacher": "models/reader-small"}, "teacher must be empty"),
        ({"datasets": ["a"], "model": {"name": "seq2seq"}, "teacher": "models/reader"}, "empty for seq2seq"),
        ({"datasets": ["a"], "model": {"name": "dual", "stage": "conv3", "fine_tune_from": "conv4"}}, "conv2, conv3"),
        ({"datasets": ["a"], "model": {"name": "resnet_ctc", "stage": "conv5", "shrink": 2}}, "1 with conv5"),
        ({"datasets": ["a"], "model": {"name": "ppocr_ctc"}, "canvas": {"height": 64}}, "48 for ppocr_ctc"),
        ({"datasets": ["a"], "model": {"name": "dual"}, "training": {"parts": 2}}, "1 for dual"),
        (
            {"datasets": ["a"], "model": {"name": "dual", "shrink": 2}, "canvas": {"height": 32}},
            "shrink must be 1 for canvases 32 pixels high",
        ),
    ],
)
def test_run_config_damaged_file_raises_one_sentence(values, sentence):
    with pytest.raises(ConfigError, match=sentence) as error:
        RunConfig.from_dict(values)
    assert "\n" not in str(error.value)


def test_run_config_whole_floats_become_integers():
    """JSON of other programs writes 64.0; shapes must be integers all the same."""
    canvas = RunConfig.from_dict({"datasets": ["a"], "canvas": {"height": 64.0, "width": 128.0}}).canvas
    assert (type(canvas.height), type(canvas.width)) == (int, int)


def test_model_configs_are_listed_by_name():
    names = {name: kind().name for name, kind in configs.MODEL_CONFIGS.items()}
    assert names == {name: name for name in ("crnn", "cnn_transformer", "resnet_ctc", "ppocr_ctc", "dual", "seq2seq")}
    assert model_config({"name": "crnn", "lstm_units": 16}) == CrnnConfig(lstm_units=16)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no file"),
        (b"{", "no readable JSON"),
        (b"\xff\xfe", "no readable JSON"),
        (b"[" * 100_000, "no readable JSON"),
        (b"[1]", "one JSON object. Received: list"),
    ],
)
def test_read_json_unreadable_raises(tmp_path, content, sentence):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        read_json(path)


def test_errors_are_children_of_hwr_error():
    from hwr_core import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) == 9
    assert all(issubclass(kind, HwrError) and kind.__doc__ for kind in kinds)


def test_public_names_are_loaded_lazily():
    import hwr_core

    assert hwr_core.HwrError is HwrError
    assert hwr_core.Recognizer.__module__ == "hwr_core.recognition.recognizer"
    with pytest.raises(AttributeError, match="nothing"):
        _ = hwr_core.nothing


def test_encoder_settings_give_the_same_network():
    for start in (CrnnConfig(lstm_units=96, dropout=0.3), CnnTransformerConfig(layers=2, width=64, shortcut=0.0)):
        settings = Seq2SeqConfig.encoder_settings(start)
        assert Seq2SeqConfig(**settings).encoder_config == start
