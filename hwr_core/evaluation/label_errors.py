"""Label errors: transcriptions that are likely wrong, because a recognizer is sure of another reading. A job.

`python -m hwr_core.evaluation.label_errors FOLDER` does what `request.json` in the folder describes; `start_search`
writes it. The search only orders the words: a person looks at each, and a fix is a correction
(`hwr_core.corrections.label_corrections`).
"""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import numpy as np

from hwr_core import jobs
from hwr_core.config import read_json
from hwr_core.datasets import DataSet, dataset_folder, open_dataset
from hwr_core.decoding.all_capitals import share_in_capitals
from hwr_core.errors import ConfigError, DataError, first_line
from hwr_core.evaluation.store import DISK_MB, KERAS_MEMORY_MB
from hwr_core.files import JsonObject, write_text
from hwr_core.recognition import Recognizer
from hwr_core.text import edit_distance
from hwr_core.workspace import home, is_shared

if TYPE_CHECKING:
    import pandas as pd

FOLDER, REQUEST, RESULT = "suspects", "request.json", "suspects.csv"
BATCH_WORDS = 128
NUM_ALTERNATIVES = 5
MIN_PROBABILITY = 1e-12  # so that the loss is finite
COLUMNS = (
    "index", "word_id", "writer", "split", "transcription", "reading", "confidence", "of_transcription", "loss",
    "suspicion", "edits",
)  # fmt: skip
INTEGERS = ("index", "edits")
NUMBERS = ("confidence", "of_transcription", "loss", "suspicion")
TEXTS = ("word_id", "writer", "split", "transcription", "reading")
OnStep = Callable[[int, int], None]  # words read, of how many; may raise to stop


class LabelError(TypedDict):
    """A word that is read differently than it is transcribed.

    Attributes:
        index: its place among the words that were searched, or its row in a data set's table.
        confidence: of the reading.
        of_transcription: the probability that the recognizer gives to the transcription.
        loss: -ln of that (for CTC: the CTC loss).
        suspicion: confidence less `of_transcription`, in [-1, 1] (confident disagreement).
        edits: between transcription and reading.
    """

    index: int
    transcription: str
    reading: str
    confidence: float
    of_transcription: float
    loss: float
    suspicion: float
    edits: int
    word_id: NotRequired[str]
    writer: NotRequired[str]
    split: NotRequired[str]


def find_label_errors(
    recognizer: Recognizer, canvases: Sequence[np.ndarray], transcriptions: Sequence[str]
) -> list[LabelError]:
    """The words that are read differently than they are transcribed.

    Transcriptions with characters that the recognizer cannot write are left out: it gives them no probability.

    Args:
        canvases: `(H, W)` uint8 each.
        transcriptions: of each.
    """
    readings = recognizer.read_canvases(list(canvases), alternatives=NUM_ALTERNATIVES)
    charset = set(recognizer.charset)
    places = [
        place
        for place, (reading, text) in enumerate(zip(readings, transcriptions, strict=True))
        if reading.text != text and set(text) <= charset
    ]
    if not places:
        return []
    # With the transcription as the prefix, it is among the alternatives unless its probability is negligible. The
    # share of words in capitals is estimated from all words, not from the suspicious ones alone.
    evidence = [reading.capitals for reading in readings if reading.capitals is not None]
    forced_readings = recognizer.read_canvases(
        [canvases[place] for place in places],
        [transcriptions[place] for place in places],
        alternatives=NUM_ALTERNATIVES,
        capitals=share_in_capitals(evidence),
    )
    errors: list[LabelError] = []
    for place, forced in zip(places, forced_readings, strict=True):
        reading, text = readings[place], transcriptions[place]
        probability = dict(forced.alternatives).get(text, 0.0)
        errors.append(
            {
                "index": place,
                "transcription": text,
                "reading": reading.text,
                "confidence": reading.confidence,
                "of_transcription": probability,
                "loss": -math.log(max(probability, MIN_PROBABILITY)),
                "suspicion": reading.confidence - probability,
                "edits": edit_distance(text, reading.text),
            }
        )
    return errors


def search(
    recognizer: Recognizer, dataset: DataSet, rows: np.ndarray, on_progress: OnStep | None = None
) -> list[LabelError]:
    """`find_label_errors` in rows of a data set, the most suspicious first; `index` is the row in its table."""
    table = dataset.table
    canvases = dataset.canvases(recognizer.config.canvas)
    errors: list[LabelError] = []
    try:
        for start in range(0, len(rows), BATCH_WORDS):
            batch = rows[start : start + BATCH_WORDS]
            texts = table["transcription"].iloc[batch].tolist()
            for error in find_label_errors(recognizer, [np.asarray(canvases[row]) for row in batch], texts):
                row = int(batch[error["index"]])
                word_id, writer, split = (str(table[name].iat[row]) for name in ("word_id", "writer", "split"))
                errors.append({**error, "index": row, "word_id": word_id, "writer": writer, "split": split})
            if on_progress:
                on_progress(min(start + BATCH_WORDS, len(rows)), len(rows))
    except jobs.Stopped:  # what was found so far is of use
        pass
    return sorted(errors, key=sort_key)


def sort_key(error: LabelError) -> tuple[float, float]:
    """Sorts label errors by suspicion times the share of characters that differ, then by the loss.

    A character or two are misread even when the recognizer is sure; another word altogether hardly ever is
    (measured by `benchmarks/label_errors.py`).
    """
    longest = max(len(error["transcription"]), len(error["reading"]), 1)
    return -error["suspicion"] * error["edits"] / longest, -error["loss"]


def search_folder(name: str) -> Path:
    """Where the search through a data set keeps its state and what it found; of a shared one in the own workspace."""
    folder = dataset_folder(name)
    return home() / f"shared-{FOLDER}" / folder.name if is_shared(folder) else folder / FOLDER


def start_search(name: str, checkpoint: Path, part: str = "", most: int = 0) -> Path:
    """Look through a data set in a process of its own.

    Args:
        part: train, validation or test; empty: all words.
        most: at most so many words, drawn at random; 0: all.

    Returns:
        The job's folder: follow it by `jobs.read_status`, stop it by `jobs.request_stop`.

    Raises:
        JobError: one is running already.
    """
    folder = search_folder(name)
    request = {"dataset": name, "checkpoint": str(checkpoint), "part": part, "most": most}
    if not jobs.is_busy(jobs.read_status(folder)):
        write_text(folder / REQUEST, json.dumps(request, indent=1))
    jobs.launch("hwr_core.evaluation.label_errors", folder, needs=jobs.Needs(KERAS_MEMORY_MB, DISK_MB))
    return folder


def read_label_errors(name: str) -> pd.DataFrame | None:
    """What the last search found (columns of `COLUMNS`), the most suspicious first; None where there was none.

    Raises:
        DataError: the file is damaged.
    """
    import pandas as pd

    path = search_folder(name) / RESULT
    types: dict[str, type] = {
        **dict.fromkeys(TEXTS, str),
        **dict.fromkeys(INTEGERS, int),
        **dict.fromkeys(NUMBERS, float),
    }
    try:
        table = pd.read_csv(path, dtype=types, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, OverflowError) as error:
        raise _damaged(path, first_line(error)) from error
    if tuple(table.columns) != COLUMNS:
        raise _damaged(path, f"its columns should be {', '.join(COLUMNS)}")
    if not np.isfinite(table[list(NUMBERS)].to_numpy()).all():
        raise _damaged(path, "a number is missing or infinite")
    if (table["index"] < 0).any():
        raise _damaged(path, "a place is negative")
    return table


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(f"The label errors in {path} cannot be read ({reason}). Search for label errors again.")


def undecided(dataset: DataSet, table: pd.DataFrame) -> pd.DataFrame:
    """The suspects on which nobody has given a verdict, and whose word is still what was searched."""
    places = table["index"].clip(0, max(0, len(dataset) - 1))
    now = dataset.table.iloc[places]
    same = (now["word_id"].astype(str).to_numpy() == table["word_id"].to_numpy()) & (
        now["transcription"].astype(str).to_numpy() == table["transcription"].to_numpy()
    )
    return table[same & ~table["word_id"].isin(dataset.label_corrections.current()).to_numpy(bool)]


def run_job(folder: Path) -> jobs.Status:
    """Search as the folder's request describes; returns the last status."""

    def work(progress: jobs.Progress) -> str:
        status = progress.status

        def on_progress(step: int, steps: int) -> None:
            try:
                progress("Reading", step, steps)
            except jobs.Stopped:
                status.state, status.step = "stopped", step
                raise

        request = read_json(folder / REQUEST)
        dataset = open_dataset(request["dataset"])
        rows = dataset.part(request["part"]) if request["part"] else np.arange(len(dataset))
        if request["most"]:
            rows = np.sort(np.random.default_rng(1).permutation(rows)[: request["most"]])
        recognizer = Recognizer.load(request["checkpoint"])
        errors = search(recognizer, dataset, rows, on_progress)
        write_text(folder / RESULT, as_csv(errors))
        read = status.step if status.state == "stopped" else len(rows)
        status.details = {"read": read, "found": len(errors), "reader": recognizer.name}
        return f"{read:,} words read, {len(errors):,} of them otherwise than transcribed."

    return jobs.run(folder, work, jobs.Endings("The search failed"), phase="Opening the model")


def as_csv(errors: Sequence[Mapping[str, Any]]) -> str:
    import pandas as pd

    text = io.StringIO()
    pd.DataFrame(errors, columns=list(COLUMNS)).to_csv(text, index=False)
    return text.getvalue()


def last_request(name: str) -> JsonObject:
    """The request of the last search; empty where there was none."""
    try:
        return read_json(search_folder(name) / REQUEST)
    except ConfigError:
        return {}


if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1]).resolve()).state == "failed")
