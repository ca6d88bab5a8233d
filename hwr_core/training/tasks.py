"""Tasks: batches, losses and validation of each kind of recognizer in training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import InitVar, dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hwr_core.config import (
    AugmentationConfig,
    DualConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
)
from hwr_core.decoding import best_path
from hwr_core.errors import ConfigError
from hwr_core.models import build_model, frames_of, ppocr_weights
from hwr_core.recognition.checkpoint import load_model
from hwr_core.recognition.onnx_export import export_onnx
from hwr_core.text import Charset, Tokens, character_error_rate, word_accuracy
from hwr_core.text.charset import frames_needed
from hwr_core.training.batches import (
    PreparedWords,
    balanced_batches,
    bucket_width,
    canvases_of,
    images_of,
    ink_widths,
    padded,
    padded_widths,
    shuffled_batches,
    sorted_batches,
)
from hwr_core.training.distillation import load_teacher
from hwr_core.training.precision import has_accelerator
from hwr_core.training.trainable_model import TrainableModel
from hwr_core.training.widen import widened_weights

if TYPE_CHECKING:
    import keras

READING_BATCH = 64
RECALIBRATION_BATCHES = 16  # for batch norm's statistics where weights are averaged
Stop = Callable[[], bool]
Weights = list[np.ndarray]
Batch = tuple[tuple[Any, ...], int]  # arguments of `train_on_batch`, and the number of words


class Task(Protocol):
    """One kind of recognizer in training.

    Attributes:
        network: compiled and trained; its variables are the state of the run.
        model: saved and read with; shares the weights of `network`.
        alphabet: its charset or tokens.
        validation: the validation words.
        metric: the validation figure by which epochs are compared; lower is better.
    """

    network: keras.Model
    model: keras.Model
    alphabet: Charset | Tokens
    validation: PreparedWords
    metric: str

    def steps(self) -> int:
        """Steps in an epoch."""

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The steps of an epoch; the same for the same epoch and seed."""

    def validate(self, stop: Stop) -> dict[str, float]:
        """Figures on the validation words, `metric` first; empty where `stop` returned True."""

    def read(self, rows: np.ndarray) -> list[str]:
        """Readings of validation words, as in production."""

    def export(self, checkpoint: Path) -> None:
        """Add to the finished checkpoint what makes reading with it quicker, if anything."""


@dataclass
class CtcTask:
    """A recognizer with a CTC head: from images of words to characters."""

    config: RunConfig
    alphabet: Charset
    train: PreparedWords
    validation: PreparedWords
    start: InitVar[Weights | None] = None
    metric: str = "cer"

    def __post_init__(self, start: Weights | None) -> None:
        import keras

        training, augmentation = self.config.training, self.config.augmentation
        self.model = starting_model(self.config, len(self.alphabet) + 1, start)
        if start is None and isinstance(self.config.model, PpocrCtcConfig) and self.config.model.weights == "ppocr":
            ppocr_weights.load_classes(self.model, self.alphabet.characters)
        self._on_device = augments_on_device(augmentation)
        self._trained = self._trainable_model(augmentation_layer(augmentation) if self._on_device else None)
        self.network = self._trained.network
        self.learn_from(self.train)
        self._validation_widths = ink_widths(self.validation.canvases)
        self._loss = keras.losses.CTC()
        self._epoch = 0
        self.network.compile(
            optimizer(training, self.steps() * training.epochs),
            loss=self._losses(),
            loss_weights=self._trained.loss_weights,
            jit_compile=jit_compile(),
        )

    def _trainable_model(self, augmentation: keras.layers.Layer | None) -> TrainableModel:
        teacher = load_teacher(self.config, self.alphabet) if self.config.teacher else None
        return TrainableModel(self.config, self.model, augmentation, teacher)

    def learn_from(self, words: PreparedWords) -> None:
        """Train on these words from the next epoch on; as many as before, since the learning rate falls by the step."""
        self.train = words
        self._labels = [self.alphabet.encode(text) for text in words.transcriptions]
        self._widths = ink_widths(words.canvases)
        self.__dict__.pop("_needed_widths", None)

    def _losses(self) -> keras.losses.Loss | list[keras.losses.Loss]:
        return self._loss if self._trained.outputs == 1 else self._trained.losses

    def steps(self) -> int:
        """Steps in an epoch; the last part of a pass over the words may have one less."""
        training = self.config.training
        return math.ceil(math.ceil(len(self.train) / training.batch_size) / training.parts)

    def batches(self, epoch: int) -> Iterator[Batch]:
        self._epoch = epoch
        for number, (images, rows) in enumerate(self._images(epoch)):
            yield self._step(images, [self._labels[row] for row in rows], (epoch, number)), len(rows)

    def _step(self, images: np.ndarray, labels: list[list[int]], seed: tuple[int, int]) -> tuple[Any, ...]:
        """Arguments of `train_on_batch`; `seed`, the epoch and step, decides on randomness."""
        ids = padded(labels, self._length(labels))
        return images, ids if self._trained.outputs == 1 else [ids] * self._trained.outputs

    def _length(self, labels: list[list[int]]) -> int:
        """Common length of a batch's labels, in steps of 8: few shapes, so that compiled steps are reused."""
        return round_up(max(map(len, self._labels if self._on_device else labels)), 8)

    def _images(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Images of an epoch as the network takes them, and their rows."""
        seed, size, parts = self.config.training.seed, self.config.training.batch_size, self.config.training.parts
        whole_pass, part = divmod(epoch, parts)
        order = np.random.default_rng((seed, whole_pass))
        if self._on_device:
            batches = balanced_batches(self._needed_widths, size, self.config.canvas.width, order)
            for rows, width in batches[part::parts]:
                yield canvases_of(self.train.canvases, rows, width), rows
            return
        for number, rows in enumerate(shuffled_batches(self._widths, size, order)[part::parts]):
            rng = np.random.default_rng((seed, epoch, number))
            min_width = self._min_width(rows)
            yield images_of(self.train.canvases, rows, self.config.augmentation, rng, min_width), rows

    @cached_property
    def _needed_widths(self) -> np.ndarray:
        """`(N,)` columns that each training word needs when it is augmented on the device."""
        widths = padded_widths(self._widths, self.config.augmentation, self.config.canvas.height)
        return np.maximum(widths, [self._min_width([row]) for row in range(len(self._widths))])

    def _min_width(self, rows: Sequence[int] | np.ndarray) -> int:
        """Columns with which every word of the batch has the frames that its transcription needs."""
        frames = max(frames_needed(self.train.transcriptions[row]) for row in rows)
        width = self.config.canvas.width
        return -(-frames * width // (frames_of(self.config.model, width) or 1))

    def validate(self, stop: Stop) -> dict[str, float]:
        self._trained.publish(images for images, _ in islice(self._images(self._epoch), RECALIBRATION_BATCHES))
        readings = [""] * len(self.validation)
        losses = []
        known = [not self.alphabet.missing(text) for text in self.validation.transcriptions]
        for rows in sorted_batches(self._validation_widths, READING_BATCH):
            if stop():
                return {}
            logits = self._logits(rows)
            for row, word in zip(rows, logits, strict=True):
                readings[row] = self.alphabet.decode(best_path(word)[0])
            known_rows = [i for i, row in enumerate(rows) if known[row]]
            if known_rows:
                labels = padded([self.alphabet.encode(self.validation.transcriptions[rows[i]]) for i in known_rows])
                losses += [(float(self._loss(labels, logits[known_rows])), len(known_rows))]
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
        images, count = self._validation_images(rows)
        return np.asarray(self.model.predict_on_batch(images))[:count]

    def _validation_images(self, rows: np.ndarray) -> tuple[np.ndarray, int]:
        """Images of validation words, and their number; on a GPU in few shapes, since each is compiled."""
        if not self._on_device:
            return images_of(self.validation.canvases, rows), len(rows)
        width = bucket_width(int(self._validation_widths[rows].max()), self.config.canvas.width)
        padded_rows = np.resize(rows, READING_BATCH) if len(rows) < READING_BATCH else rows
        return canvases_of(self.validation.canvases, padded_rows, width).astype(np.float32) / 255, len(rows)


def starting_model(config: RunConfig, num_classes: int, start: Weights | None) -> keras.Model:
    """The run's network with fresh weights, or with those of its starting checkpoint.

    A `crnn` may be wider than the one of the checkpoint.

    Raises:
        ConfigError: the weights are of a network of another size.
    """
    if start is None:
        return build_model(config.model, config.canvas, num_classes)
    settings = config.model
    if isinstance(settings, DualConfig | ResnetCtcConfig):
        settings = replace(settings, image_weights="none")  # nothing is downloaded only to be overwritten
    if isinstance(settings, PpocrCtcConfig):
        settings = replace(settings, weights="none")
    model = build_model(settings, config.canvas, num_classes)
    target = model
    if isinstance(settings, Seq2SeqConfig) and len(start) < len(model.weights):
        target = model.get_layer("encoder")  # a CTC network: the decoder stays fresh
    try:
        if config.model.name == "crnn":
            start = widened_weights(start, model)
        elif config.model.name != "dual":
            start = with_new_classes(start, target.get_weights(), num_classes)
        target.set_weights(start)
    except ValueError as error:
        raise ConfigError(
            f"{config.start_from} has a network of another size than this run. Take over its settings."
        ) from error
    return model


def with_new_classes(start: Weights, fresh: Weights, num_classes: int) -> Weights:
    """The weights of `start`; where a layer is extended to `num_classes`, the new ones are those of `fresh`."""
    weights = []
    for old, new in zip(start, fresh, strict=True):
        extended = [axis for axis, (a, b) in enumerate(zip(old.shape, new.shape, strict=True)) if a != b]
        if len(extended) == 1 and old.shape[extended[0]] < new.shape[extended[0]] == num_classes:
            rest = np.take(new, range(old.shape[extended[0]], num_classes), axis=extended[0])
            weights.append(np.concatenate([old, rest], axis=extended[0]))
        else:
            weights.append(old)
    return weights


def round_up(value: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-value // step) * step


def optimizer(training: TrainingConfig, total_steps: int) -> keras.optimizers.Optimizer:
    """AdamW with clipping; linear warm-up of the learning rate, then cosine decay to a hundredth."""
    import keras

    warmup = min(training.warmup_steps, max(1, total_steps // 5))
    schedule = keras.optimizers.schedules.CosineDecay(
        training.learning_rate * 0.02,
        decay_steps=max(1, total_steps - warmup),
        alpha=0.01,  # of the peak, where there is a warm-up
        warmup_target=training.learning_rate,
        warmup_steps=warmup,
    )
    average = {"use_ema": True, "ema_momentum": training.average} if training.average else {}
    return keras.optimizers.AdamW(schedule, weight_decay=training.weight_decay, clipnorm=training.clip_norm, **average)


def augments_on_device(augmentation: AugmentationConfig) -> bool:
    """Whether training images are augmented by layers in the step, or before it by the loader."""
    return augmentation.device == "layers" if augmentation.device != "auto" else has_accelerator()


def augmentation_layer(augmentation: AugmentationConfig) -> keras.layers.Layer:
    """Imported here, since it needs Keras."""
    from hwr_core.training.augmentation_layers import Augmentation

    return Augmentation(augmentation)


def jit_compile() -> bool:
    """True for JAX, which compiles every step; TensorFlow on a CPU is quicker without (measured: 1.1 to 1.5 times)."""
    import keras

    return keras.backend.backend() == "jax"
