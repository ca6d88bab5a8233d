"""After a kill: what was acknowledged and is missing or damaged, and what the pages' lists raise."""

from __future__ import annotations

import io
import json
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from actions import CORRECTED, LABEL_END


def acknowledged(log: Path) -> list[dict[str, Any]]:
    """The lines of a journal."""
    return [json.loads(line) for line in log.read_bytes().splitlines()] if log.exists() else []


def missing(home: Path, log: Path) -> list[str]:
    """A sentence for everything that is lost, damaged or raised; empty where all is whole."""
    found: list[str] = []
    for check in (lists, words, labels, things):
        try:
            found += check(home, acknowledged(log))
        except Exception:
            found.append(f"{check.__name__}: {traceback.format_exc(limit=-4)}")
    return found


def lists(home: Path, done: list[dict[str, Any]]) -> Iterator[str]:
    """What the pages draw their lists from: raises nothing, and finds no run, data set or evaluation damaged."""
    from hwr_core.corrections import AcceptedWords
    from hwr_core.datasets import list_datasets, open_dataset
    from hwr_core.evaluation import list_evaluations
    from hwr_core.recognition.checkpoint import list_checkpoints
    from hwr_core.training import list_runs, running_run

    for info in list_datasets():
        if info.is_ready:
            open_dataset(info.name)
        elif (info.folder / "dataset.json").exists():
            yield f"data set {info.name}: {info.problem}"
    for run in list_runs():
        _ = run.config, run.status, run.history, run.samples, run.best, run.notes, run.log()
        if run.damage:
            yield f"run {run.name}: {run.damage}"
    for evaluation in list_evaluations():
        _ = evaluation.status, evaluation.request
        if evaluation.is_done:
            evaluation.evaluation()
    list_checkpoints()
    running_run()
    AcceptedWords().writers()


def words(home: Path, done: list[dict[str, Any]]) -> Iterator[str]:
    """Accepted words, with their images."""
    from hwr_core.corrections import AcceptedWords
    from hwr_core.corrections.accepted_words import image_key
    from hwr_core.imaging import read_image

    accepted = AcceptedWords()
    history = {word.id: word for word in accepted.history()}
    undone = {line["id"] for line in done if line["kind"] == "undone"}
    for line in done:
        if line["kind"] != "word":
            continue
        word = history.get(line["id"])
        if word is None or word.text != line["text"]:
            yield f"word {line['id']} is lost"
        elif line["id"] in undone and not word.undone:
            yield f"word {line['id']} was undone, and stands again"
        elif image_key(read_image(accepted.png(line["picture"]))) != line["picture"]:
            yield f"the image of word {line['id']} is damaged"


def labels(home: Path, done: list[dict[str, Any]]) -> Iterator[str]:
    """Corrections of labels: the last acknowledged one of a word, or a later one, is stored; both words or neither."""
    from hwr_core.corrections import database

    with database.transaction(database.database_path(), write=False) as connection:
        rows = connection.execute("SELECT word_id, after, undone FROM label_fixes WHERE dataset = ?", (CORRECTED,))
        stored = {(row["word_id"], row["after"]): row["undone"] for row in rows}
    for line in done:
        if line["kind"] == "labels" and not all((word, text) in stored for word, text in line["labels"].items()):
            yield f"label corrections are lost: {line['labels']}"
        if line["kind"] == "label undone" and not stored.get((line["id"], line["text"])):
            yield f"the correction of {line['id']} was undone, and stands again"
    texts = [after for _, after in stored if after.endswith(LABEL_END)]
    if any(texts.count(text) % 2 for text in texts):
        yield "half of a transaction of two corrections is stored"


def things(home: Path, done: list[dict[str, Any]]) -> Iterator[str]:
    """Data sets, evaluations, exports, runs with their finished epochs, trained and adapted models."""
    for line in done:
        check = CHECKS.get(line["kind"])
        problem = check(home, line) if check else None
        if problem:
            yield f"{line}: {problem}"


def _dataset(home: Path, line: dict[str, Any]) -> str | None:
    from hwr_core.config import CanvasConfig
    from hwr_core.datasets import open_dataset

    dataset = open_dataset(line["name"])
    canvases = dataset.canvases(CanvasConfig(height=32, width=64))
    is_whole = len(dataset) == len(canvases) == line["words"] and all(canvas.any() for canvas in canvases)
    return None if is_whole and len(dataset.report) == 1 else "is not whole"


def _evaluation(home: Path, line: dict[str, Any]) -> str | None:
    from hwr_core.evaluation import StoredEvaluation

    evaluation = StoredEvaluation(home / "evaluations" / line["folder"])
    return None if evaluation.is_done and evaluation.evaluation().words else "is not whole"


def _export(home: Path, line: dict[str, Any]) -> str | None:
    with zipfile.ZipFile(line["path"]) as archive:
        is_whole = archive.testzip() is None and len(archive.namelist()) == line["words"] + 1
    return None if is_whole else "is not whole"


def _pack(home: Path, line: dict[str, Any]) -> str | None:
    import numpy as np

    for path in line["paths"]:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as arrays:
            _ = [arrays[name] for name in arrays.files]
    return None


def _run(home: Path, line: dict[str, Any]) -> str | None:
    from hwr_core.training import open_run

    return open_run(line["name"]).damage or None


def _epoch(home: Path, line: dict[str, Any]) -> str | None:
    from hwr_core.training import open_run

    history = open_run(line["name"]).history
    if line["epoch"] not in history["epoch"].tolist():
        return "the epoch is not in history.csv"
    return _checkpoint(home, line)


def _checkpoint(home: Path, line: dict[str, Any]) -> str | None:
    """The checkpoint opens; its network, too, where ONNX Runtime reads it (Keras would take seconds)."""
    from hwr_core.recognition import Recognizer
    from hwr_core.recognition.checkpoint import read_about
    from hwr_core.recognition.onnx_export import onnx_file
    from hwr_core.training import open_run

    checkpoint = open_run(line["name"]).checkpoint
    if checkpoint is None:
        return "there is no checkpoint"
    read_about(checkpoint)
    with zipfile.ZipFile(checkpoint / "model.keras") as archive:
        if archive.testzip() is not None:
            return "model.keras is damaged"
    if onnx_file(checkpoint):
        Recognizer.load(checkpoint)
    return None


CHECKS: dict[str, Callable[[Path, dict[str, Any]], str | None]] = {
    "data set": _dataset,
    "evaluation": _evaluation,
    "export": _export,
    "pack": _pack,
    "run": _run,
    "epoch": _epoch,
    "trained": _checkpoint,
}
