"""`Recognizer`: load once, pictures in, readings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core.config import Seq2SeqConfig
from hwr_core.decoding.all_capitals import ShareInCapitals
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.errors import CheckpointError, ConfigError
from hwr_core.imaging import ink_width
from hwr_core.imaging.canvas import Placement
from hwr_core.imaging.parallel import placed_canvases
from hwr_core.imaging.test_time import MOST_VIEWS
from hwr_core.language.scorer import languages, load_language
from hwr_core.language.writer_language import WriterLanguageModel, writer_language_model
from hwr_core.recognition.backends import Backend, BatchOutput, CtcBackend, DualBackend, ReadOptions, Seq2SeqBackend
from hwr_core.recognition.calibration import Calibration
from hwr_core.recognition.character_positions import align, ink_columns
from hwr_core.recognition.checkpoint import load_network, name_of, read_about
from hwr_core.recognition.constraints import Constraints, asked
from hwr_core.recognition.output_cache import OutputCache
from hwr_core.recognition.reading import Reading, reading_of
from hwr_core.recognition.seq2seq_runtime import load_seq2seq
from hwr_core.text import Charset, Tokens

BATCH = 64
ENOUGH = 0.8  # share of a language's letters that a charset needs
AUTO, NO_LANGUAGE = "auto", "none"


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
        network = network if network is not None else seq2seq or load_network(self.folder)
        needed = len(self.alphabet) + isinstance(self.alphabet, Charset)  # and the blank
        if network.output_shape[-1] != needed:
            raise CheckpointError(
                f"The checkpoint {self.folder} does not fit together: its network has {network.output_shape[-1]} "
                f"outputs, its characters need {needed}. Copy the checkpoint again, or train again."
            )
        self._hands: dict[tuple[str, ...], WriterLanguageModel] = {}
        self._batches: Backend
        if isinstance(self.alphabet, Tokens):
            self._batches = DualBackend(network, self.alphabet)
        elif seq2seq and isinstance(self.config.model, Seq2SeqConfig):
            weight = float(self.summary.get("reading_weight", self.config.model.reading_weight))
            self._batches = Seq2SeqBackend(seq2seq, self.alphabet, weight)
        else:
            self._batches = CtcBackend(network, self.alphabet, OutputCache(remember))

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
        return name_of(self.folder)

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
        capitals: float | None = None,
    ) -> list[Reading]:
        """Read pictures of words.

        Args:
            images: `(H, W)` uint8 grey, or colour as `imaging.to_grey` takes it; any size, any polarity.
            prefix: what has been typed so far, one for all or one each; every reading begins with it. A prefix
                that the picture contradicts gives its best completion, with a low confidence.
            alternatives: how many alternatives at most, the reading among them.
            language: what tells likely from unlikely words (CTC recognizers): `"auto"` takes the languages in
                models/language whose letters the recognizer can write, each with the share that it has in the
                batch (64 pictures of the call at most); a code such as `"fr"` takes one; `"none"` reads letter by
                letter. `dual` has learned its language from its training text and ignores this.
            mask: the reading's letters, `?` for each one that is open (`th?ugh`), one for all or one each; a
                question mark itself is `\\?`. Instead of prefix and words.
            words: the only readings allowed, for all pictures; no language has a say then. A word's confidence is
                its share among those words and the free reading.
            alignment: whether readings carry their `Alignment` (CTC recognizers).
            views: how many slightly changed copies of each picture are read together, the picture itself among
                them, 1 to 7: surer, and so many times slower (`dual` and `seq2seq` read the picture alone).
            capitals: the share of the words that is written in capitals throughout, in [0, 1]: 1 reads all of them
                so, 0 none. None finds it out from the pictures, best those of one hand (not `dual` and `seq2seq`).

        Returns:
            One reading a picture, in order; `[]` for `[]`.

        Raises:
            PictureError: an array is no picture.
            CharsetError: the prefix, mask or a word has a character that the recognizer cannot write.
            ConfigError: the number of prefixes or masks is not that of the pictures, conditions exclude each
                other, the language is unknown, there are not so many views, or no such share of capitals.
        """
        placed = placed_canvases(images, self.config.canvas)
        question = asked(len(placed), prefix, mask, words, alternatives)
        canvases, placements = [canvas for canvas, _ in placed], [placement for _, placement in placed]
        aligned = placements if alignment else None
        return self._read(canvases, question, self._how(language, views, capitals), aligned)

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
        capitals: float | None = None,
    ) -> list[Reading]:
        """As `read`, of prepared canvases `(H, W)` uint8, 0 paper to 255 ink."""
        question = asked(len(canvases), prefix, mask, words, alternatives)
        placements = [None] * len(canvases) if alignment else None
        return self._read(list(canvases), question, self._how(language, views, capitals), placements)

    def languages(self) -> list[str]:
        """The codes of the languages that `language="auto"` takes into account."""
        return writable_languages(self.charset) if isinstance(self.alphabet, Charset) else []

    def _how(self, language: str, views: int, capitals: float | None) -> ReadOptions:
        if not 1 <= views <= MOST_VIEWS:
            raise ConfigError(f"A word is read in 1 to {MOST_VIEWS} views. Received: views={views}.")
        if capitals is not None and not 0 <= capitals <= 1:
            raise ConfigError(f"A share of words in capitals lies in [0, 1]. Received: capitals={capitals}.")
        return ReadOptions(self._judge(language), views, ShareInCapitals(capitals))

    def _judge(self, language: str) -> LanguageScorer | None:
        if language == NO_LANGUAGE or isinstance(self.alphabet, Tokens):
            return None
        codes = tuple(self.languages() if language == AUTO else [language])
        if not codes:
            return None
        models = tuple(load_language(code) for code in codes)
        if not self.hand:
            return LanguageScorer(models)
        if codes not in self._hands:
            self._hands[codes] = writer_language_model(self.hand, models)
        return LanguageScorer(self._hands[codes].models, own=self._hands[codes].own)

    def _read(
        self,
        canvases: list[np.ndarray],
        question: Constraints,
        how: ReadOptions,
        placements: Sequence[Placement | None] | None,
    ) -> list[Reading]:
        readings = [Reading(text, 0.0, [(text, 0.0)]) for text in question.blank_readings()]
        written = [index for index, canvas in enumerate(canvases) if canvas.any()]
        # The widest first: long words say most about what all are in, capitals and languages.
        written.sort(key=lambda index: -ink_width(canvases[index]))
        calibration = self._calibration(question, how.judge)
        for start in range(0, len(written), BATCH):
            rows = written[start : start + BATCH]
            some = [canvases[index] for index in rows]
            answers = self._batches.answer(some, question.of(rows), how)
            for place, index in enumerate(rows):
                first = answers.firsts[place] if answers.firsts else None
                reading = reading_of(answers.found[place], readings[index].text, calibration, first, answers.english)
                if answers.capitals is not None and not np.isnan(answers.capitals[place]):
                    reading = replace(reading, capitals=float(answers.capitals[place]))
                if placements is not None:
                    reading = self._aligned(reading, some[place], placements[index], answers, place)
                readings[index] = reading
        return readings

    def _aligned(
        self, reading: Reading, canvas: np.ndarray, placement: Placement | None, answers: BatchOutput, place: int
    ) -> Reading:
        """The reading with where its letters lie; as it is where the network has no frames."""
        if answers.log_probs is None or not isinstance(self.alphabet, Charset):
            return reading
        aligned = align(
            reading.text,
            answers.log_probs[place],
            self.alphabet,
            width=answers.width,
            ink=ink_columns(canvas),
            placement=placement,
        )
        attention = self._batches.attention(answers, place, reading.text)
        return replace(reading, alignment=replace(aligned, attention=attention) if attention else aligned)

    def log_probs(self, canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
        """What a network that reads by CTC alone says of canvases that are not blank.

        Returns:
            `(B, T, C)` natural logarithms, column 0 the blank; and the columns of the canvas that T frames cover.

        Raises:
            ConfigError: the recognizer is of another kind.
        """
        if not isinstance(self._batches, CtcBackend):
            raise ConfigError(f"{self.name} does not read by CTC alone. Choose a crnn or a cnn_transformer.")
        return self._batches.log_probs(canvases)

    def _calibration(self, question: Constraints, judge: LanguageScorer | None) -> Calibration:
        """What was fitted for this way of reading; masks and lists of words are left as they are."""
        fitted = self.summary.get("calibration", {}).get("language" if judge else NO_LANGUAGE)
        return Calibration.from_dict(fitted) if fitted and question.is_free else Calibration()


def writable_languages(charset: str) -> list[str]:
    """Languages of models/language of whose letters a charset has at least four in five."""
    known = set(charset)
    alphabets = {code: load_language(code).letters.alphabet for code in languages()}
    return [code for code, letters in alphabets.items() if len(known & set(letters)) >= ENOUGH * len(letters)]
