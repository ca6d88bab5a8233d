"""Transcriptions that are likely wrong: where a reader is sure of something else. A job of its own process.

`python -m hwr_core.evaluation.label_errors FOLDER` does what `request.json` in the folder asks for; `start_search`
writes it. Only the order is the machine's: a person looks at each word, and a fix is a correction
(`hwr_core.corrections.label_corrections`).
"""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core import jobs
from hwr_core.config import read_json
from hwr_core.datasets import DataSet, dataset_folder, open_dataset
from hwr_core.decoding.all_capitals import share_in_capitals
from hwr_core.errors import ConfigError, HwrError
from hwr_core.recognition import Recognizer
from hwr_core.text import edit_distance

if TYPE_CHECKING:
    import pandas as pd

FOLDER, REQUEST, RESULT = "suspects", "request.json", "suspects.csv"
CHUNK = 128
ALTERNATIVES = 5
LEAST = 1e-12  # probabilities below this are told apart by nobody
COLUMNS = (
    "index", "word_id", "writer", "split", "transcription", "reading", "confidence", "of_transcription", "loss",
    "suspicion", "edits",
)  # fmt: skip
TEXTS = ("word_id", "writer", "split", "transcription", "reading")
Progress = Callable[[int, int], None]  # words read, of how many; may raise to stop


class StoppedError(Exception):
    """Somebody asked the job to stop."""


def label_errors_in(
    recognizer: Recognizer, canvases: Sequence[np.ndarray], transcriptions: Sequence[str]
) -> list[dict[str, Any]]:
    """The words that the reader reads otherwise than they are transcribed.

    Args:
        canvases: `(H, W)` uint8 each.
        transcriptions: what they are said to say.

    Returns:
        For each such word its place among them (`index`), the `reading` with its `confidence`, the probability
        `of_transcription` that the reader gives to what is written down, its `loss` -ln of that (for CTC: the CTC
        loss), the `suspicion`, in [-1, 1], which is the one probability less the other (confident disagreement),
        and the `edits` between them. Transcriptions that the reader cannot write are left out: it cannot judge them.
    """
    readings = recognizer.read_canvases(list(canvases), alternatives=ALTERNATIVES)
    known = set(recognizer.charset)
    odd = [
        row
        for row, (reading, text) in enumerate(zip(readings, transcriptions, strict=True))
        if reading.text != text and set(text) <= known
    ]
    if not odd:
        return []
    # What begins with the transcription: the transcription itself is among it, unless it is beyond belief. All words
    # say how many are in capitals, not the doubtful ones alone.
    evidence = [reading.capitals for reading in readings if reading.capitals is not None]
    under = recognizer.read_canvases(
        [canvases[row] for row in odd],
        [transcriptions[row] for row in odd],
        alternatives=ALTERNATIVES,
        capitals=share_in_capitals(evidence),
    )
    found = []
    for row, forced in zip(odd, under, strict=True):
        reading, text = readings[row], transcriptions[row]
        probability = dict(forced.alternatives).get(text, 0.0)
        found.append(
            {
                "index": row,
                "transcription": text,
                "reading": reading.text,
                "confidence": reading.confidence,
                "of_transcription": probability,
                "loss": -math.log(max(probability, LEAST)),
                "suspicion": reading.confidence - probability,
                "edits": edit_distance(text, reading.text),
            }
        )
    return found


def search(recognizer: Recognizer, dataset: DataSet, rows: np.ndarray, progress: Progress | None = None) -> list[dict]:
    """`label_errors_in` the rows of a data set, the most suspicious first; `index` is the row in its table."""
    table = dataset.table
    canvases = dataset.canvases(recognizer.config.canvas)
    found: list[dict[str, Any]] = []
    try:
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            texts = table["transcription"].iloc[some].tolist()
            for suspect in label_errors_in(recognizer, [np.asarray(canvases[row]) for row in some], texts):
                row = int(some[suspect["index"]])
                names = {name: str(table[name].iat[row]) for name in ("word_id", "writer", "split")}
                found.append({**suspect, **names, "index": row})
            if progress:
                progress(min(start + CHUNK, len(rows)), len(rows))
    except StoppedError:  # what was found so far is worth looking at
        pass
    return sorted(found, key=order)


def order(suspect: dict[str, Any]) -> tuple[float, float]:
    """What suspects are sorted by: suspicion times the share of letters that differ, then the loss.

    A letter or two are misread even when the reader is sure; another word altogether hardly ever is
    (`benchmarks/wrong_labels.py` measures what that is worth).
    """
    longest = max(len(suspect["transcription"]), len(suspect["reading"]), 1)
    return -suspect["suspicion"] * suspect["edits"] / longest, -suspect["loss"]


def search_folder(name: str) -> Path:
    """Where the search through a data set keeps its state and what it found."""
    return dataset_folder(name) / FOLDER


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
        jobs.write_text(folder / REQUEST, json.dumps(request, indent=1))
    jobs.launch("hwr_core.evaluation.label_errors", folder)
    return folder


def read_label_errors(name: str) -> pd.DataFrame | None:
    """What the last search found (columns of `COLUMNS`), the most suspicious first; None where there was none."""
    import pandas as pd

    path = search_folder(name) / RESULT
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError):
        return None
    return table if tuple(table.columns) == COLUMNS else None


def undecided(dataset: DataSet, table: pd.DataFrame) -> pd.DataFrame:
    """The suspects on which nobody has given a verdict, and whose word is still what was searched."""
    places = table["index"].clip(0, max(0, len(dataset) - 1))
    now = dataset.table.iloc[places]
    same = (now["word_id"].astype(str).to_numpy() == table["word_id"].to_numpy()) & (
        now["transcription"].astype(str).to_numpy() == table["transcription"].to_numpy()
    )
    return table[same & ~table["word_id"].isin(dataset.fixes.current()).to_numpy(bool)]


def work(folder: Path) -> jobs.Status:
    """The job, in this process; whatever happens is said in `status.json`."""
    status = jobs.begin(folder, "Opening the reader")
    begun = time.time()

    def tell(done: int, of: int) -> None:
        if jobs.stop_requested(folder):
            status.state = "stopped"
            raise StoppedError
        status.phase, status.step, status.steps = "Reading", done, of
        status.seconds_left = (time.time() - begun) / done * (of - done) if done else None
        jobs.write_status(folder, status)

    try:
        request = read_json(folder / REQUEST)
        dataset = open_dataset(request["dataset"])
        rows = dataset.part(request["part"]) if request["part"] else np.arange(len(dataset))
        if request["most"]:
            rows = np.sort(np.random.default_rng(1).permutation(rows)[: request["most"]])
        recognizer = Recognizer.load(request["checkpoint"])
        found = search(recognizer, dataset, rows, tell)
        jobs.write_text(folder / RESULT, as_csv(found))
        stopped = status.state == "stopped"
        status.details = {"read": status.step if stopped else len(rows), "found": len(found), "reader": recognizer.name}
        status.state = "stopped" if stopped else "done"
        status.message = f"{status.details['read']:,} words read, {len(found):,} of them otherwise than transcribed."
    except (HwrError, KeyError) as error:
        status.state, status.message = "failed", str(error)
    except BaseException as error:
        status.state, status.message = "failed", f"The search broke off: {type(error).__name__}: {error}."
        raise
    finally:
        status.phase, status.seconds_left = "", None
        jobs.write_status(folder, status)
    return status


def as_csv(found: list[dict[str, Any]]) -> str:
    import pandas as pd

    text = io.StringIO()
    pd.DataFrame(found, columns=list(COLUMNS)).to_csv(text, index=False)
    return text.getvalue()


def last_request(name: str) -> dict[str, Any]:
    """What the last search was asked for; empty where there was none."""
    try:
        return read_json(search_folder(name) / REQUEST)
    except ConfigError:
        return {}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hwr_core.evaluation.label_errors", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds request.json; what is found goes there")
    status = work(parser.parse_args(arguments).folder.resolve())
    print(status.message)
    return 1 if status.state == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
