"""`python -m hwr_core.training.micro_run FOLDER KEY` measures the speed of a training by a few steps of it.

The steps are those of a real training, on random words; started by `speed.start_measurement`.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import string
import time
import traceback
from itertools import chain, count, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core import jobs
from hwr_core.config import CanvasConfig, DualConfig, RunConfig, read_json
from hwr_core.errors import HwrError, JobError, first_line
from hwr_core.models import build_model, frames_of
from hwr_core.models.layers import FRAME_PIXELS
from hwr_core.text import Charset, Tokens
from hwr_core.training.batches import ConcatCanvases, PreparedWords
from hwr_core.training.data import TrainingWords
from hwr_core.training.distillation import teacher_charset
from hwr_core.training.feature_cache import BATCH_SIZE
from hwr_core.training.job import make_task
from hwr_core.training.speed import (
    FEATURES_FOLDER,
    Failure,
    Speed,
    has_frozen_part,
    recalibration_words,
    request_file,
    write_speed,
)
from hwr_core.training.steps import MAX_PREFETCHED_BATCHES, prefetch
from hwr_core.training.tasks import CtcTask, Task

if TYPE_CHECKING:
    import keras

PHASE = "Measuring the speed"
MEASURED_SECONDS = 4.0  # of steps behind those that compile; one step at least
NUM_COMPILING_STEPS = 2  # for the first shape, then for all of them
NUM_STEPS = 2  # in an epoch
FEATURE_BATCHES = 4  # see `FeatureClock.words_per_second`
VALIDATION_WORDS = 64  # a batch of reading
NUM_CANVASES = 64  # different ones
MEAN_WIDTH = 2.25  # of a word's ink, in heights of the canvas: as of the built-in words
MEAN_CHARACTERS = 5
MAX_CHARACTERS = 16
CHARACTERS = string.ascii_letters + string.digits + ".,:;!?-'"
NUM_WORD_TOKENS = 1000  # where `dual` predicts words
MEMORY_SENTENCE = (
    "There is not enough memory on this computer for these settings. Choose a smaller batch or a smaller network."
)


def measure(config: RunConfig, folder: Path, on_progress: jobs.OnProgress = lambda *_: None) -> Speed:
    """Train a few steps and validate a few words; with a frozen part, compute their features first.

    Args:
        config: from `speed.measured_config`.
        folder: for the features; empty.
        on_progress: called with a phase, a step and the number of steps; may raise to stop.

    Raises:
        HwrError: the teacher cannot be read, or does not fit.
    """
    is_cached = has_frozen_part(config.model)
    alphabet, clock, start = alphabet_of(config), FeatureClock(on_progress), None
    words = random_words(config, num_training_words(config))
    validation = random_words(config, VALIDATION_WORDS, seed=1)
    if isinstance(config.model, DualConfig):  # weights that are given spare the recalibration of random ones
        start = build_model(config.model, config.canvas, len(alphabet)).get_weights()
    task: Task = make_task(config, TrainingWords(alphabet, words, validation, (), ()), folder, clock, start)
    num_skipped = NUM_COMPILING_STEPS
    if isinstance(task, CtcTask) and not is_cached:  # the widest batch needs the most memory
        task.learn_from(random_words(config, config.training.batch_size, is_long=True))
        for arrays, _ in islice(task.batches(0), 1):
            step(task, arrays)
        task.learn_from(words)
        num_skipped -= 1
    return Speed(
        words_per_second=train_steps(task, num_skipped, on_progress),
        validation_words_per_second=validation_speed(task, config),
        feature_words_per_second=clock.words_per_second() if is_cached else None,
        feature_bytes=feature_bytes(config, task.model) if is_cached else 0.0,
        parameters=task.model.count_params(),
        memory_mb=jobs.peak_memory_mb(),
    )


def alphabet_of(config: RunConfig) -> Charset | Tokens:
    """An alphabet of usual size; with a teacher its own, grown by the random words' characters."""
    if isinstance(config.model, DualConfig):
        is_words = config.model.tokens == "words"
        texts = [f"w{number}" for number in range(NUM_WORD_TOKENS)] if is_words else list(CHARACTERS)
        return Tokens.from_texts(texts, words=is_words)
    return teacher_charset(config).extended(CHARACTERS) if config.teacher else Charset.from_texts(CHARACTERS)


def random_words(config: RunConfig, number: int, *, is_long: bool = False, seed: int = 0) -> PreparedWords:
    """Noise on canvases, and random characters.

    Every word is as wide as the mean of real ones, since batches are of similar widths and a step takes about as long
    as it is wide; lengths differ.

    Args:
        config: of the training.
        number: of words.
        is_long: as wide as the canvas, and of many characters.
        seed: of the randomness.
    """
    canvas, rng = config.canvas, np.random.default_rng(seed)
    width = canvas.width if is_long else mean_width(canvas)
    frames = frames_of(config.model, width)
    most = min(MAX_CHARACTERS, frames // 2) if frames else MAX_CHARACTERS  # repeated characters need two frames
    lengths = np.clip(1 + rng.poisson(MEAN_CHARACTERS - 1, number), 1, most)
    if is_long:
        lengths[:] = most
    canvases = np.zeros((min(number, NUM_CANVASES), canvas.height, canvas.width), np.uint8)
    canvases[..., :width] = rng.integers(0, 256, (*canvases.shape[:2], width), np.uint8)
    if isinstance(config.model, DualConfig) and config.model.tokens == "words":
        texts = [f"w{rng.integers(NUM_WORD_TOKENS)}" for _ in range(number)]
    else:
        texts = ["".join(rng.choice(list(CHARACTERS), length)) for length in lengths]
    rows = np.arange(number) % len(canvases)
    return PreparedWords(ConcatCanvases([(canvases, rows)]), texts, [""] * number)


def mean_width(canvas: CanvasConfig) -> int:
    """Columns of ink of a usual word."""
    return min(canvas.width, round(MEAN_WIDTH * canvas.height))


class FeatureClock:
    """Progress of computing features, and its speed."""

    def __init__(self, on_progress: jobs.OnProgress) -> None:
        self._on_progress = on_progress
        self._calls: list[tuple[float, int]] = []

    def __call__(self, phase: str, step: int, steps: int) -> None:
        self._on_progress(phase, step, steps)
        self._calls.append((time.monotonic(), step))

    def words_per_second(self) -> float:
        """Of the batches of training words, without the first, which compiles, and the last, whose end is unknown."""
        _, *later = pairwise(self._calls)
        speeds = [(step - before) / (now - then) for (then, before), (now, step) in later if step > before]
        return float(np.median(speeds))


def train_steps(task: Task, num_skipped: int, on_progress: jobs.OnProgress) -> float:
    """Words a second of the training's own loop, in about `MEASURED_SECONDS` behind its first `num_skipped` steps."""
    ends: list[float] = []
    words: list[int] = []
    for arrays, number in prefetch(chain.from_iterable(task.batches(epoch) for epoch in count())):
        on_progress(PHASE, 0, 0)
        step(task, arrays)
        ends.append(time.monotonic())
        words.append(number)
        if len(ends) > num_skipped and ends[-1] - ends[num_skipped - 1] >= MEASURED_SECONDS:
            break
    # Batches that were prepared while the first steps compiled would hide a loader that is slower than the network.
    first = max(num_skipped, min(num_skipped + MAX_PREFETCHED_BATCHES, len(ends) // 2))
    return sum(words[first:]) / (ends[-1] - ends[first - 1])


def step(task: Task, arrays: tuple[Any, ...]) -> None:
    float(task.network.train_on_batch(*arrays, return_dict=True)["loss"])  # waits for the result


def validation_speed(task: Task, config: RunConfig) -> float:
    """Words a second that are validated or read for recalibration; an untrained decoder reads long texts."""
    words = len(task.validation) + recalibration_words(config, num_training_words(config))
    seconds = 0.0
    for _ in range(2):  # the first time compiles, which is a small part of a long one
        begun = time.monotonic()
        task.validate(lambda: False)
        seconds = time.monotonic() - begun
        if seconds > MEASURED_SECONDS:
            break
    return words / seconds


def num_training_words(config: RunConfig) -> int:
    """Two steps of words; with a frozen part enough of them to measure it."""
    words = NUM_STEPS * config.training.batch_size
    return max(words, FEATURE_BATCHES * BATCH_SIZE) if has_frozen_part(config.model) else words


def feature_bytes(config: RunConfig, model: keras.Model) -> float:
    """Bytes of a word's features in the run's cache, by the output of the frozen part."""
    if isinstance(config.model, DualConfig):
        size = math.prod(model.get_layer("backbone").output_shape[1:])
    else:
        size = mean_width(config.canvas) // FRAME_PIXELS * model.get_layer("encoder").outputs[1].shape[-1]
    return size * np.dtype(np.float16).itemsize


def work(progress: jobs.Progress, key: str) -> str:
    """Measure what was requested under `key`, and store the result."""
    config = RunConfig.from_dict(read_json(request_file(key)))
    folder = progress.folder / FEATURES_FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # of a measurement that was killed
    try:
        write_speed(key, measure(config, folder, progress))
    except (HwrError, MemoryError, jobs.Stopped):
        raise
    except Exception as error:
        if jobs.is_out_of_memory(error):
            raise
        traceback.print_exc()
        log = progress.folder / jobs.LOG_FILE
        raise JobError(f"The speed could not be measured: {first_line(error)}. {log} has the details.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return "Measured."


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hwr_core.training.micro_run", description=__doc__)
    parser.add_argument("folder", type=Path, help="the measurement's folder")
    parser.add_argument("key", help="of the configuration, whose result is stored under it")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up lines do not belong in the log
    key = arguments.key
    status = jobs.run(
        arguments.folder,
        lambda progress: work(progress, key),
        jobs.Endings("The speed could not be measured", memory=MEMORY_SENTENCE),
        phase=PHASE,
    )
    if status.state == "failed":
        write_speed(key, Failure(status.message))
    request_file(key).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
