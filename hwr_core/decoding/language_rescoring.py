"""A language's say in which candidate is the reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from hwr_core.decoding.lexicon import LexiconSet
from hwr_core.language.casing import apart
from hwr_core.language.scorer import LanguageModel, mixed_log_probs, shares_of_languages

LIKELY = 2  # so many lexicons are searched: those of the languages with the greatest shares
LEAST_SHARE = 0.02
COMMON = math.log(6e-6)  # share among all words
OWN_SHARE = 0.2  # of what a hand writes that it has written in the words it was taught by


@dataclass(frozen=True)
class LanguageScorer:
    """Weighs what the picture says against what is likely to be written.

    The score of a text is log P(text | picture) + `weight` * log P(text | language) + `per_letter` * its length,
    both numbers from the languages' habits (tuned on the validation words of IAM, CSAFE and Copiste).

    Args:
        models: the languages, at least one.
        shares: of the languages in what is being read; equal where left out.
        own: the words of the hand that is read, where they are known (`text.hand`).
    """

    models: tuple[LanguageModel, ...]
    shares: tuple[float, ...] = field(default=())
    own: LanguageModel | None = None

    @property
    def weight(self) -> float:
        """Of the language's log probability."""
        return self.models[0].habits.weight

    @property
    def per_letter(self) -> float:
        """Makes up for the language's favouring short words."""
        return self.models[0].habits.per_letter

    def for_batch(self, texts: Sequence[str]) -> LanguageScorer:
        """The same judge, the languages' shares found from the first readings of a batch where none are given."""
        return self if self.shares else replace(self, shares=tuple(shares_of_languages(texts, self.models)))

    def share_of(self, code: str) -> float:
        """The share of one language in what is being read, in [0, 1]; 0 where it is not asked."""
        return sum(share for model, share in zip(self.models, self._shares, strict=True) if model.code == code)

    def likely_models(self) -> list[LanguageModel]:
        """The languages of the greatest shares, and the hand's own words."""
        shares = self._shares
        order = sorted(range(len(shares)), key=lambda place: -shares[place])
        likely = [self.models[place] for place in order[:LIKELY] if shares[place] >= LEAST_SHARE]
        return [*likely, self.own] if self.own else likely

    def is_common(self, text: str) -> bool:
        """Whether one of the likely languages has the text, marks left off, as a word of some frequency."""
        core = apart(text)[1].lower().replace("’", "'")
        return any(model.lexicon.log_prob(core) > COMMON for model in self.likely_models())

    @property
    def every(self) -> tuple[LanguageModel, ...]:
        """The languages, and the hand's own words behind them."""
        return (*self.models, self.own) if self.own else self.models

    @property
    def grove(self) -> LexiconSet:
        """The lexicons of `every`, in their order."""
        return _grove(self.every)

    @property
    def _shares(self) -> tuple[float, ...]:
        return self.shares or (1 / len(self.models),) * len(self.models)

    def bonus(self, text: str) -> float:
        """What is added to the picture's log probability of the text."""
        return float(self.bonuses([text])[0])

    def bonuses(self, texts: Sequence[str]) -> np.ndarray:
        """`(N,)`, as `bonus`, of many texts."""
        lengths = np.array([len(text) for text in texts])
        shares = self._shares
        if self.own:
            shares = (*(share * (1 - OWN_SHARE) for share in shares), OWN_SHARE)
        return self.weight * mixed_log_probs(texts, self.every, shares) + self.per_letter * lengths

    def judged(self, candidates: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """Candidates with their probabilities, best first.

        Args:
            candidates: texts with the log probabilities that the picture gives them.

        Returns:
            `(text, log probability)`: together as probable as the candidates were together, shared out anew, so
            that candidates which the picture contradicts stay improbable.
        """
        return self.all_judged([candidates])[0]

    def all_judged(self, words: Sequence[Sequence[tuple[str, float]]]) -> list[list[tuple[str, float]]]:
        """As `judged`, of the candidates of many words."""
        bonuses = self.bonuses([text for some in words for text, _ in some])
        judged, end = [], 0
        for some in words:
            begin, end = end, end + len(some)
            own = np.array([score for _, score in some])
            scores = own + bonuses[begin:end]
            if len(some):
                scores += np.logaddexp.reduce(own) - np.logaddexp.reduce(scores)
            order = np.argsort(-scores, kind="stable").tolist()
            judged.append([(some[place][0], float(scores[place])) for place in order])
        return judged


@lru_cache(maxsize=4)
def _grove(models: tuple[LanguageModel, ...]) -> LexiconSet:
    return LexiconSet([model.lexicon for model in models])
