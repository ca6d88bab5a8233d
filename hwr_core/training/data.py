"""A run's configuration -> words ready for training, and an account of those left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.config import RunConfig
from hwr_core.datasets import DataSet, resolve
from hwr_core.errors import DataError
from hwr_core.models import frames_of
from hwr_core.text import Charset, Tokens
from hwr_core.text.charset import frames_needed
from hwr_core.training.batches import ConcatCanvases, PreparedWords

SHOWN_SAMPLES = 8
NO_ROWS = np.zeros(0, np.int64)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SampleWord:
    """A validation word whose reading is shown after each epoch: its row among the prepared words, and its home."""

    row: int
    dataset: str
    index: int
    word_id: str
    transcription: str


@dataclass(frozen=True)
class TrainingWords:
    """What a training learns from.

    Attributes:
        alphabet: `Charset` for CTC, `Tokens` for `dual`.
        train, validation: the words.
        samples: the validation words shown each epoch.
        notes: sentences about words left out, for the log.
    """

    alphabet: Charset | Tokens
    train: PreparedWords
    validation: PreparedWords
    samples: tuple[SampleWord, ...]
    notes: tuple[str, ...]


def training_words(
    config: RunConfig, alphabet: Charset | Tokens | None = None, progress: Progress | None = None
) -> TrainingWords:
    """Open the data sets and choose the words.

    Args:
        config: the run's configuration.
        alphabet: the starting checkpoint's; a charset is kept and grows by the training words' new characters.
            Made of the training words where left out.
        progress: called with a phase, a step and the number of steps; may raise to stop.

    Raises:
        DataError: a data set is not there, or too few words are left to learn from.
    """
    sets = [resolve(source, progress=progress) for source in config.datasets]
    canvases = [dataset.canvases(config.canvas, progress=progress) for dataset in sets]
    notes: list[str] = []
    chosen = {}
    for part, most in (
        ("train", config.training.max_words),
        ("validation", config.training.max_validation_words),
    ):
        rows = [
            fitting(dataset, dataset.part(part), config, notes) if counts(config, source, part) else NO_ROWS
            for source, dataset in zip(config.datasets, sets, strict=True)
        ]
        chosen[part] = at_most(rows, most, np.random.default_rng((config.training.seed, len(part))))
    check_trainable(*(sum(map(len, chosen[part])) for part in ("train", "validation")))
    texts = {part: texts_of(sets, rows) for part, rows in chosen.items()}
    if alphabet is None:
        if config.model.name == "dual":
            alphabet = Tokens.from_texts(texts["train"], words=config.model.tokens == "words")
        else:
            alphabet = Charset.from_texts(texts["train"])
    elif isinstance(alphabet, Charset):
        known = len(alphabet)
        alphabet = alphabet.grown(texts["train"])
        if len(alphabet) > known:
            notes.append(f"New characters, unknown to the starting checkpoint: {''.join(alphabet.characters[known:])}")
    prepared = {
        part: PreparedWords(ConcatCanvases(list(zip(canvases, rows, strict=True))), texts[part], writers_of(sets, rows))
        for part, rows in chosen.items()
    }
    samples = sample_words(sets, chosen["validation"], config.training.seed)
    return TrainingWords(alphabet, prepared["train"], prepared["validation"], samples, tuple(notes))


def check_trainable(words: int, validation_words: int) -> None:
    """Refuse what cannot be learned from, by a sentence."""
    if words < 2 or validation_words < 1:
        raise DataError(
            "Training needs at least 2 training words and 1 validation word whose transcriptions fit. "
            f"Found {words} and {validation_words}. See the data set's check report, or add words of more writers."
        )


def counts(config: RunConfig, source: str, part: str) -> bool:
    """Whether this part of a data set is used."""
    return part != "validation" or not config.validate_on or source in config.validate_on


def fitting(dataset: DataSet, rows: np.ndarray, config: RunConfig, notes: list[str]) -> np.ndarray:
    """The rows whose transcription the model has frames for; others have an endless loss and teach nothing."""
    frames = frames_of(config.model, config.canvas.width)
    if frames is None or not len(rows):
        return rows
    texts = dataset.table["transcription"]
    kept = np.array([int(row) for row in rows if frames_needed(str(texts.iat[row])) <= frames], np.int64)
    if len(kept) < len(rows):
        notes.append(
            f"{dataset.name}: {len(rows) - len(kept)} words are left out, their transcriptions need more than the "
            f"{frames} frames of a canvas {config.canvas.width} wide."
        )
    return kept


def at_most(rows: list[np.ndarray], most: int, rng: np.random.Generator) -> list[np.ndarray]:
    """A random choice of `most` rows over all data sets (0: all), each data set's in order."""
    total = sum(map(len, rows))
    if not most or total <= most:
        return rows
    taken = np.zeros(total, bool)
    taken[rng.choice(total, most, replace=False)] = True
    ends = np.cumsum([len(part) for part in rows])[:-1]
    return [part[mask] for part, mask in zip(rows, np.split(taken, ends), strict=True)]


def texts_of(sets: Sequence[DataSet], rows_of: list[np.ndarray]) -> list[str]:
    return [
        text
        for dataset, rows in zip(sets, rows_of, strict=True)
        for text in dataset.table["transcription"].iloc[rows].tolist()
    ]


def writers_of(sets: Sequence[DataSet], rows_of: list[np.ndarray]) -> list[str]:
    return [
        f"{dataset.name}/{writer}"
        for dataset, rows in zip(sets, rows_of, strict=True)
        for writer in dataset.table["writer"].iloc[rows].tolist()
    ]


def sample_words(sets: Sequence[DataSet], rows_of: list[np.ndarray], seed: int) -> tuple[SampleWord, ...]:
    """A few validation words, spread at random."""
    homes = [(dataset, int(row)) for dataset, rows in zip(sets, rows_of, strict=True) for row in rows]
    picked = np.random.default_rng(seed).permutation(len(homes))[:SHOWN_SAMPLES]
    found = []
    for position in picked:
        dataset, row = homes[position]
        record = dataset.table.iloc[row]
        found.append(SampleWord(int(position), dataset.name, row, str(record["word_id"]), str(record["transcription"])))
    return tuple(found)
