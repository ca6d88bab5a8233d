"""Reading with a CTC network: log-probabilities of a batch of words to texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding import best_paths, labelling_log_probs
from hwr_core.decoding.beam import candidates
from hwr_core.decoding.pattern import KEPT, best_fillings
from hwr_core.decoding.rescoring import Judge
from hwr_core.text import Charset

CERTAIN = math.log(0.5)  # a labelling more probable than this is more probable than any other
CLEAR = math.log(0.998)  # so probable that a language is not asked
JUDGED = 32  # candidates that a language judges
CHUNK = 2048  # allowed words scored at once
FILLINGS = 32  # kept of a mask with several open places: so many that a person who types does not wait
Found = list[tuple[str, float]]
Mask = list[str | None]


class CtcReader:
    """Decodes what a CTC network says.

    Args:
        charset: its characters.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset

    def read(
        self, log_probs: np.ndarray, prefixes: Sequence[str], most: int, judge: Judge | None = None
    ) -> list[Found]:
        """Texts of each word with their log probabilities, best first.

        The best path is taken where nothing can be more probable than its labels (with a language: where it is
        all but certain); elsewhere the beam is searched.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.
            prefixes: of each word what its texts begin with.
            most: how many texts of a word at most; 1 is much quicker.
            judge: the languages that have a say.
        """
        forced = [self.charset.encode(prefix) for prefix in prefixes]
        paths = best_paths(log_probs)
        scores = labelling_log_probs(log_probs, paths, range(len(paths))).tolist()
        sure = CLEAR if judge else CERTAIN
        if judge:
            judge = judge.for_batch([self.charset.decode(path) for path in paths])
        tried: list[list[list[int]]] = []
        for word, path, score, labels in zip(log_probs, paths, scores, forced, strict=True):
            if most == 1 and score > sure and path[: len(labels)] == labels:
                tried.append([path])
            elif judge:
                some = candidates(word, labels, beam_width=JUDGED, most=JUDGED)
                tried.append(self._favoured(some, judge, most + 3))
            else:
                tried.append([labels for labels, _ in candidates(word, labels, most=most + 4)])
        found = self._scored(log_probs, tried)
        return [(judge.judged(some) if judge else some)[:most] for some in found]

    def read_allowed(self, log_probs: np.ndarray, words: Sequence[str], prefixes: Sequence[str]) -> list[Found]:
        """Each picture's log probabilities of the allowed words that begin with its prefix, best first.

        A word's probability is its share among those words and the free reading, so a picture of none of them
        leaves all of them improbable.
        """
        labels = {word: self.charset.encode(word) for word in dict.fromkeys(words)}
        found = []
        for word, prefix in zip(log_probs, prefixes, strict=True):
            fitting = [text for text in labels if text.startswith(prefix)]
            scores: list[float] = []
            for start in range(0, len(fitting), CHUNK):
                some = [labels[text] for text in fitting[start : start + CHUNK]]
                scores += labelling_log_probs(word[None], some, [0] * len(some)).tolist()
            possible = [(t, s) for t, s in zip(fitting, scores, strict=True) if s > -math.inf]
            found.append(self._against_free(word, possible))
        return found

    def read_masked(self, log_probs: np.ndarray, masks: Sequence[Mask], judge: Judge | None) -> list[Found]:
        """Each picture's texts that fit its mask of letters and open places (None), best first; shares as above."""
        found = []
        for word, mask in zip(log_probs, masks, strict=True):
            pattern = [None if letter is None else self.charset.encode(letter)[0] for letter in mask]
            kept = FILLINGS if pattern.count(None) > 1 else KEPT
            fillings = best_fillings(word, pattern, most=JUDGED, kept=kept)
            some = [(self.charset.decode(ids), score) for ids, score in fillings]
            found.append(self._against_free(word, judge.judged(some) if judge else some))
        return found

    def _favoured(self, some: list[tuple[list[int], float]], judge: Judge, most: int) -> list[list[int]]:
        """Those of a beam's candidates that are worth an exact score."""
        ranked = sorted(some, key=lambda item: -(item[1] + judge.bonus(self.charset.decode(item[0]))))
        picture = [labels for labels, _ in some[:2]]  # their share is what the others are measured by
        kept = [labels for labels, _ in ranked[:most]]
        return kept + [labels for labels in picture if labels not in kept]

    def _scored(self, log_probs: np.ndarray, tried: list[list[list[int]]]) -> list[Found]:
        """Each word's candidates with their exact log probabilities, best first, all in one pass."""
        flat = [labels for some in tried for labels in some]
        words = [index for index, some in enumerate(tried) for _ in some]
        scores = labelling_log_probs(log_probs, flat, words)
        found: list[Found] = [[] for _ in tried]
        for labels, word, score in zip(flat, words, scores.tolist(), strict=True):
            if score > -math.inf:
                found[word].append((self.charset.decode(labels), score))
        return [sorted(some, key=lambda item: -item[1]) for some in found]

    def _against_free(self, word: np.ndarray, some: Found) -> Found:
        path = best_paths(word[None])[0]
        free = self.charset.decode(path)
        scores = [score for _, score in some]
        if free not in (text for text, _ in some):
            scores.append(float(labelling_log_probs(word[None], [path], [0])[0]))
        total = float(np.logaddexp.reduce(scores)) if scores else 0.0
        return sorted(((text, score - total) for text, score in some), key=lambda item: -item[1])
