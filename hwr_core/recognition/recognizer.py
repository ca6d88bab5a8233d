"""`Recognizer`: load once, images in, readings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.config import Seq2SeqConfig
from hwr_core.decoding.all_capitals import ShareInCapitals
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.errors import CheckpointError, ConfigError
from hwr_core.imaging import ink_width
from hwr_core.imaging.canvas import Placement
from hwr_core.imaging.parallel import placed_canvases
from hwr_core.language.language_model import languages, load_language
from hwr_core.language.writer_language import WriterLanguageModel, writer_language_model
from hwr_core.recognition.backends import Backend, BatchOutput, CtcBackend, DualBackend, ReadContext, Seq2SeqBackend
from hwr_core.recognition.calibration import Calibration
from hwr_core.recognition.character_positions import align, ink_columns
from hwr_core.recognition.checkpoint import load_network, name_of, read_about
from hwr_core.recognition.constraints import Constraints, parse_constraints
from hwr_core.recognition.options import AUTO, NO_LANGUAGE, ReadOptions
from hwr_core.recognition.output_cache import OutputCache
from hwr_core.recognition.reading import Reading, reading_of
from hwr_core.recognition.seq2seq_runtime import load_seq2seq
from hwr_core.recognition.steps import Steps, finish
from hwr_core.text import Charset, Tokens

if TYPE_CHECKING:
    import keras

    from hwr_core.recognition.onnx_export import OnnxNetwork

BATCH_SIZE = 64
MIN_LETTER_SHARE = 0.8  # of a language's letters that a charset needs


class Recognizer:
    """A checkpoint, ready to read. Use `Recognizer.load`.

    Args:
        folder: the checkpoint.
        cache_size: see `load`.
        network: reads instead of the folder's: one in training, say.
    """

    def __init__(self, folder: Path, cache_size: int = 0, network: keras.Model | OnnxNetwork | None = None) -> None:
        self.folder = Path(folder)
        self.config, self.alphabet, self.summary = read_about(self.folder)
        seq2seq = load_seq2seq(self.folder) if isinstance(self.config.model, Seq2SeqConfig) else None
        network = network if network is not None else seq2seq or load_network(self.folder)
        num_classes = len(self.alphabet) + isinstance(self.alphabet, Charset)  # and the blank
        if network.output_shape[-1] != num_classes:
            raise CheckpointError(
                f"The checkpoint {self.folder} does not fit together: its network has {network.output_shape[-1]} "
                f"outputs, its characters need {num_classes}. Copy the checkpoint again, or train again."
            )
        self._writer_models: dict[tuple[str, ...], WriterLanguageModel] = {}
        self._backend: Backend
        if isinstance(self.alphabet, Tokens):
            self._backend = DualBackend(network, self.alphabet)
        elif seq2seq and isinstance(self.config.model, Seq2SeqConfig):
            ctc_weight = float(self.summary.get("reading_weight", self.config.model.reading_weight))
            self._backend = Seq2SeqBackend(seq2seq, self.alphabet, ctc_weight)
        else:
            self._backend = CtcBackend(network, self.alphabet, OutputCache(cache_size))

    @classmethod
    def load(cls, folder: Path | str, *, cache_size: int = 0) -> Recognizer:
        """Open a checkpoint folder.

        Args:
            folder: the checkpoint.
            cache_size: network outputs to cache, for images that are read one at a time and again with another
                prefix, say (CTC recognizers). Some 20 KB each.

        Raises:
            CheckpointError: it is incomplete, damaged or of another version.
        """
        return cls(Path(folder), cache_size)

    @property
    def name(self) -> str:
        return name_of(self.folder)

    @property
    def model_name(self) -> str:
        return self.config.model.name

    @property
    def charset(self) -> str:
        """The characters that it can output."""
        if isinstance(self.alphabet, Charset):
            return "".join(self.alphabet.characters)
        return "".join(sorted(set("".join(self.alphabet.vocabulary))))

    @property
    def writer_texts(self) -> list[str]:
        """Words of the writer that it is adapted to, for the language model; empty for any writer."""
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
        """Read images of words.

        Args:
            images: `(H, W)` uint8 grey, or colour as in `imaging.to_grey`; any size, any polarity.
            prefix: the beginning of every reading, one for all or one each: what has been typed so far. A prefix that
                contradicts the image gives its best completion, with a low confidence.
            alternatives: maximum number of alternatives, the reading among them.
            language: language model of CTC recognizers: `"auto"` mixes the languages in models/language whose letters
                the recognizer can output, by their shares in the batch (64 images of the call at most); a code such
                as `"fr"` takes one; `"none"` reads without. `dual` has learned its language from its training texts
                and ignores this.
            mask: the reading's letters, `?` for each open one (`th?ugh`), one for all or one each; a question mark
                itself is `\\?`. Instead of prefix and words.
            words: the only readings allowed, for all images, without a language. A word's confidence is its share
                among those words and the free reading.
            alignment: whether readings carry their `Alignment` (CTC recognizers).
            views: variants of each image in test-time augmentation, the image itself among them, 1 to 7: more
                accurate, and so many times slower (`dual` and `seq2seq` read the image alone).
            capitals: the share of words in capitals throughout, in [0, 1]: 1 reads all of them so, 0 none. None
                estimates it from the images, best of one writer (not `dual` and `seq2seq`).

        Returns:
            One reading an image, in order; `[]` for `[]`.

        Raises:
            ImageError: an array is no image.
            CharsetError: the prefix, mask or a word has a character that the recognizer cannot output.
            ConfigError: the number of prefixes or masks is not that of the images, constraints exclude each other, the
                language is unknown, or views or capitals are out of range.
        """
        options = ReadOptions(
            prefix=prefix,
            alternatives=alternatives,
            language=language,
            mask=mask,
            words=words,
            alignment=alignment,
            views=views,
            capitals=capitals,
        )
        return finish(self.read_steps(images, options))

    def read_steps(
        self, images: Sequence[np.ndarray], options: ReadOptions, words_per_step: int = BATCH_SIZE
    ) -> Steps[list[Reading]]:
        """As `read`, in steps between which the words of others can be read; the readings are the same.

        Options and images are checked, and the canvases prepared, before it returns; the steps of one recognizer must
        be taken in one thread at a time.

        Args:
            words_per_step: words that are decoded in a step.
        """
        placed = placed_canvases(images, self.config.canvas)
        canvases, placements = [canvas for canvas, _ in placed], [placement for _, placement in placed]
        return self._read(canvases, placements, options, parse_constraints(len(images), options), words_per_step)

    def read_canvases(
        self, canvases: Sequence[np.ndarray], prefix: str | Sequence[str] = "", alternatives: int = 1, **options: Any
    ) -> list[Reading]:
        """As `read`, with the same options, of prepared canvases `(H, W)` uint8, 0 paper to 255 ink."""
        read_options = ReadOptions(prefix=prefix, alternatives=alternatives, **options)
        constraints = parse_constraints(len(canvases), read_options)
        return finish(self._read(list(canvases), [None] * len(canvases), read_options, constraints, BATCH_SIZE))

    def languages(self) -> list[str]:
        """The codes of the languages of `language="auto"`."""
        return writable_languages(self.charset) if isinstance(self.alphabet, Charset) else []

    def _scorer(self, language: str) -> LanguageScorer | None:
        if language == NO_LANGUAGE or isinstance(self.alphabet, Tokens):
            return None
        codes = tuple(self.languages() if language == AUTO else [language])
        if not codes:
            return None
        models = tuple(load_language(code) for code in codes)
        if not self.writer_texts:
            return LanguageScorer(models)
        if codes not in self._writer_models:
            self._writer_models[codes] = writer_language_model(self.writer_texts, models)
        writer = self._writer_models[codes]
        return LanguageScorer(writer.models, writer_words=writer.writer_words)

    def _read(
        self,
        canvases: list[np.ndarray],
        placements: Sequence[Placement | None],
        options: ReadOptions,
        constraints: Constraints,
        words_per_step: int,
    ) -> Steps[list[Reading]]:
        scorer, capitals = self._scorer(options.language), ShareInCapitals(options.capitals)
        context = ReadContext(scorer, options.views, capitals, words_per_step)
        calibration = self._calibration(constraints, context.scorer)
        readings = [Reading(text, 0.0, [(text, 0.0)]) for text in constraints.blank_readings()]
        inked = [index for index, canvas in enumerate(canvases) if canvas.any()]
        # The widest first: long words are the best evidence of capitals and languages.
        inked.sort(key=lambda index: -ink_width(canvases[index]))
        for start in range(0, len(inked), BATCH_SIZE):
            indices = inked[start : start + BATCH_SIZE]
            batch = [canvases[index] for index in indices]
            output = yield from self._backend.read(batch, constraints.select(indices), context)
            for row, index in enumerate(indices):
                if row % words_per_step == 0:
                    yield None
                reading = reading_of(
                    output.candidates[row],
                    readings[index].text,
                    calibration,
                    output.best_texts[row] if output.best_texts else None,
                    output.language_shares,
                )
                if output.capitals is not None and not np.isnan(output.capitals[row]):
                    reading = replace(reading, capitals=float(output.capitals[row]))
                if options.alignment:
                    reading = self._aligned(reading, batch[row], placements[index], output, row)
                readings[index] = reading
        return readings

    def _aligned(
        self, reading: Reading, canvas: np.ndarray, placement: Placement | None, output: BatchOutput, row: int
    ) -> Reading:
        """The reading with its alignment; unchanged where the network has no frames."""
        if output.log_probs is None or not isinstance(self.alphabet, Charset):
            return reading
        alignment = align(
            reading.text,
            output.log_probs[row],
            self.alphabet,
            width=output.width,
            ink=ink_columns(canvas),
            placement=placement,
        )
        attention = self._backend.attention(output, row, reading.text)
        return replace(reading, alignment=replace(alignment, attention=attention) if attention else alignment)

    def log_probs(self, canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
        """The output of a CTC network for canvases that are not blank.

        Returns:
            `(B, T, C)` natural logarithms, column 0 the blank; and the columns of the canvas that T frames cover.

        Raises:
            ConfigError: the recognizer is of another kind.
        """
        if not isinstance(self._backend, CtcBackend):
            raise ConfigError(f"{self.name} does not read by CTC alone. Choose a crnn or a cnn_transformer.")
        return self._backend.log_probs(canvases)

    def _calibration(self, constraints: Constraints, scorer: LanguageScorer | None) -> Calibration:
        """The fit for reading with or without languages; masks and lists of words are not calibrated."""
        values = self.summary.get("calibration", {}).get("language" if scorer else NO_LANGUAGE)
        return Calibration.from_dict(values) if values and constraints.is_free else Calibration()


def writable_languages(charset: str) -> list[str]:
    """Languages of models/language of whose letters a charset has at least four in five."""
    characters = set(charset)
    alphabets = {code: load_language(code).letters.alphabet for code in languages()}
    return [
        code for code, letters in alphabets.items() if len(characters & set(letters)) >= MIN_LETTER_SHARE * len(letters)
    ]
