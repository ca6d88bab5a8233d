"""One training with all its settings, read from and written to JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hwr_core.config.canvas import CanvasConfig
from hwr_core.config.model import (
    MIN_RESNET_HEIGHT,
    MODEL_CONFIGS,
    PPOCR_HEIGHT,
    CrnnConfig,
    CtcConfig,
    DualConfig,
    ModelConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    default_canvas,
)
from hwr_core.config.settings import require, setting
from hwr_core.config.training import AugmentationConfig, TrainingConfig
from hwr_core.errors import ConfigError, shortened
from hwr_core.files import JsonObject, is_stored_number

T = TypeVar("T")
FORMAT_VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class RunConfig:
    """All settings of one training; `datasets` are names in the workspace, or folders, CSV files and zips."""

    datasets: tuple[str, ...]
    model: ModelConfig = field(default_factory=CrnnConfig)
    canvas: CanvasConfig = field(default_factory=CanvasConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    start_from: str = setting(
        "", "Checkpoint folder whose weights are the starting point; empty starts from random weights."
    )
    teacher: str = setting(
        "", "Checkpoint folder of a CTC model for distillation: its output for each frame is learned too."
    )
    validate_on: tuple[str, ...] = setting((), "Those of the data sets whose validation words are used; empty: all.")
    notes: str = ""

    def __post_init__(self) -> None:
        is_valid = not isinstance(self.datasets, str) and all(isinstance(source, str) for source in self.datasets)
        require(is_valid and bool(self.datasets), "datasets", self.datasets, "a list of at least one data set")
        require(
            set(self.validate_on) <= set(self.datasets),
            "validate_on",
            self.validate_on,
            f"among {self.datasets}",
        )
        if isinstance(self.model, DualConfig | ResnetCtcConfig):
            height, shrink = self.canvas.height, self.model.shrink
            require(height // shrink >= MIN_RESNET_HEIGHT, "shrink", shrink, f"1 for canvases {height} pixels high")
        parts = self.training.parts
        require(parts == 1 or isinstance(self.model, CtcConfig), "parts", parts, f"1 for {self.model.name}")
        if isinstance(self.model, PpocrCtcConfig):
            height = self.canvas.height
            require(height == PPOCR_HEIGHT, "height", height, f"{PPOCR_HEIGHT} for ppocr_ctc")
        if not isinstance(self.model, CtcConfig):
            require(not self.teacher, "teacher", self.teacher, f"empty for {self.model.name}: only CTC models have one")
        if isinstance(self.model, DualConfig):
            average, precision = self.training.average, self.training.precision
            require(average == 0, "average", average, "0 for dual, which keeps its last weights")
            require(precision == "float32", "precision", precision, "'float32' for dual")

    def to_dict(self) -> JsonObject:
        return {"format_version": FORMAT_VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, values: JsonObject) -> RunConfig:
        values = dict(values)
        version = values.pop("format_version", FORMAT_VERSION)
        if version != FORMAT_VERSION:
            raise ConfigError(
                f"This configuration has format {version}, this version reads {FORMAT_VERSION}. Update the studio."
            )
        if "model" in values:
            values["model"] = model_config(values["model"])
        for name, kind in (
            ("canvas", CanvasConfig),
            ("augmentation", AugmentationConfig),
            ("training", TrainingConfig),
        ):
            if name in values:
                values[name] = build(kind, values[name])
        if "model" in values:
            values.setdefault("canvas", default_canvas(values["model"].name))
        return build(cls, values)


def build(kind: type[T], values: object) -> T:
    """The dataclass `kind` made from a mapping; unknown or missing names raise `ConfigError`."""
    if not isinstance(values, dict):
        raise ConfigError(f"{kind.__name__} is read from a mapping of names to values. Received: {shortened(values)}")
    specs = {spec.name: spec for spec in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(specs))
    if unknown:
        raise ConfigError(
            f"{kind.__name__} has no setting {', '.join(map(repr, unknown))}. Known: {', '.join(sorted(specs))}."
        )
    values = {name: _converted(name, value, specs[name].default) for name, value in values.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"{kind.__name__} cannot be made of these settings: {error}.") from error


def _converted(name: str, value: Any, default: Any) -> Any:
    """A value of JSON converted to the type of `default`; the dataclass itself checks ranges."""
    value = tuple(value) if isinstance(value, list) else value
    if isinstance(default, bool):
        require(isinstance(value, bool), name, value, "true or false")
        return value
    if isinstance(default, int):
        require(isinstance(value, (int, float)) and not isinstance(value, bool), name, value, "a number")
        require(is_stored_number(value) and int(value) == value, name, value, "a whole number")
        return int(value)
    if isinstance(default, float):
        require(is_stored_number(value), name, value, "a number")
    if isinstance(default, str):
        require(isinstance(value, str), name, value, "text")
    if isinstance(default, tuple):
        require(isinstance(value, tuple), name, value, "a list")
    return value


def model_config(values: object) -> ModelConfig:
    """The configuration of the model `values["name"]`; see `MODEL_CONFIGS`."""
    name = values.get("name") if isinstance(values, dict) else None
    if not isinstance(name, str) or name not in MODEL_CONFIGS:
        raise ConfigError(f"Unknown model {shortened(name)}. Known: {', '.join(MODEL_CONFIGS)}.")
    return build(MODEL_CONFIGS[name], values)


def read_json(path: Path) -> JsonObject:
    """The JSON object in a file; `ConfigError` names the defect of the file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"There is no file {path}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no readable JSON file: {error}.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold one JSON object. Received: {type(values).__name__}.")
    return values
