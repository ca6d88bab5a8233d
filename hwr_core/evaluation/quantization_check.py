"""Whether a checkpoint is to be read in 8 bits: made, measured beside float32 on the same words, kept where it pays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwr_core.datasets import DataSet
from hwr_core.errors import CheckpointError, DataError
from hwr_core.evaluation.word_results import READING, Progress, choose_rows
from hwr_core.recognition import Recognizer
from hwr_core.recognition.onnx_export import DECODER_FILE, INT8_FILE, ONNX_FILE
from hwr_core.recognition.quantization import write_int8
from hwr_core.text import edit_distance

AUTO = "auto"
TOLERANCE = 0.003  # of CER that 8 bits may cost
MOST = 1500  # validation words
RANGES = 300  # training words that set the ranges
CHUNK = 64


@dataclass(frozen=True)
class QuantizationResult:
    """What 8 bits are worth: figures of float32 and of int8 on the same words, letter by letter, in one process.

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
    learned: Sequence[DataSet],
    measured: Sequence[DataSet],
    *,
    wish: bool | str = AUTO,
    most: int = MOST,
    tolerance: float = TOLERANCE,
    progress: Progress | None = None,
) -> QuantizationResult | None:
    """Write `model.int8.onnx`, and delete it again unless it is quicker and loses at most the tolerance.

    Calibrate the confidences afterwards: they are to be those of the network that is read.

    Args:
        folder: a checkpoint with a `model.onnx`.
        learned: data sets whose training words set the ranges.
        measured: those whose validation words are read.
        wish: False makes none, True keeps it whatever is measured, `"auto"` as above.
        most: so many words at most, of all sets together.
        tolerance: of CER, over all words.
        progress: called with a phase, a step and the number of steps.

    Returns:
        The figures; None where 8 bits are not wished for or the network has no single ONNX file.

    Raises:
        CheckpointError: the machine lacks the package onnx.
        DataError: there are no words to set the ranges or to measure with.
    """
    (folder / INT8_FILE).unlink(missing_ok=True)
    if wish is False or not (folder / ONNX_FILE).is_file() or (folder / DECODER_FILE).is_file():
        return None
    if not learned or not measured:
        raise DataError("8 bits need training words to set their ranges and validation words to be measured on.")
    plain = Recognizer.load(folder)
    canvas = plain.config.canvas
    ranges = [
        one.canvases(canvas, progress=progress)[row]
        for one in learned
        for row in choose_rows(one, "train", -(-RANGES // len(learned)))
    ]
    words = [
        (one.canvases(canvas, progress=progress)[row], one.table["transcription"].iloc[row])
        for one in measured
        for row in choose_rows(one, "validation", max(1, most // len(measured)))
    ]
    try:
        write_int8(folder, ranges)
    except ImportError as error:
        raise CheckpointError(f"8 bits need the package onnx: pip install onnx ({error}).") from error
    readers = (plain, Recognizer.load(folder))
    edits, seconds = np.zeros(2), np.zeros(2)
    for start in range(0, len(words), CHUNK):  # in turn, so that both meet the same noise
        canvases, truths = zip(*words[start : start + CHUNK], strict=True)
        for place, reader in enumerate(readers):
            begun = time.process_time()
            readings = reader.read_canvases(canvases, language="none")
            seconds[place] += time.process_time() - begun
            edits[place] += sum(edit_distance(t, found.text) for t, found in zip(truths, readings, strict=True))
        if progress:
            progress(READING, start + len(truths), len(words))
    cer = edits / max(1, sum(len(truth) for _, truth in words))
    pays = bool(seconds[1] < seconds[0] and cer[1] <= cer[0] + tolerance)
    kept = pays or wish is True
    if not kept:
        (folder / INT8_FILE).unlink()
    each = 1e3 * seconds / len(words)
    return QuantizationResult(
        kept, len(words), (float(each[0]), float(each[1])), (float(cer[0]), float(cer[1])), tolerance
    )
