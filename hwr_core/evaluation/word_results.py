"""Words of a data set read by a recognizer: one table row a word, from which every figure is counted."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.datasets import DataSet
from hwr_core.errors import DataError
from hwr_core.recognition import Reading, Recognizer
from hwr_core.recognition.calibration import ConfidenceFeatures
from hwr_core.text import edit_distance

if TYPE_CHECKING:
    import pandas

CHUNK = 256  # words between two looks at whether to stop
COLUMNS = [
    "dataset",
    "index",
    "word_id",
    "writer",
    "transcription",
    "reading",
    "confidence",
    "edits",
    "letters",
    "same",
    "english",
]
NO_EVIDENCE = ConfidenceFeatures(math.nan, False, 0)
READING = "Reading"  # the phase's name
Progress = Callable[[str, int, int], None]  # (phase, step, steps); may raise to stop


@dataclass
class RunningTotals:
    """Running totals while words are read; the order is random, so they are a fair guess of the end."""

    words: int = 0
    right: int = 0
    edits: int = 0
    characters: int = 0
    seconds: float = 0.0

    def add(self, texts: Sequence[str], edits: Sequence[int]) -> None:
        self.words += len(texts)
        self.right += sum(edit == 0 for edit in edits)
        self.edits += sum(edits)
        self.characters += sum(map(len, texts))


def choose_rows(dataset: DataSet, split: str, most: int = 0, seed: int = 0) -> np.ndarray:
    """The row numbers to read, in order.

    Args:
        dataset: where the words are.
        split: `train`, `validation` or `test`.
        most: so many words at most, drawn at random; 0 takes all.
        seed: of the drawing; the same words for every recognizer.

    Raises:
        DataError: the part has no words, or `most` is negative.
    """
    if most < 0:
        raise DataError(f"The number of words cannot be negative. Received: {most}. Give 0 to read them all.")
    rows = dataset.part(split)
    if not len(rows):
        raise DataError(f"{dataset.name} has no words in its part {split!r}. Choose another part or data set.")
    if 0 < most < len(rows):
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return rows


def read_words(
    recognizer: Recognizer,
    dataset: DataSet,
    rows: np.ndarray,
    *,
    read_options: dict[str, Any] | None = None,
    progress: Progress | None = None,
    so_far: RunningTotals | None = None,
) -> pandas.DataFrame:
    """Read rows of a data set, a writer's words together, as they come to a reader in use.

    Args:
        recognizer: what reads.
        dataset: where the words are; their canvases are prepared once and kept.
        rows: their row numbers.
        read_options: further keyword arguments of `Recognizer.read_canvases`, as `Recognizer.read` has them.
        progress: called with a phase, a step and the number of steps; may raise to stop.
        so_far: totals that are counted on.

    Returns:
        A row a word, with the columns of `COLUMNS`; `index` is the row in `dataset.table`, `letters`, `same` and
        `english` are of the reading's `ConfidenceFeatures` (missing where it has none).
    """
    import pandas

    canvases = dataset.canvases(recognizer.config.canvas, progress=progress)
    table = dataset.table.iloc[rows]
    texts = table["transcription"].tolist()
    found: dict[int, Reading] = {}
    edits = np.zeros(len(rows), int)
    so_far = RunningTotals() if so_far is None else so_far
    before = so_far.words
    for places in rows_by_writer(table["writer"].fillna("").to_numpy(str)):
        if progress:
            progress(READING, so_far.words - before, len(rows))
        begun = time.perf_counter()
        readings = recognizer.read_canvases([canvases[rows[place]] for place in places], **(read_options or {}))
        so_far.seconds += time.perf_counter() - begun
        for place, reading in zip(places, readings, strict=True):
            found[int(place)] = reading
            edits[place] = edit_distance(texts[place], reading.text)
        so_far.add([texts[place] for place in places], edits[places].tolist())
    if progress:
        progress(READING, len(rows), len(rows))
    in_order = [found[place] for place in range(len(rows))]
    known = [one.evidence or NO_EVIDENCE for one in in_order]
    return pandas.DataFrame(
        {
            "dataset": dataset.name,
            "index": np.asarray(rows),
            "word_id": table["word_id"].tolist(),
            "writer": table["writer"].fillna("").tolist(),
            "transcription": texts,
            "reading": [one.text for one in in_order],
            "confidence": [float(one.confidence) for one in in_order],
            "edits": edits,
            "letters": [one.letters for one in known],
            "same": [one.same for one in known],
            "english": [one.english for one in known],
        }
    )


def rows_by_writer(writers: np.ndarray) -> list[np.ndarray]:
    """The places of each writer's words, in pieces of `CHUNK`; in a random order, always the same."""
    order = np.argsort(writers, kind="stable")
    hands = np.split(order, np.flatnonzero(writers[order][1:] != writers[order][:-1]) + 1)
    pieces = [hand[start : start + CHUNK] for hand in hands for start in range(0, len(hand), CHUNK)]
    return [pieces[place] for place in np.random.default_rng(0).permutation(len(pieces))]
