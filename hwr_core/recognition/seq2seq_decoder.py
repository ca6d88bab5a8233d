"""Joint decoding of `seq2seq`: CTC and the attention decoder propose candidates, both score them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.decoding import best_paths, labelling_log_probs
from hwr_core.decoding.beam_search import beam_labellings
from hwr_core.decoding.ctc import LOG_ZERO, Candidates, log_softmax
from hwr_core.decoding.joint_beam_search import MAX_TEXT_LENGTH, batch_beam_search
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.decoding.pattern import best_fillings
from hwr_core.recognition.constraints import Constraints
from hwr_core.recognition.seq2seq_runtime import Seq2SeqRuntime, text_log_probs
from hwr_core.text import Charset

DECODER_BEAM_WIDTH = 5
MAX_CTC_LABELLINGS = 8  # that CTC proposes
MAX_RESCORED = 32  # allowed words, or fillings of a mask, that the decoder scores: CTC's best
WORDS_PER_CHUNK = 2048  # allowed words that CTC scores at once
Labellings = list[list[int]]


@dataclass(frozen=True)
class Scored:
    """A word's candidates.

    Attributes:
        labels: N label ids.
        ctc, decoder: `(N,)` natural logarithms of their probabilities.
    """

    labels: Labellings
    ctc: np.ndarray
    decoder: np.ndarray

    def weighted(self, ctc_weight: float) -> np.ndarray:
        """`(N,)` weighted means of the natural logarithms."""
        return _weighted(self.ctc, self.decoder, ctc_weight)

    def joint(self, ctc_weight: float) -> np.ndarray:
        """`(N,)` natural logarithms, weighted and normalised to probabilities.

        Weighted sums of logarithms are not normalised. So everything that is not among the candidates counts as one
        more: its probability is what the candidates leave over, by CTC and by the decoder. With a weight of 1 the
        result is CTC's own probability, with 0 the decoder's.
        """
        if not self.labels:
            return np.zeros(0)
        scores = self.weighted(ctc_weight)
        rest = _weighted(_left_over(self.ctc), _left_over(self.decoder), ctc_weight)
        return scores - np.logaddexp(np.logaddexp.reduce(scores), rest)


def _weighted(ctc: np.ndarray, decoder: np.ndarray, ctc_weight: float) -> np.ndarray:
    if ctc_weight in (0.0, 1.0):  # -inf times 0 is NaN
        return ctc if ctc_weight else decoder
    return ctc_weight * ctc + (1 - ctc_weight) * decoder


def _left_over(log_probs: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(1 - np.exp(np.logaddexp.reduce(log_probs)), 1e-12))


class Seq2SeqDecoder:
    """Joint CTC/attention decoding (Watanabe et al. 2017) of whole batches.

    CTC proposes texts by prefix beam search, the decoder by a beam search of its own over cached frames; every
    proposed text then gets its exact probability from both.

    Args:
        network: encoder and decoder.
        charset: of the network.
        ctc_weight: in [0, 1]; the decoder's weight is the rest.
    """

    def __init__(self, network: Seq2SeqRuntime, charset: Charset, ctc_weight: float) -> None:
        self._network = network
        self.charset = charset
        self.ctc_weight = ctc_weight

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`(B, H, W, 1)` float32 to CTC log-probabilities `(B, T, C)` and frames `(B, T, F)`."""
        logits, frames = self._network.encode(images)
        return log_softmax(logits), frames

    def decode(
        self, log_probs: np.ndarray, frames: np.ndarray, constraints: Constraints, scorer: LanguageScorer | None
    ) -> list[Candidates]:
        """Candidates of each word under the constraints, best first, at most `max_alternatives`."""
        if constraints.words is not None:
            batch = self._share_with_free(log_probs, frames, self._score_words(log_probs, frames, constraints))
        elif constraints.masks is not None:
            batch = self._share_with_free(log_probs, frames, self._propose(log_probs, frames, constraints), scorer)
        else:
            scored = self._propose(log_probs, frames, constraints)
            batch = [self._candidates(word.labels, word.joint(self.ctc_weight)) for word in scored]
            if scorer:
                scorer = scorer.with_language_shares([word[0][0] if word else "" for word in batch])
                batch = [scorer.rescore(candidates) for candidates in batch]
        return [candidates[: constraints.max_alternatives] for candidates in batch]

    def attention(self, frames: np.ndarray, texts: Sequence[str]) -> list[np.ndarray]:
        """`(letters, T)` of each word: attention on each frame for each letter, shares in [0, 1]."""
        labels = [self.charset.encode(text) for text in texts]
        _, attention = text_log_probs(self._network, frames, labels, list(range(len(labels))))
        return [word[: len(ids)] for word, ids in zip(attention, labels, strict=True)]

    def _propose(self, log_probs: np.ndarray, frames: np.ndarray, constraints: Constraints) -> list[Scored]:
        """The labellings that CTC and the decoder propose for each word, scored by both."""
        closed = constraints.masks is not None
        patterns = [self._pattern(constraints, row) for row in range(len(frames))]
        beams = self._decoder_beams(frames, patterns, closed, max(DECODER_BEAM_WIDTH, constraints.max_alternatives))
        proposed = []
        for word, pattern, beam in zip(log_probs, patterns, beams, strict=True):
            if closed:
                by_ctc = best_fillings(word, pattern, max_results=MAX_RESCORED)
            else:
                prefix = [label for label in pattern if label is not None]
                by_ctc = beam_labellings(
                    word, prefix, max_results=max(MAX_CTC_LABELLINGS, constraints.max_alternatives + 3)
                )
            distinct = dict.fromkeys(tuple(labels) for labels, _ in [*by_ctc, *beam])
            proposed.append([list(labels) for labels in distinct])
        return self._score(log_probs, frames, proposed)

    def _decoder_beams(
        self, frames: np.ndarray, patterns: list[list[int | None]], closed: bool, width: int
    ) -> list[list[tuple[list[int], float]]]:
        def next_log_probs(tokens: np.ndarray, words: np.ndarray) -> np.ndarray:
            return log_softmax(self._network.next_logits(frames, words, tokens)[0][:, -1])

        max_length = min(MAX_TEXT_LENGTH, frames.shape[1])  # CTC could not spell more
        return batch_beam_search(next_log_probs, patterns, closed=closed, beam_width=width, max_length=max_length)

    def _pattern(self, constraints: Constraints, row: int) -> list[int | None]:
        if constraints.masks is None:
            return list(self.charset.encode(constraints.prefixes[row]))
        return [None if letter is None else self.charset.id_of(letter) for letter in constraints.masks[row]]

    def _score(self, log_probs: np.ndarray, frames: np.ndarray, proposed: list[Labellings]) -> list[Scored]:
        """Each word's labellings with exact log probabilities, in one pass, without those that CTC cannot spell."""
        flat = [labels for labellings in proposed for labels in labellings]
        words = [word for word, labellings in enumerate(proposed) for _ in labellings]
        ctc = labelling_log_probs(log_probs, flat, words)
        decoder, _ = text_log_probs(self._network, frames, flat, words)
        scored, end = [], 0
        for labellings in proposed:
            begin, end = end, end + len(labellings)
            rows = [row for row in range(begin, end) if ctc[row] > LOG_ZERO]
            scored.append(Scored([flat[row] for row in rows], ctc[rows], decoder[rows]))
        return scored

    def _candidates(self, labels: Labellings, scores: np.ndarray) -> Candidates:
        order = np.argsort(-scores, kind="stable")
        return [(self.charset.decode(labels[index]), float(scores[index])) for index in order]

    def _score_words(self, log_probs: np.ndarray, frames: np.ndarray, constraints: Constraints) -> list[Scored]:
        """The allowed words of each image that CTC finds most probable."""
        labels = {word: self.charset.encode(word) for word in constraints.words or ()}
        proposed = []
        for word, prefix in zip(log_probs, constraints.prefixes, strict=True):
            allowed = [text for text in labels if text.startswith(prefix)]
            scores: list[float] = []
            for start in range(0, len(allowed), WORDS_PER_CHUNK):
                chunk = [labels[text] for text in allowed[start : start + WORDS_PER_CHUNK]]
                scores += labelling_log_probs(word[None], chunk, [0] * len(chunk)).tolist()
            best = np.argsort(-np.array(scores), kind="stable")[: max(MAX_RESCORED, constraints.max_alternatives)]
            proposed.append([labels[allowed[index]] for index in best])
        return self._score(log_probs, frames, proposed)

    def _share_with_free(
        self, log_probs: np.ndarray, frames: np.ndarray, scored: list[Scored], scorer: LanguageScorer | None = None
    ) -> list[Candidates]:
        """Probabilities as shares among the candidates and the free readings of CTC and of the decoder."""
        beams = self._decoder_beams(frames, [[] for _ in frames], False, 1)
        paths = best_paths(log_probs)
        free_labellings = [[path, *(ids for ids, _ in beam)] for path, beam in zip(paths, beams, strict=True)]
        batch = []
        for word, free in zip(scored, self._score(log_probs, frames, free_labellings), strict=True):
            candidates = self._candidates(word.labels, word.weighted(self.ctc_weight))
            if scorer:
                candidates = scorer.rescore(candidates)
            texts = {text for text, _ in candidates}
            others = dict(self._candidates(free.labels, free.weighted(self.ctc_weight)))
            scores = [score for _, score in candidates]
            scores += [score for text, score in others.items() if text not in texts]
            total = float(np.logaddexp.reduce(scores)) if scores else 0.0
            batch.append([(text, score - total) for text, score in candidates])
        return batch
