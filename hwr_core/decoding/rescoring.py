"""A language's say in which candidate is the reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hwr_core.text.language import LanguageModel, mixed_log_prob, shares_of_languages

OWN_SHARE = 0.2  # of what a hand writes that it has written in the words it was taught by


@dataclass(frozen=True)
class Judge:
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

    def for_batch(self, texts: Sequence[str]) -> Judge:
        """The same judge, the languages' shares found from the first readings of a batch."""
        shares = shares_of_languages(texts, self.models)
        return replace(self, shares=tuple(shares))

    def likely_models(self, most: int, least: float) -> list[LanguageModel]:
        """The languages of the greatest shares, at most so many, each of at least that share; and the own words."""
        shares = self._shares
        order = sorted(range(len(shares)), key=lambda place: -shares[place])
        own = [self.own] if self.own else []
        return [self.models[place] for place in order[:most] if shares[place] >= least] + own

    @property
    def _shares(self) -> tuple[float, ...]:
        return self.shares or (1 / len(self.models),) * len(self.models)

    def bonus(self, text: str) -> float:
        """What is added to the picture's log probability of the text."""
        said = mixed_log_prob(text, self.models, self._shares)
        if self.own:
            said = float(np.logaddexp(math.log1p(-OWN_SHARE) + said, math.log(OWN_SHARE) + self.own.log_prob(text)))
        return self.weight * said + self.per_letter * len(text)

    def judged(self, candidates: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """Candidates with their probabilities, best first.

        Args:
            candidates: texts with the log probabilities that the picture gives them.

        Returns:
            `(text, log probability)`: together as probable as the candidates were together, shared out anew, so
            that candidates which the picture contradicts stay improbable.
        """
        if not candidates:
            return []
        own = np.array([score for _, score in candidates])
        scores = own + [self.bonus(text) for text, _ in candidates]
        scores += np.logaddexp.reduce(own) - np.logaddexp.reduce(scores)
        order = np.argsort(-scores, kind="stable")
        return [(candidates[index][0], float(scores[index])) for index in order]
