"""What each kind of network says of a batch of canvases, none of them blank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hwr_core.decoding.all_capitals import AllCapitals, ShareInCapitals, in_capitals
from hwr_core.decoding.ctc import log_softmax
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.imaging import ink_width
from hwr_core.imaging.test_time import view
from hwr_core.recognition.constraints import Constraints
from hwr_core.recognition.ctc_backend import Candidates, CtcDecoder, first_readings
from hwr_core.recognition.dual_backend import DualDecoder
from hwr_core.recognition.output_cache import OutputCache
from hwr_core.recognition.seq2seq_backend import Seq2SeqDecoder
from hwr_core.recognition.seq2seq_runtime import Seq2SeqRuntime
from hwr_core.text import Charset, Tokens

ROWS = 8  # words that the network is given at once: of like width, and their features stay in the processor's cache
WIDTH_STEP = 32
NO_LETTER = -100.0  # log-probability of letters behind a word's picture: finite, so that sums of it stay numbers


@dataclass(frozen=True)
class ReadOptions:
    """How the words of a call are read, by networks that can.

    Attributes:
        judge: the languages that have a say.
        views: in how many slightly changed copies each picture is read.
        capitals: the share of words that is in capitals.
    """

    judge: LanguageScorer | None
    views: int
    capitals: ShareInCapitals


@dataclass(frozen=True)
class BatchOutput:
    """What is known of the words of a batch.

    Attributes:
        found: `(text, log probability)` pairs of each word, best first.
        firsts: what the letters alone say of each; None where that was not asked.
        english: English's share in the batch, in [0, 1].
        log_probs: `(B, T, C)` natural logarithms of a CTC network; None for `dual`.
        width: the columns of the canvas that T frames cover.
        frames: `(B, T, F)` that a decoder attends to, where there is one.
        capitals: `(B,)` how much more each word looks like capitals than like small letters (`decoding.capitals`).
    """

    found: list[Candidates]
    firsts: Candidates | None = None
    english: float = 0.0
    log_probs: np.ndarray | None = None
    width: int = 0
    frames: np.ndarray | None = None
    capitals: np.ndarray | None = None


class Backend(Protocol):
    """Reads batches of canvases `(H, W)` uint8, 0 paper to 255 ink."""

    def answer(self, canvases: Sequence[np.ndarray], question: Constraints, how: ReadOptions) -> BatchOutput:
        """What it says of canvases that are not blank."""

    def attention(self, answers: BatchOutput, place: int, text: str) -> list[list[float]] | None:
        """How much attention lay on each frame while each letter was told; None where there is no attention."""


class DualBackend:
    """Of `dual`; it reads the picture alone."""

    def __init__(self, network: Any, tokens: Tokens) -> None:
        self._reader = DualDecoder(network, tokens)

    def answer(self, canvases: Sequence[np.ndarray], question: Constraints, how: ReadOptions) -> BatchOutput:
        return BatchOutput(self._reader.answer(np.stack(canvases), question))

    def attention(self, answers: BatchOutput, place: int, text: str) -> None:
        return None


class CtcBackend:
    """Of a network that reads by CTC."""

    def __init__(self, network: Any, charset: Charset, memory: OutputCache) -> None:
        self._network = network
        self._charset = charset
        self._memory = memory
        self._reader = CtcDecoder(charset)
        self._capitals = AllCapitals(charset)

    def answer(self, canvases: Sequence[np.ndarray], question: Constraints, how: ReadOptions) -> BatchOutput:
        log_probs, width = self.log_probs(canvases)
        others = [self.log_probs([view(one, number) for one in canvases])[0] for number in range(1, how.views)]
        evidence = self._capitals.evidence(log_probs)
        large = in_capitals(evidence, how.capitals.of(evidence)) & question.allows_capitals()
        if how.capitals.given != 0:
            large |= question.asks_capitals()
        log_probs, *others = (self._capitals.read_as(one, large) for one in (log_probs, *others))
        firsts = first_readings(log_probs, self._charset) if question.is_free else None
        judge = _of_batch(how.judge, firsts)
        if question.masks is not None:
            found = self._reader.read_masked(log_probs, question.masks, judge, others)
        elif question.words is not None:
            found = self._reader.read_allowed(log_probs, question.words, question.prefixes, others)
        else:
            found = self._reader.read(log_probs, question.prefixes, question.most, judge, others, firsts)
        found = [some[: question.most] for some in found]
        return BatchOutput(found, firsts, _english(judge), log_probs, width, capitals=evidence)

    def log_probs(self, canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
        """As `Recognizer.log_probs`."""
        known = self._memory.find(canvases[0]) if len(canvases) == 1 else None
        if known is not None:
            return known
        parts = [pictures(canvases[at : at + ROWS]) for at in range(0, len(canvases), ROWS)]
        said = [log_softmax(self._network.predict_on_batch(images)) for images, _ in parts]
        frames = max(part.shape[1] for part in said)
        output = np.concatenate([_as_long(part, frames) for part in said]), max(width for _, width in parts)
        if len(canvases) == 1:
            self._memory.keep(canvases[0], output)
        return output

    def attention(self, answers: BatchOutput, place: int, text: str) -> None:
        return None


class Seq2SeqBackend:
    """Of `seq2seq`: CTC and the decoder together."""

    def __init__(self, network: Seq2SeqRuntime, charset: Charset, weight: float) -> None:
        self._charset = charset
        self._reader = Seq2SeqDecoder(network, charset, weight)

    def answer(self, canvases: Sequence[np.ndarray], question: Constraints, how: ReadOptions) -> BatchOutput:
        images, width = pictures(canvases)
        log_probs, frames = self._reader.encode(images)
        firsts = first_readings(log_probs, self._charset) if question.is_free else None
        found = self._reader.answer(log_probs, frames, question, how.judge)
        return BatchOutput(found, firsts, _english(_of_batch(how.judge, firsts)), log_probs, width, frames)

    def attention(self, answers: BatchOutput, place: int, text: str) -> list[list[float]]:
        assert answers.frames is not None
        return self._reader.attention(answers.frames[place : place + 1], [text])[0].tolist()


def pictures(canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """`(B, H, W, 1)` float32 in [0, 1], as wide as the widest word; and that width."""
    width = max(map(ink_width, canvases))
    width = min(canvases[0].shape[1], -(-width // WIDTH_STEP) * WIDTH_STEP)
    return np.stack([canvas[:, :width] for canvas in canvases]).astype(np.float32)[..., None] / 255, width


def _as_long(log_probs: np.ndarray, frames: int) -> np.ndarray:
    """`(B, T, C)` made `(B, frames, C)`: behind the words' pictures there are blanks for sure."""
    short = frames - log_probs.shape[1]
    if not short:
        return log_probs
    behind = np.full((len(log_probs), short, log_probs.shape[2]), NO_LETTER, log_probs.dtype)
    behind[..., 0] = 0.0
    return np.concatenate([log_probs, behind], axis=1)


def _of_batch(judge: LanguageScorer | None, firsts: Candidates | None) -> LanguageScorer | None:
    """The judge with the languages' shares in these first readings, where there are any."""
    return judge.for_batch([text for text, _ in firsts]) if judge and firsts else judge


def _english(judge: LanguageScorer | None) -> float:
    return judge.share_of("en") if judge else 0.0
