"""How long teaching a hand will take, said before it starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hwr_core.adaptation.run import read_result
from hwr_core.config import AdaptationConfig, CtcConfig, RunConfig, read_json
from hwr_core.training.estimate import CTC_OPERATIONS_PER_SECOND, MEAN_WIDTH, ctc_operations, measured_speed
from hwr_core.training.run import ADAPTATION_FILE, list_runs

START_SECONDS = 30.0  # where no hand was taught here yet: starting TensorFlow, reading before and after, saving


def estimated_seconds(number: int, checkpoint: Path, settings: AdaptationConfig | None = None) -> float:
    """About how long teaching a reader so many words takes.

    Steps are as quick as those of the newest run of the same network on this machine, a teaching or another
    training; where there is none, as the network's size tells. What comes before and after the steps takes as long
    as it took last time.

    Raises:
        ConfigError: it has no configuration that can be read.
    """
    settings = settings or AdaptationConfig()
    config = replace(RunConfig.from_dict(read_json(checkpoint / "config.json")), teacher="")  # as it will be taught
    learned = number - max(settings.least_held_back, number // settings.held_back_every)
    shown = min(settings.passes * learned / (1 - settings.replay_share), settings.most_steps * settings.batch_size)
    return (overhead(config) or START_SECONDS) + shown / (measured_speed(config) or expected_speed(config))


def expected_speed(config: RunConfig) -> float:
    """Words a second of two cores by the network's multiplications."""
    assert isinstance(config.model, CtcConfig)
    return CTC_OPERATIONS_PER_SECOND / (3 * ctc_operations(config.model, config.canvas) * MEAN_WIDTH)


def overhead(config: RunConfig) -> float | None:
    """Seconds outside the steps of the newest teaching of the same network here, if there is one."""
    for run in list_runs():
        if not (run.folder / ADAPTATION_FILE).is_file():
            continue
        taught, history = read_result(run.folder), run.history
        try:
            same = (run.config.model, run.config.canvas) == (config.model, config.canvas)
        except Exception:  # a damaged run is no reason to refuse an estimate
            continue
        if same and taught is not None and "seconds" in history:
            return max(0.0, taught.seconds - float(history["seconds"].sum()))
    return None
