"""Prefix beam search for CTC: the most probable labellings among all that begin with a prefix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding.ctc import LOG_ZERO, ctc_states, labelling_log_probs

MIN_LABEL_LOG_PROB = math.log(1e-3)
MIN_SCORE_RATIO = 1e-6  # hypotheses below this share of the best one's score are dropped


class _Node:
    """A hypothesis: a node in the tree of label sequences, with its probability in this frame and the next."""

    __slots__ = ("blank", "children", "label", "next_blank", "next_written", "parent", "written")

    def __init__(self, label: int, parent: _Node | None) -> None:
        self.label, self.parent = label, parent
        self.children: dict[int, _Node] = {}
        self.blank = self.written = 0.0  # probability of ending in a blank; in the label itself
        self.next_blank = self.next_written = -1.0  # below zero: not visited in this frame

    def labels(self) -> list[int]:
        labels, node = [], self
        while node.parent is not None:
            labels.append(node.label)
            node = node.parent
        return labels[::-1]


def prefix_beam_search(
    log_probs: np.ndarray,
    *,
    prefix: Sequence[int] = (),
    beam_width: int = 16,
    max_results: int = 5,
    min_log_prob: float = MIN_LABEL_LOG_PROB,
) -> list[tuple[list[int], float]]:
    """The most probable labellings among all that begin with `prefix`.

    Prefix beam search (Graves 2012, section 7.5.2; Hannun et al. 2014). The probability that the prefix itself has
    been written by each frame is computed exactly, apart from the search, so a prefix that contradicts the image
    still gives its best completion, with its own low probability.

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        prefix: label ids that every result begins with.
        beam_width: hypotheses that survive a frame.
        max_results: results at most.
        min_log_prob: labels of a lower log probability are not tried in that frame, except the prefix's own. With
            -inf every label is tried and no hypothesis is dropped for its score ratio.

    Returns:
        `(labels, log probability)` pairs, best first, distinct; the probability is the labelling's own
        (`labelling_log_prob`). Empty where T frames cannot spell the prefix.
    """
    log_probs = np.asarray(log_probs, np.float64)
    beam = beam_labellings(
        log_probs, list(map(int, prefix)), beam_width=beam_width, max_results=max_results + 4, min_log_prob=min_log_prob
    )
    labellings = [labels for labels, _ in beam]
    scores = labelling_log_probs(log_probs[None], labellings, [0] * len(labellings))
    order = sorted(range(len(labellings)), key=lambda index: -scores[index])
    return [(labellings[index], float(scores[index])) for index in order if scores[index] > LOG_ZERO][:max_results]


def beam_labellings(
    log_probs: np.ndarray,
    prefix: list[int],
    *,
    beam_width: int = 16,
    max_results: int = 9,
    min_log_prob: float = MIN_LABEL_LOG_PROB,
) -> list[tuple[list[int], float]]:
    """As `prefix_beam_search`, each labelling with the log probability of its paths within the beam: a lower bound."""
    nodes, scale = _search(np.asarray(log_probs, np.float64), prefix, beam_width, min_log_prob)
    nodes.sort(key=lambda node: -(node.blank + node.written))
    results = [(prefix + node.labels(), node.blank + node.written) for node in nodes[:max_results]]
    return [(labels, math.log(share) + scale) for labels, share in results if share > 0]


def _search(
    log_probs: np.ndarray, prefix: list[int], beam_width: int, min_log_prob: float
) -> tuple[list[_Node], float]:
    """The hypotheses after the last frame, as completions of the prefix; the logarithm of their scale."""
    root = _Node(prefix[-1] if prefix else 0, None)
    entry = prefix_forward(log_probs, prefix)
    rows = np.exp(log_probs).tolist()
    likely = _likely_labels(log_probs, min_log_prob)
    min_ratio = MIN_SCORE_RATIO if min_log_prob > LOG_ZERO else 0.0
    scale = float(entry[0].max())  # logarithm of the probability that 1.0 stands for in a hypothesis
    root.blank, root.written = _scaled(entry[0], scale)
    active = [root] if scale > LOG_ZERO else []
    for t, (frame, labels) in enumerate(zip(rows, likely, strict=True), start=1):
        if active:
            active = _step(active, frame, labels, min_ratio, beam_width)
        scale, active = _set_root(root, active, entry[t], scale)
        scores = [node.blank + node.written for node in active]
        best = max(scores, default=0.0)
        if best <= 0:
            continue
        threshold = min_ratio * best
        if len(active) > beam_width:
            threshold = max(threshold, sorted(scores, reverse=True)[beam_width - 1])
        active = [node for node, score in zip(active, scores, strict=True) if score >= threshold or node is root]
        peak = max(node.blank + node.written for node in active)
        if peak < 1e-30 or peak > 1e30:
            for node in active:
                node.blank /= peak
                node.written /= peak
            scale += math.log(peak)
    return active, scale


def _likely_labels(log_probs: np.ndarray, min_log_prob: float) -> list[list[int]]:
    """The labels that are tried in each frame."""
    labels: list[list[int]] = [[] for _ in log_probs]
    for t, label in np.argwhere(log_probs[:, 1:] > min_log_prob).tolist():
        labels[t].append(label + 1)
    return labels


def _step(active: list[_Node], frame: list[float], likely: list[int], min_ratio: float, beam_width: int) -> list[_Node]:
    """One frame of the search; `_set_root` replaces the root's own probability afterwards."""
    blank = frame[0]
    if not likely and min_ratio:  # almost certainly blank
        for node in active:
            node.blank = (node.blank + node.written) * blank
            node.written *= frame[node.label]
        return active
    totals = [node.blank + node.written for node in active]
    floor = 0.1 * min_ratio * max(totals)
    for node, total in zip(active, totals, strict=True):
        node.next_blank = total * blank
        node.next_written = node.written * frame[node.label]
    min_new = _min_new_score(active, min_ratio, beam_width) if min_ratio else floor
    parents = sorted(zip(totals, range(len(active)), active, strict=True), reverse=True)
    visited = active[:]
    for label in likely:
        share = frame[label]
        for total, _, node in parents:
            if total * share <= floor:
                break
            # After the same label, only a blank between makes it a second one.
            score = (node.blank if label == node.label else total) * share
            if score <= floor:
                continue
            child = node.children.get(label)
            if child is not None and child.next_blank >= 0:
                child.next_written += score
            elif score >= min_new:
                if child is None:
                    child = node.children[label] = _Node(label, node)
                child.next_blank, child.next_written = 0.0, score
                visited.append(child)
    for node in visited:
        node.blank, node.written = node.next_blank, node.next_written
        node.next_blank = node.next_written = -1.0
    return visited


def _min_new_score(active: list[_Node], min_ratio: float, beam_width: int) -> float:
    """The score below which a new hypothesis cannot survive this frame, because enough existing ones are better.

    The root does not count: its probability is set afterwards.
    """
    scores = sorted([node.next_blank + node.next_written for node in active if node.parent is not None], reverse=True)
    if not scores:
        return 0.0
    return max(min_ratio * scores[0], scores[beam_width - 1] if len(scores) >= beam_width else 0.0)


def _set_root(root: _Node, active: list[_Node], entry: np.ndarray, scale: float) -> tuple[float, list[_Node]]:
    """Set the prefix's own probability in this frame, among hypotheses that are scaled by `scale`."""
    top = float(entry.max())
    if top == LOG_ZERO:
        root.blank = root.written = 0.0
        return scale, [node for node in active if node is not root]
    if top > scale + 60 or scale == LOG_ZERO:  # so much more probable than before that the scale has to change
        factor = math.exp(scale - top) if scale > LOG_ZERO else 0.0
        for node in active:
            node.blank *= factor
            node.written *= factor
        scale = top
    root.blank, root.written = _scaled(entry, scale)
    return scale, active if any(node is root for node in active) else [root, *active]


def _scaled(entry: np.ndarray, scale: float) -> tuple[float, float]:
    return (math.exp(entry[0] - scale), math.exp(entry[1] - scale)) if scale > LOG_ZERO else (0.0, 0.0)


def prefix_forward(log_probs: np.ndarray, prefix: list[int]) -> np.ndarray:
    """`(T + 1, 2)` log probability that exactly the prefix is written before each frame: ending in a blank, in it."""
    forward = np.full((len(log_probs) + 1, 2), LOG_ZERO)
    if not prefix:
        forward[0, 0] = 0.0
        forward[1:, 0] = np.cumsum(log_probs[:, 0])
        return forward
    (states,), (may_skip,), _ = ctc_states([prefix])
    alpha = np.full(len(states) + 2, LOG_ZERO)
    alpha[2] = 0.0
    for t, frame in enumerate(log_probs, start=1):
        stay, one, two = alpha[2:], alpha[1:-1], np.where(may_skip, alpha[:-2], LOG_ZERO)
        alpha[2:] = np.logaddexp(np.logaddexp(stay, one), two) + frame[states]
        forward[t] = alpha[-1], alpha[-2]
    return forward
