"""Beam search of an attention decoder over the characters of many words at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hwr_core.decoding.ctc import LOG_ZERO
from hwr_core.models.seq2seq import BOS_ID, EOS_ID

NextCharacterLogProbs = Callable[[np.ndarray, np.ndarray], np.ndarray]

MAX_TEXT_LENGTH = 40  # characters, where the pattern does not end the text


def batch_beam_search(
    next_log_probs: NextCharacterLogProbs,
    patterns: Sequence[Sequence[int | None]],
    *,
    closed: bool = False,
    beam_width: int = 5,
    max_length: int = MAX_TEXT_LENGTH,
) -> list[list[tuple[list[int], float]]]:
    """The most probable texts of each word among those that fit its pattern.

    All words advance together by one character a step, so one network call serves all hypotheses. A finished
    hypothesis stays in the beam: scores never rise, so whatever displaces it is better.

    Args:
        next_log_probs: from `(N, L)` ids, `BOS_ID` first, and `(N,)` the word of each to `(N, C)` log probabilities of
            the next id; `EOS_ID` ends the text.
        patterns: of each word an id, or None for any single character, at each position.
        closed: True for masks: texts end with their pattern; False for prefixes.
        beam_width: hypotheses of each word that survive a step.
        max_length: characters of a text at most; at least four behind the longest prefix are allowed.

    Returns:
        For each word up to `beam_width` `(label ids, log probability)` pairs, best first; the probability of `EOS_ID`
        is included.
    """
    count = len(patterns)
    if not count:
        return []
    lengths = np.array([len(pattern) for pattern in patterns])
    steps = int(lengths.max()) if closed else max(max_length, int(lengths.max()) + 4)
    tokens = np.full((count, 1, 1), BOS_ID, np.int32)
    scores = np.zeros((count, 1))
    ended = np.zeros((count, 1), bool)
    for position in range(steps + 1):
        rows, beams = np.nonzero(~ended & (scores > LOG_ZERO))
        if not len(rows):
            break
        log_probs = next_log_probs(tokens[rows, beams], rows)
        classes = log_probs.shape[1]
        extended = np.full((*scores.shape, classes), LOG_ZERO)
        extended[..., EOS_ID] = np.where(ended, scores, LOG_ZERO)
        allowed = [_allowed(pattern, position, closed, position == steps, classes) for pattern in patterns]
        extended[rows, beams] = scores[rows, beams][:, None] + log_probs + np.stack(allowed)[rows]
        tokens, scores, ended = _prune(extended, tokens, ended, beam_width)
    return [
        [
            (ids[ids != EOS_ID].tolist(), float(score))
            for ids, score in zip(beam, final, strict=True)
            if score > LOG_ZERO
        ]
        for beam, final in zip(tokens, np.where(ended, scores, LOG_ZERO), strict=True)
    ]


def _allowed(pattern: Sequence[int | None], position: int, closed: bool, last: bool, classes: int) -> np.ndarray:
    """`(C,)`: 0 for the ids allowed at this position, -inf for all others."""
    mask = np.zeros(classes)
    if position < len(pattern):
        mask[EOS_ID] = LOG_ZERO
        required = pattern[position]
        if required is not None:
            mask[:] = LOG_ZERO
            mask[required] = 0.0
    elif closed or last:
        mask[EOS_ID + 1 :] = LOG_ZERO
    return mask


def _prune(
    extended: np.ndarray, tokens: np.ndarray, ended: np.ndarray, beam_width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The `beam_width` best extensions of each word, best first: tokens, scores, and which have ended."""
    count, _, classes = extended.shape
    flat = extended.reshape(count, -1)
    width = min(beam_width, flat.shape[1])
    unsorted = np.argpartition(-flat, width - 1, axis=1)[:, :width]
    order = np.argsort(-np.take_along_axis(flat, unsorted, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(unsorted, order, axis=1)
    beams, next_ids = best // classes, best % classes
    words = np.arange(count)[:, None]
    tokens = np.concatenate([tokens[words, beams], next_ids[..., None].astype(np.int32)], axis=2)
    return tokens, np.take_along_axis(flat, best, axis=1), ended[words, beams] | (next_ids == EOS_ID)
