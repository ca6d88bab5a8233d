"""Whether a checkpoint is to be read in 8 bits: quantize it, compare it with float32, leave it where it pays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwr_core.datasets import DataSet
from hwr_core.errors import CheckpointError, DataError
from hwr_core.evaluation.word_results import READING_PHASE, choose_rows
from hwr_core.jobs import OnProgress
from hwr_core.recognition import Recognizer
from hwr_core.recognition.onnx_export import DECODER_FILE, INT8_FILE, ONNX_FILE
from hwr_core.recognition.quantization import write_int8
from hwr_core.text import edit_distance

AUTO = "auto"
CER_TOLERANCE = 0.003  # that 8 bits may cost
MAX_VALIDATION_WORDS = 1500
NUM_RANGE_WORDS = 300  # training words that set the quantization ranges
BATCH_WORDS = 64


@dataclass(frozen=True)
class QuantizationResult:
    """Metrics of float32 and of int8 on the same words, letter by letter, in one process.

    Attributes:
        kept: whether `model.int8.onnx` stays.
        words: how many were read.
        milliseconds: processor time a word, all cores together.
        cer: character error rates.
        tolerance: of CER that was allowed.
    """

    kept: bool
    words: int
    milliseconds: tuple[float, float]
    cer: tuple[float, float]
    tolerance: float

    def __str__(self) -> str:
        return (
            f"{'kept' if self.kept else 'not kept'}: {self.milliseconds[1]:.1f} instead of "
            f"{self.milliseconds[0]:.1f} ms of processor a word, CER {100 * self.cer[1]:.2f} instead of "
            f"{100 * self.cer[0]:.2f} % letter by letter ({self.words:,} validation words; "
            f"{100 * self.tolerance:.1f} points may be lost)"
        )


def check_int8(
    folder: Path,
    training_sets: Sequence[DataSet],
    validation_sets: Sequence[DataSet],
    *,
    mode: bool | str = AUTO,
    max_words: int = MAX_VALIDATION_WORDS,
    tolerance: float = CER_TOLERANCE,
    progress: OnProgress | None = None,
) -> QuantizationResult | None:
    """Write `model.int8.onnx`, and delete it again unless it is quicker and loses at most the tolerance.

    Calibrate the confidences afterwards: they are to be those of the network that is read with.

    Args:
        folder: a checkpoint with a `model.onnx`.
        training_sets: data sets whose training words set the ranges.
        validation_sets: those whose validation words are read.
        mode: False makes none, True keeps it whatever is measured, `"auto"` as above.
        max_words: of all validation sets together.
        tolerance: of CER, over all words.
        progress: called with a phase, a step and the number of steps.

    Returns:
        The metrics; None where 8 bits are not requested or the network has no single ONNX file.

    Raises:
        CheckpointError: the machine lacks the package onnx.
        DataError: there are no words to set the ranges or to measure with.
    """
    (folder / INT8_FILE).unlink(missing_ok=True)
    if mode is False or not (folder / ONNX_FILE).is_file() or (folder / DECODER_FILE).is_file():
        return None
    if not training_sets or not validation_sets:
        raise DataError("8 bits need training words to set their ranges and validation words to be measured on.")
    float32 = Recognizer.load(folder)
    canvas = float32.config.canvas
    range_canvases = [
        dataset.canvases(canvas, progress=progress)[row]
        for dataset in training_sets
        for row in choose_rows(dataset, "train", -(-NUM_RANGE_WORDS // len(training_sets)))
    ]
    words = [
        (dataset.canvases(canvas, progress=progress)[row], dataset.table["transcription"].iloc[row])
        for dataset in validation_sets
        for row in choose_rows(dataset, "validation", max(1, max_words // len(validation_sets)))
    ]
    try:
        write_int8(folder, range_canvases)
    except ImportError as error:
        raise CheckpointError(f"8 bits need the package onnx: pip install onnx ({error}).") from error
    recognizers = (float32, Recognizer.load(folder))
    edits, seconds = np.zeros(2), np.zeros(2)
    for start in range(0, len(words), BATCH_WORDS):  # in turn, so that both meet the same noise
        canvases, texts = zip(*words[start : start + BATCH_WORDS], strict=True)
        for place, recognizer in enumerate(recognizers):
            begun = time.process_time()
            readings = recognizer.read_canvases(canvases, language="none")
            seconds[place] += time.process_time() - begun
            edits[place] += sum(edit_distance(text, read.text) for text, read in zip(texts, readings, strict=True))
        if progress:
            progress(READING_PHASE, start + len(texts), len(words))
    cer = edits / max(1, sum(len(text) for _, text in words))
    is_better = bool(seconds[1] < seconds[0] and cer[1] <= cer[0] + tolerance)
    result = QuantizationResult(
        kept=is_better or mode is True,
        words=len(words),
        milliseconds=(1e3 * float(seconds[0]) / len(words), 1e3 * float(seconds[1]) / len(words)),
        cer=(float(cer[0]), float(cer[1])),
        tolerance=tolerance,
    )
    if not result.kept:
        (folder / INT8_FILE).unlink()
    return result
