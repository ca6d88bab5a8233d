"""How much of what was learned the adapted model gets: weights between the old ones and the new ones are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.text import edit_distance

TIE_WORDS = 1.0  # trials that differ by less are equally good


@dataclass(frozen=True)
class Score:
    """How well words were read.

    Attributes:
        words: their number, `right` of them read exactly.
        edits: characters to be changed, of `characters`.
    """

    words: int
    right: int
    edits: int
    characters: int

    @property
    def word_accuracy(self) -> float:
        return self.right / self.words if self.words else 0.0

    @property
    def cer(self) -> float:
        return self.edits / self.characters if self.characters else 0.0

    def is_worse_than(self, other: Score) -> bool:
        """Fewer words right; where as many, more edits."""
        return (self.right, -self.edits) < (other.right, -other.edits)


def score(texts: Sequence[str], readings: Sequence[str]) -> Score:
    """Compare readings with transcriptions, as written.

    Example:
        >>> score(["tea", "moon"], ["tea", "mon"])
        Score(words=2, right=1, edits=1, characters=7)
    """
    edits = [edit_distance(text, reading) for text, reading in zip(texts, readings, strict=True)]
    return Score(len(texts), edits.count(0), sum(edits), sum(map(len, texts)))


def interpolate(old: Sequence[np.ndarray], new: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """Weights between two recognizers of the same network: `share` 0 is the old one, 1 the new one.

    Fine-tuned weights lie in the same valley of the loss as those that they come from, so weights between them read
    well too, and lose less of what was known (Wortsman et al. 2022, arXiv:2109.01903).

    Example:
        >>> interpolate([np.zeros(2)], [np.ones(2)], 0.25)
        [array([0.25, 0.25])]
    """
    return [was + np.asarray(share, was.dtype) * (now - was) for was, now in zip(old, new, strict=True)]


@dataclass(frozen=True)
class Trial:
    """How a recognizer with a share of what was learned reads.

    Attributes:
        share: in [0, 1].
        read: the held-back words as a user gets them: with languages.
        expected: how many of them are right letter by letter, each counted by its transcription's probability.
        changed: of the unread words that the old recognizer was sure of, how many are read differently now.
    """

    share: float
    read: Score
    expected: float
    changed: int = 0


@dataclass(frozen=True)
class Selection:
    """The chosen share, whether the model expects the writer's words, and its readings of the held-back words."""

    share: float
    expects: bool
    readings: list[str]


def best_trial(trials: Sequence[Trial], before: Score, change_cost: float) -> Trial | None:
    """The best of the trials that read no fewer held-back words right than before; None where there is none.

    Right or wrong of a few words is a coarse measure, so the probability of their transcriptions is added to it. A
    sure reading that changed is subtracted at `change_cost` of a word. Of all that are less than `TIE_WORDS` behind
    the best, the first is taken.

    Args:
        trials: in order of preference.
        before: how the held-back words were read.
        change_cost: of a sure reading that changed, in words.
    """
    allowed = [trial for trial in trials if trial.read.right >= before.right]

    def value(trial: Trial) -> float:
        return trial.read.right + trial.expected - change_cost * trial.changed

    best = max(map(value, allowed), default=0.0)
    return next((trial for trial in allowed if value(trial) > best - TIE_WORDS), None)
