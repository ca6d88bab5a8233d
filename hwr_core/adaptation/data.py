"""The words of one writer and of others: which are trained on, which are held back, how they are mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwr_core.config import AdaptationConfig, AugmentationConfig, RunConfig, TrainingConfig
from hwr_core.datasets import DataSet
from hwr_core.errors import DataError
from hwr_core.recognition import Reading
from hwr_core.text import Charset
from hwr_core.training.batches import ConcatCanvases, PreparedWords
from hwr_core.training.data import Rows, TrainingWords, is_trainable, prepare, trainable_rows


@dataclass(frozen=True)
class WriterWords:
    """A writer's words in a data set, by row: `learned` are trained on, `held_back` only read, before and after.

    Attributes:
        unread: `(N, H, W)` uint8 canvases of more words of the writer, without transcriptions.
    """

    dataset: DataSet
    learned: np.ndarray
    held_back: np.ndarray
    unread: Sequence[np.ndarray] = ()

    def texts(self, rows: np.ndarray) -> list[str]:
        return texts_of(self.dataset, rows)

    def all_texts(self) -> list[str]:
        """The transcriptions of the words that are trained on, then of those that are held back."""
        return [*self.texts(self.learned), *self.texts(self.held_back)]


def texts_of(dataset: DataSet, rows: np.ndarray) -> list[str]:
    return [str(text) for text in dataset.table["transcription"].iloc[rows]]


@dataclass(frozen=True)
class PseudoLabels:
    """Unread words that the recognizer is sure of: `(N, H, W)` uint8 canvases and its readings."""

    canvases: np.ndarray
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.texts)


def select_pseudo_labels(
    canvases: Sequence[np.ndarray],
    readings: Sequence[Reading],
    min_confidence: float,
    config: RunConfig,
    charset: Charset,
) -> PseudoLabels:
    """Those of the unread words whose reading is confident enough and can be trained on.

    Args:
        canvases, readings: of each word.
        min_confidence: in [0, 1].
    """
    rows = [
        row
        for row, reading in enumerate(readings)
        if reading.text and reading.confidence >= min_confidence and is_trainable(reading.text, config, charset)
    ]
    none = np.zeros((0, config.canvas.height, config.canvas.width), np.uint8)
    return PseudoLabels(
        np.stack([canvases[row] for row in rows]) if rows else none, [readings[row].text for row in rows]
    )


def hold_back(number: int, config: AdaptationConfig) -> np.ndarray:
    """Which of `number` words are held back: every fourth, at least 8, spread evenly.

    Returns:
        `(number,)` bool.

    Raises:
        DataError: there are too few words.

    Example:
        >>> hold_back(16, AdaptationConfig()).sum(), hold_back(64, AdaptationConfig()).sum()
        (np.int64(8), np.int64(16))
    """
    if number < config.least_words:
        missing = config.least_words - number
        raise DataError(
            f"Adaptation takes at least {config.least_words} words of a writer. Found {number}: accept or correct "
            f"{missing} more."
        )
    amount = max(config.least_held_back, number // config.held_back_every)
    held = np.zeros(number, bool)
    held[np.linspace(0, number - 1, amount).round().astype(int)] = True
    return held


def select_writer_words(
    dataset: DataSet, config: RunConfig, adaptation: AdaptationConfig, writer: str | None = None
) -> WriterWords:
    """A writer's words in a data set, whatever part they are in, in order.

    Args:
        writer: None takes every word as one writer's.

    Raises:
        DataError: there are too few words that the network has the frames for.
    """
    rows = np.arange(len(dataset))
    if writer is not None:
        rows = rows[(dataset.table["writer"] == writer).to_numpy(bool)]
    rows = trainable_rows(dataset, rows, config)
    held = hold_back(len(rows), adaptation)
    return WriterWords(dataset, rows[~held], rows[held])


def mix_words(
    words: WriterWords,
    replay: Sequence[Rows],
    config: RunConfig,
    adaptation: AdaptationConfig,
    charset: Charset,
    pseudo_labels: PseudoLabels | None = None,
    turn: int = 0,
) -> tuple[TrainingWords, RunConfig]:
    """One round of training words: the writer's several times, and as many of other writers as `replay_share` says.

    Rounds are of one size. Pseudo-labelled words take the place of transcribed ones, at most `unread_share` of them
    and each as often as a transcribed word would be shown alone.

    Args:
        words: the writer's.
        replay: rows of other writers, against forgetting; only words that the charset can write are taken.
        config: the recognizer's.
        charset: its characters, followed by those that are new in the writer's words.
        turn: the round, from 0: replayed words differ in each. The last `last_rounds` contain the held-back words,
            twice as often as those that were trained on before.

    Returns:
        The words, and the configuration under which `training.tasks` trains on them.
    """
    rng = np.random.default_rng((adaptation.seed, turn))
    share = 1 - adaptation.replay_share
    max_passes = adaptation.most_steps * adaptation.batch_size * share / len(words.learned)
    repeats = max(1, round(min(adaptation.passes, max_passes) / adaptation.rounds))
    num_own = len(words.learned) * repeats
    num_pseudo = min(round(num_own * adaptation.unread_share), len(pseudo_labels) * repeats) if pseudo_labels else 0
    num_transcribed = num_own - num_pseudo
    own = words.learned
    if turn >= adaptation.rounds - adaptation.last_rounds:
        own = np.concatenate([words.held_back, own, words.held_back])
    rows = np.resize(np.roll(own, -turn * num_transcribed), num_transcribed)  # goes on where the last round ended
    num_replay = round(num_own * adaptation.replay_share / share)
    parts = [(words.dataset, rows), *draw_replay(replay, num_replay, rng, config, charset)]
    mixed = prepare(parts, config)
    if pseudo_labels and num_pseudo:
        rows = np.resize(rng.permutation(len(pseudo_labels)), num_pseudo)
        assert isinstance(mixed.canvases, ConcatCanvases)
        mixed = PreparedWords(
            ConcatCanvases([*mixed.canvases.parts, (pseudo_labels.canvases, rows)]),
            [*mixed.transcriptions, *(pseudo_labels.texts[row] for row in rows)],
            [*mixed.writers, *[""] * num_pseudo],
        )
    validation = prepare([(words.dataset, words.held_back)], config)
    training = TrainingConfig(
        epochs=adaptation.rounds,
        batch_size=adaptation.batch_size,
        learning_rate=adaptation.learning_rate,
        warmup_steps=adaptation.warmup_steps,
        patience=adaptation.rounds,
        seed=adaptation.seed,
    )
    names = tuple(dict.fromkeys(dataset.name for dataset, _ in parts))
    config = replace(config, datasets=names, validate_on=(), training=training, augmentation=AugmentationConfig())
    return TrainingWords(charset, mixed, validation, (), ()), config


def draw_replay(
    replay: Sequence[Rows], number: int, rng: np.random.Generator, config: RunConfig, charset: Charset
) -> list[Rows]:
    """`number` words of other writers at random, repeated only where there are too few."""
    parts = []
    for index, (dataset, rows) in enumerate(replay):
        amount = number // len(replay) + (index < number % len(replay))
        drawn = rng.permutation(rows)[: 2 * amount]  # a few of them may not be trainable
        drawn = trainable_rows(dataset, drawn, config, charset)
        if len(drawn) and amount:
            parts.append((dataset, np.sort(np.resize(drawn, amount))))
    return parts
