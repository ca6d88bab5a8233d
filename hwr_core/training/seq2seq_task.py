"""Training `seq2seq`: CTC and the next character, jointly; or the decoder alone on a frozen encoder's frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.config import Seq2SeqConfig
from hwr_core.jobs import OnProgress
from hwr_core.models.layers import FRAME_PIXELS
from hwr_core.models.seq2seq import BOS_ID, EOS_ID
from hwr_core.recognition.seq2seq_runtime import KerasSeq2Seq, read_greedily, text_log_probs
from hwr_core.text import character_error_rate, word_accuracy
from hwr_core.training.batches import padded, shuffled_batches, sorted_batches
from hwr_core.training.feature_cache import FrameCache
from hwr_core.training.seq2seq_model import TARGET_PAD_ID, Seq2SeqTrainingModel, add_token_noise, next_character_loss
from hwr_core.training.tasks import READING_BATCH, RECALIBRATION_BATCHES, CtcTask, Stop

if TYPE_CHECKING:
    import keras


@dataclass
class Seq2SeqTask(CtcTask):
    """From images of words to characters, one after the other; batches, averages and precision are those of `CtcTask`.

    The metric is that of the decoder alone, free-running: each character is predicted from those predicted before.
    The frames of a frozen encoder are computed when the task is built, `views` versions of each training word.
    """

    folder: Path = Path()
    progress: OnProgress | None = None

    def _trainable_model(self, augmentation: keras.layers.Layer | None) -> Seq2SeqTrainingModel:
        settings = self.config.model
        assert isinstance(settings, Seq2SeqConfig)
        self._settings = settings
        self._frozen = settings.freeze_encoder
        self._runtime = KerasSeq2Seq(self.model)
        if self._frozen:
            self._on_device = False
        return Seq2SeqTrainingModel(self.config, self.model, None if self._frozen else augmentation)

    def _losses(self) -> keras.losses.Loss | list[keras.losses.Loss]:
        if self._frozen:
            self._cache_frames()
            return next_character_loss(self._settings.label_smoothing)
        return [self._loss, next_character_loss(self._settings.label_smoothing)]

    def _cache_frames(self) -> None:
        encoder, augmentation = self.model.get_layer("encoder"), self.config.augmentation
        used = augmentation if augmentation.strength else None
        views = self._settings.views if used else 1
        seed = self.config.training.seed
        self._cached = FrameCache(
            encoder, self.train, self._widths, self.folder, "train",
            views=views, augmentation=used, seed=seed, on_progress=self.progress,
        )  # fmt: skip
        self._cached_validation = FrameCache(
            encoder, self.validation, self._validation_widths, self.folder, "validation", on_progress=self.progress
        )

    def _images(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """As for CTC; with a frozen encoder the cached frames in place of images."""
        if not self._frozen:
            yield from super()._images(epoch)
            return
        training = self.config.training
        view = epoch % len(self._cached.lengths)
        rng = np.random.default_rng((training.seed, epoch))
        for rows in shuffled_batches(self._cached.lengths[view] * FRAME_PIXELS, training.batch_size, rng):
            yield self._cached.batch(view, rows), rows

    def _step(self, images: np.ndarray, labels: list[list[int]], seed: tuple[int, int]) -> tuple[Any, ...]:
        length = self._length([[*ids, EOS_ID] for ids in labels])
        rng = np.random.default_rng((self.config.training.seed, *seed))
        tokens = padded([[BOS_ID, *ids] for ids in labels], length)
        tokens = add_token_noise(tokens, self._settings.token_noise, len(self.alphabet) + 1, rng)
        targets = np.full((len(labels), length), TARGET_PAD_ID, np.int32)
        for row, ids in enumerate(labels):
            targets[row, : len(ids) + 1] = [*ids, EOS_ID]
        if self._frozen:
            return {"frames": images, "tokens": tokens}, targets
        name = "canvas" if self._on_device else "image"
        return {name: images, "tokens": tokens}, [padded(labels, length), targets]

    def _length(self, labels: list[list[int]]) -> int:
        longest = max(map(len, self._labels)) + 1 if self._on_device else max(map(len, labels))
        return -(-longest // 8) * 8

    def validate(self, stop: Stop) -> dict[str, float]:
        self._trained.publish(images for images, _ in islice(self._images(self._epoch), RECALIBRATION_BATCHES))
        readings = [""] * len(self.validation)
        total = words = 0.0
        for rows in sorted_batches(self._validation_widths, READING_BATCH):
            if stop():
                return {}
            logits, frames = self._encoded(rows)
            for row, ids in zip(rows, read_greedily(self._runtime, frames), strict=True):
                readings[row] = self.alphabet.decode(ids)
            known = [i for i, row in enumerate(rows) if not self.alphabet.missing(self.validation.transcriptions[row])]
            if known:
                labels = [self.alphabet.encode(self.validation.transcriptions[rows[i]]) for i in known]
                total += self._validation_loss(logits, frames, labels, known) * len(known)
                words += len(known)
        texts = list(self.validation.transcriptions)
        return {
            "cer": character_error_rate(texts, readings),
            "word_accuracy": word_accuracy(texts, readings),
            "validation_loss": total / words if words else float("nan"),
        }

    def _validation_loss(
        self, logits: np.ndarray | None, frames: np.ndarray, labels: list[list[int]], known: list[int]
    ) -> float:
        """The mean loss of words, without smoothing."""
        own, _ = text_log_probs(self._runtime, frames, labels, known)
        loss = -float(own.mean())
        if logits is None:
            return loss
        weight = self._settings.ctc_weight
        return weight * float(self._loss(padded(labels), logits[known])) + (1 - weight) * loss

    def read(self, rows: np.ndarray) -> list[str]:
        return [self.alphabet.decode(ids) for ids in read_greedily(self._runtime, self._encoded(rows)[1])]

    def _encoded(self, rows: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
        """CTC logits and frames of validation words; with a frozen encoder the cached frames alone."""
        if self._frozen:
            return None, self._cached_validation.batch(0, rows)
        images, count = self._validation_images(rows)
        logits, frames = self._runtime.encode(images)
        return logits[:count], frames[:count]
