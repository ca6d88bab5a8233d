"""A recognizer on one part of a data set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hwr_core.data import DataSet
from hwr_core.errors import DataError
from hwr_core.evaluation.bootstrap import Interval, writer_interval
from hwr_core.inference import Recognizer
from hwr_core.text import edit_distance

if TYPE_CHECKING:
    import pandas

CHUNK = 256


@dataclass(frozen=True)
class Evaluation:
    """Figures of free-running reading, as written: case, accents and punctuation count.

    Attributes:
        words, writers, characters: how much was read.
        cer: all character edits over all reference characters.
        word_accuracy: share of words read exactly.
        confidence_of_right, confidence_of_wrong: mean confidences.
        seconds: wall time of reading, canvases prepared.
        readings: a row a word: word_id, writer, transcription, reading, confidence, edits.
    """

    checkpoint: str
    dataset: str
    split: str
    words: int
    writers: int
    characters: int
    cer: Interval
    word_accuracy: Interval
    confidence_of_right: float
    confidence_of_wrong: float
    seconds: float
    readings: pandas.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single readings, for JSON."""
        values = asdict(self)
        del values["readings"]
        return values

    def table(self) -> str:
        """The figures as a Markdown table row by row."""
        return "\n".join(
            [
                "| figure | value |",
                "|---|---|",
                f"| checkpoint | {self.checkpoint} |",
                f"| words | {self.words:,} of {self.dataset}, {self.split}, {self.writers} writers |",
                f"| CER (95 % interval, by writer) | {self.cer} |",
                f"| words right (95 % interval, by writer) | {self.word_accuracy} |",
                f"| mean confidence, right / wrong words | {self.confidence_of_right:.2f} / "
                f"{self.confidence_of_wrong:.2f} |",
                f"| speed | {self.words / self.seconds:.0f} words/s |",
            ]
        )


def evaluate(
    recognizer: Recognizer,
    dataset: DataSet,
    split: str = "validation",
    *,
    most: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Read every word of a part and compare.

    Args:
        recognizer: what is measured.
        dataset: where the words are; their canvases are prepared once and kept.
        split: `train`, `validation` or `test`.
        most: the first so many words only; 0 reads all.
        progress: called with a phase, a step and the number of steps; may raise to stop.

    Raises:
        DataError: the part has no words.
    """
    import pandas

    rows = dataset.part(split)
    rows = rows[:most] if most else rows
    if not len(rows):
        raise DataError(f"{dataset.name} has no words in its part {split!r}. Choose another part or data set.")
    canvases = dataset.canvases(recognizer.config.canvas, progress=progress)
    table = dataset.table.iloc[rows]
    texts = table["transcription"].tolist()
    readings = []
    begun = time.time()
    for start in range(0, len(rows), CHUNK):
        if progress:
            progress("Reading", start, len(rows))
        readings += recognizer.read_canvases([canvases[row] for row in rows[start : start + CHUNK]])
    seconds = time.time() - begun
    edits = [edit_distance(text, reading.text) for text, reading in zip(texts, readings, strict=True)]
    right = [int(edit == 0) for edit in edits]
    writers = table["writer"].tolist()
    confidences = [reading.confidence for reading in readings]
    frame = pandas.DataFrame(
        {
            "word_id": table["word_id"].tolist(),
            "writer": writers,
            "transcription": texts,
            "reading": [reading.text for reading in readings],
            "confidence": confidences,
            "edits": edits,
        }
    )
    means = frame.groupby(frame["edits"] == 0)["confidence"].mean()
    return Evaluation(
        checkpoint=recognizer.name,
        dataset=dataset.name,
        split=split,
        words=len(rows),
        writers=len(set(writers)),
        characters=sum(map(len, texts)),
        cer=writer_interval(edits, [len(text) for text in texts], writers),
        word_accuracy=writer_interval(right, [1] * len(right), writers),
        confidence_of_right=float(means.get(True, 0.0)),
        confidence_of_wrong=float(means.get(False, 0.0)),
        seconds=seconds,
        readings=frame,
    )
