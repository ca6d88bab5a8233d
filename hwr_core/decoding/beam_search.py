"""Prefix beam search for CTC: the most probable labellings among all that begin with a prefix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from hwr_core.decoding.ctc import NEVER, labelling_log_probs

UNLIKELY = math.log(1e-3)
FAR = 1e-6  # hypotheses of a smaller share of the best one's score are dropped


class Guide(Protocol):
    """What tells the search which continuations are likely beforehand, such as a language model."""

    def start(self, labels: Sequence[int]) -> object:
        """The state behind the prefix."""

    def extend(self, state: object, label: int) -> tuple[object, float]:
        """The state behind one more label, and the factor by which that label is the likelier."""


class _Node:
    """A hypothesis: a place in the tree of label sequences, with its probability in this frame and the next."""

    __slots__ = ("blank", "children", "label", "next_blank", "next_written", "parent", "prior", "state", "written")

    def __init__(self, label: int, parent: _Node | None, state: object = None, prior: float = 1.0) -> None:
        self.label, self.parent, self.state, self.prior = label, parent, state, prior
        self.children: dict[int, _Node] = {}
        self.blank = self.written = 0.0  # probability of ending in a blank; in the label itself
        self.next_blank = self.next_written = -1.0  # below zero: not touched in this frame

    def labels(self) -> list[int]:
        found, node = [], self
        while node.parent is not None:
            found.append(node.label)
            node = node.parent
        return found[::-1]


def prefix_beam(
    log_probs: np.ndarray,
    *,
    prefix: Sequence[int] = (),
    beam_width: int = 16,
    most: int = 5,
    unlikely: float = UNLIKELY,
    guide: Guide | None = None,
) -> list[tuple[list[int], float]]:
    """The most probable labellings among all that begin with `prefix`.

    Prefix beam search (Graves 2012, section 7.5.2; Hannun et al. 2014). How probable it is that the prefix itself
    has been written by each frame is computed exactly, apart from the search, so a prefix that the picture
    contradicts still gives its best completion, with the low probability that is its due.

    Args:
        log_probs: `(T, C)` natural logarithms; column 0 is the blank.
        prefix: label ids that every result begins with.
        beam_width: hypotheses kept after each frame.
        most: how many results.
        unlikely: labels of a lower log probability are not tried in that frame; the prefix's own always are. With
            -inf every label is tried and no hypothesis is dropped for being far behind.
        guide: prefers some hypotheses in the search; the results' probabilities do not have it in them.

    Returns:
        `(labels, log probability)` pairs, best first, none twice; the probability is the labelling's own
        (`labelling_log_prob`). Empty where T frames cannot spell the prefix.
    """
    log_probs = np.asarray(log_probs, np.float64)
    forced = [int(label) for label in prefix]
    some = candidates(log_probs, forced, beam_width=beam_width, most=most + 4, unlikely=unlikely, guide=guide)
    labellings = [labels for labels, _ in some]
    scores = labelling_log_probs(log_probs[None], labellings, [0] * len(labellings))
    order = sorted(range(len(labellings)), key=lambda index: -scores[index])
    return [(labellings[index], float(scores[index])) for index in order if scores[index] > NEVER][:most]


def candidates(
    log_probs: np.ndarray,
    forced: list[int],
    *,
    beam_width: int = 16,
    most: int = 9,
    unlikely: float = UNLIKELY,
    guide: Guide | None = None,
) -> list[tuple[list[int], float]]:
    """The search of `prefix_beam` alone: its log probabilities lack the paths that were dropped on the way."""
    nodes, scale = _search(np.asarray(log_probs, np.float64), forced, beam_width, unlikely, guide)
    nodes.sort(key=lambda node: -(node.blank + node.written) * node.prior)
    found = [(forced + node.labels(), node.blank + node.written) for node in nodes[:most]]
    return [(labels, math.log(share) + scale) for labels, share in found if share > 0]


def _search(
    log_probs: np.ndarray, forced: list[int], beam_width: int, unlikely: float, guide: Guide | None
) -> tuple[list[_Node], float]:
    """The hypotheses left after the last frame, as completions of the prefix; the logarithm of their scale."""
    root = _Node(forced[-1] if forced else 0, None, guide.start(forced) if guide else None)
    entry = prefix_forward(log_probs, forced)
    rows = np.exp(log_probs).tolist()
    likely = _likely(log_probs, unlikely)
    far = FAR if unlikely > NEVER else 0.0
    scale = float(entry[0].max())  # the logarithm that a hypothesis's 1.0 stands for
    root.blank, root.written = _shares(entry[0], scale)
    active = [root] if scale > NEVER else []
    for t, (frame, labels) in enumerate(zip(rows, likely, strict=True), start=1):
        if active:
            active = _step(active, frame, labels, guide, far, beam_width)
        scale, active = _enter(root, active, entry[t], scale)
        scores = [(node.blank + node.written) * node.prior for node in active]
        best = max(scores, default=0.0)
        if best <= 0:
            continue
        least = far * best
        if len(active) > beam_width:
            least = max(least, sorted(scores, reverse=True)[beam_width - 1])
        active = [node for node, score in zip(active, scores, strict=True) if score >= least or node is root]
        peak = max(node.blank + node.written for node in active)
        if peak < 1e-30 or peak > 1e30:
            for node in active:
                node.blank /= peak
                node.written /= peak
            scale += math.log(peak)
    return active, scale


def _likely(log_probs: np.ndarray, unlikely: float) -> list[list[int]]:
    """For each frame the labels that are tried in it."""
    tried: list[list[int]] = [[] for _ in log_probs]
    for t, label in np.argwhere(log_probs[:, 1:] > unlikely).tolist():
        tried[t].append(label + 1)
    return tried


def _step(
    active: list[_Node], frame: list[float], likely: list[int], guide: Guide | None, far: float, beam_width: int
) -> list[_Node]:
    """One frame of the search; the root's own probability is set from outside afterwards."""
    blank = frame[0]
    if not likely and far:  # as good as certainly blank
        for node in active:
            node.blank = (node.blank + node.written) * blank
            node.written *= frame[node.label]
        return active
    boths = [node.blank + node.written for node in active]
    least = 0.1 * far * max(boths)
    for node, both in zip(active, boths, strict=True):
        node.next_blank = both * blank
        node.next_written = node.written * frame[node.label]
    bar = _bar(active, far, beam_width) if guide is None and far else least
    grown_from = sorted(zip(boths, range(len(active)), active, strict=True), reverse=True)
    touched = active[:]
    for label in likely:
        share = frame[label]
        for both, _, node in grown_from:
            if both * share <= least:
                break
            # After the same label, only a blank between makes it a second one.
            grown = (node.blank if label == node.label else both) * share
            if grown <= least:
                continue
            child = node.children.get(label)
            if child is not None and child.next_blank >= 0:
                child.next_written += grown
            elif grown >= bar:
                if child is None:
                    child = _child(node, label, guide)
                child.next_blank, child.next_written = 0.0, grown
                touched.append(child)
    for node in touched:
        node.blank, node.written = node.next_blank, node.next_written
        node.next_blank = node.next_written = -1.0
    return touched


def _bar(active: list[_Node], far: float, beam_width: int) -> float:
    """A new hypothesis of a smaller probability cannot be kept after this frame: enough of the old ones are better.

    Only of those that are not the root, whose probability is set from outside.
    """
    scores = sorted([node.next_blank + node.next_written for node in active if node.parent is not None], reverse=True)
    if not scores:
        return 0.0
    return max(far * scores[0], scores[beam_width - 1] if len(scores) >= beam_width else 0.0)


def _child(node: _Node, label: int, guide: Guide | None) -> _Node:
    if guide is None:
        child = _Node(label, node)
    else:
        state, factor = guide.extend(node.state, label)
        child = _Node(label, node, state, node.prior * factor)
    node.children[label] = child
    return child


def _enter(root: _Node, active: list[_Node], entry: np.ndarray, scale: float) -> tuple[float, list[_Node]]:
    """Set the prefix's own probability of this frame, beside hypotheses that are scaled by `scale`."""
    top = float(entry.max())
    if top == NEVER:
        root.blank = root.written = 0.0
        return scale, [node for node in active if node is not root]
    if top > scale + 60 or scale == NEVER:  # so much likelier than before that the scale moves
        shrink = math.exp(scale - top) if scale > NEVER else 0.0
        for node in active:
            node.blank *= shrink
            node.written *= shrink
        scale = top
    root.blank, root.written = _shares(entry, scale)
    return scale, active if root in active[:1] or any(node is root for node in active) else [root, *active]


def _shares(entry: np.ndarray, scale: float) -> tuple[float, float]:
    return (math.exp(entry[0] - scale), math.exp(entry[1] - scale)) if scale > NEVER else (0.0, 0.0)


def prefix_forward(log_probs: np.ndarray, forced: list[int]) -> np.ndarray:
    """`(T + 1, 2)` log probability that exactly the prefix is written before each frame: ending in a blank, in it."""
    found = np.full((len(log_probs) + 1, 2), NEVER)
    if not forced:
        found[0, 0] = 0.0
        found[1:, 0] = np.cumsum(log_probs[:, 0])
        return found
    states = np.zeros(2 * len(forced) + 1, int)
    states[1::2] = forced
    may_skip = np.zeros(len(states), bool)
    may_skip[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    alpha = np.full(len(states) + 2, NEVER)
    alpha[2] = 0.0
    for t, frame in enumerate(log_probs, start=1):
        stay, one, two = alpha[2:], alpha[1:-1], np.where(may_skip, alpha[:-2], NEVER)
        alpha[2:] = np.logaddexp(np.logaddexp(stay, one), two) + frame[states]
        found[t] = alpha[-1], alpha[-2]
    return found
