"""A run's configuration -> words ready for training, and notes about those left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.config import RunConfig
from hwr_core.datasets import DataSet, open_or_add
from hwr_core.errors import DataError
from hwr_core.jobs import OnProgress
from hwr_core.models import frames_of
from hwr_core.text import Charset, Tokens
from hwr_core.text.charset import frames_needed
from hwr_core.training.batches import ConcatCanvases, PreparedWords

NUM_SAMPLES = 8
Rows = tuple[DataSet, np.ndarray]  # a data set and row numbers of its table


@dataclass(frozen=True)
class SampleWord:
    """A validation word whose reading is shown after each epoch: its row among the prepared words, and its source."""

    row: int
    dataset: str
    index: int
    word_id: str
    transcription: str


@dataclass(frozen=True)
class TrainingWords:
    """The words of a training.

    Attributes:
        alphabet: `Charset` for CTC, `Tokens` for `dual`.
        train, validation: the words.
        samples: the validation words shown each epoch.
        notes: sentences for the log, about words left out and new characters.
    """

    alphabet: Charset | Tokens
    train: PreparedWords
    validation: PreparedWords
    samples: tuple[SampleWord, ...]
    notes: tuple[str, ...]


def training_words(
    config: RunConfig, alphabet: Charset | Tokens | None = None, on_progress: OnProgress | None = None
) -> TrainingWords:
    """Open the data sets and choose the words.

    Args:
        config: the run's configuration.
        alphabet: the starting checkpoint's; a charset is extended by the training words' new characters. Made
            of the training words where left out.
        on_progress: called with a phase, a step and the number of steps; may raise to stop.

    Raises:
        DataError: a data set is not there, or too few words are left.
    """
    sets = [open_or_add(source, progress=on_progress) for source in config.datasets]
    for dataset in sets:
        dataset.canvases(config.canvas, progress=on_progress)  # made now, with progress
    notes: list[str] = []
    chosen: dict[str, list[Rows]] = {}
    limits = {"train": config.training.max_words, "validation": config.training.max_validation_words}
    for part, limit in limits.items():
        parts = []
        for source, dataset in zip(config.datasets, sets, strict=True):
            is_used = part != "validation" or not config.validate_on or source in config.validate_on
            parts.append((dataset, _rows(dataset, part, config, notes) if is_used else np.zeros(0, np.int64)))
        chosen[part] = sample_rows(parts, limit, np.random.default_rng((config.training.seed, len(part))))
    num_train, num_validation = (sum(len(rows) for _, rows in parts) for parts in chosen.values())
    if num_train < 2 or num_validation < 1:
        raise DataError(
            "Training needs at least 2 training words and 1 validation word whose transcriptions fit. "
            f"Found {num_train} and {num_validation}. See the data set's check report, or add words of more writers."
        )
    prepared = {part: prepare(parts, config) for part, parts in chosen.items()}
    texts = prepared["train"].transcriptions
    if alphabet is None:
        if config.model.name == "dual":
            alphabet = Tokens.from_texts(texts, words=config.model.tokens == "words")
        else:
            alphabet = Charset.from_texts(texts)
    elif isinstance(alphabet, Charset):
        known = len(alphabet)
        alphabet = alphabet.extended(texts)
        if len(alphabet) > known:
            notes.append(f"New characters, unknown to the starting checkpoint: {''.join(alphabet.characters[known:])}")
    samples = sample_words(chosen["validation"], config.training.seed)
    return TrainingWords(alphabet, prepared["train"], prepared["validation"], samples, tuple(notes))


def is_trainable(text: str, config: RunConfig, charset: Charset | None = None) -> bool:
    """Whether the network has the frames for a text, and the charset, where one is given, its characters.

    A text with too few frames has an infinite loss.
    """
    frames = frames_of(config.model, config.canvas.width) or math.inf
    return frames_needed(text) <= frames and not (charset and charset.missing(text))


def trainable_rows(dataset: DataSet, rows: np.ndarray, config: RunConfig, charset: Charset | None = None) -> np.ndarray:
    """The rows whose transcription `is_trainable`."""
    texts = dataset.table["transcription"]
    return np.array([row for row in rows.tolist() if is_trainable(str(texts.iat[row]), config, charset)], np.int64)


def _rows(dataset: DataSet, part: str, config: RunConfig, notes: list[str]) -> np.ndarray:
    """The trainable rows of a part, with a note about the others."""
    rows = dataset.part(part)
    trainable = trainable_rows(dataset, rows, config)
    if len(trainable) < len(rows):
        notes.append(
            f"{dataset.name}: {len(rows) - len(trainable)} words are left out, their transcriptions need more than the "
            f"{frames_of(config.model, config.canvas.width)} frames of a canvas {config.canvas.width} wide."
        )
    return trainable


def sample_rows(parts: Sequence[Rows], limit: int, rng: np.random.Generator) -> list[Rows]:
    """A random choice of `limit` rows over all data sets (0: all), each data set's in order."""
    total = sum(len(rows) for _, rows in parts)
    if not limit or total <= limit:
        return list(parts)
    chosen = np.zeros(total, bool)
    chosen[rng.choice(total, limit, replace=False)] = True
    masks = np.split(chosen, np.cumsum([len(rows) for _, rows in parts])[:-1])
    return [(dataset, rows[mask]) for (dataset, rows), mask in zip(parts, masks, strict=True)]


def prepare(parts: Sequence[Rows], config: RunConfig) -> PreparedWords:
    """Canvases, transcriptions and writers of rows of data sets."""
    tables = [(dataset.name, dataset.table.iloc[rows]) for dataset, rows in parts]
    return PreparedWords(
        ConcatCanvases([(dataset.canvases(config.canvas), rows) for dataset, rows in parts]),
        [text for _, table in tables for text in table["transcription"].tolist()],
        [f"{name}/{writer}" for name, table in tables for writer in table["writer"].tolist()],
    )


def sample_words(parts: Sequence[Rows], seed: int) -> tuple[SampleWord, ...]:
    """`NUM_SAMPLES` validation words at random."""
    rows = [(dataset, int(row)) for dataset, rows in parts for row in rows]
    samples = []
    for position in np.random.default_rng(seed).permutation(len(rows))[:NUM_SAMPLES]:
        dataset, row = rows[position]
        record = dataset.table.iloc[row]
        samples.append(
            SampleWord(int(position), dataset.name, row, str(record["word_id"]), str(record["transcription"]))
        )
    return tuple(samples)
