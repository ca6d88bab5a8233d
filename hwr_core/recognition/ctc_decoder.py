"""Decoding a CTC network: log-probabilities of a batch of words to candidates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding import best_paths, labelling_log_probs
from hwr_core.decoding.beam_search import beam_labellings
from hwr_core.decoding.ctc import Candidates
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.decoding.lexicon_candidates import LexiconCandidates
from hwr_core.decoding.pattern import MAX_HYPOTHESES, best_fillings
from hwr_core.recognition.constraints import Constraints, Mask
from hwr_core.text import Charset

MIN_CERTAIN_LOG_PROB = math.log(0.5)  # a more probable labelling is more probable than any other
MIN_CERTAIN_LOG_PROB_WITH_LANGUAGE = math.log(0.998)  # of a best path that no language can overrule
MIN_COMMON_WORD_LOG_PROB = math.log(0.7)  # of a common word that needs only the narrow beam
LANGUAGE_BEAM_WIDTH = 32
COMMON_WORD_BEAM_WIDTH = 8
# Without a language and for the reading alone: on 2,000 words of two sets the texts of the wide beam, a third quicker.
READING_ONLY_BEAM = {"beam_width": 8, "max_results": 4, "min_log_prob": math.log(0.01)}
EXTRA_CANDIDATES = 5  # scored exactly, besides those that are returned
WORDS_PER_CHUNK = 2048  # allowed words that are scored at once
MAX_MASK_HYPOTHESES = 32  # of a mask with several open places: few enough for typing


class CtcDecoder:
    """Decodes log-probabilities of a CTC network.

    Every method takes `views`: log-probabilities `(B, T, C)` (natural logarithms; column 0 is the blank) of the same
    B words, first of the images themselves, then of test-time variants; a text's probability is its mean over all.

    Args:
        charset: of the network.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset
        self._lexicons = LexiconCandidates(charset)

    def decode(
        self,
        views: Sequence[np.ndarray],
        constraints: Constraints,
        scorer: LanguageScorer | None = None,
        best_texts: Candidates | None = None,
    ) -> list[Candidates]:
        """Candidates of each word under the constraints, best first, at most `max_alternatives`."""
        if constraints.masks is not None:
            batch = self.decode_masks(views, constraints.masks, scorer)
        elif constraints.words is not None:
            batch = self.decode_words(views, constraints.words, constraints.prefixes)
        else:
            batch = self.decode_free(views, constraints.prefixes, constraints.max_alternatives, scorer, best_texts)
        return [candidates[: constraints.max_alternatives] for candidates in batch]

    def decode_free(
        self,
        views: Sequence[np.ndarray],
        prefixes: Sequence[str],
        max_alternatives: int,
        scorer: LanguageScorer | None = None,
        best_texts: Candidates | None = None,
    ) -> list[Candidates]:
        """Candidates of each word that begin with its prefix, best first.

        The best path is taken where nothing can be more probable than its labels (with a language: where it is
        almost certain); elsewhere the beam is searched. With a language, a narrow beam is enough where the best path
        is probable and a common word; elsewhere the beam is wide, and the lexicons are searched too.

        Args:
            views: see the class.
            prefixes: of each word.
            max_alternatives: candidates of a word at most; 1 is much quicker.
            scorer: the languages; None to decode without.
            best_texts: the words' `best_path_readings`, if known.
        """
        log_probs = views[0]
        prefix_labels = [self.charset.encode(prefix) for prefix in prefixes]
        paths = best_paths(log_probs)
        if best_texts is None or len(views) > 1:
            scores = _mean_log_probs(views, paths, range(len(paths))).tolist()
            texts = [self.charset.decode(path) for path in paths]
        else:
            texts, scores = [text for text, _ in best_texts], [score for _, score in best_texts]
        if scorer:
            scorer = scorer.with_language_shares(texts)
        threshold = MIN_CERTAIN_LOG_PROB_WITH_LANGUAGE if scorer else MIN_CERTAIN_LOG_PROB
        certain = [
            max_alternatives == 1 and score > threshold and path[: len(labels)] == labels
            for score, path, labels in zip(scores, paths, prefix_labels, strict=True)
        ]
        open_rows = [row for row, is_certain in enumerate(certain) if not is_certain]
        proposed = [[path] for path in paths]
        if scorer:
            common = [
                max_alternatives == 1
                and scores[row] > MIN_COMMON_WORD_LOG_PROB
                and not prefix_labels[row]
                and scorer.is_common(texts[row])
                for row in open_rows
            ]
            labellings = self._language_labellings(
                log_probs[open_rows],
                [prefix_labels[row] for row in open_rows],
                common,
                scorer,
                max_alternatives + EXTRA_CANDIDATES,
            )
        else:
            labellings = [self._labellings(log_probs[row], prefix_labels[row], max_alternatives) for row in open_rows]
        for row, row_labellings in zip(open_rows, labellings, strict=True):
            proposed[row] = row_labellings
        for view in views[1:]:  # a variant may show what the image itself hides
            for row_labellings, path, labels in zip(proposed, best_paths(view), prefix_labels, strict=True):
                if len(row_labellings) > 1 and path not in row_labellings and path[: len(labels)] == labels:
                    row_labellings.append(path)
        batch = self._scored(views, proposed)
        return [candidates[:max_alternatives] for candidates in (scorer.rescore_batch(batch) if scorer else batch)]

    def decode_words(
        self, views: Sequence[np.ndarray], words: Sequence[str], prefixes: Sequence[str]
    ) -> list[Candidates]:
        """The allowed words that begin with each image's prefix, best first.

        A word's probability is its share among those words and the free reading, so an image of none of them leaves
        all of them improbable.
        """
        labels = {word: self.charset.encode(word) for word in dict.fromkeys(words)}
        batch = []
        for *image_views, prefix in zip(*views, prefixes, strict=True):
            allowed = [text for text in labels if text.startswith(prefix)]
            scores: list[float] = []
            for start in range(0, len(allowed), WORDS_PER_CHUNK):
                chunk = [labels[text] for text in allowed[start : start + WORDS_PER_CHUNK]]
                scores += _image_log_probs(image_views, chunk)
            possible = [(text, score) for text, score in zip(allowed, scores, strict=True) if score > -math.inf]
            batch.append(self._share_with_free(image_views, possible))
        return batch

    def decode_masks(
        self, views: Sequence[np.ndarray], masks: Sequence[Mask], scorer: LanguageScorer | None = None
    ) -> list[Candidates]:
        """Each image's texts that fit its mask, best first; probabilities are shares as in `decode_words`."""
        if scorer:
            scorer = scorer.with_language_shares([self.charset.decode(path) for path in best_paths(views[0])])
        batch = []
        for *image_views, mask in zip(*views, masks, strict=True):
            pattern = [None if letter is None else self.charset.id_of(letter) for letter in mask]
            limit = MAX_MASK_HYPOTHESES if pattern.count(None) > 1 else MAX_HYPOTHESES
            fillings = best_fillings(image_views[0], pattern, max_results=LANGUAGE_BEAM_WIDTH, max_hypotheses=limit)
            labellings = [labels for labels, _ in fillings]
            scores = _image_log_probs(image_views, labellings)
            candidates = [(self.charset.decode(ids), score) for ids, score in zip(labellings, scores, strict=True)]
            batch.append(self._share_with_free(image_views, scorer.rescore(candidates) if scorer else candidates))
        return batch

    @staticmethod
    def _labellings(log_probs: np.ndarray, prefix: list[int], max_alternatives: int) -> list[list[int]]:
        """Labellings of one word to be scored exactly, without a language."""
        # A prefix that contradicts the image has improbable completions, which need the wide beam.
        wide = max_alternatives > 1 or prefix
        beam = beam_labellings(
            log_probs, prefix, **({"max_results": max_alternatives + 4} if wide else READING_ONLY_BEAM)
        )
        return [labels for labels, _ in beam]

    def _language_labellings(
        self,
        log_probs: np.ndarray,
        prefixes: list[list[int]],
        common: list[bool],
        scorer: LanguageScorer,
        max_labellings: int,
    ) -> list[list[list[int]]]:
        """Labellings of each word to be scored exactly: candidates of the beam and of the lexicons.

        Common words get a narrow beam and no lexicon search.
        """
        beams: list[Candidates] = []
        for word, labels, is_common in zip(log_probs, prefixes, common, strict=True):
            width = COMMON_WORD_BEAM_WIDTH if is_common else LANGUAGE_BEAM_WIDTH
            labelled = beam_labellings(word, labels, beam_width=width, max_results=width)
            beams.append([(self.charset.decode(ids), score) for ids, score in labelled])
        rows = [row for row, is_common in enumerate(common) if not is_common]
        lexicon_words: list[Candidates] = [[] for _ in beams]
        prefix_texts = [self.charset.decode(prefixes[row]) for row in rows]
        searched = self._lexicons.candidates(log_probs[rows], [beams[row] for row in rows], scorer, prefix_texts)
        for row, words in zip(rows, searched, strict=True):
            lexicon_words[row] = words
        scores = [dict(words) | dict(beam) for beam, words in zip(beams, lexicon_words, strict=True)]
        language_scores = scorer.language_scores([text for word_scores in scores for text in word_scores])
        labellings, end = [], 0
        for beam, word_scores in zip(beams, scores, strict=True):
            begin, end = end, end + len(word_scores)
            texts = list(word_scores)
            totals = np.array(list(word_scores.values())) + language_scores[begin:end]
            ranked = [texts[index] for index in np.argsort(-totals, kind="stable")[:max_labellings]]
            without_language = [text for text, _ in beam[:2]]  # their share is what the others are measured by
            labellings.append([self.charset.encode(text) for text in dict.fromkeys([*ranked, *without_language])])
        return labellings

    def _scored(self, views: Sequence[np.ndarray], proposed: list[list[list[int]]]) -> list[Candidates]:
        """Each word's candidates with their exact log probabilities, best first, all in one pass."""
        flat = [labels for labellings in proposed for labels in labellings]
        words = [word for word, labellings in enumerate(proposed) for _ in labellings]
        scores = _mean_log_probs(views, flat, words)
        batch: list[Candidates] = [[] for _ in proposed]
        for labels, word, score in zip(flat, words, scores.tolist(), strict=True):
            if score > -math.inf:
                batch[word].append((self.charset.decode(labels), score))
        return [sorted(candidates, key=lambda item: -item[1]) for candidates in batch]

    def _share_with_free(self, image_views: Sequence[np.ndarray], candidates: Candidates) -> Candidates:
        """Probabilities as shares among the candidates and the free reading."""
        path = best_paths(image_views[0][None])[0]
        scores = [score for _, score in candidates]
        if self.charset.decode(path) not in (text for text, _ in candidates):
            scores += _image_log_probs(image_views, [path])
        total = float(np.logaddexp.reduce(scores)) if scores else 0.0
        return sorted(((text, score - total) for text, score in candidates), key=lambda item: -item[1])


def best_path_readings(log_probs: np.ndarray, charset: Charset) -> Candidates:
    """Each word's best path as text, and the log probability of that text, without a language."""
    paths = best_paths(log_probs)
    scores = labelling_log_probs(log_probs, paths, range(len(paths))).tolist()
    return [(charset.decode(path), score) for path, score in zip(paths, scores, strict=True)]


def _mean_log_probs(
    views: Sequence[np.ndarray], labellings: Sequence[Sequence[int]], words: Sequence[int] | range
) -> np.ndarray:
    """`(N,)` log of the labellings' mean probability over views, each `(B, T, C)`, T its own."""
    scores = [labelling_log_probs(view, labellings, words) for view in views]
    return scores[0] if len(scores) == 1 else np.logaddexp.reduce(scores, axis=0) - math.log(len(scores))


def _image_log_probs(image_views: Sequence[np.ndarray], labellings: list[list[int]]) -> list[float]:
    """`_mean_log_probs` for one image, each view `(T, C)`."""
    return _mean_log_probs([view[None] for view in image_views], labellings, [0] * len(labellings)).tolist()
