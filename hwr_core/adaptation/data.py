"""The words of one hand and of others: which are learned from, which are held back, how they are mixed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hwr_core.config import AdaptationConfig, AugmentationConfig, RunConfig, TrainingConfig
from hwr_core.datasets import DataSet
from hwr_core.errors import DataError
from hwr_core.models import frames_of
from hwr_core.text import Charset
from hwr_core.text.charset import frames_needed
from hwr_core.training.batches import ConcatCanvases, PreparedWords
from hwr_core.training.data import TrainingWords


@dataclass(frozen=True)
class WriterWords:
    """Words of a data set, by row: `learned` are trained on, `held_back` only read, before and after.

    Attributes:
        unread: `(N, H, W)` uint8 canvases of more words of the hand, whose transcription nobody has given.
    """

    dataset: DataSet
    learned: np.ndarray
    held_back: np.ndarray
    unread: Sequence[np.ndarray] = ()

    def texts(self, rows: np.ndarray) -> list[str]:
        return [str(text) for text in self.dataset.table["transcription"].iloc[rows]]


@dataclass(frozen=True)
class PseudoLabels:
    """Unread words that the reader is sure of: `(N, H, W)` uint8 canvases and its readings."""

    canvases: np.ndarray
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.texts)


def select_pseudo_labels(
    canvases: Sequence[np.ndarray], readings: Sequence[Any], least: float, config: RunConfig, charset: Charset
) -> PseudoLabels:
    """Those of the unread words whose reading is so sure, and can be learned.

    Args:
        canvases, readings: of each word, readings with `text` and `confidence`.
        least: confidence, in [0, 1].
    """
    frames = frames_of(config.model, config.canvas.width) or math.inf
    kept = [
        row
        for row, reading in enumerate(readings)
        if reading.text
        and reading.confidence >= least
        and frames_needed(reading.text) <= frames
        and not charset.missing(reading.text)
    ]
    empty = np.zeros((0, config.canvas.height, config.canvas.width), np.uint8)
    return PseudoLabels(
        np.stack([canvases[row] for row in kept]) if kept else empty, [readings[row].text for row in kept]
    )


def hold_back(number: int, config: AdaptationConfig) -> np.ndarray:
    """Which of so many words are held back: every fourth, at least 8, spread evenly.

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
            f"Teaching a hand takes at least {config.least_words} of its words. Found {number}: accept or correct "
            f"{missing} more."
        )
    amount = max(config.least_held_back, number // config.held_back_every)
    held = np.zeros(number, bool)
    held[np.linspace(0, number - 1, amount).round().astype(int)] = True
    return held


def select_writer_words(
    dataset: DataSet, config: RunConfig, adaptation: AdaptationConfig, writer: str | None = None
) -> WriterWords:
    """A hand's words in a data set, whatever part they are in, in order.

    Args:
        writer: the hand; None takes every word as one hand's.

    Raises:
        DataError: there are too few words that the reader has the frames for.
    """
    rows = np.arange(len(dataset))
    if writer is not None:
        rows = rows[(dataset.table["writer"] == writer).to_numpy(bool)]
    rows = fitting(dataset, rows, config)
    held = hold_back(len(rows), adaptation)
    return WriterWords(dataset, rows[~held], rows[held])


def fitting(dataset: DataSet, rows: np.ndarray, config: RunConfig, charset: Charset | None = None) -> np.ndarray:
    """The rows whose text has the frames it needs, and only characters of the charset where one is given."""
    frames = frames_of(config.model, config.canvas.width) or math.inf
    texts = dataset.table["transcription"]
    kept = [
        row
        for row in rows.tolist()
        if frames_needed(str(texts.iat[row])) <= frames and not (charset and charset.missing(str(texts.iat[row])))
    ]
    return np.array(kept, np.int64)


def mixed(
    hand: WriterWords,
    others: Sequence[tuple[DataSet, np.ndarray]],
    config: RunConfig,
    adaptation: AdaptationConfig,
    charset: Charset,
    guessed: PseudoLabels | None = None,
    turn: int = 0,
) -> tuple[TrainingWords, RunConfig]:
    """One round of training words: the hand's several times over, and as many of other hands as `replay_share` asks.

    Rounds are of one size. Guessed words take the place of read ones, at most `unread_share` of them and each as
    often as a read word would be shown alone.

    Args:
        hand: whose words they are.
        others: data sets and rows of other hands; only words that the charset can write are taken.
        config: the reader's.
        charset: its characters and, behind them, those that are new in the hand's words.
        guessed: unread words with their readings.
        turn: the round, from 0: others' words are other ones in each. The last `last_rounds` have the words held
            back in them, twice as often as those that were learned before.

    Returns:
        The words, and the configuration under which `training.tasks` trains on them.
    """
    rng = np.random.default_rng((adaptation.seed, turn))
    share = 1 - adaptation.replay_share
    most = adaptation.most_steps * adaptation.batch_size * share / len(hand.learned)
    times = max(1, round(min(adaptation.passes, most) / adaptation.rounds))
    own = len(hand.learned) * times
    number = round(own * adaptation.replay_share / share)
    wanted = min(round(own * adaptation.unread_share), len(guessed) * times) if guessed else 0
    known = hand.learned
    if turn >= adaptation.rounds - adaptation.last_rounds:
        known = np.concatenate([hand.held_back, known, hand.held_back])
    start = turn * (own - wanted)  # goes on where the last round ended
    rows = np.resize(np.roll(known, -start), own - wanted)
    parts = [(hand.dataset, rows), *drawn(others, number, rng, config, charset)]
    canvases, texts, writers = joined(parts, config)
    if guessed and wanted:
        rows = np.resize(rng.permutation(len(guessed)), wanted)
        canvases = ConcatCanvases([*canvases.parts, (guessed.canvases, rows)])
        texts, writers = texts + [guessed.texts[row] for row in rows], writers + [""] * wanted
    validation = PreparedWords(*joined([(hand.dataset, hand.held_back)], config))
    words = TrainingWords(charset, PreparedWords(canvases, texts, writers), validation, (), ())
    training = TrainingConfig(
        epochs=adaptation.rounds,
        batch_size=adaptation.batch_size,
        learning_rate=adaptation.learning_rate,
        warmup_steps=adaptation.warmup_steps,
        patience=adaptation.rounds,
        seed=adaptation.seed,
    )
    names = tuple(dict.fromkeys(dataset.name for dataset, _ in parts))
    return words, replace(config, datasets=names, validate_on=(), training=training, augmentation=AugmentationConfig())


def drawn(
    others: Sequence[tuple[DataSet, np.ndarray]],
    number: int,
    rng: np.random.Generator,
    config: RunConfig,
    charset: Charset,
) -> list[tuple[DataSet, np.ndarray]]:
    """So many words of other hands at random, the same again only where there are too few."""
    found = []
    for index, (dataset, rows) in enumerate(others):
        wanted = number // len(others) + (index < number % len(others))
        some = rng.permutation(rows)[: 2 * wanted]  # a few of them may not fit
        some = fitting(dataset, some, config, charset)
        if len(some) and wanted:
            found.append((dataset, np.sort(np.resize(some, wanted))))
    return found


def joined(
    parts: Sequence[tuple[DataSet, np.ndarray]], config: RunConfig
) -> tuple[ConcatCanvases, list[str], list[str]]:
    """Canvases, transcriptions and writers of some rows of some data sets."""
    tables = [dataset.table.iloc[rows] for dataset, rows in parts]
    return (
        ConcatCanvases([(dataset.canvases(config.canvas), rows) for dataset, rows in parts]),
        [text for table in tables for text in table["transcription"].tolist()],
        [writer for table in tables for writer in table["writer"].tolist()],
    )
