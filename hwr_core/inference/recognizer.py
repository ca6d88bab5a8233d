"""`Recognizer`: load once, pictures in, readings out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core.config import Seq2SeqConfig
from hwr_core.decoding.ctc import log_softmax
from hwr_core.decoding.rescoring import Judge
from hwr_core.errors import CheckpointError, ConfigError
from hwr_core.imaging import ink_width
from hwr_core.imaging.canvas import Placement
from hwr_core.imaging.many import placed_canvases
from hwr_core.imaging.views import MOST_VIEWS, view
from hwr_core.inference.alignment import Alignment, align, ink_columns
from hwr_core.inference.asked import Asked, asked
from hwr_core.inference.calibration import Calibration, Evidence
from hwr_core.inference.checkpoint import load_network, read_about
from hwr_core.inference.ctc_reader import CtcReader, Found, first_readings
from hwr_core.inference.dual_reader import DualReader
from hwr_core.inference.memory import OutputMemory
from hwr_core.inference.seq2seq_network import load_seq2seq
from hwr_core.inference.seq2seq_reader import Seq2SeqReader
from hwr_core.text import Charset, Tokens
from hwr_core.text.hand import HandLanguage, hand_language
from hwr_core.text.language import languages, load_language

BATCH = 64
ROWS = 16  # words that the network is given at once: their features stay in the processor's cache
WIDTH_STEP = 32
ENOUGH = 0.8  # share of a language's letters that a charset needs
AUTO, NO_LANGUAGE = "auto", "none"


@dataclass(frozen=True)
class Reading:
    """What the recognizer says of one picture.

    Attributes:
        text: the reading; empty where the picture is blank.
        confidence: the probability that it is right, in [0, 1]; calibrated where the checkpoint has a fit.
        alternatives: `(text, confidence)` pairs, best first, the reading itself among them.
        alignment: where in the picture each letter was read; None unless asked for.
        evidence: what else the confidence was weighed by; None for `dual`, masks, lists of words and blank pictures.
    """

    text: str
    confidence: float
    alternatives: list[tuple[str, float]]
    alignment: Alignment | None = None
    evidence: Evidence | None = None


class Recognizer:
    """A checkpoint, ready to read. Use `Recognizer.load`.

    Args:
        folder: the checkpoint.
        remember: see `load`.
        network: reads in place of the folder's: one that is being trained, say.
    """

    def __init__(self, folder: Path, remember: int = 0, network: Any = None) -> None:
        self.folder = Path(folder)
        self.config, self.alphabet, self.summary = read_about(self.folder)
        seq2seq = load_seq2seq(self.folder) if isinstance(self.config.model, Seq2SeqConfig) else None
        self._network = network if network is not None else seq2seq or load_network(self.folder)
        self._hands: dict[tuple[str, ...], HandLanguage] = {}
        self._memory = OutputMemory(remember)
        needed = len(self.alphabet) + isinstance(self.alphabet, Charset)  # and the blank
        if self._network.output_shape[-1] != needed:
            raise CheckpointError(
                f"The checkpoint {self.folder} does not fit together: its network has {self._network.output_shape[-1]} "
                f"outputs, its characters need {needed}. Copy the checkpoint again, or train again."
            )
        self._dual = DualReader(self._network, self.alphabet) if isinstance(self.alphabet, Tokens) else None
        self._ctc = CtcReader(self.alphabet) if isinstance(self.alphabet, Charset) else None
        self._seq2seq: Seq2SeqReader | None = None
        if seq2seq and isinstance(self.config.model, Seq2SeqConfig) and isinstance(self.alphabet, Charset):
            weight = float(self.summary.get("reading_weight", self.config.model.reading_weight))
            self._seq2seq = Seq2SeqReader(seq2seq, self.alphabet, weight)

    @classmethod
    def load(cls, folder: Path | str, *, remember: int = 0) -> Recognizer:
        """Open a checkpoint folder.

        Args:
            folder: the checkpoint.
            remember: how many pictures, read one at a time, are not shown to a CTC network again when they are read
                again: with another prefix, say. Some 20 KB each.

        Raises:
            CheckpointError: it is incomplete, damaged or of another version.
        """
        return cls(Path(folder), remember)

    @property
    def name(self) -> str:
        return self.folder.parent.name if self.folder.name == "checkpoint" else self.folder.name

    @property
    def model_name(self) -> str:
        return self.config.model.name

    @property
    def charset(self) -> str:
        """The characters that it can write."""
        if isinstance(self.alphabet, Charset):
            return "".join(self.alphabet.characters)
        return "".join(sorted(set("".join(self.alphabet.written))))

    @property
    def hand(self) -> list[str]:
        """The words that it was taught of one hand: it expects them, and capitals and marks as they have them."""
        return list(self.summary.get("taught", {}).get("texts", []))

    @property
    def card(self) -> str:
        """The card of a shipped checkpoint as Markdown; empty where there is none."""
        path = self.folder / "card.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def read(
        self,
        images: Sequence[np.ndarray],
        *,
        prefix: str | Sequence[str] = "",
        alternatives: int = 1,
        language: str = AUTO,
        mask: str | Sequence[str] | None = None,
        words: Sequence[str] | None = None,
        alignment: bool = False,
        views: int = 1,
    ) -> list[Reading]:
        """Read pictures of words.

        Args:
            images: `(H, W)` uint8 grey, or colour as `imaging.to_grey` takes it; any size, any polarity.
            prefix: what has been typed so far, one for all or one each; every reading begins with it. A prefix
                that the picture contradicts gives its best completion, with a low confidence.
            alternatives: how many alternatives at most, the reading among them.
            language: what tells likely from unlikely words (CTC recognizers): `"auto"` takes the languages in
                models/language whose letters the recognizer can write, each with the share that it has in the
                batch (up to 64 pictures of the call); a code such as `"fr"` takes one; `"none"` reads letter by
                letter. `dual` has learned its language from its training text and ignores this.
            mask: the reading's letters, `?` for each one that is open (`th?ugh`), one for all or one each; a
                question mark itself is `\\?`. Instead of prefix and words.
            words: the only readings allowed, for all pictures; no language has a say then. A word's confidence is
                its share among those words and the free reading.
            alignment: whether readings carry their `Alignment` (CTC recognizers).
            views: how many slightly changed copies of each picture are read together, the picture itself among
                them, 1 to 7: surer, and so many times slower (CTC recognizers; `dual` reads the picture alone).

        Returns:
            One reading a picture, in order; `[]` for `[]`.

        Raises:
            PictureError: an array is no picture.
            CharsetError: the prefix, mask or a word has a character that the recognizer cannot write.
            ConfigError: the number of prefixes or masks is not that of the pictures, conditions exclude each
                other, the language is unknown, or there are not so many views.
        """
        placed = placed_canvases(images, self.config.canvas)
        question = asked(len(placed), prefix, mask, words, alternatives)
        canvases, placements = [canvas for canvas, _ in placed], [placement for _, placement in placed]
        return self._read(canvases, question, self._judge(language), placements if alignment else None, views)

    def read_canvases(
        self,
        canvases: Sequence[np.ndarray],
        prefix: str | Sequence[str] = "",
        alternatives: int = 1,
        *,
        language: str = AUTO,
        mask: str | Sequence[str] | None = None,
        words: Sequence[str] | None = None,
        alignment: bool = False,
        views: int = 1,
    ) -> list[Reading]:
        """As `read`, of prepared canvases `(H, W)` uint8, 0 paper to 255 ink."""
        question = asked(len(canvases), prefix, mask, words, alternatives)
        placements = [None] * len(canvases) if alignment else None
        return self._read(list(canvases), question, self._judge(language), placements, views)

    def languages(self) -> list[str]:
        """The codes of the languages that `language="auto"` takes into account."""
        return writable_languages(self.charset) if self._ctc else []

    def _judge(self, language: str) -> Judge | None:
        if language == NO_LANGUAGE or self._dual:
            return None
        codes = tuple(self.languages() if language == AUTO else [language])
        if not codes:
            return None
        models = tuple(load_language(code) for code in codes)
        if not self.hand:
            return Judge(models)
        if codes not in self._hands:
            self._hands[codes] = hand_language(self.hand, models)
        return Judge(self._hands[codes].models, own=self._hands[codes].own)

    def _read(
        self,
        canvases: list[np.ndarray],
        question: Asked,
        judge: Judge | None,
        placements: Sequence[Placement | None] | None,
        views: int,
    ) -> list[Reading]:
        if not 1 <= views <= MOST_VIEWS:
            raise ConfigError(f"A word is read in 1 to {MOST_VIEWS} views. Received: views={views}.")
        readings = [Reading(text, 0.0, [(text, 0.0)]) for text in question.blank_readings()]
        written = [index for index, canvas in enumerate(canvases) if canvas.any()]
        written.sort(key=lambda index: ink_width(canvases[index]))
        calibration = self._calibration(question, judge)
        for start in range(0, len(written), BATCH):
            rows = written[start : start + BATCH]
            some = [canvases[index] for index in rows]
            firsts: Found | None = None
            batch_judge: Judge | None = None
            if self._dual:
                found = self._dual.answer(np.stack(some), question.of(rows))
                log_probs, width = None, 0
            elif self._seq2seq:
                images, width = self._pictures(some)
                log_probs, frames = self._seq2seq.encode(images)
                firsts = self._firsts(log_probs, question)
                batch_judge = _of_batch(judge, firsts)
                found = self._seq2seq.answer(log_probs, frames, question.of(rows), judge)
            else:
                log_probs, width = self.log_probs(some)
                others = [self.log_probs([view(one, number) for one in some])[0] for number in range(1, views)]
                firsts = self._firsts(log_probs, question)
                batch_judge = _of_batch(judge, firsts)
                found = self._ctc_answer(log_probs, question.of(rows), batch_judge, others, firsts)
            english = batch_judge.share_of("en") if batch_judge else 0.0
            for place, index in enumerate(rows):
                first = firsts[place] if firsts else None
                reading = _reading(found[place], readings[index].text, calibration, first, english)
                if log_probs is not None and placements is not None:
                    assert isinstance(self.alphabet, Charset)
                    aligned = align(
                        reading.text,
                        log_probs[place],
                        self.alphabet,
                        width=width,
                        ink=ink_columns(some[place]),
                        placement=placements[index],
                    )
                    if self._seq2seq:
                        lies = self._seq2seq.attention(frames[place : place + 1], [reading.text])[0].tolist()
                        aligned = replace(aligned, attention=lies)
                    reading = replace(reading, alignment=aligned)
                readings[index] = reading
        return readings

    def log_probs(self, canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
        """What a CTC network says of canvases that are not blank.

        Returns:
            `(B, T, C)` natural logarithms, column 0 the blank; and the columns of the canvas that T frames cover.
        """
        known = self._memory.find(canvases[0]) if len(canvases) == 1 else None
        if known is not None:
            return known
        images, width = self._pictures(canvases)
        logits = [self._network.predict_on_batch(images[at : at + ROWS]) for at in range(0, len(images), ROWS)]
        output = log_softmax(np.concatenate(logits)), width
        if len(canvases) == 1:
            self._memory.keep(canvases[0], output)
        return output

    def _pictures(self, canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
        """`(B, H, W, 1)` float32 in [0, 1], as wide as the widest word; and that width."""
        width = max(map(ink_width, canvases))
        width = min(canvases[0].shape[1], -(-width // WIDTH_STEP) * WIDTH_STEP)
        return np.stack([canvas[:, :width] for canvas in canvases]).astype(np.float32)[..., None] / 255, width

    def _firsts(self, log_probs: np.ndarray, question: Asked) -> Found | None:
        """What the letters alone say, where any word is allowed."""
        assert isinstance(self.alphabet, Charset)
        return first_readings(log_probs, self.alphabet) if question.is_free else None

    def _ctc_answer(
        self,
        log_probs: np.ndarray,
        question: Asked,
        judge: Judge | None,
        others: Sequence[np.ndarray],
        firsts: Found | None,
    ) -> list[Found]:
        assert self._ctc
        if question.masks is not None:
            found = self._ctc.read_masked(log_probs, question.masks, judge, others)
        elif question.words is not None:
            found = self._ctc.read_allowed(log_probs, question.words, question.prefixes, others)
        else:
            found = self._ctc.read(log_probs, question.prefixes, question.most, judge, others, firsts)
        return [some[: question.most] for some in found]

    def _calibration(self, question: Asked, judge: Judge | None) -> Calibration:
        """What was fitted for this way of reading; masks and lists of words are left as they are."""
        fitted = self.summary.get("calibration", {}).get("language" if judge else NO_LANGUAGE)
        return Calibration.from_dict(fitted) if fitted and question.is_free else Calibration()


def writable_languages(charset: str) -> list[str]:
    """Languages of models/language of whose letters a charset has at least four in five."""
    known = set(charset)
    alphabets = {code: load_language(code).letters.alphabet for code in languages()}
    return [code for code, letters in alphabets.items() if len(known & set(letters)) >= ENOUGH * len(letters)]


def _of_batch(judge: Judge | None, firsts: Found | None) -> Judge | None:
    """The judge with the languages' shares in these first readings, where there are any."""
    return judge.for_batch([text for text, _ in firsts]) if judge and firsts else judge


def _reading(
    found: Found, fallback: str, calibration: Calibration, first: tuple[str, float] | None, english: float
) -> Reading:
    if not found:
        return Reading(fallback, 0.0, [(fallback, 0.0)])
    text = found[0][0]
    evidence = Evidence(math.exp(first[1]), text == first[0], len(text), english) if first else None
    confidences = calibration.apply([min(1.0, math.exp(score)) for _, score in found], evidence)
    pairs = [(text, confidence) for (text, _), confidence in zip(found, confidences, strict=True)]
    return Reading(*pairs[0], pairs, evidence=evidence)
