"""Candidates from the lexicons: words that the beam dropped, in the casing and marks of the beam's candidates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from hwr_core.decoding.beam_search import prefix_forward
from hwr_core.decoding.ctc import Candidates
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.decoding.lexicon_search import Folding, search_lexicons
from hwr_core.language.casing import case_index, split_marks
from hwr_core.language.language_model import LanguageModel
from hwr_core.language.lexicon import Lexicon
from hwr_core.text import Charset

MAX_WORDS_PER_LEXICON = 10
MAX_CASING_VARIANTS = 6  # tried on each word
MAX_LOG_PROB_GAP = 9.0  # words and variants this far below the best (natural logarithm) are dropped
CasingVariant = tuple[str, int, str]  # leading marks, case, trailing marks


class LexiconCandidates:
    """Finds the most probable lexicon words of an image, cased and punctuated as the beam's candidates.

    Args:
        charset: of the log-probabilities.
    """

    def __init__(self, charset: Charset) -> None:
        self._charset = charset
        self._characters = frozenset(charset.characters)
        self._folding = lru_cache(maxsize=8)(lambda alphabet: Folding(charset, alphabet))

    def candidates(
        self, log_probs: np.ndarray, beams: Sequence[Candidates], scorer: LanguageScorer, prefixes: Sequence[str]
    ) -> list[Candidates]:
        """For each image words that its beam may have missed, with approximate log probabilities.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.
            beams: the beam's candidates of each image.
            scorer: the languages, with their shares.
            prefixes: of each image what every text begins with.
        """
        variants = [_casing_variants(beam) for beam in beams]
        models = scorer.likely_models()
        searches = [
            (image, language, start)
            for image, prefix in enumerate(prefixes)
            for language, model in enumerate(models)
            if variants[image] and (start := _start(model.lexicon, prefix))
        ]
        if not searches:
            return [[] for _ in beams]
        entries = None
        if any(prefixes):
            forward = [
                prefix_forward(*pair) for pair in zip(log_probs, map(self._charset.encode, prefixes), strict=True)
            ]
            entries = np.stack([forward[image] for image, _, _ in searches])
        words = search_lexicons(
            self._folded(np.exp(log_probs), models, [(image, language) for image, language, _ in searches]),
            scorer.lexicons,
            [scorer.all_models.index(models[language]) for _, language, _ in searches],
            weight=scorer.weight,
            per_letter=scorer.per_letter,
            entries=entries,
            starts=[start for _, _, start in searches],
            joining=math.log(0.5),
            max_words=MAX_WORDS_PER_LEXICON,
        )
        texts: list[dict[str, float]] = [{} for _ in beams]
        for (image, _, _), image_words in zip(searches, words, strict=True):
            self._add_variants(texts[image], image_words, variants[image], prefixes[image])
        return [list(scores.items()) for scores in texts]

    def _folded(
        self, probabilities: np.ndarray, models: Sequence[LanguageModel], searches: Sequence[tuple[int, int]]
    ) -> np.ndarray:
        """`(N, T, A + 1)`: images, each in the letters of a language, zeros behind those."""
        folded = [self._folding(model.lexicon.alphabet)(probabilities) for model in models]
        width = max(frames.shape[2] for frames in folded)
        padded = np.zeros((len(searches), probabilities.shape[1], width))
        for row, (image, language) in enumerate(searches):
            padded[row, :, : folded[language].shape[2]] = folded[language][image]
        return padded

    def _add_variants(
        self,
        scores: dict[str, float],
        words: Candidates,
        variants: Sequence[tuple[CasingVariant, float]],
        prefix: str,
    ) -> None:
        """Add the variants of the words that the charset can spell to `scores`, the best score of each text."""
        best = max((score for _, score in words), default=0.0)
        for word, score in words:
            if score <= best - MAX_LOG_PROB_GAP - 6:
                continue
            for text, share in _spelled(word, variants, prefix):
                if self._characters.issuperset(text):
                    scores[text] = max(scores.get(text, -math.inf), score + share)


def _start(lexicon: Lexicon, prefix: str) -> tuple[int, int] | None:
    """The node of a prefix, and the index of its last letter; None where no lexicon word continues it."""
    _, core, after = split_marks(prefix)
    letters = (core + after).lower().replace("’", "'")
    node = lexicon.node(letters)
    if node is None and "'" in letters:
        node = lexicon.node(letters.rpartition("'")[2])
    return None if node is None else (node, lexicon.alphabet.find(letters[-1:]) if letters else -1)


def _casing_variants(beam: Candidates) -> list[tuple[CasingVariant, float]]:
    """The capitals and marks of the beam's candidates with the logarithms of their shares, most probable first."""
    scores: dict[CasingVariant, float] = {}
    for text, score in beam:
        before, core, after = split_marks(text)
        if not core:
            continue
        case = case_index(core)
        variant = (before, (1 if core[0].isupper() else 0) if case == 3 else case, after)
        scores[variant] = float(np.logaddexp(scores.get(variant, -math.inf), score))
    best = sorted(scores.items(), key=lambda item: -item[1])[:MAX_CASING_VARIANTS]
    total = float(np.logaddexp.reduce([score for _, score in best])) if best else 0.0
    return [(variant, score - total) for variant, score in best if score > best[0][1] - MAX_LOG_PROB_GAP]


def _spelled(word: str, variants: Sequence[tuple[CasingVariant, float]], prefix: str) -> Iterator[tuple[str, float]]:
    """The word after the prefix in each variant."""
    core = split_marks(prefix)[1]
    for (before, case, after), share in variants:
        if core:  # the prefix determines the casing
            upper = len(core) > 1 and core == core.upper() and core != core.lower()
            yield prefix + (word.upper() if upper else word) + after, share
        elif not prefix or before == prefix:
            yield before + (word, word[:1].upper() + word[1:], word.upper())[case] + after, share
