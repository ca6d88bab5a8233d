"""Evaluations in the workspace, `home()/evaluations/`: used again while checkpoint, words and part are the same.

| file | what |
|---|---|
| request.json | what is measured (`Request`) |
| status.json, log.txt | of the job that measured it |
| readings.csv | a row a word (`word_results.COLUMNS`) |
| result.json | every metric (`Evaluation.report`); written last: where it is, the evaluation is whole |
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core import jobs
from hwr_core.config import read_json
from hwr_core.datasets import PARTS, dataset_folder, open_dataset, slug
from hwr_core.datasets.dataset import TABLE, read_description
from hwr_core.errors import CheckpointError, DataError, HwrError, JobError
from hwr_core.evaluation.from_json import from_json
from hwr_core.evaluation.metrics import Evaluation
from hwr_core.files import JsonObject, write_text
from hwr_core.language.language_model import LANGUAGE_FOLDER
from hwr_core.recognition.checkpoint import name_of
from hwr_core.recognition.onnx_export import onnx_file
from hwr_core.recognition.recognizer import NO_LANGUAGE
from hwr_core.version import __version__
from hwr_core.workspace import home, resolved_path, stored_path

if TYPE_CHECKING:
    import pandas

REQUEST = "request.json"
RESULT = "result.json"
READINGS = "readings.csv"
LOCK = ".evaluating.lock"
READING_VERSION = 2  # raised when the same checkpoint begins to read differently
ONNX_MEMORY_MB, KERAS_MEMORY_MB, DISK_MB = 500.0, 1_300.0, 100.0  # of a job that reads
TEXT_COLUMNS = ("dataset", "word_id", "writer", "transcription", "reading")


@dataclass(frozen=True)
class Request:
    """What is to be measured.

    Attributes:
        checkpoint: its folder.
        datasets: names in the workspace.
        split: `train`, `validation` or `test`.
        most: maximum number of words of each; 0 takes all.
        read_options: further keyword arguments of the recognizer's reading; plain values.
    """

    checkpoint: str
    datasets: tuple[str, ...]
    split: str = "validation"
    most: int = 0
    read_options: JsonObject = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "datasets", tuple(self.datasets))
        object.__setattr__(self, "checkpoint", str(Path(self.checkpoint).expanduser().resolve()))
        if self.split not in PARTS:
            raise DataError(f"There is no part {self.split!r}. Known: {', '.join(PARTS)}.")
        if not self.datasets:
            raise DataError("There is no data set to measure on. Name at least one.")

    @property
    def name(self) -> str:
        """The checkpoint's name, as `Recognizer.name`."""
        return name_of(Path(self.checkpoint))


@dataclass(frozen=True)
class StoredEvaluation:
    """One evaluation's folder; everything is read from it on access."""

    folder: Path

    @property
    def status(self) -> jobs.Status:
        return jobs.read_status(self.folder)

    @property
    def is_done(self) -> bool:
        return (self.folder / RESULT).is_file()

    @property
    def request(self) -> Request:
        """`DataError` where the file is damaged."""
        try:
            values = read_json(self.folder / REQUEST)
            if isinstance(values["checkpoint"], str):
                values = {**values, "checkpoint": str(resolved_path(values["checkpoint"]))}
            request: Request = from_json(Request, values)
        except (HwrError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
            raise DataError(f"The evaluation {self.folder.name} is damaged. Delete it, and measure again.") from error
        return request

    @property
    def measured(self) -> float:
        """When it was measured, in seconds since the epoch; 0 where it is not done."""
        try:
            return (self.folder / RESULT).stat().st_mtime
        except OSError:
            return 0.0

    def report(self) -> JsonObject:
        """The metrics as JSON has them, without the readings; `DataError` where they are damaged."""
        import pandas

        return self._evaluation(pandas.DataFrame()).report()

    def evaluation(self) -> Evaluation:
        """All metrics and readings.

        Raises:
            DataError: it is not done, or damaged.
        """
        evaluation = self._evaluation(self.readings())
        if len(evaluation.readings) != evaluation.words:
            raise DataError(f"The readings of {self.folder.name} are damaged: some are missing. Measure again.")
        return evaluation

    def _evaluation(self, readings: pandas.DataFrame) -> Evaluation:
        try:
            values = read_json(self.folder / RESULT)
        except HwrError as error:
            raise DataError(f"The evaluation {self.folder.name} is damaged. Measure again.") from error
        return Evaluation.from_report(values, readings)

    def readings(self) -> pandas.DataFrame:
        """A row a word; `DataError` where the file is damaged."""
        import pandas
        from pandas.api.types import is_float_dtype, is_integer_dtype

        try:
            text = (self.folder / READINGS).read_bytes().decode("utf-8")
            # A reading may be "NA" or empty, and is no missing value then.
            table = pandas.read_csv(StringIO(text), dtype=dict.fromkeys(TEXT_COLUMNS, "str"), keep_default_na=False)
            is_whole = (
                text.endswith("\n")
                and not table[list(TEXT_COLUMNS)].isna().any(axis=None)
                and is_integer_dtype(table["index"])
                and is_integer_dtype(table["edits"])
                and (is_integer_dtype(table["confidence"]) or is_float_dtype(table["confidence"]))
                and table["confidence"].between(0, 1).all()
            )
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"The readings of {self.folder.name} are damaged. Measure again.") from error
        if not is_whole:
            raise DataError(f"The readings of {self.folder.name} are damaged. Measure again.")
        return table


def evaluations_folder() -> Path:
    return home() / "evaluations"


def list_evaluations() -> list[StoredEvaluation]:
    """Every evaluation with a request, done or not, the newest first."""
    folders = [path.parent for path in evaluations_folder().glob(f"*/{REQUEST}")]
    return [StoredEvaluation(folder) for folder in sorted(folders, key=_modified, reverse=True)]


def _modified(folder: Path) -> float:
    try:
        return (folder / (RESULT if (folder / RESULT).is_file() else REQUEST)).stat().st_mtime
    except OSError:
        return 0.0


def stored(request: Request) -> StoredEvaluation:
    """Where this request's evaluation is, or would be; another checkpoint, word or label gives another folder.

    Raises:
        DataError: a data set is not there.
        CheckpointError: the checkpoint is not there.
    """
    names = "-".join(slug(name)[:24] for name in (request.name, *request.datasets))
    return StoredEvaluation(evaluations_folder() / f"{names[:80]}-{request.split}-{key_of(request)}")


def key_of(request: Request) -> str:
    """A digest of everything that the metrics depend on: weights, alphabet, words, labels, part, options."""
    parts = {
        "version": f"{__version__}/{READING_VERSION}",
        "checkpoint": checkpoint_digest(Path(request.checkpoint)),
        "datasets": [dataset_digest(name) for name in request.datasets],
        "split": request.split,
        "most": request.most,
        "read_options": request.read_options,
        "languages": [] if request.read_options.get("language") == NO_LANGUAGE else languages_digest(),
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def checkpoint_digest(folder: Path) -> str:
    """A digest of the files that reading depends on: all but the card, and `model.keras` where ONNX takes its place."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"{folder} is no checkpoint. Choose a folder under models/, or a run's.")
    unread = {"card.md", "model.keras"} if onnx_file(folder) else {"card.md"}
    lines = [
        f"{path.relative_to(folder).as_posix()} {_digest(path, *_stamp(path))}"
        for path in files
        if path.name not in unread
    ]
    return sha256("\n".join(lines).encode()).hexdigest()


def languages_digest() -> list[str]:
    """Digests of the files of models/language, on which readings depend."""
    return [f"{path.name} {_digest(path, *_stamp(path))}" for path in sorted(LANGUAGE_FOLDER.glob("*.[nj][ps]*"))]


def dataset_digest(name: str) -> str:
    """A digest of a stored data set's images, transcriptions, writers and parts."""
    folder = dataset_folder(name)
    content = str(read_description(folder)["content"])
    # Whatever may change the table as it is opened: its file, and labels that were corrected in the workspace.
    files = [folder / TABLE, *sorted(home().glob("corrections*"))]
    return _table_digest(folder, content, tuple((str(path), *_stamp(path)) for path in files))


@lru_cache(maxsize=64)
def _table_digest(folder: Path, content: str, stamps: tuple[tuple[str, int, int], ...]) -> str:
    from pandas.util import hash_pandas_object

    table = open_dataset(folder.name).table[["word_id", "transcription", "writer", "split"]]
    return sha256(
        content.encode() + hash_pandas_object(table.astype("str"), index=False).to_numpy().tobytes()
    ).hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}). Check that it is there.") from error
    return stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=512)
def _digest(path: Path, size: int, modified: int) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def save(request: Request, evaluation: Evaluation, target: StoredEvaluation | None = None) -> StoredEvaluation:
    """Write an evaluation; whoever reads it never sees a part of it."""
    target = target or stored(request)
    write_request(target.folder, request)
    write_text(target.folder / READINGS, readings_csv(evaluation))
    write_text(target.folder / RESULT, json.dumps(evaluation.report(), indent=1, ensure_ascii=False))
    return target


def readings_csv(evaluation: Evaluation) -> str:
    """A row a word as CSV."""
    return str(evaluation.readings.to_csv(index=False, lineterminator="\n"))


def write_request(folder: Path, request: Request) -> None:
    values = {**asdict(request), "checkpoint": stored_path(request.checkpoint)}
    write_text(folder / REQUEST, json.dumps(values, indent=1, ensure_ascii=False))


def start(request: Request) -> StoredEvaluation:
    """Measure in a process of its own; its progress is `StoredEvaluation.status`. One measures at a time, others wait.

    Raises:
        JobError: the same evaluation is running.
    """
    target = stored(request)
    if jobs.is_busy(target.status):
        raise JobError(f"{request.name} is being measured on these words already. Wait for it, or stop it first.")
    write_request(target.folder, request)
    has_onnx = (Path(request.checkpoint) / "model.onnx").is_file()
    memory_mb = ONNX_MEMORY_MB if has_onnx else KERAS_MEMORY_MB
    jobs.launch("hwr_core.evaluation", target.folder, needs=jobs.Needs(memory_mb, DISK_MB))
    return target


def delete(target: StoredEvaluation) -> None:
    """Delete an evaluation's folder.

    Raises:
        JobError: it is running.
    """
    if jobs.is_busy(target.status):
        raise JobError("This evaluation is running. Stop it before deleting it.")
    shutil.rmtree(target.folder, ignore_errors=True)


def running() -> list[StoredEvaluation]:
    """Evaluations that run or wait for their turn, the oldest first."""
    found = [(evaluation.status, evaluation) for evaluation in list_evaluations()]
    alive = [pair for pair in found if pair[0].state == "running" and jobs.is_alive(pair[0])]
    return [evaluation for _, evaluation in sorted(alive, key=lambda pair: pair[0].started or time.time())]
