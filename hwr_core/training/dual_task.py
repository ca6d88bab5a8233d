"""Training `dual`: from every prefix of every word to its next token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import InitVar, dataclass
from pathlib import Path

import numpy as np

from hwr_core.config import DualConfig, RunConfig
from hwr_core.files import JsonObject
from hwr_core.jobs import OnProgress
from hwr_core.models.batch_norm import recalibrate_batch_norm
from hwr_core.models.dual import BOS_ID, training_model
from hwr_core.recognition.dual_decoder import DualDecoder
from hwr_core.text import Tokens, character_error_rate, word_accuracy
from hwr_core.text.tokens import EOS_ID
from hwr_core.training.batches import PreparedWords, padded
from hwr_core.training.feature_cache import cached_features, full_width_images
from hwr_core.training.tasks import (
    READING_BATCH,
    RECALIBRATION_BATCHES,
    Batch,
    Stop,
    Weights,
    jit_compile,
    optimizer,
    round_up,
    starting_model,
)

POOL_BATCHES = 20  # words are sorted by length within pools of as many batches, which saves padding


@dataclass
class DualTask:
    """From the image and the text so far to the next token.

    A frozen backbone's features are computed when the task is built and cached in the run, `views` versions of each
    training word that epochs use in turn; only the branches and the joint layers run in an epoch.
    """

    config: RunConfig
    alphabet: Tokens
    train: PreparedWords
    validation: PreparedWords
    folder: Path
    progress: OnProgress | None = None
    start: InitVar[Weights | None] = None
    metric: str = "cer"

    def __post_init__(self, start: Weights | None) -> None:
        import keras

        model_config = self.config.model
        assert isinstance(model_config, DualConfig)
        self.frozen = not model_config.fine_tune_from
        self.model = starting_model(self.config, len(self.alphabet), start)
        backbone = self.model.get_layer("backbone")
        if model_config.image_weights == "none" and start is None:
            recalibrate_batch_norm(backbone, self._recalibration_batches(), 0.5, unfreeze=True)
        augmentation = self.config.augmentation
        self._augmentation = augmentation if augmentation.strength else None
        self._sources: JsonObject = {
            "train": self.train.canvases,
            "validation": self.validation.canvases,
        }
        if self.frozen:
            self._sources = {
                "train": cached_features(
                    backbone, self.train, self.folder, "train",
                    views=model_config.views if self._augmentation else 1, augmentation=self._augmentation,
                    seed=self.config.training.seed, on_progress=self.progress,
                ),
                "validation": cached_features(
                    backbone, self.validation, self.folder, "validation", on_progress=self.progress
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
        self._decoder = DualDecoder(self.model, self.alphabet)

    def steps(self) -> int:
        return -(-len(self.train) // self.config.training.batch_size)

    def batches(self, epoch: int) -> Iterator[Batch]:
        size = self.config.training.batch_size
        rng = np.random.default_rng((self.config.training.seed, epoch))
        order = rng.permutation(len(self.train))
        lengths = np.array([len(ids) for ids in self._ids["train"]])
        batches = []
        for start in range(0, len(order), size * POOL_BATCHES):
            pool = order[start : start + size * POOL_BATCHES]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += [pool[i : i + size] for i in range(0, len(pool), size)]
        for index in rng.permutation(len(batches)):
            rows = np.sort(batches[index])
            yield self._batch("train", rows, self._train_input(rows, epoch, rng)), len(rows)

    def _batch(
        self, part_name: str, rows: np.ndarray, image_input: dict[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Inputs, next tokens and weights of all prefixes of words, given their images or features."""
        prefixes: list[list[int]] = []
        owners: list[int] = []
        targets: list[int] = []
        for position, row in enumerate(rows):
            ids = self._ids[part_name][row]
            for length in range(len(ids) + 1):
                prefixes.append([BOS_ID, *ids[:length]])
                owners.append(position)
                targets.append(ids[length] if length < len(ids) else EOS_ID)
        # Sizes in steps: few shapes, so that compiled steps are reused; padding has no weight.
        extra = round_up(len(owners), 128) - len(owners)
        weights = np.concatenate([np.ones(len(owners), np.float32), np.zeros(extra, np.float32)])
        prefixes += [[BOS_ID]] * extra
        inputs = {
            **image_input,
            "owner": np.array(owners + [0] * extra, np.int32),
            "prefix": padded(prefixes, round_up(max(map(len, prefixes)), 4)),
        }
        return inputs, np.array(targets + [EOS_ID] * extra, np.int32), weights

    def _train_input(self, rows: np.ndarray, epoch: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        source = self._sources["train"]
        if self.frozen:
            return {"features": source[epoch % len(source), rows].astype(np.float32)}
        return {"image": full_width_images(source, rows, self._augmentation, rng)}

    def _validation_input(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        source = self._sources["validation"]
        if self.frozen:
            return {"features": source[0, rows].astype(np.float32)}
        return {"image": full_width_images(source, rows)}

    def validate(self, stop: Stop) -> dict[str, float]:
        loss = correct = prefixes = 0.0
        vectors = []
        order = np.arange(len(self.validation))
        for start in range(0, len(order), READING_BATCH):
            if stop():
                return {}
            rows = order[start : start + READING_BATCH]
            inputs, targets, weights = self._batch("validation", rows, self._validation_input(rows))
            features = inputs["features"] if self.frozen else self._decoder.features(inputs["image"])
            batch_vectors = self._decoder.vectors_of_features(features)
            vectors.append(batch_vectors)
            probabilities = self._decoder.next_token(batch_vectors[inputs["owner"]], inputs["prefix"])
            counted = weights > 0
            target_probabilities = probabilities[np.arange(len(targets)), targets][counted]
            loss += float(-np.log(np.maximum(target_probabilities, 1e-7)).sum())
            correct += float((probabilities.argmax(axis=1) == targets)[counted].sum())
            prefixes += float(counted.sum())
        self._vectors = np.concatenate(vectors)
        readings = self._decoder.read_greedily(self._vectors)
        texts = list(self.validation.transcriptions)
        return {
            "cer": character_error_rate(texts, readings),
            "word_accuracy": word_accuracy(texts, readings),
            "validation_loss": loss / prefixes,
            "validation_accuracy": correct / prefixes,
        }

    def read(self, rows: np.ndarray) -> list[str]:
        return self._decoder.read_greedily(self._vectors[rows])

    def export(self, checkpoint: Path) -> None:
        """Nothing: free-running reading runs the three inner models separately, which one exported graph cannot."""

    def _recalibration_batches(self) -> Iterator[np.ndarray]:
        rng = np.random.default_rng(self.config.training.seed)
        for _ in range(RECALIBRATION_BATCHES):
            yield full_width_images(
                self.train.canvases, rng.choice(len(self.train), min(32, len(self.train)), replace=False)
            )
