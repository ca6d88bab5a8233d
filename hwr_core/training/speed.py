"""The speed of trainings on this computer: measured by `micro_run` in a process of its own, stored by configuration."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from hwr_core import jobs
from hwr_core.config import (
    AugmentationConfig,
    DualConfig,
    ModelConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
    read_json,
)
from hwr_core.errors import ConfigError, JobError
from hwr_core.files import JsonObject, write_text
from hwr_core.recognition.checkpoint import file_stamp
from hwr_core.training.distillation import teacher_folder
from hwr_core.training.runs import running_run
from hwr_core.training.tasks import RECALIBRATION_BATCHES
from hwr_core.version import __version__
from hwr_core.workspace import home

MODULE = "hwr_core.training.micro_run"
REQUEST_SUFFIX = ".request.json"
FEATURES_FOLDER = "features"  # of a measurement that runs
NO_DATASET = "random words"
TYPICAL_RATE = 0.25  # in place of every dropout, loss weight and the like that is not 0
TYPICAL_AVERAGE = 0.999


@dataclass(frozen=True)
class Speed:
    """What a training does on this computer.

    Attributes:
        words_per_second: trained; on the features, where a frozen part computes them once.
        validation_words_per_second: validated, or read to recalibrate batch norm (see `recalibration_words`).
        feature_words_per_second: of the features that a frozen part computes once; None where there is none.
        feature_bytes: of a word's features on disk.
        parameters: of the model.
        memory_mb: largest resident memory of the process, in MiB, at the configuration's batch size.
    """

    words_per_second: float
    validation_words_per_second: float
    feature_words_per_second: float | None
    feature_bytes: float
    parameters: int
    memory_mb: float


@dataclass(frozen=True)
class Failure:
    """Why a configuration could not be measured, in a sentence."""

    sentence: str


DIED = Failure(
    "The measurement of the speed ended without a result: it was stopped, or there was not enough memory. "
    "Measure again, or choose a smaller batch or network."
)


def speed_folder() -> Path:
    """The workspace's folder of measured speeds; it is also the measurement's job folder."""
    return home() / ".cache" / "speed"


def measured_config(config: RunConfig) -> RunConfig:
    """The configuration without what does not change its speed: data sets, number of epochs, learning rate, seed, ...

    Equal ones are as quick as each other. Of rates, such as dropout, only whether they are 0 matters; initial weights
    are random.
    """
    training = TrainingConfig(
        batch_size=config.training.batch_size,
        precision=config.training.precision,
        average=TYPICAL_AVERAGE if config.training.average else 0.0,
    )
    return RunConfig(
        datasets=(NO_DATASET,),
        model=_measured_model(config.model),
        canvas=config.canvas,
        augmentation=_measured_augmentation(config.augmentation),
        training=training,
        teacher=str(teacher_folder(config)) if config.teacher else "",
    )


def _measured_model(model: ModelConfig) -> ModelConfig:
    values: dict[str, Any] = {
        spec.name: TYPICAL_RATE
        for spec in dataclasses.fields(model)
        if isinstance(spec.default, float) and getattr(model, spec.name)
    }
    if isinstance(model, DualConfig | ResnetCtcConfig):
        values["image_weights"] = "none"
    if isinstance(model, PpocrCtcConfig):
        values["weights"] = "none"
    if isinstance(model, DualConfig | Seq2SeqConfig):
        values["views"] = 1
    return dataclasses.replace(model, **values)


def _measured_augmentation(augmentation: AugmentationConfig) -> AugmentationConfig:
    values: dict[str, Any] = {
        spec.name: (spec.default or TYPICAL_RATE) if getattr(augmentation, spec.name) else 0.0
        for spec in dataclasses.fields(augmentation)
        if isinstance(spec.default, float)
    }
    return AugmentationConfig(device=augmentation.device, **(values if augmentation.strength else {"strength": 0.0}))


def speed_key(config: RunConfig) -> str:
    """The name of the configuration's result: the same for all that are as quick as each other on this computer."""
    config = measured_config(config)
    teacher = [file_stamp(Path(config.teacher) / name) for name in ("config.json", "model.keras")]
    facts = [
        config.to_dict(),
        teacher if config.teacher else None,
        os.environ.get("KERAS_BACKEND", ""),
        os.cpu_count(),
        __version__,
    ]
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def read_speed(config: RunConfig) -> Speed | Failure | None:
    """The stored result of the configuration's measurement; None where none is stored, or one still runs."""
    key = speed_key(config)
    result = _read_result(result_file(key))
    if result is None and request_file(key).is_file() and not is_measuring():
        return DIED  # a measurement that ends in any other way removes its request
    return result


def _read_result(path: Path) -> Speed | Failure | None:
    try:
        values = read_json(path)
        return Failure(str(values["failure"])) if "failure" in values else _speed_of(values)
    except (ConfigError, KeyError, TypeError, ValueError):  # missing or damaged: it is measured anew
        return None


def _speed_of(values: JsonObject) -> Speed:
    features = values["feature_words_per_second"]
    speed = Speed(
        words_per_second=float(values["words_per_second"]),
        validation_words_per_second=float(values["validation_words_per_second"]),
        feature_words_per_second=None if features is None else float(features),
        feature_bytes=float(values["feature_bytes"]),
        parameters=int(values["parameters"]),
        memory_mb=float(values["memory_mb"]),
    )
    if not all(speed > 0 for speed in (speed.words_per_second, speed.validation_words_per_second)) or features == 0:
        raise ValueError("a speed is not positive")
    return speed


def write_speed(key: str, result: Speed | Failure) -> None:
    """Store a result; whoever reads it finds the old one or this one."""
    values = {"failure": result.sentence} if isinstance(result, Failure) else dataclasses.asdict(result)
    write_text(result_file(key), json.dumps(values, indent=1))


def forget_speed(config: RunConfig) -> None:
    """Forget a result, such as a failure, so that the configuration can be measured again."""
    key = speed_key(config)
    result_file(key).unlink(missing_ok=True)
    if not is_measuring():
        request_file(key).unlink(missing_ok=True)


def result_file(key: str) -> Path:
    return speed_folder() / f"{key}.json"


def request_file(key: str) -> Path:
    """The configuration that is being measured; it is there as long as the measurement runs."""
    return speed_folder() / f"{key}{REQUEST_SUFFIX}"


def is_measuring() -> bool:
    """Whether a measurement runs, of this configuration or another."""
    return jobs.is_busy(jobs.read_status(speed_folder()))


def start_measurement(config: RunConfig) -> None:
    """Measure the configuration in a process of its own; `read_speed` then has the result.

    Raises:
        JobError: a training or another measurement runs.
    """
    config = measured_config(config)
    key = speed_key(config)

    def request() -> None:
        if running := running_run():
            raise JobError(f"{running.name} is training now: the speed can be measured when it has ended.")
        write_text(request_file(key), json.dumps(config.to_dict(), indent=1))

    jobs.launch(MODULE, speed_folder(), key, check=request)


def stop_measurement() -> None:
    """End a measurement at once, if one runs; nothing of it is kept, and it can be started again."""
    import psutil

    status = jobs.read_status(speed_folder())
    if jobs.is_alive(status):
        try:
            process = psutil.Process(status.pid)
            process.kill()
            process.wait(timeout=5)
        except psutil.Error:  # it has just ended, or ends in a moment
            pass
        for path in speed_folder().glob(f"*{REQUEST_SUFFIX}"):
            path.unlink(missing_ok=True)
        shutil.rmtree(speed_folder() / FEATURES_FOLDER, ignore_errors=True)


def has_frozen_part(model: ModelConfig) -> bool:
    """Whether a part of the network computes features of every word once, before the first epoch."""
    if isinstance(model, DualConfig):
        return not model.fine_tune_from
    return isinstance(model, Seq2SeqConfig) and model.freeze_encoder


def recalibration_words(config: RunConfig, words: int) -> int:
    """Training words that are read after an epoch to recalibrate batch norm, where it has `words` of them.

    Averaged weights need it; a frozen encoder keeps its statistics.
    """
    if not config.training.average or has_frozen_part(config.model):
        return 0
    return min(words, RECALIBRATION_BATCHES * config.training.batch_size)
