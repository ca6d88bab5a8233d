"""The settings of a run by group and name: as text, from text, and compared."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hwr_core.config import (
    MODEL_CONFIGS,
    AugmentationConfig,
    CanvasConfig,
    RunConfig,
    TrainingConfig,
    build,
    model_config,
)
from hwr_core.errors import ConfigError, shortened
from hwr_core.recognition.checkpoint import name_of

Value = bool | int | float | str | tuple[Any, ...]
Values = dict[str, Value]  # setting -> value
GroupValues = dict[str, Values]  # group -> setting -> value
GROUPS: dict[str, type] = {
    **MODEL_CONFIGS,
    "training": TrainingConfig,
    "augmentation": AugmentationConfig,
    "canvas": CanvasConfig,
}
CHOICES: dict[str, dict[Value, str]] = {  # "group.setting" -> the values to choose from, with their labels
    "canvas.height": {height: f"{height} pixels" for height in (32, 48, 64, 96, 128)},
    "dual.fine_tune_from": {
        "": "none: ResNet50 stays frozen",
        "conv2": "conv2 and later (nearly all)",
        "conv3": "conv3 and later",
        "conv4": "conv4 and later",
        "conv5": "conv5 only",
    },
    "ppocr_ctc.frame_pixels": {4: "4 pixels", 8: "8 pixels, as PP-OCR"},
    **{f"{model}.shrink": {1: "as it is", 2: "half as high and wide"} for model in ("dual", "resnet_ctc")},
}
ACRONYMS = {"lstm": "LSTM", "ctc": "CTC"}


def groups_of(model: str) -> tuple[str, ...]:
    """The groups of settings that a run of this model has."""
    return (model, "training", "augmentation", "canvas")


@dataclass(frozen=True)
class Setting:
    """One setting of a group; `choices` are its values with their labels where only some are allowed, else None."""

    name: str
    default: Value
    help: str
    choices: dict[Value, str] | None


@cache
def settings_of(group: str) -> tuple[Setting, ...]:
    """The settings of a group in their order, without the model's name."""
    kinds = typing.get_type_hints(GROUPS[group])
    settings = []
    for field in dataclasses.fields(GROUPS[group]):
        choices = CHOICES.get(f"{group}.{field.name}")
        if choices is None and typing.get_origin(kinds[field.name]) is typing.Literal:
            choices = {value: format_value(value) for value in typing.get_args(kinds[field.name])}
        if field.name != "name":
            default = typing.cast(Value, field.default)
            settings.append(Setting(field.name, default, field.metadata.get("help", ""), choices))
    return tuple(settings)


def help_of(name: str) -> str:
    """The line of help of one of the run's own settings."""
    return str(next(field.metadata["help"] for field in dataclasses.fields(RunConfig) if field.name == name))


def spelled(name: str) -> str:
    """A setting's name in words.

    Example:
        >>> spelled("lstm_units"), spelled("batch_size")
        ('LSTM units', 'batch size')
    """
    return " ".join(ACRONYMS.get(part, part) for part in name.split("_"))


def label(name: str) -> str:
    """A setting's name as a widget's label.

    Example:
        >>> label("batch_size")
        'Batch size'
    """
    text = spelled(name)
    return text[0].upper() + text[1:]


def format_value(value: object) -> str:
    """A setting's value as people write it.

    Example:
        >>> format_value((24, 48)), format_value(0.001), format_value(True), format_value("")
        ('24, 48', '0.001', 'yes', 'none')
    """
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != "" else "none"


def parse_value(setting: Setting, value: Value | None) -> Value:
    """A setting's value from what a widget holds: "16, 32" -> (16, 32); None, an emptied widget -> the default.

    Raises:
        ConfigError: a list has something else than whole numbers.
    """
    default = setting.default
    if isinstance(default, tuple) and isinstance(value, str):
        try:
            return tuple(int(part) for part in value.replace(";", ",").split(",") if part.strip())
        except ValueError:
            raise ConfigError(
                f"{label(setting.name)} are whole numbers, with commas, such as {format_value(default)}. "
                f"Received: {shortened(value)}"
            ) from None
    if value is None:
        return default
    return value.strip() if isinstance(default, str) and isinstance(value, str) else value


def with_defaults(group: str, values: Values) -> Values:
    """Every setting of a group: the values given, defaults for the others."""
    return {setting.name: values.get(setting.name, setting.default) for setting in settings_of(group)}


def changed_settings(model: str, values: GroupValues) -> list[str]:
    """The settings that differ from their defaults, in words: "epochs 12 (not 40)"; settings not given are left out."""
    changes = []
    for group in groups_of(model):
        given = values.get(group, {})
        for setting in settings_of(group):
            value = given.get(setting.name, setting.default)
            if value != setting.default:
                where = "" if group in (model, "training") else f"{group} "
                name = f"{where}{spelled(setting.name)}"
                changes.append(f"{name} {format_value(value)} (not {format_value(setting.default)})")
    return changes


def run_config(
    datasets: Sequence[str],
    validate_on: Sequence[str],
    model: str,
    values: GroupValues,
    start_from: str = "",
    teacher: str = "",
) -> RunConfig:
    """The configuration of a run from values by group and name; what is not given gets its default.

    Raises:
        ConfigError: a setting is out of its range; the sentence names it.
    """
    return RunConfig(
        datasets=tuple(datasets),
        validate_on=tuple(validate_on),
        model=model_config({"name": model, **values.get(model, {})}),
        canvas=build(CanvasConfig, values.get("canvas", {})),
        augmentation=build(AugmentationConfig, values.get("augmentation", {})),
        training=build(TrainingConfig, values.get("training", {})),
        start_from=start_from,
        teacher=teacher,
    )


def values_of(config: RunConfig) -> GroupValues:
    """A run's settings by group and name: the inverse of `run_config`."""
    parts = (config.model, config.training, config.augmentation, config.canvas)
    return {
        group: {setting.name: getattr(part, setting.name) for setting in settings_of(group)}
        for group, part in zip(groups_of(config.model.name), parts, strict=True)
    }


def as_rows(config: RunConfig) -> dict[str, str]:
    """A run's settings by name, in words, for comparisons: {"training: epochs": "40", ...}."""
    rows = {"data": format_value(config.datasets), "model": config.model.name}
    if config.validate_on:
        rows["validated on"] = format_value(config.validate_on)
    if config.start_from:
        rows["starts from"] = name_of(Path(config.start_from))
    if config.teacher:
        rows["teacher"] = name_of(Path(config.teacher))
    for group, values in values_of(config).items():
        rows.update({f"{group}: {spelled(name)}": format_value(value) for name, value in values.items()})
    return rows
