"""CTC decoders: best path, and the most probable labellings that begin with a prefix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

NEVER = -math.inf
UNLIKELY = math.log(1e-4)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Natural log of the softmax over the last axis, float64."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def best_path(log_probs: np.ndarray) -> tuple[list[int], float]:
    """Best-path CTC decoding of one word (Graves 2012, section 7.5.1).

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.

    Returns:
        The label ids, repeats merged and blanks dropped, and the log probability of that single path: a lower
        bound on the word's own.

    Example:
        >>> best_path(np.log([[0.1, 0.9], [0.1, 0.9], [0.8, 0.2]]))[0]
        [1]
    """
    log_probs = np.asarray(log_probs)
    path = log_probs.argmax(axis=1)
    return collapse(path), float(log_probs[np.arange(len(path)), path].sum())


def collapse(path: Sequence[int] | np.ndarray) -> list[int]:
    """Merge repeats, then drop blanks.

    Example:
        >>> collapse([0, 1, 1, 0, 1, 2])
        [1, 1, 2]
    """
    return [int(b) for a, b in zip([0, *path[:-1]], path, strict=True) if b and a != b] if len(path) else []


def labelling_log_prob(log_probs: np.ndarray, labels: Sequence[int]) -> float:
    """Log probability of a labelling: all its paths summed (CTC's forward algorithm, Graves 2006, section 4.1).

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        labels: label ids, without blanks.

    Returns:
        The natural logarithm, -inf where T frames cannot spell the labels.

    Example:
        >>> round(math.exp(labelling_log_prob(np.log([[0.5, 0.5], [0.5, 0.5]]), [1])), 6)
        0.75
    """
    states = np.zeros(2 * len(labels) + 1, int)
    states[1::2] = labels
    may_skip = np.zeros(len(states), bool)  # over the blank between two different labels
    may_skip[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    alpha = np.full(len(states), NEVER)
    alpha[:2] = np.asarray(log_probs, np.float64)[0, states[:2]]
    for frame in log_probs[1:]:
        one = np.concatenate([[NEVER], alpha[:-1]])
        two = np.where(may_skip, np.concatenate([[NEVER, NEVER], alpha[:-2]])[: len(states)], NEVER)
        alpha = np.logaddexp(np.logaddexp(alpha, one), two) + frame[states]
    return float(np.logaddexp(alpha[-1], alpha[-2])) if len(states) > 1 else float(alpha[-1])


def prefix_beam(
    log_probs: np.ndarray,
    *,
    prefix: Sequence[int] = (),
    beam_width: int = 16,
    most: int = 5,
    unlikely: float = UNLIKELY,
) -> list[tuple[list[int], float]]:
    """The most probable labellings among all that begin with `prefix`.

    Prefix beam search (Graves 2012, section 7.5.2; Hannun et al. 2014), its hypotheses held to the prefix: the
    beginnings of the prefix itself are never pruned, so a prefix that the picture contradicts still gives its
    best completion, with the low probability that is its due.

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        prefix: label ids that every result begins with.
        beam_width: hypotheses kept after each frame, beginnings of the prefix not counted.
        most: how many results.
        unlikely: labels of a lower log probability are not tried in that frame; the prefix's own always are.

    Returns:
        `(labels, log probability)` pairs, best first, none twice; the probability is the labelling's own
        (`labelling_log_prob`). Empty where T frames cannot spell the prefix.
    """
    log_probs = np.asarray(log_probs, np.float64)
    forced = tuple(int(label) for label in prefix)
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, NEVER)}  # ending in a blank, in a label
    for frame in log_probs:
        beams = _step(beams, frame, forced, beam_width, unlikely)
    complete = [labels for labels in beams if len(labels) >= len(forced)]
    scored = [(list(labels), labelling_log_prob(log_probs, labels)) for labels in complete]
    scored = [item for item in scored if item[1] > NEVER]
    return sorted(scored, key=lambda item: -item[1])[:most]


def _step(
    beams: dict[tuple[int, ...], tuple[float, float]],
    frame: np.ndarray,
    forced: tuple[int, ...],
    beam_width: int,
    unlikely: float,
) -> dict[tuple[int, ...], tuple[float, float]]:
    """One frame of the search."""
    values = frame.tolist()
    likely = [label for label in np.flatnonzero(frame > unlikely).tolist() if label]
    grown: dict[tuple[int, ...], list[float]] = {}

    def add(labels: tuple[int, ...], slot: int, score: float) -> None:
        entry = grown.setdefault(labels, [NEVER, NEVER])
        entry[slot] = _log_add(entry[slot], score)

    for labels, (blank, label) in beams.items():
        both = _log_add(blank, label)
        add(labels, 0, both + values[0])
        if labels:
            add(labels, 1, label + values[labels[-1]])
        follow = likely if len(labels) >= len(forced) else [forced[len(labels)]]
        for c in follow:
            # After the same label, only a blank between makes it a second one.
            score = (blank if labels and labels[-1] == c else both) + values[c]
            if score > NEVER:
                add((*labels, c), 1, score)
    kept = {labels: (b, n) for labels, (b, n) in grown.items() if len(labels) <= len(forced)}
    free = [item for item in grown.items() if len(item[0]) > len(forced)]
    free.sort(key=lambda item: -_log_add(*item[1]))
    kept.update((labels, (b, n)) for labels, (b, n) in free[:beam_width])
    return kept


def _log_add(a: float, b: float) -> float:
    if a < b:
        a, b = b, a
    return a if b == NEVER else a + math.log1p(math.exp(b - a))
