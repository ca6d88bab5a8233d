"""Beam search for recognizers that predict one token after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Predict = Callable[[list[list[int]]], np.ndarray]


def beam_of_next_tokens(
    predict: Predict,
    *,
    end: int,
    forced: Sequence[int] = (),
    allowed_first: Sequence[int] | None = None,
    never: Sequence[int] = (),
    beam_width: int = 8,
    most: int = 5,
    longest: int = 40,
) -> list[tuple[list[int], float]]:
    """The most probable token sequences that begin with `forced`, by free-running beam search.

    Args:
        predict: from hypotheses (lists of token ids, equally long) to `(N, C)` log probabilities of the next token.
        end: the id that ends a sequence.
        forced: tokens that every result begins with; their probabilities count, so that a beginning which the
            picture contradicts ends with a low score.
        allowed_first: the only tokens allowed right behind `forced`; any where left out.
        never: tokens that are not written.
        beam_width: hypotheses kept.
        most: how many results.
        longest: sequences are ended there.

    Returns:
        `(tokens, log probability)` pairs without the end, best first.
    """
    start = [int(token) for token in forced]
    score = sum(float(predict([start[:i]])[0, token]) for i, token in enumerate(start))
    open_beams: list[tuple[list[int], float]] = [(start, score)]
    finished: list[tuple[list[int], float]] = []
    while open_beams and len(open_beams[0][0]) < longest:
        log_probs = np.array(predict([tokens for tokens, _ in open_beams]), np.float64)
        log_probs[:, list(never)] = -np.inf
        if allowed_first is not None and len(open_beams[0][0]) == len(start):
            barred = np.ones(log_probs.shape[1], bool)
            barred[list(allowed_first)] = False
            log_probs[:, barred] = -np.inf
        totals = log_probs + np.array([total for _, total in open_beams])[:, None]
        best = np.argsort(-totals, axis=None, kind="stable")[: beam_width + 1]
        grown: list[tuple[list[int], float]] = []
        for row, token in zip(*np.unravel_index(best, totals.shape), strict=True):
            total = float(totals[row, token])
            if not np.isfinite(total):
                continue
            if token == end:
                finished.append((open_beams[row][0], total))
            else:
                grown.append(([*open_beams[row][0], int(token)], total))
        finished = sorted(finished, key=lambda item: -item[1])[:most]
        enough = finished[-1][1] if len(finished) == most else -np.inf
        open_beams = [item for item in grown[:beam_width] if item[1] > enough]  # scores only ever fall
    return sorted(finished + open_beams, key=lambda item: -item[1])[:most]
