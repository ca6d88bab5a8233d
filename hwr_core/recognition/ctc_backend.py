"""Reading with a CTC network: log-probabilities of a batch of words to texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding import best_paths, labelling_log_probs
from hwr_core.decoding.beam_search import candidates
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.decoding.lexicon_candidates import LexiconCandidates
from hwr_core.decoding.pattern import KEPT, best_fillings
from hwr_core.text import Charset

CERTAIN = math.log(0.5)  # a labelling more probable than this is more probable than any other
CLEAR = math.log(0.998)  # so probable that a language is not asked
JUDGED = 32  # candidates of the beam that a language judges
PLAIN = math.log(0.7)  # a common word so probable that only its nearest rivals are judged
RIVALS = 8  # those, and it
# Letters alone and no more than the best asked for: on 2,000 words of two sets the texts of the wide beam, a third
# quicker.
NARROW = {"beam_width": 8, "most": 4, "unlikely": math.log(0.01)}
EXTRA = 5  # candidates scored exactly, over those that are asked for
CHUNK = 2048  # allowed words scored at once
FILLINGS = 32  # kept of a mask with several open places: so many that a person who types does not wait
Candidates = list[tuple[str, float]]
Mask = list[str | None]


class CtcDecoder:
    """Decodes what a CTC network says.

    Args:
        charset: its characters.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset
        self._listed = LexiconCandidates(charset)

    def read(
        self,
        log_probs: np.ndarray,
        prefixes: Sequence[str],
        most: int,
        judge: LanguageScorer | None = None,
        others: Sequence[np.ndarray] = (),
        firsts: Candidates | None = None,
    ) -> list[Candidates]:
        """Texts of each word with their log probabilities, best first.

        The best path is taken where nothing can be more probable than its labels (with a language: where it is
        all but certain); elsewhere the beam is searched. With a language, a narrow beam is enough where the best
        path is probable and a common word; elsewhere the beam is wide, and the lexicons are searched too.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.
            prefixes: of each word what its texts begin with.
            most: how many texts of a word at most; 1 is much quicker.
            judge: the languages that have a say.
            others: log-probabilities of further views of the same words; a text's probability is its mean over all.
            firsts: the words' `first_readings`, where they are known already.
        """
        forced = [self.charset.encode(prefix) for prefix in prefixes]
        paths = best_paths(log_probs)
        views = (log_probs, *others)
        if firsts is None or others:
            scores = _mean_log_probs(views, paths, range(len(paths))).tolist()
        else:
            scores = [score for _, score in firsts]
        sure = CLEAR if judge else CERTAIN
        texts = [self.charset.decode(path) for path in paths]
        if judge:
            judge = judge.for_batch(texts)
        clear = [
            most == 1 and score > sure and path[: len(labels)] == labels
            for path, score, labels in zip(paths, scores, forced, strict=True)
        ]
        asked = [place for place, is_clear in enumerate(clear) if not is_clear]
        tried = [[path] for path in paths]
        if judge:
            plain = [most == 1 and scores[at] > PLAIN and not forced[at] and judge.is_common(texts[at]) for at in asked]
            some = self._judged_candidates(log_probs[asked], [forced[at] for at in asked], plain, judge, most + EXTRA)
        else:
            some = [self._letter_candidates(log_probs[at], forced[at], most) for at in asked]
        for place, labellings in zip(asked, some, strict=True):
            tried[place] = labellings
        for other in others:  # may have seen what the first view hides
            for labellings, path, labels in zip(tried, best_paths(other), forced, strict=True):
                if len(labellings) > 1 and path not in labellings and path[: len(labels)] == labels:
                    labellings.append(path)
        found = self._scored(views, tried)
        return [some[:most] for some in (judge.all_judged(found) if judge else found)]

    def read_allowed(
        self, log_probs: np.ndarray, words: Sequence[str], prefixes: Sequence[str], others: Sequence[np.ndarray] = ()
    ) -> list[Candidates]:
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
        judge: LanguageScorer | None = None,
        others: Sequence[np.ndarray] = (),
    ) -> list[Candidates]:
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

    @staticmethod
    def _letter_candidates(word: np.ndarray, forced: list[int], most: int) -> list[list[int]]:
        """Labellings worth an exact score where no language is asked."""
        # A prefix that the picture contradicts has improbable completions: for those the wide beam.
        best = candidates(word, forced, **({"most": most + 4} if most > 1 or forced else NARROW))
        return [ids for ids, _ in best]

    def _judged_candidates(
        self, log_probs: np.ndarray, forced: list[list[int]], plain: list[bool], judge: LanguageScorer, most: int
    ) -> list[list[list[int]]]:
        """Labellings worth an exact score, of each word: of the beam's candidates and of the languages' words.

        Those that are plain get few of the one, and none of the other.
        """
        beams = []
        for word, labels, is_plain in zip(log_probs, forced, plain, strict=True):
            width = RIVALS if is_plain else JUDGED
            best = candidates(word, labels, beam_width=width, most=width)
            beams.append([(self.charset.decode(ids), score) for ids, score in best])
        listed: list[Candidates] = [[] for _ in beams]
        rows = [row for row, is_plain in enumerate(plain) if not is_plain]
        prefixes = [self.charset.decode(forced[row]) for row in rows]
        found = self._listed.candidates(log_probs[rows], [beams[row] for row in rows], judge, prefixes)
        for row, words in zip(rows, found, strict=True):
            listed[row] = words
        scores = [dict(others) | dict(beam) for beam, others in zip(beams, listed, strict=True)]
        texts = [list(some) for some in scores]
        bonuses = judge.bonuses([text for some in texts for text in some])
        tried, end = [], 0
        for beam, some, own in zip(beams, texts, scores, strict=True):
            begin, end = end, end + len(some)
            judged = np.array(list(own.values())) + bonuses[begin:end]
            ranked = [some[place] for place in np.argsort(-judged, kind="stable")[:most]]
            picture = [text for text, _ in beam[:2]]  # their share is what the others are measured by
            tried.append([self.charset.encode(text) for text in dict.fromkeys([*ranked, *picture])])
        return tried

    def _scored(self, views: Sequence[np.ndarray], tried: list[list[list[int]]]) -> list[Candidates]:
        """Each word's candidates with their exact log probabilities, best first, all in one pass."""
        flat = [labels for some in tried for labels in some]
        words = [index for index, some in enumerate(tried) for _ in some]
        scores = _mean_log_probs(views, flat, words)
        found: list[Candidates] = [[] for _ in tried]
        for labels, word, score in zip(flat, words, scores.tolist(), strict=True):
            if score > -math.inf:
                found[word].append((self.charset.decode(labels), score))
        return [sorted(some, key=lambda item: -item[1]) for some in found]

    def _against_free(self, views: Sequence[np.ndarray], some: Candidates) -> Candidates:
        path = best_paths(views[0][None])[0]
        scores = [score for _, score in some]
        if self.charset.decode(path) not in (text for text, _ in some):
            scores += self._of_one(views, [path])
        total = float(np.logaddexp.reduce(scores)) if scores else 0.0
        return sorted(((text, score - total) for text, score in some), key=lambda item: -item[1])


def first_readings(log_probs: np.ndarray, charset: Charset) -> Candidates:
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
