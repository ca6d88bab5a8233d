"""Fit a checkpoint's confidences on words whose transcription is known, and say honestly what they are worth then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwr_core import jobs
from hwr_core.config import read_json
from hwr_core.datasets import DataSet
from hwr_core.evaluation.word_results import Progress, choose_rows, read_words
from hwr_core.recognition import Recognizer
from hwr_core.recognition.calibration import ConfidenceFeatures, across_writers, calibration_error, fit

if TYPE_CHECKING:
    import pandas

READING_MODES = {
    "none": "none",
    "language": "auto",
}  # as the checkpoint names a way of reading -> the `language` it is read with


@dataclass(frozen=True)
class CalibrationResult:
    """Expected calibration error (15 bins) of one data set's readings in one way of reading.

    Attributes:
        way: `none` or `language`.
        dataset, words: what was read.
        before: of the confidences as the network gives them.
        after: of calibrated ones, each by a fit on other writers' words.
    """

    way: str
    dataset: str
    words: int
    before: float
    after: float


def calibrate(
    folder: Path,
    datasets: Sequence[DataSet],
    split: str = "validation",
    *,
    most: int = 0,
    progress: Progress | None = None,
) -> list[CalibrationResult]:
    """Fit on the readings of some data sets, write the fit into `checkpoint.json`, and measure it across writers.

    Args:
        folder: the checkpoint.
        datasets: at least one; all of their words count alike.
        split: the part whose words are read.
        most: so many words of each at most; 0 takes all.
        progress: called with a phase, a step and the number of steps.

    Raises:
        HwrError: the checkpoint or the words are not there.
        DataError: too few words, or all of them right or all wrong.
    """
    import pandas

    recognizer = Recognizer.load(folder)
    recognizer.summary.pop("calibration", None)  # what is fitted is what the network says
    fitted: dict[str, dict[str, float]] = {}
    worths = []
    for way, language in READING_MODES.items() if recognizer.model_name != "dual" else [("none", "none")]:
        frames = [
            read_words(
                recognizer, one, choose_rows(one, split, most), read_options={"language": language}, progress=progress
            )
            for one in datasets
        ]
        readings = pandas.concat(frames, ignore_index=True)
        right = (readings["edits"] == 0).tolist()
        fitted[way] = asdict(fit(readings["confidence"].tolist(), right, _evidence(readings)))
        worths += _worths(way, readings)
    about = read_json(folder / "checkpoint.json")
    about["calibration"] = {**fitted, "measured": [asdict(worth) for worth in worths]}
    jobs.write_text(folder / "checkpoint.json", json.dumps(about, indent=1, ensure_ascii=False))
    return worths


def _worths(way: str, readings: pandas.DataFrame) -> list[CalibrationResult]:
    right = readings["edits"] == 0
    after = across_writers(
        readings["confidence"].tolist(), right.tolist(), readings["writer"].tolist(), evidence=_evidence(readings)
    )
    readings = readings.assign(right=right, after=after)
    return [
        CalibrationResult(
            way,
            str(name),
            len(some),
            calibration_error(some["confidence"].tolist(), some["right"].tolist()),
            calibration_error(some["after"].tolist(), some["right"].tolist()),
        )
        for name, some in readings.groupby("dataset", sort=False)
    ]


def _evidence(readings: pandas.DataFrame) -> list[ConfidenceFeatures] | None:
    """None where a recognizer has no first reading letter by letter."""
    if readings["letters"].isna().all():
        return None
    letters, same = readings["letters"].fillna(0.0).tolist(), readings["same"].tolist()  # blank pictures have none
    lengths, english = readings["reading"].str.len().tolist(), readings["english"].tolist()
    return [ConfidenceFeatures(*one) for one in zip(letters, same, lengths, english, strict=True)]


def lines(worths: Sequence[CalibrationResult | dict[str, Any]]) -> list[str]:
    """The figures as a Markdown table."""
    rows = [worth if isinstance(worth, dict) else asdict(worth) for worth in worths]
    named = {"none": "letter by letter", "language": "with languages"}
    return [
        "| confidence | words | ECE as the network says | ECE calibrated on other writers |",
        "|---|---|---|---|",
        *(
            f"| {row['dataset']}, {named[row['way']]} | {row['words']:,} | {100 * row['before']:.1f} % | "
            f"{100 * row['after']:.1f} % |"
            for row in rows
        ),
    ]
