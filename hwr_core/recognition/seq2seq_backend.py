"""Reading with `seq2seq`: what CTC and the decoder each propose, judged by both together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.decoding import best_paths, labelling_log_probs
from hwr_core.decoding.beam_search import candidates
from hwr_core.decoding.ctc import NEVER, log_softmax
from hwr_core.decoding.joint_beam_search import PLACES, beam_of_words
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.decoding.pattern import best_fillings
from hwr_core.recognition.constraints import Constraints
from hwr_core.recognition.ctc_backend import Candidates
from hwr_core.recognition.seq2seq_runtime import Seq2SeqRuntime, text_log_probs
from hwr_core.text import Charset

BEAM_WIDTH = 5  # hypotheses of the decoder
PROPOSED = 8  # labellings that CTC proposes
RESCORED = 32  # allowed words, or fillings of a mask, that the decoder is asked about: CTC's best
CHUNK = 2048  # allowed words scored at once
Labellings = list[list[int]]


@dataclass(frozen=True)
class Scored:
    """A word's candidates.

    Attributes:
        labels: N label ids.
        ctc, decoder: `(N,)` natural logarithms of the probabilities that each gives them.
    """

    labels: Labellings
    ctc: np.ndarray
    decoder: np.ndarray

    def joint(self, weight: float) -> np.ndarray:
        """`(N,)` natural logarithms, weighed and made probabilities again.

        Weighed sums of logarithms add up to no probability. So everything that is not among the candidates counts as
        one more: CTC gives it what its candidates leave over, the decoder what they leave over there. With a weight
        of 1 the result is CTC's own probability, with 0 the decoder's.
        """
        if not self.labels:
            return np.zeros(0)
        scores = _weighed(self.ctc, self.decoder, weight)
        rest = _weighed(_left_over(self.ctc), _left_over(self.decoder), weight)
        return scores - np.logaddexp(np.logaddexp.reduce(scores), rest)


def _weighed(ctc: np.ndarray, decoder: np.ndarray, weight: float) -> np.ndarray:
    if weight in (0.0, 1.0):  # -inf times 0 is no number
        return ctc if weight else decoder
    return weight * ctc + (1 - weight) * decoder


def _left_over(log_probs: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(1 - np.exp(np.logaddexp.reduce(log_probs)), 1e-12))


class Seq2SeqDecoder:
    """Joint CTC/attention reading (Watanabe et al. 2017) of whole batches.

    Both halves propose texts, CTC by prefix beam search, the decoder by a beam search of its own over cached frames;
    every text proposed then gets its exact probability from both.

    Args:
        network: the two halves.
        charset: its characters.
        weight: what CTC counts, in [0, 1]; the decoder counts the rest.
    """

    def __init__(self, network: Seq2SeqRuntime, charset: Charset, weight: float) -> None:
        self._network = network
        self.charset = charset
        self.weight = weight

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`(B, H, W, 1)` float32 to CTC log-probabilities `(B, T, C)` and frames `(B, T, F)`."""
        logits, frames = self._network.encode(images)
        return log_softmax(logits), frames

    def answer(
        self, log_probs: np.ndarray, frames: np.ndarray, question: Constraints, judge: LanguageScorer | None
    ) -> list[Candidates]:
        """`(text, log probability)` pairs of each word, best first, under the conditions asked."""
        if question.words is not None:
            return self._read_allowed(log_probs, frames, question)
        scored = self.scored(log_probs, frames, question)
        if question.masks is not None:
            return self._read_masked(log_probs, frames, scored, question, judge)
        found = [self._texts(some.labels, some.joint(self.weight)) for some in scored]
        if judge:
            judge = judge.for_batch([some[0][0] if some else "" for some in found])
            found = [judge.judged(some) for some in found]
        return [some[: question.most] for some in found]

    def scored(self, log_probs: np.ndarray, frames: np.ndarray, question: Constraints) -> list[Scored]:
        """What both halves propose for each word, with what both think of it."""
        closed = question.masks is not None
        patterns = [self._pattern(question, row) for row in range(len(frames))]
        own = self._beam(frames, patterns, closed, max(BEAM_WIDTH, question.most))
        proposed = []
        for word, pattern, some in zip(log_probs, patterns, own, strict=True):
            if closed:
                theirs = best_fillings(word, pattern, most=RESCORED)
            else:
                forced = [label for label in pattern if label is not None]
                theirs = candidates(word, forced, most=max(PROPOSED, question.most + 3))
            every = [tuple(labels) for labels, _ in [*theirs, *some]]
            proposed.append([list(labels) for labels in dict.fromkeys(every)])
        return self._score(log_probs, frames, proposed)

    def attention(self, frames: np.ndarray, texts: Sequence[str]) -> list[np.ndarray]:
        """`(letters, T)` of each word: how much attention lay on each frame while each letter was told, in [0, 1]."""
        labels = [self.charset.encode(text) for text in texts]
        _, maps = text_log_probs(self._network, frames, labels, list(range(len(labels))))
        return [some[: len(ids)] for some, ids in zip(maps, labels, strict=True)]

    def _beam(
        self, frames: np.ndarray, patterns: list[list[int | None]], closed: bool, width: int
    ) -> list[list[tuple[list[int], float]]]:
        def following(tokens: np.ndarray, words: np.ndarray) -> np.ndarray:
            return log_softmax(self._network.following(frames, words, tokens)[0][:, -1])

        longest = min(PLACES, frames.shape[1])  # CTC could not spell more
        return beam_of_words(following, patterns, closed=closed, beam_width=width, longest=longest)

    def _pattern(self, question: Constraints, row: int) -> list[int | None]:
        if question.masks is None:
            return list(self.charset.encode(question.prefixes[row]))
        return [None if letter is None else self.charset.encode(letter)[0] for letter in question.masks[row]]

    def _score(self, log_probs: np.ndarray, frames: np.ndarray, proposed: list[Labellings]) -> list[Scored]:
        """Each word's labellings with their exact log probabilities, all in one pass; what CTC cannot spell is left."""
        flat = [labels for some in proposed for labels in some]
        words = [word for word, some in enumerate(proposed) for _ in some]
        ctc = labelling_log_probs(log_probs, flat, words)
        decoder, _ = text_log_probs(self._network, frames, flat, words)
        scored, start = [], 0
        for some in proposed:
            mine = [start + i for i in range(len(some)) if ctc[start + i] > NEVER]
            scored.append(Scored([flat[i] for i in mine], ctc[mine], decoder[mine]))
            start += len(some)
        return scored

    def _texts(self, labels: Labellings, scores: np.ndarray) -> Candidates:
        order = np.argsort(-scores, kind="stable")
        return [(self.charset.decode(labels[i]), float(scores[i])) for i in order]

    def _read_allowed(self, log_probs: np.ndarray, frames: np.ndarray, question: Constraints) -> list[Candidates]:
        """A word's probability is its share among the allowed words and the free reading, as CTC readers have it."""
        labels = {word: self.charset.encode(word) for word in question.words or ()}
        kept = []
        for word, prefix in zip(log_probs, question.prefixes, strict=True):
            fitting = [text for text in labels if text.startswith(prefix)]
            scores: list[float] = []
            for start in range(0, len(fitting), CHUNK):
                some = [labels[text] for text in fitting[start : start + CHUNK]]
                scores += labelling_log_probs(word[None], some, [0] * len(some)).tolist()
            best = np.argsort(-np.array(scores), kind="stable")[: max(RESCORED, question.most)]
            kept.append([labels[fitting[i]] for i in best])
        return self._against_free(log_probs, frames, self._score(log_probs, frames, kept), question.most)

    def _read_masked(
        self,
        log_probs: np.ndarray,
        frames: np.ndarray,
        scored: list[Scored],
        question: Constraints,
        judge: LanguageScorer | None,
    ) -> list[Candidates]:
        return self._against_free(log_probs, frames, scored, question.most, judge)

    def _against_free(
        self,
        log_probs: np.ndarray,
        frames: np.ndarray,
        scored: list[Scored],
        most: int,
        judge: LanguageScorer | None = None,
    ) -> list[Candidates]:
        """Shares of the candidates among themselves and the readings that each half would give freely."""
        own = self._beam(frames, [[] for _ in frames], False, 1)
        free = self._score(
            log_probs,
            frames,
            [[path, *(ids for ids, _ in some)] for path, some in zip(best_paths(log_probs), own, strict=True)],
        )
        found = []
        for some, other in zip(scored, free, strict=True):
            scores = _weighed(some.ctc, some.decoder, self.weight)
            mine = self._texts(some.labels, scores)
            if judge:
                mine = judge.judged(mine)
            known = {text for text, _ in mine}
            theirs = dict(self._texts(other.labels, _weighed(other.ctc, other.decoder, self.weight)))
            every = [score for _, score in mine] + [score for text, score in theirs.items() if text not in known]
            total = float(np.logaddexp.reduce(every)) if every else 0.0
            found.append([(text, score - total) for text, score in mine][:most])
        return found
