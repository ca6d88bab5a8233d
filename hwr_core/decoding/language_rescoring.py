"""Language model rescoring of candidates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from hwr_core.decoding.ctc import Candidates
from hwr_core.decoding.lexicon_search import LexiconSet
from hwr_core.language.casing import split_marks
from hwr_core.language.language_model import LanguageModel, estimate_language_shares, mixture_log_probs

MAX_SEARCHED_LANGUAGES = 2  # whose lexicons are searched: those with the largest shares
MIN_SEARCHED_SHARE = 0.02  # of a language whose lexicon is searched
MIN_COMMON_LOG_PROB = math.log(6e-6)  # of a common word among all words
WRITER_WORDS_SHARE = 0.2  # of a writer's words that are among the writer's known words


@dataclass(frozen=True)
class LanguageScorer:
    """Combines the network's probability of a text with that of a mixture of languages.

    The score of a text is log P(text | image) + `weight` * log P(text | language) + `per_letter` * its length, both
    numbers from the languages' weights (tuned on the validation words of IAM, CSAFE and Copiste).

    Args:
        models: the languages, at least one.
        shares: of the languages in the batch; empty for equal shares.
        writer_words: a model of the writer's known words, if any (`language.writer_language`).
    """

    models: tuple[LanguageModel, ...]
    shares: tuple[float, ...] = field(default=())
    writer_words: LanguageModel | None = None

    @property
    def weight(self) -> float:
        """Weight of the language's log probability."""
        return self.models[0].weights.weight

    @property
    def per_letter(self) -> float:
        """Length bonus: makes up for the language's bias to short words."""
        return self.models[0].weights.per_letter

    @property
    def all_models(self) -> tuple[LanguageModel, ...]:
        """The languages, then the writer's words."""
        return (*self.models, self.writer_words) if self.writer_words else self.models

    @property
    def lexicons(self) -> LexiconSet:
        """The lexicons of `all_models`, in their order."""
        return _lexicon_set(self.all_models)

    @property
    def language_shares(self) -> dict[str, float]:
        """Language code -> its share in the batch, in (0, 1]."""
        return {model.code: share for model, share in zip(self.models, self._shares, strict=True)}

    @property
    def _shares(self) -> tuple[float, ...]:
        return self.shares or (1 / len(self.models),) * len(self.models)

    def with_language_shares(self, texts: Sequence[str]) -> LanguageScorer:
        """A scorer with shares estimated from the best-path readings of a batch, unless shares are set."""
        return self if self.shares else replace(self, shares=tuple(estimate_language_shares(texts, self.models)))

    def likely_models(self) -> list[LanguageModel]:
        """The languages with the largest shares, then the writer's words."""
        shares = self._shares
        order = sorted(range(len(shares)), key=lambda index: -shares[index])[:MAX_SEARCHED_LANGUAGES]
        likely = [self.models[index] for index in order if shares[index] >= MIN_SEARCHED_SHARE]
        return [*likely, self.writer_words] if self.writer_words else likely

    def is_common(self, text: str) -> bool:
        """Whether a likely language has the text, without marks, as a common word."""
        core = split_marks(text)[1].lower().replace("’", "'")
        return any(model.lexicon.log_prob(core) > MIN_COMMON_LOG_PROB for model in self.likely_models())

    def language_scores(self, texts: Sequence[str]) -> np.ndarray:
        """`(N,)`, to be added to the network's log probabilities of the texts."""
        lengths = np.array([len(text) for text in texts])
        shares = self._shares
        if self.writer_words:
            shares = (*(share * (1 - WRITER_WORDS_SHARE) for share in shares), WRITER_WORDS_SHARE)
        return self.weight * mixture_log_probs(texts, self.all_models, shares) + self.per_letter * lengths

    def rescore(self, candidates: Candidates) -> Candidates:
        """Candidates with new log probabilities, best first; their total probability does not change.

        So candidates that contradict the image stay improbable.
        """
        return self.rescore_batch([candidates])[0]

    def rescore_batch(self, batch: Sequence[Candidates]) -> list[Candidates]:
        """`rescore` for the candidates of many words."""
        language_scores = self.language_scores([text for candidates in batch for text, _ in candidates])
        rescored, end = [], 0
        for candidates in batch:
            begin, end = end, end + len(candidates)
            log_probs = np.array([log_prob for _, log_prob in candidates])
            scores = log_probs + language_scores[begin:end]
            if len(candidates):
                scores += np.logaddexp.reduce(log_probs) - np.logaddexp.reduce(scores)
            order = np.argsort(-scores, kind="stable").tolist()
            rescored.append([(candidates[index][0], float(scores[index])) for index in order])
        return rescored


@lru_cache(maxsize=4)
def _lexicon_set(models: tuple[LanguageModel, ...]) -> LexiconSet:
    return LexiconSet([model.lexicon for model in models])
