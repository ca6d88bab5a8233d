"""What one step of training is, for each kind of recognizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import InitVar, dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hwr_core.config import AugmentationConfig, DualConfig, PpocrCtcConfig, ResnetCtcConfig, RunConfig, Seq2SeqConfig
from hwr_core.decoding import best_path
from hwr_core.errors import ConfigError
from hwr_core.models import build_model, frames_of, ppocr_weights
from hwr_core.models.seq2seq import part
from hwr_core.recognition.checkpoint import load_model
from hwr_core.recognition.onnx_export import export_onnx
from hwr_core.text import Charset, character_error_rate, word_accuracy
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

READING_BATCH = 64
SETTLING_BATCHES = 16  # measure batch norm's statistics where weights are averaged
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

        training, augmentation = self.config.training, self.config.augmentation
        self.model = starting_model(self.config, len(self.alphabet) + 1, start)
        if start is None and isinstance(self.config.model, PpocrCtcConfig) and self.config.model.weights == "ppocr":
            ppocr_weights.load_classes(self.model, self.alphabet.characters)
        self._on_device = changes_on_device(augmentation)
        self._trained = self._trained_network(changing(augmentation) if self._on_device else None)
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

    def _trained_network(self, changes: Any) -> TrainableModel:
        teacher = load_teacher(self.config, self.alphabet) if self.config.teacher else None
        return TrainableModel(self.config, self.model, changes, teacher)

    def learn_from(self, words: PreparedWords) -> None:
        """Train on these words from the next epoch on; as many as before, since the rate falls by the step."""
        self.train = words
        self._labels = [self.alphabet.encode(text) for text in words.transcriptions]
        self._widths = ink_widths(words.canvases)
        self.__dict__.pop("_needed_widths", None)

    def _losses(self) -> Any:
        return self._loss if self._trained.outputs == 1 else self._trained.losses

    def steps(self) -> int:
        """Steps in an epoch; the last part of a pass may have one less."""
        training = self.config.training
        return math.ceil(math.ceil(len(self.train) / training.batch_size) / training.parts)

    def batches(self, epoch: int) -> Iterator[Batch]:
        self._epoch = epoch
        for number, (images, rows) in enumerate(self._images(epoch)):
            yield self._step(images, [self._labels[row] for row in rows], (epoch, number)), len(rows)

    def _step(self, images: np.ndarray, labels: list[list[int]], where: tuple[int, int]) -> tuple[Any, ...]:
        """What `train_on_batch` takes; `where` it is, epoch and step, decides on chance."""
        ids = padded(labels, self._length(labels))
        return images, ids if self._trained.outputs == 1 else [ids] * self._trained.outputs

    def _length(self, labels: list[list[int]]) -> int:
        """Common length of a batch's labels, in steps of 8: few shapes, so that compiled steps are reused."""
        return round_up(max(map(len, self._labels if self._on_device else labels)), 8)

    def _images(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pictures of an epoch as the network takes them, and the rows they are of."""
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
            least_width = self._least_width(rows)
            yield images_of(self.train.canvases, rows, self.config.augmentation, rng, least_width), rows

    @cached_property
    def _needed_widths(self) -> np.ndarray:
        """`(N,)` columns that each training word needs when it is changed on the device."""
        room = padded_widths(self._widths, self.config.augmentation, self.config.canvas.height)
        return np.maximum(room, [self._least_width([row]) for row in range(len(self._widths))])

    def _least_width(self, rows: Sequence[int] | np.ndarray) -> int:
        """So wide that every word of the batch has the frames to spell it, however narrow it is written."""
        frames = max(frames_needed(self.train.transcriptions[row]) for row in rows)
        width = self.config.canvas.width
        return -(-frames * width // (frames_of(self.config.model, width) or 1))

    def validate(self, stop: Stop) -> dict[str, float]:
        self._trained.publish(images for images, _ in islice(self._images(self._epoch), SETTLING_BATCHES))
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
        images, count = self._validation_images(rows)
        return np.asarray(self.model.predict_on_batch(images))[:count]

    def _validation_images(self, rows: np.ndarray) -> tuple[np.ndarray, int]:
        """Pictures of some validation words, and how many; on a GPU in few shapes, since each is compiled."""
        if not self._on_device:
            return images_of(self.validation.canvases, rows), len(rows)
        width = bucket_width(int(self._validation_widths[rows].max()), self.config.canvas.width)
        filled = np.resize(rows, READING_BATCH) if len(rows) < READING_BATCH else rows
        return canvases_of(self.validation.canvases, filled, width).astype(np.float32) / 255, len(rows)


def starting_model(config: RunConfig, num_classes: int, start: Weights | None) -> Any:
    """The run's network with fresh weights, or with those of the checkpoint that it starts from.

    A `crnn` may be wider than the one that it starts from.

    Raises:
        ConfigError: the weights are of a network of another size.
    """
    if start is None:
        return build_model(config.model, config.canvas, num_classes)
    settings = config.model
    if isinstance(settings, DualConfig | ResnetCtcConfig):
        settings = replace(settings, image_weights="none")  # nothing is downloaded only to be written over
    if isinstance(settings, PpocrCtcConfig):
        settings = replace(settings, weights="none")
    model = build_model(settings, config.canvas, num_classes)
    target = model
    if isinstance(settings, Seq2SeqConfig) and len(start) < len(model.weights):
        target = part(model, "encoder")  # a CTC network: the decoder stays fresh
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
    """The weights of `start`; where a layer has grown to `num_classes`, what is new in it is that of `fresh`."""
    taken = []
    for old, new in zip(start, fresh, strict=True):
        grown = [axis for axis, (a, b) in enumerate(zip(old.shape, new.shape, strict=True)) if a != b]
        if len(grown) == 1 and old.shape[grown[0]] < new.shape[grown[0]] == num_classes:
            rest = np.take(new, range(old.shape[grown[0]], num_classes), axis=grown[0])
            taken.append(np.concatenate([old, rest], axis=grown[0]))
        else:
            taken.append(old)
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
    average = {"use_ema": True, "ema_momentum": training.average} if training.average else {}
    return keras.optimizers.AdamW(schedule, weight_decay=training.weight_decay, clipnorm=training.clip_norm, **average)


def changes_on_device(augmentation: AugmentationConfig) -> bool:
    """Whether training pictures are changed by layers in the step, or beforehand by the loader."""
    return augmentation.device == "layers" if augmentation.device != "auto" else has_accelerator()


def changing(augmentation: AugmentationConfig) -> Any:
    """The layers of `data.layers`; imported here, since they need Keras."""
    from hwr_core.training.augmentation_layers import changing_layers

    return changing_layers(augmentation)


def jit_compile() -> bool:
    """JAX compiles every step; TensorFlow on a CPU is quicker without (measured: 1.1 to 1.5 times)."""
    import keras

    return keras.backend.backend() == "jax"
