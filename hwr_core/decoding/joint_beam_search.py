"""Beam search over the characters of many words at once, for decoders that tell what follows a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hwr_core.decoding.ctc import NEVER

Following = Callable[[np.ndarray, np.ndarray], np.ndarray]
END = 0
PLACES = 40  # a text may go on so far where its pattern does not end it


def beam_of_words(
    following: Following,
    patterns: Sequence[Sequence[int | None]],
    *,
    closed: bool = False,
    beam_width: int = 5,
    longest: int = PLACES,
) -> list[list[tuple[list[int], float]]]:
    """The most probable texts of each word among those that fit its pattern.

    All words go forward together, one character a step, so that a step asks the network once for all hypotheses.
    A hypothesis that has ended keeps its place in the beam: scores only ever fall, so what pushes it out is better.

    Args:
        following: from `(N, L)` ids, 0 first, and `(N,)` the word that each is of to `(N, C)` log probabilities of
            what follows; 0 ends the text.
        patterns: what each word's text begins with: an id, or None where any single character fits.
        closed: whether texts end where their pattern does: then a pattern is a mask, else a prefix.
        beam_width: hypotheses kept of each word.
        longest: texts are ended there, or four characters behind their pattern where that is later.

    Returns:
        For each word up to `beam_width` `(label ids, log probability)` pairs, best first; the end's probability is
        in it.
    """
    count = len(patterns)
    if not count:
        return []
    lengths = np.array([len(pattern) for pattern in patterns])
    most = int(lengths.max()) if closed else max(longest, int(lengths.max()) + 4)
    tokens = np.zeros((count, 1, 1), np.int32)
    scores = np.zeros((count, 1))
    ended = np.zeros((count, 1), bool)
    for place in range(most + 1):
        rows, beams = np.nonzero(~ended & (scores > NEVER))
        if not len(rows):
            break
        told = following(tokens[rows, beams], rows)
        grown = np.full((*scores.shape, told.shape[1]), NEVER)
        grown[..., END] = np.where(ended, scores, NEVER)
        allowed = [_allowed(pattern, place, closed, place == most, told.shape[1]) for pattern in patterns]
        grown[rows, beams] = scores[rows, beams][:, None] + told + np.stack(allowed)[rows]
        tokens, scores, ended = _best(grown, tokens, ended, beam_width)
    return [
        [(ids[ids != END].tolist(), float(score)) for ids, score in zip(some, own, strict=True) if score > NEVER]
        for some, own in zip(tokens, np.where(ended, scores, NEVER), strict=True)
    ]


def _allowed(pattern: Sequence[int | None], place: int, closed: bool, last: bool, classes: int) -> np.ndarray:
    """`(C,)`: 0 for what may stand at this place, -inf for what may not."""
    bars = np.zeros(classes)
    if place < len(pattern):
        bars[END] = NEVER
        wanted = pattern[place]
        if wanted is not None:
            bars[:] = NEVER
            bars[wanted] = 0.0
    elif closed or last:
        bars[END + 1 :] = NEVER
    return bars


def _best(
    grown: np.ndarray, tokens: np.ndarray, ended: np.ndarray, beam_width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The `beam_width` best continuations of each word, best first: tokens, scores, and which have ended."""
    count, _, classes = grown.shape
    flat = grown.reshape(count, -1)
    kept = min(beam_width, flat.shape[1])
    some = np.argpartition(-flat, kept - 1, axis=1)[:, :kept]
    order = np.argsort(-np.take_along_axis(flat, some, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(some, order, axis=1)
    beams, following = best // classes, best % classes
    words = np.arange(count)[:, None]
    tokens = np.concatenate([tokens[words, beams], following[..., None].astype(np.int32)], axis=2)
    return tokens, np.take_along_axis(flat, best, axis=1), ended[words, beams] | (following == END)
