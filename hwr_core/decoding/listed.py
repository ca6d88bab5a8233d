"""Candidates from the lexicons: words that the beam dropped, with the capitals and marks that it found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from hwr_core.decoding.beam import prefix_forward
from hwr_core.decoding.lexicon_search import Folding, likeliest_words
from hwr_core.decoding.rescoring import Judge
from hwr_core.text import Charset
from hwr_core.text.habits import apart, case_of
from hwr_core.text.language import LanguageModel

LANGUAGES = 2  # so many lexicons are searched: those with the greatest shares
LEAST_SHARE = 0.02
WORDS = 10  # of each lexicon
DRESSES = 6  # ways of capitals and marks that are tried on each word
FAR = 9.0  # words and dresses so much less probable (natural logarithm) than the best are left out
Dress = tuple[str, int, str]  # marks before, case, marks behind


class ListedWords:
    """Finds the listed words that a picture is likeliest to show, written as the beam's candidates are.

    Args:
        charset: of the log-probabilities.
    """

    def __init__(self, charset: Charset) -> None:
        self._charset = charset
        self._folding = lru_cache(maxsize=8)(lambda alphabet: Folding(charset, alphabet))

    def candidates(
        self, log_probs: np.ndarray, beam: Sequence[tuple[str, float]], judge: Judge, prefix: str = ""
    ) -> list[tuple[str, float]]:
        """`(text, log probability)` of words that the beam's candidates may have missed; roughly, to be scored exactly.

        Args:
            log_probs: `(T, C)` natural logarithms; column 0 is the blank.
            beam: what the beam found, texts with log probabilities.
            judge: the languages, with their shares.
            prefix: what every text begins with.
        """
        dresses = _dresses(beam)
        if not dresses:
            return []
        found: dict[str, float] = {}
        for model in judge.likely_models(LANGUAGES, LEAST_SHARE):
            for word, score in self._words(log_probs, model, judge, prefix):
                for text, share in _dressed(word, dresses, prefix):
                    if all(character in self._charset for character in text):
                        found[text] = max(found.get(text, -math.inf), score + share)
        return list(found.items())

    def _words(self, log_probs: np.ndarray, model: LanguageModel, judge: Judge, prefix: str) -> list[tuple[str, float]]:
        lexicon = model.lexicon
        core = apart(prefix)[1] + apart(prefix)[2]
        begun = core.lower().replace("’", "'")
        start = lexicon.node(begun)
        if start is None and "'" in begun:
            start = lexicon.node(begun.rpartition("'")[2])
        if start is None:
            return []
        forward = prefix_forward(log_probs, self._charset.encode(prefix)) if prefix else None
        found = likeliest_words(
            self._folding(lexicon.alphabet)(log_probs),
            lexicon,
            weight=judge.weight,
            per_letter=judge.per_letter,
            entry=(forward[:, 0], forward[:, 1]) if forward is not None else None,
            start=start,
            last=lexicon.alphabet.find(begun[-1:]) if begun else -1,
            joining=math.log(0.5),
            most=WORDS,
        )
        best = max((score for _, score in found), default=0.0)
        return [(word, score) for word, score in found if score > best - FAR - 6]


def _dresses(beam: Sequence[tuple[str, float]]) -> list[tuple[Dress, float]]:
    """The capitals and marks of the beam's candidates, with their shares' logarithms, the commonest first."""
    scores: dict[Dress, float] = {}
    for text, score in beam:
        before, core, after = apart(text)
        if not core:
            continue
        case = case_of(core)
        dress = (before, (1 if core[0].isupper() else 0) if case == 3 else case, after)
        scores[dress] = float(np.logaddexp(scores.get(dress, -math.inf), score))
    best = sorted(scores.items(), key=lambda item: -item[1])[:DRESSES]
    total = float(np.logaddexp.reduce([score for _, score in best])) if best else 0.0
    return [(dress, score - total) for dress, score in best if score > best[0][1] - FAR]


def _dressed(word: str, dresses: Sequence[tuple[Dress, float]], prefix: str) -> Iterator[tuple[str, float]]:
    """The word behind the prefix in each dress."""
    core = apart(prefix)[1]
    for (before, case, after), share in dresses:
        if core:  # what is typed says how the rest is written
            upper = len(core) > 1 and core == core.upper() and core != core.lower()
            yield prefix + (word.upper() if upper else word) + after, share
        else:
            if prefix and before != prefix:
                continue
            yield before + (word, word[:1].upper() + word[1:], word.upper())[case] + after, share
