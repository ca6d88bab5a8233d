"""`Alignment`: from which columns of the picture each letter was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.decoding.alignment import best_alignment, letter_columns
from hwr_core.imaging.canvas import MARGIN, Placement
from hwr_core.text import Charset

TOP = 4  # characters listed for each frame


@dataclass(frozen=True)
class Letter:
    """One character of a reading.

    Attributes:
        text: the character.
        confidence: the highest probability that a frame of it gives it, in [0, 1].
        canvas: `(left, right)` columns of the canvas, pixels.
        picture: the same in the picture as it came; None where a prepared canvas was read.
    """

    text: str
    confidence: float
    canvas: tuple[float, float]
    picture: tuple[float, float] | None


@dataclass(frozen=True)
class Alignment:
    """Letters of a reading with their columns, and what each frame says.

    Attributes:
        letters: one a character; empty where the frames cannot spell the reading.
        frames: for each frame its most probable characters with their probabilities, best first; `""` is the blank.
        frame_width: canvas pixels that a frame stands for; frame t begins at `t * frame_width`.
        attention: of `seq2seq`, for each letter the share of the decoder's attention on each frame, in [0, 1].
    """

    letters: list[Letter]
    frames: list[list[tuple[str, float]]]
    frame_width: float
    attention: list[list[float]] | None = None


def align(
    text: str,
    log_probs: np.ndarray,
    charset: Charset,
    *,
    width: int,
    ink: tuple[int, int],
    placement: Placement | None,
) -> Alignment:
    """Align a reading with its frames.

    Args:
        text: the reading, in characters of the charset.
        log_probs: `(T, C)` natural logarithms.
        charset: whose ids the columns of `log_probs` are.
        width: of the canvas that the T frames cover, pixels.
        ink: first column with ink and the one behind the last, pixels.
        placement: where the canvas lies in the picture, if known.
    """
    labels = charset.encode(text)
    frame_width = width / len(log_probs)
    spans = best_alignment(log_probs, labels)
    # A recurrent network may fire before a letter or behind it, even on paper: what it read is ink all the same.
    inked = [(_within(a * frame_width, ink), _within(b * frame_width, ink)) for a, b in spans]
    columns = letter_columns(inked, *ink)
    letters = []
    for character, label, (first, end), (begin, close) in zip(text, labels, spans, columns, strict=False):
        left, right = float(max(begin, 0)), float(min(close, width))
        picture = (placement.column(left), placement.column(right)) if placement else None
        sure = float(np.exp(log_probs[first:end, label].max()))
        letters.append(Letter(character, sure, (left, right), picture))
    return Alignment(letters, _tops(log_probs, charset), frame_width)


def _within(column: float, ink: tuple[int, int]) -> float:
    return min(max(column, ink[0]), ink[1])


def _tops(log_probs: np.ndarray, charset: Charset) -> list[list[tuple[str, float]]]:
    best = np.argsort(-log_probs, axis=1, kind="stable")[:, :TOP]
    names: Sequence[str] = ("", *charset.characters)
    return [
        [(names[label], float(np.exp(frame[label]))) for label in some.tolist()]
        for frame, some in zip(log_probs, best, strict=True)
    ]


def ink_columns(canvas: np.ndarray) -> tuple[int, int]:
    """First column with ink and the one behind the last; the margins where there is none."""
    columns = np.flatnonzero(canvas.max(axis=0) > 0)
    return (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (MARGIN, MARGIN)
