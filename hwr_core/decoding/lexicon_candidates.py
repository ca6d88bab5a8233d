"""Candidates from the lexicons: words that the beam dropped, with the capitals and marks that it found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from hwr_core.decoding.beam_search import prefix_forward
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.decoding.lexicon import Folding, likeliest_words
from hwr_core.language.casing import apart, case_of
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.scorer import LanguageModel
from hwr_core.text import Charset

WORDS = 10  # of each lexicon
DRESSES = 6  # ways of capitals and marks that are tried on each word
FAR = 9.0  # words and dresses so much less probable (natural logarithm) than the best are left out
CasingVariant = tuple[str, int, str]  # marks before, case, marks behind


class LexiconCandidates:
    """Finds the listed words that a picture is likeliest to show, written as the beam's candidates are.

    Args:
        charset: of the log-probabilities.
    """

    def __init__(self, charset: Charset) -> None:
        self._charset = charset
        self._characters = frozenset(charset.characters)
        self._folding = lru_cache(maxsize=8)(lambda alphabet: Folding(charset, alphabet))

    def candidates(
        self,
        log_probs: np.ndarray,
        beams: Sequence[Sequence[tuple[str, float]]],
        judge: LanguageScorer,
        prefixes: Sequence[str],
    ) -> list[list[tuple[str, float]]]:
        """For each picture `(text, rough log probability)` of words that its beam may have missed.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.
            beams: what the beam found in each picture, texts with log probabilities.
            judge: the languages, with their shares.
            prefixes: what every text of a picture begins with.
        """
        dresses = [_dresses(beam) for beam in beams]
        found: list[dict[str, float]] = [{} for _ in beams]
        models = judge.likely_models()
        asked = [
            (place, language, start)
            for place, prefix in enumerate(prefixes)
            for language, model in enumerate(models)
            if dresses[place] and (start := _start(model.lexicon, prefix))
        ]
        if not asked:
            return [[] for _ in beams]
        entries = None
        if any(prefixes):
            forward = [
                prefix_forward(*pair) for pair in zip(log_probs, map(self._charset.encode, prefixes), strict=True)
            ]
            entries = np.stack([forward[place] for place, _, _ in asked])
        words = likeliest_words(
            self._folded(np.exp(log_probs), models, [(place, language) for place, language, _ in asked]),
            judge.grove,
            [judge.every.index(models[language]) for _, language, _ in asked],
            weight=judge.weight,
            per_letter=judge.per_letter,
            entries=entries,
            starts=[start for _, _, start in asked],
            joining=math.log(0.5),
            most=WORDS,
        )
        for (place, _, _), some in zip(asked, words, strict=True):
            self._dress(some, dresses[place], prefixes[place], found[place])
        return [list(texts.items()) for texts in found]

    def _folded(
        self, probabilities: np.ndarray, models: Sequence[LanguageModel], pairs: Sequence[tuple[int, int]]
    ) -> np.ndarray:
        """`(N, T, A + 1)`: pictures, each in the letters of a language, zeros behind those."""
        folded = [self._folding(model.lexicon.alphabet)(probabilities) for model in models]
        most = max(frames.shape[2] for frames in folded)
        found = np.zeros((len(pairs), probabilities.shape[1], most))
        for row, (place, language) in enumerate(pairs):
            found[row, :, : folded[language].shape[2]] = folded[language][place]
        return found

    def _dress(
        self,
        words: Sequence[tuple[str, float]],
        dresses: Sequence[tuple[CasingVariant, float]],
        prefix: str,
        found: dict[str, float],
    ) -> None:
        """Add the words in their dresses to what has been found, as far as the charset can write them."""
        best = max((score for _, score in words), default=0.0)
        for word, score in words:
            if score <= best - FAR - 6:
                continue
            for text, share in _dressed(word, dresses, prefix):
                if self._characters.issuperset(text):
                    found[text] = max(found.get(text, -math.inf), score + share)


def _start(lexicon: Lexicon, prefix: str) -> tuple[int, int] | None:
    """The node that a prefix leads to, and the place of its last letter; None where no listed word goes on so."""
    _, core, after = apart(prefix)
    begun = (core + after).lower().replace("’", "'")
    node = lexicon.node(begun)
    if node is None and "'" in begun:
        node = lexicon.node(begun.rpartition("'")[2])
    return None if node is None else (node, lexicon.alphabet.find(begun[-1:]) if begun else -1)


def _dresses(beam: Sequence[tuple[str, float]]) -> list[tuple[CasingVariant, float]]:
    """The capitals and marks of the beam's candidates, with their shares' logarithms, the commonest first."""
    scores: dict[CasingVariant, float] = {}
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


def _dressed(word: str, dresses: Sequence[tuple[CasingVariant, float]], prefix: str) -> Iterator[tuple[str, float]]:
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
