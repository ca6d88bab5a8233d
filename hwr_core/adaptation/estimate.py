"""How long an adaptation will take, estimated before it starts."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from hwr_core.adaptation.result import read_result
from hwr_core.config import AdaptationConfig, RunConfig, read_json
from hwr_core.errors import ConfigError, HwrError
from hwr_core.training.estimate import measured_speed
from hwr_core.training.runs import list_runs

WORDS_PER_SECOND = 50.0  # of a checkpoint that does not say how quickly it was trained
START_SECONDS = 30.0  # before the first adaptation here: starting TensorFlow, reading before and after, saving


def estimated_seconds(number: int, checkpoint: Path, settings: AdaptationConfig | None = None) -> float:
    """About how long the adaptation of a recognizer with `number` words takes.

    Steps are as quick as those of the newest run of the same network on this machine, an adaptation or another
    training; where there is none, as those with which the recognizer was trained, on whatever computer that was. What
    comes before and after the steps takes as long as it took last time.

    Raises:
        ConfigError: the checkpoint has no configuration that can be read.
    """
    settings = settings or AdaptationConfig()
    config = replace(RunConfig.from_dict(read_json(checkpoint / "config.json")), teacher="")  # as it will be trained
    learned = number - max(settings.least_held_back, number // settings.held_back_every)
    shown = min(settings.passes * learned / (1 - settings.replay_share), settings.most_steps * settings.batch_size)
    return (overhead(config) or START_SECONDS) + shown / (measured_speed(config) or recorded_speed(checkpoint))


def recorded_speed(checkpoint: Path) -> float:
    """Words a second of the checkpoint's own training, as recorded in it; `WORDS_PER_SECOND` where it is not."""
    try:
        speed = read_json(checkpoint / "checkpoint.json").get("words_per_second")
    except ConfigError:
        return WORDS_PER_SECOND
    return float(speed) if isinstance(speed, int | float) and 0 < speed < math.inf else WORDS_PER_SECOND


def overhead(config: RunConfig) -> float | None:
    """Seconds outside the steps of the newest adaptation of the same network here, if there is one."""
    for run in list_runs():
        result = read_result(run.folder)
        if result is None:
            continue
        try:
            is_same = (run.config.model, run.config.canvas) == (config.model, config.canvas)
        except HwrError:  # a damaged run is no reason to refuse an estimate
            continue
        if is_same and "seconds" in run.history:
            return max(0.0, result.seconds - float(run.history["seconds"].sum()))
    return None
