"""What one step of training is, for each kind of recognizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import InitVar, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hwr_core.config import DualConfig, RunConfig
from hwr_core.data.batches import (
    PreparedWords,
    images_of,
    ink_widths,
    padded,
    shuffled_batches,
    sorted_batches,
)
from hwr_core.decoding import best_path
from hwr_core.errors import ConfigError
from hwr_core.inference.checkpoint import load_model
from hwr_core.inference.onnx import export_onnx
from hwr_core.models import build_model, frames_of
from hwr_core.text import Charset, character_error_rate, word_accuracy
from hwr_core.text.charset import frames_needed

READING_BATCH = 64
Stop = Callable[[], bool]
Weights = list[np.ndarray]
Batch = tuple[tuple[Any, ...], int]  # what `train_on_batch` takes, and the number of words in it


class Task(Protocol):
    """One kind of recognizer in training.

    Attributes:
        network: what is trained: compiled, its variables are the state of the run.
        model: what is saved and read with; shares the weights of `network`.
        alphabet: its charset or tokens.
        validation: the words that are measured.
        metric: the validation figure that is watched; lower is better.
    """

    network: Any
    model: Any
    alphabet: Any
    validation: PreparedWords
    metric: str

    def steps(self) -> int:
        """Steps in an epoch."""

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The steps of an epoch; the same for the same epoch and seed."""

    def validate(self, stop: Stop) -> dict[str, float]:
        """Figures on the validation words; they begin with `metric`."""

    def read(self, rows: np.ndarray) -> list[str]:
        """Readings of some validation words, as a user would get them."""

    def export(self, checkpoint: Path) -> None:
        """Add to the finished checkpoint what makes reading with it quicker, where there is such a thing."""


@dataclass
class CtcTask:
    """A recognizer with a CTC head: whole words in, characters out."""

    config: RunConfig
    alphabet: Charset
    train: PreparedWords
    validation: PreparedWords
    start: InitVar[Weights | None] = None
    metric: str = "cer"

    def __post_init__(self, start: Weights | None) -> None:
        import keras

        training = self.config.training
        self.model = starting_model(self.config, len(self.alphabet) + 1, start)
        # The same layers once more: what is compiled would be saved with its optimizer, three times the size.
        self.network = keras.Model(self.model.inputs, self.model.outputs[0], name=self.model.name)
        self._labels = [self.alphabet.encode(text) for text in self.train.transcriptions]
        self._widths = ink_widths(self.train.canvases)
        self._validation_widths = ink_widths(self.validation.canvases)
        self._loss = keras.losses.CTC()
        self.network.compile(
            optimizer(training, self.steps() * training.epochs),
            loss=self._loss,
            jit_compile=jit_compile(),
        )

    def steps(self) -> int:
        return -(-len(self.train) // self.config.training.batch_size)

    def batches(self, epoch: int) -> Iterator[Batch]:
        seed = self.config.training.seed
        batches = shuffled_batches(self._widths, self.config.training.batch_size, np.random.default_rng((seed, epoch)))
        for number, rows in enumerate(batches):
            rng = np.random.default_rng((seed, epoch, number))
            images = images_of(self.train.canvases, rows, self.config.augmentation, rng, self._least_width(rows))
            labels = [self._labels[row] for row in rows]
            # Lengths in steps of 8: few shapes, so that compiled steps are reused.
            yield (images, padded(labels, round_up(max(map(len, labels)), 8))), len(rows)

    def _least_width(self, rows: np.ndarray) -> int:
        """So wide that every word of the batch has the frames to spell it, however narrow it is written."""
        frames = max(frames_needed(self.train.transcriptions[row]) for row in rows)
        width = self.config.canvas.width
        return -(-frames * width // (frames_of(self.config.model, width) or 1))

    def validate(self, stop: Stop) -> dict[str, float]:
        readings = [""] * len(self.validation)
        losses = []
        known = [not self.alphabet.missing(text) for text in self.validation.transcriptions]
        for rows in sorted_batches(self._validation_widths, READING_BATCH):
            if stop():
                return {}
            logits = self._logits(rows)
            for row, word in zip(rows, logits, strict=True):
                readings[row] = self.alphabet.decode(best_path(word)[0])
            spelled = [i for i, row in enumerate(rows) if known[row]]
            if spelled:
                labels = padded([self.alphabet.encode(self.validation.transcriptions[rows[i]]) for i in spelled])
                losses += [(float(self._loss(labels, logits[spelled])), len(spelled))]
        texts = list(self.validation.transcriptions)
        words = sum(count for _, count in losses)
        return {
            "cer": character_error_rate(texts, readings),
            "word_accuracy": word_accuracy(texts, readings),
            "validation_loss": sum(loss * count for loss, count in losses) / words if words else float("nan"),
        }

    def read(self, rows: np.ndarray) -> list[str]:
        return [self.alphabet.decode(best_path(word)[0]) for word in self._logits(rows)]

    def export(self, checkpoint: Path) -> None:
        export_onnx(load_model(checkpoint), checkpoint)

    def _logits(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict_on_batch(images_of(self.validation.canvases, rows)))


def starting_model(config: RunConfig, num_classes: int, start: Weights | None) -> Any:
    """The run's network with fresh weights, or with those of the checkpoint that it starts from.

    Raises:
        ConfigError: the weights are of a network of another size.
    """
    if start is None:
        return build_model(config.model, config.canvas, num_classes)
    settings = config.model
    if isinstance(settings, DualConfig):
        settings = replace(settings, image_weights="none")  # nothing is downloaded only to be written over
    model = build_model(settings, config.canvas, num_classes)
    try:
        model.set_weights(with_new_classes(start, model.get_weights()) if config.model.name != "dual" else start)
    except ValueError as error:
        raise ConfigError(
            f"{config.start_from} has a network of another size than this run. Take over its settings."
        ) from error
    return model


def with_new_classes(start: Weights, fresh: Weights) -> Weights:
    """The weights of `start`; where a layer has grown by new characters, their columns are those of `fresh`."""
    taken = []
    for old, new in zip(start, fresh, strict=True):
        grown = old.shape[:-1] == new.shape[:-1] and old.ndim and old.shape[-1] < new.shape[-1]
        taken.append(np.concatenate([old, new[..., old.shape[-1] :]], axis=-1) if grown else old)
    return taken


def round_up(value: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-value // step) * step


def optimizer(training: Any, total_steps: int) -> Any:
    """AdamW with clipping; the learning rate warms up, then falls along a cosine to a hundredth."""
    import keras

    warmup = min(training.warmup_steps, max(1, total_steps // 5))
    schedule = keras.optimizers.schedules.CosineDecay(
        training.learning_rate * 0.02,
        decay_steps=max(1, total_steps - warmup),
        alpha=0.01,  # of the peak, where there is a warm-up
        warmup_target=training.learning_rate,
        warmup_steps=warmup,
    )
    return keras.optimizers.AdamW(schedule, weight_decay=training.weight_decay, clipnorm=training.clip_norm)


def jit_compile() -> bool:
    """JAX compiles every step; TensorFlow on a CPU is quicker without (measured: 1.1 to 1.5 times)."""
    import keras

    return keras.backend.backend() == "jax"
