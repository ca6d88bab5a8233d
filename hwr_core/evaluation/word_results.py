"""Words of a data set read by a recognizer: one table row a word, from which every metric is counted."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.datasets import DataSet
from hwr_core.errors import DataError
from hwr_core.files import JsonObject
from hwr_core.jobs import OnProgress
from hwr_core.recognition import Reading, Recognizer
from hwr_core.recognition.calibration import ConfidenceFeatures
from hwr_core.text import edit_distance

if TYPE_CHECKING:
    import pandas

MAX_BATCH_WORDS = 256  # between two calls of the progress callback, which may stop
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
NO_FEATURES = ConfidenceFeatures(math.nan, False, 0)
READING_PHASE = "Reading"


@dataclass
class RunningTotals:
    """Totals while words are read; the order is random, so they are an unbiased estimate of the final ones."""

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


def choose_rows(dataset: DataSet, split: str, max_words: int = 0, seed: int = 0) -> np.ndarray:
    """The row numbers to read, in order.

    Args:
        dataset: where the words are.
        split: `train`, `validation` or `test`.
        max_words: drawn at random; 0 takes all.
        seed: of the drawing; the same words for every recognizer.

    Raises:
        DataError: the part has no words, or `max_words` is negative.
    """
    if max_words < 0:
        raise DataError(f"The number of words cannot be negative. Received: {max_words}. Give 0 to read them all.")
    rows = dataset.part(split)
    if not len(rows):
        raise DataError(f"{dataset.name} has no words in its part {split!r}. Choose another part or data set.")
    if 0 < max_words < len(rows):
        rows = np.sort(np.random.default_rng(seed).choice(rows, max_words, replace=False))
    return rows


def read_words(
    recognizer: Recognizer,
    dataset: DataSet,
    rows: np.ndarray,
    *,
    read_options: JsonObject | None = None,
    progress: OnProgress | None = None,
    totals: RunningTotals | None = None,
) -> pandas.DataFrame:
    """Read rows of a data set, a writer's words together, as in use.

    Args:
        recognizer: what reads.
        dataset: where the words are; their canvases are prepared once and cached.
        rows: their row numbers.
        read_options: further keyword arguments of `Recognizer.read_canvases`, as `Recognizer.read` has them.
        progress: called with a phase, a step and the number of steps; may raise to stop.
        totals: to be added to.

    Returns:
        A row a word, with the columns of `COLUMNS`; `index` is the row in `dataset.table`, `letters`, `same` and
        `english` are of the reading's `ConfidenceFeatures` (missing where it has none).
    """
    import pandas

    canvases = dataset.canvases(recognizer.config.canvas, progress=progress)
    table = dataset.table.iloc[rows]
    texts, writers = table["transcription"].tolist(), table["writer"].fillna("")
    readings: dict[int, Reading] = {}
    edits = np.zeros(len(rows), int)
    totals = RunningTotals() if totals is None else totals
    for places in rows_by_writer(writers.to_numpy(str)):
        if progress:
            progress(READING_PHASE, len(readings), len(rows))
        begun = time.perf_counter()
        batch = recognizer.read_canvases([canvases[rows[place]] for place in places], **(read_options or {}))
        totals.seconds += time.perf_counter() - begun
        for place, reading in zip(places, batch, strict=True):
            readings[int(place)] = reading
            edits[place] = edit_distance(texts[place], reading.text)
        totals.add([texts[place] for place in places], edits[places].tolist())
    if progress:
        progress(READING_PHASE, len(rows), len(rows))
    in_order = [readings[place] for place in range(len(rows))]
    features = [reading.features or NO_FEATURES for reading in in_order]
    return pandas.DataFrame(
        {
            "dataset": dataset.name,
            "index": np.asarray(rows),
            "word_id": table["word_id"].tolist(),
            "writer": writers.tolist(),
            "transcription": texts,
            "reading": [reading.text for reading in in_order],
            "confidence": [float(reading.confidence) for reading in in_order],
            "edits": edits,
            "letters": [known.letters for known in features],
            "same": [known.same for known in features],
            "english": [known.language_shares.get("en", 0.0) for known in features],
        }
    )


def rows_by_writer(writers: np.ndarray) -> list[np.ndarray]:
    """The places of each writer's words, at most `MAX_BATCH_WORDS` together; in a random order, always the same."""
    order = np.argsort(writers, kind="stable")
    groups = np.split(order, np.flatnonzero(writers[order][1:] != writers[order][:-1]) + 1)
    batches = [
        group[start : start + MAX_BATCH_WORDS] for group in groups for start in range(0, len(group), MAX_BATCH_WORDS)
    ]
    return [batches[place] for place in np.random.default_rng(0).permutation(len(batches))]
