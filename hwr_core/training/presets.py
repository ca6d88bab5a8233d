"""Ready-made settings of a training, and the settings under which the weights of a checkpoint fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hwr_core.config import (
    MODEL_CONFIGS,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    CtcConfig,
    DualConfig,
    ModelConfig,
    ResnetCtcConfig,
    RunConfig,
    Seq2SeqConfig,
    default_canvas,
)
from hwr_core.models import backbone_weights
from hwr_core.training.setting_values import GroupValues, Values, groups_of, with_defaults

QUICK_TRY, STANDARD, THOROUGH = "Quick try", "Standard", "Thorough"
PRESETS = {
    QUICK_TRY: "A few minutes on a small machine, to see how it goes.",
    STANDARD: "The defaults: a good model, where there are words enough.",
    THOROUGH: "A larger network and three times the passes: for a night, or a GPU.",
}
LARGER: GroupValues = {  # the network of a thorough training
    "crnn": {"channels": (32, 64, 128, 192), "lstm_units": 192},
    "cnn_transformer": {"layers": 8},
    "resnet_ctc": {"units": 256},
    "ppocr_ctc": {},  # another size would lose the pretrained weights
    "dual": {
        "views": 4,
        "image_channels": 64,
        "image_units": 1024,
        "lstm_units": 128,
        "text_units": 128,
        "text_dropout": 0.1,
        "joint_units": 1024,
    },
    "seq2seq": {"layers": 8, "decoder_layers": 3, "decoder_width": 256, "decoder_feed_forward": 1024},
}
TINY: GroupValues = {  # the network of a quick try, for models that have one
    "crnn": {"channels": (16, 32, 48, 64), "lstm_units": 64, "lstm_layers": 1, "dropout": 0.0},
    "cnn_transformer": {
        "channels": (16, 32, 48, 64),
        "blocks": (1, 1, 1),
        "width": 64,
        "layers": 1,
        "feed_forward": 128,
        "dropout": 0.0,
    },
    "seq2seq": {
        "encoder": "crnn",
        "channels": (16, 32, 48, 64),
        "lstm_units": 64,
        "lstm_layers": 1,
        "dropout": 0.0,
        "decoder_width": 64,
        "decoder_layers": 1,
        "decoder_feed_forward": 128,
    },
}


def preset_values(preset: str, model: str, start: RunConfig | None = None) -> GroupValues:
    """The settings of a preset that differ from the defaults.

    Args:
        preset: one of `PRESETS`.
        model: one of `MODEL_CONFIGS`.
        start: of the shipped checkpoint that a quick try starts from: the fewer epochs where it is of that model.
    """
    branch = backbone_values() if model == "dual" else {}
    model_canvas = default_canvas(model)
    canvas: GroupValues = {} if model_canvas == CanvasConfig() else {"canvas": dataclasses.asdict(model_canvas)}
    if preset == THOROUGH:
        training: Values = {"epochs": 120, "patience": 15, "warmup_steps": 500}
        return {model: {**LARGER[model], **branch}, "training": training, **canvas}
    if preset != QUICK_TRY:
        return canvas
    quick: Values = {"batch_size": 32, "warmup_steps": 20, "max_words": 1000, "max_validation_words": 200}
    if start is not None:
        fine_tuning = {"epochs": 5, "learning_rate": 0.0003} if start.model.name == model else {"epochs": 20}
        return {
            model: network_values(start, model),
            "canvas": dataclasses.asdict(start.canvas),
            "training": {**quick, **fine_tuning},
        }
    if canvas:
        return {**canvas, "training": {**quick, "epochs": 5, "learning_rate": 0.0005}}
    if model in TINY:
        return {
            model: TINY[model],
            "canvas": {"height": 32, "width": 192},
            "augmentation": {"strength": 0.0},
            "training": {**quick, "epochs": 20, "batch_size": 16, "learning_rate": 0.003},
        }
    small: Values = {} if branch else {"height": 32, "width": 192}  # the branch makes its images smaller itself
    return {model: branch, "canvas": small, "training": {**quick, "epochs": 10}}


def has_preset_values(preset: str, model: str, values: GroupValues, start: RunConfig | None = None) -> bool:
    """Whether `values` are those of a preset, defaults included; other arguments as for `preset_values`."""
    preset_settings = preset_values(preset, model, start)
    return all(values[group] == with_defaults(group, preset_settings.get(group, {})) for group in groups_of(model))


def backbone_values() -> Values:
    """The image branch of `dual` with the handwriting backbone; empty where that is not installed."""
    if not backbone_weights.is_available():
        return {}
    about = backbone_weights.read_config()
    return {"image_weights": "handwriting", "stage": about["stage"], "shrink": about["shrink"]}


def starting_models(model: str, encoders: Sequence[str] = ("crnn", "cnn_transformer")) -> tuple[str, ...]:
    """The models whose checkpoints a training of this model can start from: its own, and the encoders of `seq2seq`."""
    return (model, *encoders) if model == "seq2seq" else (model,)


def teacher_models() -> tuple[str, ...]:
    """The models that distillation works between: those that read by CTC alone."""
    return tuple(name for name, kind in MODEL_CONFIGS.items() if issubclass(kind, CtcConfig))


def network_values(start: RunConfig, model: str) -> Values:
    """The settings of `model` under which a checkpoint's weights fit; a CTC network becomes a frozen encoder."""
    if start.model.name == model or not isinstance(start.model, CrnnConfig | CnnTransformerConfig):
        return dataclasses.asdict(start.model)
    return {**Seq2SeqConfig.encoder_settings(start.model), "freeze_encoder": True}


def weights_fit(start: RunConfig, config: RunConfig) -> bool:
    """Whether a checkpoint's weights fit a run's network and canvas."""
    network: ModelConfig = config.model
    source: ModelConfig = start.model
    if isinstance(network, Seq2SeqConfig) and isinstance(source, CrnnConfig | CnnTransformerConfig):
        network, source = network.encoder_config, dataclasses.replace(source, shortcut=0.0)
    # Where weights come from and which are trained may differ: a frozen branch may be fine-tuned later.
    elif isinstance(network, DualConfig) and isinstance(source, DualConfig):
        source = dataclasses.replace(source, image_weights=network.image_weights, fine_tune_from=network.fine_tune_from)
    elif isinstance(network, ResnetCtcConfig) and isinstance(source, ResnetCtcConfig):
        source = dataclasses.replace(source, image_weights=network.image_weights)
    return (source, start.canvas) == (network, config.canvas)
