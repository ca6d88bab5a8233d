"""Measure a recognizer on one part of one or several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, get_type_hints

import numpy as np

from hwr_core.datasets import DataSet
from hwr_core.errors import DataError
from hwr_core.evaluation.bootstrap import Interval, writer_interval
from hwr_core.evaluation.calibration import Reliability, reliability
from hwr_core.evaluation.confusions import Confusions, confusions
from hwr_core.evaluation.errors import kinds
from hwr_core.evaluation.from_json import from_json
from hwr_core.evaluation.groups import Group, by_dataset, by_length, by_writer, writers_of
from hwr_core.evaluation.word_results import RunningTotals, choose_rows, read_words
from hwr_core.files import JsonObject
from hwr_core.jobs import OnProgress
from hwr_core.recognition import Recognizer
from hwr_core.text import edit_distance

if TYPE_CHECKING:
    import pandas

FORMAT_VERSION = 1
REPORT_KEYS = {"writer_groups": "by_writer", "length_groups": "by_length", "dataset_groups": "by_dataset"}
MAX_TABLE_WRITERS = 5


@dataclass(frozen=True)
class Evaluation:
    """Metrics of reading without a prefix, as written: case, accents and punctuation count.

    Attributes:
        checkpoint, dataset, split: who read what; several data sets are joined by " + ".
        words, writers, characters: how much was read.
        cer: all character edits over all reference characters.
        word_accuracy: share of images read exactly.
        wer: all word edits over all reference words; 1 - word_accuracy where every image is one word.
        confidence_of_right, confidence_of_wrong: mean confidences.
        seconds: wall time of reading, canvases prepared.
        writer_groups, length_groups, dataset_groups: the same metrics of each.
        confusions: characters read as others, left out, added.
        reliability: how well the confidence is calibrated, and the risk at each coverage.
        kinds: wrong words by kind, see `errors.KINDS`.
        readings: a row a word, see `word_results.COLUMNS`.
    """

    checkpoint: str
    dataset: str
    split: str
    words: int
    writers: int
    characters: int
    cer: Interval
    word_accuracy: Interval
    wer: Interval
    confidence_of_right: float
    confidence_of_wrong: float
    seconds: float
    writer_groups: list[Group]
    length_groups: list[Group]
    dataset_groups: list[Group]
    confusions: Confusions
    reliability: Reliability
    kinds: dict[str, int]
    readings: pandas.DataFrame

    @property
    def words_per_second(self) -> float:
        return self.words / max(self.seconds, 1e-9)

    def to_dict(self) -> JsonObject:
        """The headline metrics, for JSON."""
        return {
            "checkpoint": self.checkpoint,
            "dataset": self.dataset,
            "split": self.split,
            "words": self.words,
            "writers": self.writers,
            "characters": self.characters,
            "cer": asdict(self.cer),
            "word_accuracy": asdict(self.word_accuracy),
            "wer": asdict(self.wer),
            "ece": self.reliability.ece,
            "confidence_of_right": self.confidence_of_right,
            "confidence_of_wrong": self.confidence_of_wrong,
            "seconds": self.seconds,
        }

    def report(self) -> JsonObject:
        """Everything but the single readings, for JSON; `from_report` is the way back."""
        return {
            "format_version": FORMAT_VERSION,
            **self.to_dict(),
            "by_dataset": [asdict(group) for group in self.dataset_groups],
            "by_length": [asdict(group) for group in self.length_groups],
            "by_writer": [asdict(group) for group in self.writer_groups],
            "confusions": asdict(self.confusions),
            "reliability": asdict(self.reliability),
            "kinds": self.kinds,
        }

    @classmethod
    def from_report(cls, values: JsonObject, readings: pandas.DataFrame) -> Evaluation:
        """An evaluation from its report and its readings.

        Raises:
            DataError: they are damaged, or of another version.
        """
        import pandas

        try:
            if values["format_version"] != FORMAT_VERSION:
                raise DataError("The evaluation was stored by another version. Measure again.")
            kinds = get_type_hints(cls, localns={"pandas": pandas})
            del kinds["readings"]
            fields = {name: from_json(kind, values[REPORT_KEYS.get(name, name)]) for name, kind in kinds.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The evaluation is damaged ({type(error).__name__}: {error}). Measure again.") from error
        return cls(**fields, readings=readings)

    def table(self) -> str:
        """The metrics as Markdown: the headline, then data sets where there are several, lengths, worst writers."""
        clusters = "by writer" if self.writers else "by word"
        lines = [
            "| figure | value |",
            "|---|---|",
            f"| checkpoint | {self.checkpoint} |",
            f"| words | {self.words:,} of {self.dataset}, {self.split}, {self.writers} writers |",
            f"| CER (95 % interval, {clusters}) | {self.cer} |",
            f"| words right (95 % interval, {clusters}) | {self.word_accuracy} |",
            f"| WER (95 % interval, {clusters}) | {self.wer} |",
            f"| calibration error (ECE, {len(self.reliability.bins)} bins) | {100 * self.reliability.ece:.1f} % |",
            f"| mean confidence, right / wrong words | {self.confidence_of_right:.2f} / "
            f"{self.confidence_of_wrong:.2f} |",
            f"| speed | {self.words_per_second:.0f} words/s |",
        ]
        if len(self.dataset_groups) > 1:
            lines += _group_lines("data set", self.dataset_groups)
        lines += _group_lines("characters", self.length_groups)
        if self.writer_groups:
            lines += _group_lines("worst writers", self.writer_groups[:MAX_TABLE_WRITERS])
        return "\n".join(lines)


def _group_lines(title: str, groups: list[Group]) -> list[str]:
    head = ["", f"| {title} | words | CER | words right |", "|---|---|---|---|"]
    return head + [f"| {group.name} | {group.words:,} | {group.cer} | {group.word_accuracy} |" for group in groups]


def evaluate(
    recognizer: Recognizer,
    datasets: DataSet | Sequence[DataSet],
    split: str = "validation",
    *,
    max_words: int = 0,
    seed: int = 0,
    read_options: JsonObject | None = None,
    progress: OnProgress | None = None,
    totals: RunningTotals | None = None,
) -> Evaluation:
    """Read every word of a part and compare.

    Args:
        recognizer: what is measured.
        datasets: one or several; their canvases are prepared once and cached.
        split: `train`, `validation` or `test`.
        max_words: of each data set, drawn at random; 0 reads all.
        seed: of the drawing; the same words for every recognizer.
        read_options: further keyword arguments of the recognizer's reading, such as a language.
        progress: called with a phase, a step and the number of steps; may raise to stop.
        totals: to be added to while words are read.

    Raises:
        DataError: the part has no words.
    """
    import pandas

    several = [datasets] if isinstance(datasets, DataSet) else list(datasets)
    if not several:
        raise DataError("There is no data set to measure on. Name at least one.")
    chosen = [(dataset, choose_rows(dataset, split, max_words, seed)) for dataset in several]
    totals = RunningTotals() if totals is None else totals
    frames = [
        read_words(recognizer, dataset, rows, read_options=read_options, progress=progress, totals=totals)
        for dataset, rows in chosen
    ]
    name = " + ".join(dataset.name for dataset in several)
    if progress:
        progress("Counting", 0, 0)
    readings = pandas.concat(frames, ignore_index=True)
    return evaluate_readings(readings, recognizer.name, name, split, totals.seconds)


def evaluate_readings(
    readings: pandas.DataFrame, checkpoint: str, dataset: str, split: str = "validation", seconds: float = 0.0
) -> Evaluation:
    """All metrics of a table of readings, see `word_results.COLUMNS`."""
    texts, read = readings["transcription"].tolist(), readings["reading"].tolist()
    right = (readings["edits"] == 0).to_numpy()
    writers = writers_of(readings)
    word_edits = [edit_distance(text.split(), other.split()) for text, other in zip(texts, read, strict=True)]
    confidences = readings["confidence"].to_numpy(float)
    return Evaluation(
        checkpoint=checkpoint,
        dataset=dataset,
        split=split,
        words=len(readings),
        writers=len(set(writers) - {""}),
        characters=sum(map(len, texts)),
        cer=writer_interval(readings["edits"].tolist(), [len(text) for text in texts], writers),
        word_accuracy=writer_interval(right.tolist(), [1] * len(right), writers),
        wer=writer_interval(word_edits, [len(text.split()) for text in texts], writers),
        confidence_of_right=float(np.mean(confidences[right])) if right.any() else 0.0,
        confidence_of_wrong=float(np.mean(confidences[~right])) if not right.all() else 0.0,
        seconds=seconds,
        writer_groups=by_writer(readings),
        length_groups=by_length(readings),
        dataset_groups=by_dataset(readings),
        confusions=confusions(texts, read),
        reliability=reliability(confidences.tolist(), right.tolist()),
        kinds=kinds(readings),
        readings=readings,
    )
