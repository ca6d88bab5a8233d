"""The same metrics for each writer, length or data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwr_core.evaluation.bootstrap import Interval, writer_interval

if TYPE_CHECKING:
    import pandas

RESAMPLES = 500  # of a group: there may be hundreds of them
MAX_LENGTH = 12  # characters; longer words are one group


@dataclass(frozen=True)
class Group:
    """Metrics of words that have something in common.

    Attributes:
        name: the writer, the number of characters, or the data set.
        cer, word_accuracy: with 95 % intervals; words are resampled in a writer's own, else writers are.
        confidence: the mean.
    """

    name: str
    words: int
    writers: int
    characters: int
    cer: Interval
    word_accuracy: Interval
    confidence: float


def group_of(name: str, rows: pandas.DataFrame, *, by_word: bool = False, resamples: int = RESAMPLES) -> Group:
    """The metrics of these words.

    Args:
        name: what they have in common.
        rows: of `read_words`.
        by_word: resample words, not writers, for the intervals.
        resamples: of the bootstrap.
    """
    writers = writers_of(rows)
    if by_word or len(set(writers)) == 1:  # one writer drawn again and again would always give the same
        writers = [""] * len(rows)
    lengths = [len(text) for text in rows["transcription"]]
    edits = rows["edits"].tolist()
    return Group(
        name=name,
        words=len(rows),
        writers=rows.loc[rows["writer"] != "", ["dataset", "writer"]].drop_duplicates().shape[0],
        characters=sum(lengths),
        cer=writer_interval(edits, lengths, writers, resamples=resamples),
        word_accuracy=writer_interval([edit == 0 for edit in edits], [1] * len(rows), writers, resamples=resamples),
        confidence=float(rows["confidence"].mean()),
    )


def writers_of(rows: pandas.DataFrame) -> list[str]:
    """The writer of each word with its data set's name; "" where it is not known."""
    return [
        f"{dataset}/{writer}" if writer else "" for dataset, writer in zip(rows["dataset"], rows["writer"], strict=True)
    ]


def by_writer(readings: pandas.DataFrame) -> list[Group]:
    """A group each writer, the most errors first; empty where the data set names no writers."""
    several = readings["dataset"].nunique() > 1
    known = readings[readings["writer"] != ""]
    groups = [
        group_of(f"{dataset}/{writer}" if several else str(writer), rows, by_word=True)
        for (dataset, writer), rows in known.groupby(["dataset", "writer"], sort=True)
    ]
    return sorted(groups, key=lambda group: -group.cer.value)


def by_length(readings: pandas.DataFrame) -> list[Group]:
    """A group each number of characters, the shortest first; 13 and more are one group, named `13+`."""
    lengths = readings["transcription"].str.len().clip(upper=MAX_LENGTH + 1)
    return [
        group_of(str(length) if length <= MAX_LENGTH else f"{MAX_LENGTH + 1}+", rows)
        for length, rows in readings.groupby(lengths, sort=True)
    ]


def by_dataset(readings: pandas.DataFrame) -> list[Group]:
    """A group each data set, in the order in which they were read."""
    return [group_of(str(name), rows) for name, rows in readings.groupby("dataset", sort=False)]
