"""How long an adaptation will take, estimated before it starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hwr_core.adaptation.result import read_result
from hwr_core.config import AdaptationConfig, CtcConfig, RunConfig, read_json
from hwr_core.errors import HwrError
from hwr_core.training.estimate import CTC_OPERATIONS_PER_SECOND, MEAN_WIDTH, ctc_operations, measured_speed
from hwr_core.training.runs import list_runs

START_SECONDS = 30.0  # before the first adaptation here: starting TensorFlow, reading before and after, saving


def estimated_seconds(number: int, checkpoint: Path, settings: AdaptationConfig | None = None) -> float:
    """About how long the adaptation of a recognizer with `number` words takes.

    Steps are as quick as those of the newest run of the same network on this machine, an adaptation or another
    training; where there is none, as the network's size suggests. What comes before and after the steps takes as long
    as it took last time.

    Raises:
        ConfigError: the checkpoint has no configuration that can be read.
    """
    settings = settings or AdaptationConfig()
    config = replace(RunConfig.from_dict(read_json(checkpoint / "config.json")), teacher="")  # as it will be trained
    learned = number - max(settings.least_held_back, number // settings.held_back_every)
    shown = min(settings.passes * learned / (1 - settings.replay_share), settings.most_steps * settings.batch_size)
    return (overhead(config) or START_SECONDS) + shown / (measured_speed(config) or expected_speed(config))


def expected_speed(config: RunConfig) -> float:
    """Words a second of two cores by the network's multiplications."""
    assert isinstance(config.model, CtcConfig)
    return CTC_OPERATIONS_PER_SECOND / (3 * ctc_operations(config.model, config.canvas) * MEAN_WIDTH)


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
