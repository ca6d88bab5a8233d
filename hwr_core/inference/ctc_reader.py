"""Reading with a CTC network: log-probabilities of a batch of words to texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding import best_paths, labelling_log_probs
from hwr_core.decoding.beam import candidates
from hwr_core.decoding.listed import ListedWords
from hwr_core.decoding.pattern import KEPT, best_fillings
from hwr_core.decoding.rescoring import Judge
from hwr_core.text import Charset

CERTAIN = math.log(0.5)  # a labelling more probable than this is more probable than any other
CLEAR = math.log(0.998)  # so probable that a language is not asked
JUDGED = 32  # candidates of the beam that a language judges
EXTRA = 5  # candidates scored exactly, over those that are asked for
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
        self._listed = ListedWords(charset)

    def read(
        self,
        log_probs: np.ndarray,
        prefixes: Sequence[str],
        most: int,
        judge: Judge | None = None,
        others: Sequence[np.ndarray] = (),
    ) -> list[Found]:
        """Texts of each word with their log probabilities, best first.

        The best path is taken where nothing can be more probable than its labels (with a language: where it is
        all but certain); elsewhere the beam is searched.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.
            prefixes: of each word what its texts begin with.
            most: how many texts of a word at most; 1 is much quicker.
            judge: the languages that have a say.
            others: log-probabilities of further views of the same words; a text's probability is its mean over all.
        """
        forced = [self.charset.encode(prefix) for prefix in prefixes]
        paths = best_paths(log_probs)
        views = (log_probs, *others)
        scores = _mean_log_probs(views, paths, range(len(paths))).tolist()
        sure = CLEAR if judge else CERTAIN
        if judge:
            judge = judge.for_batch([self.charset.decode(path) for path in paths])
        tried: list[list[list[int]]] = []
        for word, path, score, labels in zip(log_probs, paths, scores, forced, strict=True):
            if most == 1 and score > sure and path[: len(labels)] == labels:
                tried.append([path])
            elif judge:
                tried.append(self._judged_candidates(word, labels, judge, most + EXTRA))
            else:
                tried.append([labels for labels, _ in candidates(word, labels, most=most + 4)])
        for other in others:  # may have seen what the first view hides
            for some, path, labels in zip(tried, best_paths(other), forced, strict=True):
                if len(some) > 1 and path not in some and path[: len(labels)] == labels:
                    some.append(path)
        found = self._scored(views, tried)
        return [(judge.judged(some) if judge else some)[:most] for some in found]

    def read_allowed(
        self, log_probs: np.ndarray, words: Sequence[str], prefixes: Sequence[str], others: Sequence[np.ndarray] = ()
    ) -> list[Found]:
        """Each picture's log probabilities of the allowed words that begin with its prefix, best first.

        A word's probability is its share among those words and the free reading, so a picture of none of them
        leaves all of them improbable.
        """
        labels = {word: self.charset.encode(word) for word in dict.fromkeys(words)}
        found = []
        for *views, prefix in zip(log_probs, *others, prefixes, strict=True):
            fitting = [text for text in labels if text.startswith(prefix)]
            scores: list[float] = []
            for start in range(0, len(fitting), CHUNK):
                some = [labels[text] for text in fitting[start : start + CHUNK]]
                scores += self._of_one(views, some)
            possible = [(t, s) for t, s in zip(fitting, scores, strict=True) if s > -math.inf]
            found.append(self._against_free(views, possible))
        return found

    def read_masked(
        self,
        log_probs: np.ndarray,
        masks: Sequence[Mask],
        judge: Judge | None = None,
        others: Sequence[np.ndarray] = (),
    ) -> list[Found]:
        """Each picture's texts that fit its mask of letters and open places (None), best first; shares as above."""
        if judge:
            judge = judge.for_batch([self.charset.decode(path) for path in best_paths(log_probs)])
        found = []
        for *views, mask in zip(log_probs, *others, masks, strict=True):
            pattern = [None if letter is None else self.charset.encode(letter)[0] for letter in mask]
            kept = FILLINGS if pattern.count(None) > 1 else KEPT
            fillings = [labels for labels, _ in best_fillings(views[0], pattern, most=JUDGED, kept=kept)]
            scores = self._of_one(views, fillings)
            some = [(self.charset.decode(ids), score) for ids, score in zip(fillings, scores, strict=True)]
            found.append(self._against_free(views, judge.judged(some) if judge else some))
        return found

    @staticmethod
    def _of_one(views: Sequence[np.ndarray], labellings: list[list[int]]) -> list[float]:
        return _mean_log_probs([view[None] for view in views], labellings, [0] * len(labellings)).tolist()

    def _judged_candidates(self, word: np.ndarray, forced: list[int], judge: Judge, most: int) -> list[list[int]]:
        """The labellings that are worth an exact score: of the beam's candidates and of the languages' words."""
        beam = [
            (self.charset.decode(labels), score)
            for labels, score in candidates(word, forced, beam_width=JUDGED, most=JUDGED)
        ]
        scores = dict(beam)
        for text, score in self._listed.candidates(word, beam, judge, self.charset.decode(forced)):
            scores.setdefault(text, score)
        ranked = sorted(scores, key=lambda text: -(scores[text] + judge.bonus(text)))
        picture = [text for text, _ in beam[:2]]  # their share is what the others are measured by
        return [self.charset.encode(text) for text in dict.fromkeys([*ranked[:most], *picture])]

    def _scored(self, views: Sequence[np.ndarray], tried: list[list[list[int]]]) -> list[Found]:
        """Each word's candidates with their exact log probabilities, best first, all in one pass."""
        flat = [labels for some in tried for labels in some]
        words = [index for index, some in enumerate(tried) for _ in some]
        scores = _mean_log_probs(views, flat, words)
        found: list[Found] = [[] for _ in tried]
        for labels, word, score in zip(flat, words, scores.tolist(), strict=True):
            if score > -math.inf:
                found[word].append((self.charset.decode(labels), score))
        return [sorted(some, key=lambda item: -item[1]) for some in found]

    def _against_free(self, views: Sequence[np.ndarray], some: Found) -> Found:
        path = best_paths(views[0][None])[0]
        scores = [score for _, score in some]
        if self.charset.decode(path) not in (text for text, _ in some):
            scores += self._of_one(views, [path])
        total = float(np.logaddexp.reduce(scores)) if scores else 0.0
        return sorted(((text, score - total) for text, score in some), key=lambda item: -item[1])


def first_readings(log_probs: np.ndarray, charset: Charset) -> Found:
    """Each word's best path as text, and the log probability of that text: letters alone, no language."""
    paths = best_paths(log_probs)
    scores = labelling_log_probs(log_probs, paths, range(len(paths))).tolist()
    return [(charset.decode(path), score) for path, score in zip(paths, scores, strict=True)]


def _mean_log_probs(
    views: Sequence[np.ndarray], labellings: Sequence[Sequence[int]], words: Sequence[int] | range
) -> np.ndarray:
    """Log of the labellings' mean probability over views, each `(B, T, C)`, T its own."""
    scores = [labelling_log_probs(view, labellings, words) for view in views]
    return scores[0] if len(scores) == 1 else np.logaddexp.reduce(scores, axis=0) - math.log(len(scores))
