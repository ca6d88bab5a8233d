"""Fit a checkpoint's confidences on words whose transcription is known, and measure them on other writers' words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core.config import read_json
from hwr_core.datasets import DataSet
from hwr_core.evaluation.calibration import calibration_error
from hwr_core.evaluation.word_results import choose_rows, read_words
from hwr_core.files import JsonObject, write_text
from hwr_core.jobs import OnProgress
from hwr_core.recognition import Recognizer
from hwr_core.recognition.calibration import ConfidenceFeatures, across_writers, fit

if TYPE_CHECKING:
    import pandas

READING_MODES = {"none": "none", "language": "auto"}  # its name in the checkpoint -> the `language` it reads with
MODE_TITLES = {"none": "letter by letter", "language": "with languages"}


@dataclass(frozen=True)
class CalibrationResult:
    """Expected calibration error (15 bins) of one data set's readings in one reading mode.

    Attributes:
        way: `none` or `language`.
        dataset, words: what was read.
        before: of the network's own probabilities.
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
    max_words: int = 0,
    progress: OnProgress | None = None,
) -> list[CalibrationResult]:
    """Fit on the readings of data sets, write the fit into `checkpoint.json`, and measure it across writers.

    Args:
        folder: the checkpoint.
        datasets: at least one; all of their words count alike.
        split: the part whose words are read.
        max_words: of each data set; 0 takes all.
        progress: called with a phase, a step and the number of steps.

    Raises:
        HwrError: the checkpoint or the words are not there.
        DataError: too few words, or all of them right or all wrong.
    """
    import pandas

    recognizer = Recognizer.load(folder)
    recognizer.summary.pop("calibration", None)  # fitted are the network's own probabilities
    fitted: dict[str, dict[str, float]] = {}
    results = []
    for mode, language in READING_MODES.items() if recognizer.model_name != "dual" else [("none", "none")]:
        options = {"language": language}
        frames = [
            read_words(recognizer, dataset, rows, read_options=options, progress=progress)
            for dataset, rows in ((dataset, choose_rows(dataset, split, max_words)) for dataset in datasets)
        ]
        readings = pandas.concat(frames, ignore_index=True)
        right = (readings["edits"] == 0).tolist()
        fitted[mode] = asdict(fit(readings["confidence"].tolist(), right, _features(readings)))
        results += _calibration_results(mode, readings)
    about = read_json(folder / "checkpoint.json")
    about["calibration"] = {**fitted, "measured": [asdict(result) for result in results]}
    write_text(folder / "checkpoint.json", json.dumps(about, indent=1, ensure_ascii=False))
    return results


def _calibration_results(mode: str, readings: pandas.DataFrame) -> list[CalibrationResult]:
    right = readings["edits"] == 0
    after = across_writers(
        readings["confidence"].tolist(), right.tolist(), readings["writer"].tolist(), features=_features(readings)
    )
    readings = readings.assign(right=right, after=after)
    return [
        CalibrationResult(
            mode,
            str(name),
            len(rows),
            calibration_error(rows["confidence"].tolist(), rows["right"].tolist()),
            calibration_error(rows["after"].tolist(), rows["right"].tolist()),
        )
        for name, rows in readings.groupby("dataset", sort=False)
    ]


def _features(readings: pandas.DataFrame) -> list[ConfidenceFeatures] | None:
    """None where a recognizer has no first reading letter by letter."""
    if readings["letters"].isna().all():
        return None
    letters, same = readings["letters"].fillna(0.0).tolist(), readings["same"].tolist()  # blank images have none
    lengths, english = readings["reading"].str.len().tolist(), readings["english"].tolist()
    shares = [{"en": share} for share in english]
    return list(map(ConfidenceFeatures, letters, same, lengths, shares))


def markdown_table(results: Sequence[CalibrationResult | JsonObject]) -> list[str]:
    """The results, or what `checkpoint.json` has of them, as the lines of a Markdown table."""
    rows = [result if isinstance(result, dict) else asdict(result) for result in results]
    return [
        "| confidence | words | ECE as the network says | ECE calibrated on other writers |",
        "|---|---|---|---|",
        *(
            f"| {row['dataset']}, {MODE_TITLES[row['way']]} | {row['words']:,} | {100 * row['before']:.1f} % | "
            f"{100 * row['after']:.1f} % |"
            for row in rows
        ),
    ]
