"""Beam search for autoregressive recognizers: one token after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

NextTokenLogProbs = Callable[[list[list[int]]], np.ndarray]


def token_beam_search(
    next_log_probs: NextTokenLogProbs,
    *,
    eos_id: int,
    prefix: Sequence[int] = (),
    allowed_next: Sequence[int] | None = None,
    excluded: Sequence[int] = (),
    beam_width: int = 8,
    max_results: int = 5,
    max_length: int = 40,
) -> list[tuple[list[int], float]]:
    """The most probable token sequences that begin with `prefix`, by free-running beam search.

    Args:
        next_log_probs: from hypotheses (lists of token ids of equal length) to `(N, C)` log probabilities of the next
            token.
        eos_id: the token that ends a sequence.
        prefix: tokens that every result begins with; their probabilities count, so that a prefix that contradicts
            the image gives a low score.
        allowed_next: the only tokens allowed directly after `prefix`; None for any.
        excluded: tokens that are never output.
        beam_width: hypotheses that survive a step.
        max_results: results at most.
        max_length: tokens of a sequence at most.

    Returns:
        `(tokens, log probability)` pairs without `eos_id`, best first.
    """
    start = [int(token) for token in prefix]
    score = sum(float(next_log_probs([start[:i]])[0, token]) for i, token in enumerate(start))
    active: list[tuple[list[int], float]] = [(start, score)]
    finished: list[tuple[list[int], float]] = []
    while active and len(active[0][0]) < max_length:
        log_probs = np.array(next_log_probs([tokens for tokens, _ in active]), np.float64)
        log_probs[:, list(excluded)] = -np.inf
        if allowed_next is not None and len(active[0][0]) == len(start):
            disallowed = np.ones(log_probs.shape[1], bool)
            disallowed[list(allowed_next)] = False
            log_probs[:, disallowed] = -np.inf
        totals = log_probs + np.array([total for _, total in active])[:, None]
        best = np.argsort(-totals, axis=None, kind="stable")[: beam_width + 1]
        extended: list[tuple[list[int], float]] = []
        for row, token in zip(*np.unravel_index(best, totals.shape), strict=True):
            total = float(totals[row, token])
            if not np.isfinite(total):
                continue
            if token == eos_id:
                finished.append((active[row][0], total))
            else:
                extended.append(([*active[row][0], int(token)], total))
        finished = sorted(finished, key=lambda item: -item[1])[:max_results]
        threshold = finished[-1][1] if len(finished) == max_results else -np.inf
        active = [item for item in extended[:beam_width] if item[1] > threshold]  # scores never rise
    return sorted(finished + active, key=lambda item: -item[1])[:max_results]
