"""Time, memory and disk that a training will take, before it starts: by earlier runs and measurements of this computer.

Nothing here loads Keras: the Train page calls it at every change.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwr_core.config import DualConfig, RunConfig, Seq2SeqConfig
from hwr_core.errors import HwrError
from hwr_core.training.run_files import number_of
from hwr_core.training.runs import Run, list_runs, word_counts
from hwr_core.training.speed import Speed, has_frozen_part, measured_config, read_speed, recalibration_words

VALIDATION_SPEEDUP = 3.0  # where only the training was measured: its step is a forward pass and twice as much backward


@dataclass(frozen=True)
class Cost:
    """Seconds are of wall time, memory and disk in MiB; None is unknown."""

    seconds_per_epoch: float
    first_seconds: float  # once, before the first epoch: features of a frozen backbone or encoder
    seconds: float  # all epochs; patience may end it sooner
    disk_mb: float
    memory_mb: float | None
    parameters: int | None
    note: str  # where the figures are from


@dataclass(frozen=True)
class Estimate:
    """What is known of a training before it starts.

    Attributes:
        words, validation_words: of an undivided pass.
        cost: None where the speed is not measured yet; `speed.start_measurement` measures it.
    """

    words: int
    validation_words: int
    cost: Cost | None

    @property
    def memory_mb(self) -> float | None:
        """MiB of memory that the training needs; None where that is not measured yet."""
        return self.cost.memory_mb if self.cost else None


def estimate(config: RunConfig) -> Estimate:
    """Estimate time, memory and disk of a training from the newest run like it, else from its measured speed.

    Raises:
        DataError: a data set is not there.
    """
    words, validation_words = word_counts(config)
    return Estimate(words, validation_words, _cost(config, words, validation_words))


def _cost(config: RunConfig, words: int, validation_words: int) -> Cost | None:
    speed = read_speed(config)
    speed = speed if isinstance(speed, Speed) else None
    earlier = _earlier_run(config)
    if earlier:
        run, trained = earlier
        note = "from an earlier run with the same network on this computer"
        memory = _peak_memory_mb(run, config) or (speed.memory_mb if speed else None)
    elif speed:
        trained, memory, note = speed.words_per_second, speed.memory_mb, "from a short measurement on this computer"
    else:
        return None
    validated = speed.validation_words_per_second if speed else VALIDATION_SPEEDUP * trained
    first = disk = 0.0
    if has_frozen_part(config.model):
        if speed is None or speed.feature_words_per_second is None:
            return None
        shown = words * num_views(config) + validation_words
        first = shown / speed.feature_words_per_second
        disk = shown * speed.feature_bytes / 2**20
    part = words / config.training.parts
    read = validation_words + recalibration_words(config, round(part))
    seconds_per_epoch = part / trained + read / validated
    return Cost(
        seconds_per_epoch=seconds_per_epoch,
        first_seconds=first,
        seconds=first + seconds_per_epoch * config.training.epochs,
        disk_mb=disk,
        memory_mb=memory,
        parameters=speed.parameters if speed else None,
        note=note,
    )


def num_views(config: RunConfig) -> int:
    """Versions of a training word whose features a frozen part computes."""
    model = config.model
    return model.views if isinstance(model, DualConfig | Seq2SeqConfig) and config.augmentation.strength else 1


def measured_speed(config: RunConfig) -> float | None:
    """Words a second of the newest run with the same network, canvas and teacher, if one has two epochs or more."""
    earlier = _earlier_run(config)
    return earlier[1] if earlier else None


def _earlier_run(config: RunConfig) -> tuple[Run, float] | None:
    """The run of `measured_speed`, and its words a second."""
    for run in list_runs():
        try:
            earlier = run.config
        except HwrError:  # a damaged run is no reason to refuse an estimate
            continue
        if (earlier.model, earlier.canvas, earlier.teacher) != (config.model, config.canvas, config.teacher):
            continue
        history = run.history
        if "words_per_second" in history and len(history) > 1:  # the first epoch compiles on the way
            return run, max(0.1, float(history["words_per_second"].iloc[-1]))
    return None


def _peak_memory_mb(run: Run, config: RunConfig) -> float | None:
    """MiB that the run needed, where it has the same batch size and all else that memory depends on."""
    is_same = measured_config(run.config) == measured_config(config)
    return number_of(run.status, "peak_memory_mb") if is_same else None
