"""Training `dual`: every prefix of every word, and the token that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core.config import DualConfig, RunConfig
from hwr_core.models.dual import BEGIN, part, training_model
from hwr_core.models.resnet import recalibrate_batch_norm
from hwr_core.recognition.dual_backend import DualDecoder
from hwr_core.text import Tokens, character_error_rate, word_accuracy
from hwr_core.text.tokens import END
from hwr_core.training.batches import PreparedWords, padded
from hwr_core.training.feature_cache import Progress, cached_features, whole_images
from hwr_core.training.tasks import (
    READING_BATCH,
    Batch,
    Stop,
    Weights,
    jit_compile,
    optimizer,
    round_up,
    starting_model,
)

SETTLING_BATCHES = 16
POOL_BATCHES = 20  # words are sorted by length among so many batches, which saves padding


@dataclass
class DualTask:
    """The picture and the text so far in, the next token out.

    A frozen backbone's features are computed when the task is made and cached in the run, `views` versions of each
    training word that epochs use in turns; only the branches and the joint layers run in an epoch.
    """

    config: RunConfig
    alphabet: Tokens
    train: PreparedWords
    validation: PreparedWords
    folder: Path
    progress: Progress | None = None
    start: InitVar[Weights | None] = None
    metric: str = "cer"

    def __post_init__(self, start: Weights | None) -> None:
        import keras

        model_config = self.config.model
        assert isinstance(model_config, DualConfig)
        self.frozen = not model_config.fine_tune_from
        self.model = starting_model(self.config, len(self.alphabet), start)
        backbone = part(self.model, "backbone")
        if model_config.image_weights == "none" and start is None:
            recalibrate_batch_norm(backbone, self._settling_batches())
        augmentation = self.config.augmentation
        self._changes = augmentation if augmentation.strength else None
        self._pictures: dict[str, Any] = {
            "train": self.train.canvases,
            "validation": self.validation.canvases,
        }
        if self.frozen:
            self._pictures = {
                "train": cached_features(
                    backbone, self.train, self.folder, "train",
                    views=model_config.views if self._changes else 1, augmentation=self._changes,
                    seed=self.config.training.seed, progress=self.progress,
                ),
                "validation": cached_features(
                    backbone, self.validation, self.folder, "validation", progress=self.progress
                ),
            }  # fmt: skip
        self.network = training_model(self.model, on_features=self.frozen)
        total = self.steps() * self.config.training.epochs
        self.network.compile(
            optimizer(self.config.training, total),
            loss=keras.losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight"),
            weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            jit_compile=jit_compile(),
        )
        self._ids = {
            "train": [self.alphabet.encode(text) for text in self.train.transcriptions],
            "validation": [self.alphabet.encode(text) for text in self.validation.transcriptions],
        }
        self._reader = DualDecoder(self.model, self.alphabet)

    def steps(self) -> int:
        return -(-len(self.train) // self.config.training.batch_size)

    def batches(self, epoch: int) -> Iterator[Batch]:
        size = self.config.training.batch_size
        rng = np.random.default_rng((self.config.training.seed, epoch))
        order = rng.permutation(len(self.train))
        lengths = np.array([len(ids) for ids in self._ids["train"]])
        found = []
        for start in range(0, len(order), size * POOL_BATCHES):
            pool = order[start : start + size * POOL_BATCHES]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            found += [pool[i : i + size] for i in range(0, len(pool), size)]
        for index in rng.permutation(len(found)):
            rows = np.sort(found[index])
            yield self._batch("train", rows, self._train_input(rows, epoch, rng)), len(rows)

    def _batch(
        self, part_name: str, rows: np.ndarray, picture: dict[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Inputs, next tokens and weights of all prefixes of some words, whose pictures or features are given."""
        prefixes: list[list[int]] = []
        owners: list[int] = []
        following: list[int] = []
        for position, row in enumerate(rows):
            ids = self._ids[part_name][row]
            for length in range(len(ids) + 1):
                prefixes.append([BEGIN, *ids[:length]])
                owners.append(position)
                following.append(ids[length] if length < len(ids) else END)
        # Counts in steps: few shapes, so that compiled steps are reused; what is added weighs nothing.
        extra = round_up(len(owners), 128) - len(owners)
        weights = np.concatenate([np.ones(len(owners), np.float32), np.zeros(extra, np.float32)])
        prefixes += [[BEGIN]] * extra
        inputs = {
            **picture,
            "owner": np.array(owners + [0] * extra, np.int32),
            "prefix": padded(prefixes, round_up(max(map(len, prefixes)), 4)),
        }
        return inputs, np.array(following + [END] * extra, np.int32), weights

    def _train_input(self, rows: np.ndarray, epoch: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        pictures = self._pictures["train"]
        if self.frozen:
            return {"features": pictures[epoch % len(pictures), rows].astype(np.float32)}
        return {"image": whole_images(pictures, rows, self._changes, rng)}

    def _validation_input(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        pictures = self._pictures["validation"]
        if self.frozen:
            return {"features": pictures[0, rows].astype(np.float32)}
        return {"image": whole_images(pictures, rows)}

    def validate(self, stop: Stop) -> dict[str, float]:
        loss = correct = prefixes = 0.0
        vectors = []
        order = np.arange(len(self.validation))
        for start in range(0, len(order), READING_BATCH):
            if stop():
                return {}
            rows = order[start : start + READING_BATCH]
            inputs, following, weights = self._batch("validation", rows, self._validation_input(rows))
            picture = inputs["features"] if self.frozen else self._reader.features(inputs["image"])
            some = self._reader.vectors_of_features(picture)
            vectors.append(some)
            probabilities = self._reader.next_token(some[inputs["owner"]], inputs["prefix"])
            asked = weights > 0
            given = probabilities[np.arange(len(following)), following][asked]
            loss += float(-np.log(np.maximum(given, 1e-7)).sum())
            correct += float((probabilities.argmax(axis=1) == following)[asked].sum())
            prefixes += float(asked.sum())
        self._vectors = np.concatenate(vectors)
        readings = self._reader.read_greedily(self._vectors)
        texts = list(self.validation.transcriptions)
        return {
            "cer": character_error_rate(texts, readings),
            "word_accuracy": word_accuracy(texts, readings),
            "validation_loss": loss / prefixes,
            "validation_accuracy": correct / prefixes,
        }

    def read(self, rows: np.ndarray) -> list[str]:
        return self._reader.read_greedily(self._vectors[rows])

    def export(self, checkpoint: Path) -> None:
        """Nothing: free-running reading runs the three parts one by one, which a single exported graph cannot."""

    def _settling_batches(self) -> Iterator[np.ndarray]:
        rng = np.random.default_rng(self.config.training.seed)
        for _ in range(SETTLING_BATCHES):
            yield whole_images(
                self.train.canvases, rng.choice(len(self.train), min(32, len(self.train)), replace=False)
            )
