"""`Alignment`: the columns of the image that each letter was read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwr_core.decoding.alignment import best_alignment, letter_columns
from hwr_core.imaging.canvas import MARGIN, Placement
from hwr_core.text import Charset

CHARACTERS_PER_FRAME = 4  # listed, most probable first


@dataclass(frozen=True)
class Letter:
    """One character of a reading.

    Attributes:
        text: the character.
        confidence: its highest probability in any of its frames, in [0, 1].
        canvas: `(left, right)` columns of the canvas, pixels.
        image: the same in the original image; None where a prepared canvas was read.
    """

    text: str
    confidence: float
    canvas: tuple[float, float]
    image: tuple[float, float] | None


@dataclass(frozen=True)
class Alignment:
    """Letters of a reading with their columns, and the most probable characters of each frame.

    Attributes:
        letters: one a character; empty where T frames cannot spell the reading.
        frames: of each frame the most probable characters with their probabilities, best first; `""` is the blank.
        frame_width: canvas pixels of a frame; frame t begins at `t * frame_width`.
        attention: of `seq2seq`, the decoder's attention on each frame for each letter, shares in [0, 1].
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
        ink: first column with ink and the one after the last, pixels.
        placement: of the canvas in the image, if known.
    """
    labels = charset.encode(text)
    frame_width = width / len(log_probs)
    spans = best_alignment(log_probs, labels)
    # A recurrent network may fire before or after a letter, even on paper; the letter itself lies on ink.
    inked = [(_within(a * frame_width, ink), _within(b * frame_width, ink)) for a, b in spans]
    columns = letter_columns(inked, *ink)
    letters = []
    for character, label, (first, end), (start, stop) in zip(text, labels, spans, columns, strict=False):
        left, right = float(max(start, 0)), float(min(stop, width))
        image = (placement.column(left), placement.column(right)) if placement else None
        confidence = float(np.exp(log_probs[first:end, label].max()))
        letters.append(Letter(character, confidence, (left, right), image))
    return Alignment(letters, _most_probable(log_probs, charset), frame_width)


def _within(column: float, ink: tuple[int, int]) -> float:
    return min(max(column, ink[0]), ink[1])


def _most_probable(log_probs: np.ndarray, charset: Charset) -> list[list[tuple[str, float]]]:
    best = np.argsort(-log_probs, axis=1, kind="stable")[:, :CHARACTERS_PER_FRAME]
    characters = ("", *charset.characters)
    return [
        [(characters[label], float(np.exp(frame[label]))) for label in labels.tolist()]
        for frame, labels in zip(log_probs, best, strict=True)
    ]


def ink_columns(canvas: np.ndarray) -> tuple[int, int]:
    """First column with ink and the one after the last; the margins where there is none."""
    columns = np.flatnonzero(canvas.max(axis=0) > 0)
    return (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (MARGIN, MARGIN)
