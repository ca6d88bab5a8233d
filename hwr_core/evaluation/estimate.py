"""How long an evaluation will take, estimated before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hwr_core.config import RunConfig, read_json
from hwr_core.datasets import dataset_folder
from hwr_core.datasets.canvas_cache import canvas_key
from hwr_core.datasets.dataset import read_description
from hwr_core.errors import HwrError
from hwr_core.evaluation.store import Request, list_evaluations

# Measured on two cores of a Xeon; earlier evaluations on this machine replace them.
ONNX_WORDS_PER_SECOND = 45.0
KERAS_WORDS_PER_SECOND = 30.0
SLOW_WORDS_PER_SECOND = {"dual": 4.0, "seq2seq": 20.0}  # seq2seq: a guess, none was measured yet
CANVASES_PER_SECOND = 300.0
ONNX_START_SECONDS, KERAS_START_SECONDS = 1.5, 10.0  # until the first word


@dataclass(frozen=True)
class Estimate:
    """What is known before the start; seconds are of wall time."""

    words: int
    seconds: float
    note: str


def estimate(request: Request) -> Estimate:
    """Estimate the time of an evaluation.

    Raises:
        HwrError: the checkpoint or a data set is not there, or has no words in that part.
    """
    folder = Path(request.checkpoint)
    config = RunConfig.from_dict(read_json(folder / "config.json"))
    words, canvases = 0, 0
    for name in request.datasets:
        description = read_description(dataset_folder(name))
        part = int(description["parts"].get(request.split, 0))
        words += min(part, request.most) if request.most else part
        if not (dataset_folder(name) / canvas_key(description["content"], config.canvas)).exists():
            canvases += int(description["words"])
    has_onnx = (folder / "model.onnx").is_file()
    speed, note = measured_speed(request), "as quick as this model was last time"
    if speed is None:
        typical = ONNX_WORDS_PER_SECOND if has_onnx else KERAS_WORDS_PER_SECOND
        speed = SLOW_WORDS_PER_SECOND.get(config.model.name, typical)
        note = "a guess: this model has not been measured here yet"
    start = ONNX_START_SECONDS if has_onnx else KERAS_START_SECONDS
    return Estimate(words, start + words / speed + canvases / CANVASES_PER_SECOND, note)


def measured_speed(request: Request) -> float | None:
    """Words a second of the newest evaluation of the same checkpoint folder, if there is one."""
    for evaluation in list_evaluations():
        try:
            if evaluation.is_done and evaluation.request.checkpoint == request.checkpoint:
                report = evaluation.report()
                return max(0.1, report["words"] / max(report["seconds"], 0.01))
        except HwrError:  # a damaged one is no reason to refuse an estimate
            continue
    return None
