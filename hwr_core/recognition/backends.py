"""One backend a kind of network: batches of canvases, none of them blank, to candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hwr_core.decoding import best_paths
from hwr_core.decoding.all_capitals import AllCapitals, ShareInCapitals, in_capitals
from hwr_core.decoding.ctc import Candidates, log_softmax
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.imaging import ink_width
from hwr_core.imaging.test_time import view
from hwr_core.recognition.constraints import Constraints
from hwr_core.recognition.ctc_decoder import CtcDecoder, best_path_readings
from hwr_core.recognition.dual_decoder import DualDecoder
from hwr_core.recognition.onnx_export import OnnxNetwork
from hwr_core.recognition.output_cache import OutputCache
from hwr_core.recognition.seq2seq_decoder import Seq2SeqDecoder
from hwr_core.recognition.seq2seq_runtime import Seq2SeqRuntime
from hwr_core.recognition.steps import NetworkRun, Steps, finish
from hwr_core.text import Charset, Tokens

if TYPE_CHECKING:
    import keras

WORDS_PER_CALL = 8  # of similar width; the features of so many fit the processor's cache
WIDTH_STEP = 32
PADDING_LOG_PROB = -100.0  # of letters behind the end of a word: finite, so that sums stay finite


class CtcNetwork(Protocol):
    """A CTC network behind Keras or ONNX Runtime."""

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """`(B, H, W, 1)` float32 to logits `(B, T, C)`."""


@dataclass(frozen=True)
class ReadContext:
    """`ReadOptions` of a call, resolved for the backends.

    Attributes:
        scorer: the languages; None to read without.
        views: variants of each image in test-time augmentation, the image itself among them.
        capitals: the share of words in capitals.
        words_per_step: words that are decoded before others may go first.
    """

    scorer: LanguageScorer | None
    views: int
    capitals: ShareInCapitals
    words_per_step: int


@dataclass(frozen=True)
class BatchOutput:
    """What a backend returns for a batch.

    Attributes:
        candidates: of each word, best first.
        best_texts: the best-path reading of each word, without a language; None under a mask or a list of words.
        language_shares: language code -> its share in the batch, in [0, 1].
        log_probs: `(B, T, C)` natural logarithms of a CTC network; None for `dual`.
        width: canvas columns that T frames cover.
        frames: `(B, T, F)` that a decoder attends to; None without a decoder.
        capitals: `(B,)` log ratios of capitals to lower case (`decoding.all_capitals`).
    """

    candidates: list[Candidates]
    best_texts: Candidates | None = None
    language_shares: dict[str, float] = field(default_factory=dict)
    log_probs: np.ndarray | None = None
    width: int = 0
    frames: np.ndarray | None = None
    capitals: np.ndarray | None = None


class Backend(Protocol):
    """Reads batches of canvases `(H, W)` uint8, 0 paper to 255 ink, none of them blank."""

    def read(
        self, canvases: Sequence[np.ndarray], constraints: Constraints, context: ReadContext
    ) -> Steps[BatchOutput]:
        """Candidates of each canvas."""

    def attention(self, output: BatchOutput, row: int, text: str) -> list[list[float]] | None:
        """Attention on each frame for each letter of a text; None without a decoder."""


class DualBackend:
    """Of `dual`, which knows neither languages nor views."""

    def __init__(self, network: keras.Model, tokens: Tokens) -> None:
        self._decoder = DualDecoder(network, tokens)

    def read(
        self, canvases: Sequence[np.ndarray], constraints: Constraints, context: ReadContext
    ) -> Steps[BatchOutput]:
        candidates: list[Candidates] = []
        for rows in slices(len(canvases), context.words_per_step):
            batch = np.stack(canvases[rows.start : rows.stop])
            candidates += self._decoder.decode(batch, constraints.select(rows))
            yield None
        return BatchOutput(candidates)

    def attention(self, output: BatchOutput, row: int, text: str) -> None:
        return None


class CtcBackend:
    """Of a CTC network."""

    def __init__(self, network: CtcNetwork, charset: Charset, cache: OutputCache) -> None:
        self._network = network
        self._charset = charset
        self._cache = cache
        self._decoder = CtcDecoder(charset)
        self._capitals = AllCapitals(charset)
        self._can_be_joined = isinstance(network, OnnxNetwork) and network.is_batch_invariant

    def read(
        self, canvases: Sequence[np.ndarray], constraints: Constraints, context: ReadContext
    ) -> Steps[BatchOutput]:
        log_probs, width = yield from self._log_probs(canvases)
        views = [log_probs]
        for number in range(1, context.views):
            output, _ = yield from self._log_probs([view(one, number) for one in canvases])
            views.append(output)
        log_ratios = self._capitals.log_ratios(log_probs)
        upper = in_capitals(log_ratios, context.capitals.update(log_ratios)) & constraints.allows_capitals()
        if context.capitals.fixed != 0:
            upper |= constraints.implies_capitals()
        views = [self._capitals.capitalized(each, upper) for each in views]
        best_texts = best_path_readings(views[0], self._charset) if constraints.is_free else None
        scorer = _with_language_shares(context.scorer, best_texts)
        decoding_scorer = scorer
        if constraints.masks is not None and scorer:
            decoding_scorer = scorer.with_language_shares([self._charset.decode(path) for path in best_paths(views[0])])
        candidates: list[Candidates] = []
        for rows in slices(len(canvases), context.words_per_step):
            part = slice(rows.start, rows.stop)
            candidates += self._decoder.decode(
                [each[part] for each in views],
                constraints.select(rows),
                decoding_scorer,
                best_texts[part] if best_texts else None,
            )
            yield None
        return BatchOutput(candidates, best_texts, _shares(scorer), views[0], width, capitals=log_ratios)

    def log_probs(self, canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
        """As `Recognizer.log_probs`."""
        return finish(self._log_probs(canvases))

    def _log_probs(self, canvases: Sequence[np.ndarray]) -> Steps[tuple[np.ndarray, int]]:
        cached = self._cache.get(canvases[0]) if len(canvases) == 1 else None
        if cached is not None:
            return cached
        calls = range(0, len(canvases), WORDS_PER_CALL)
        inputs = [network_input(canvases[start : start + WORDS_PER_CALL]) for start in calls]
        parts = []
        for images, _ in inputs:
            if self._can_be_joined:
                logits = yield NetworkRun(self._network.predict_on_batch, images)
                assert logits is not None
            else:
                logits = self._network.predict_on_batch(images)
                yield None
            parts.append(log_softmax(logits))
        frames = max(part.shape[1] for part in parts)
        output = np.concatenate([_padded(part, frames) for part in parts]), max(width for _, width in inputs)
        if len(canvases) == 1:
            self._cache.put(canvases[0], output)
        return output

    def attention(self, output: BatchOutput, row: int, text: str) -> None:
        return None


class Seq2SeqBackend:
    """Of `seq2seq`: CTC and the decoder jointly."""

    def __init__(self, network: Seq2SeqRuntime, charset: Charset, ctc_weight: float) -> None:
        self._charset = charset
        self._decoder = Seq2SeqDecoder(network, charset, ctc_weight)

    def read(
        self, canvases: Sequence[np.ndarray], constraints: Constraints, context: ReadContext
    ) -> Steps[BatchOutput]:
        images, width = network_input(canvases)
        log_probs, frames = self._decoder.encode(images)
        yield None
        best_texts = best_path_readings(log_probs, self._charset) if constraints.is_free else None
        # Not in slices: the languages are weighed by the first candidates of the whole batch.
        candidates = self._decoder.decode(log_probs, frames, constraints, context.scorer)
        shares = _shares(_with_language_shares(context.scorer, best_texts))
        return BatchOutput(candidates, best_texts, shares, log_probs, width, frames)

    def attention(self, output: BatchOutput, row: int, text: str) -> list[list[float]]:
        assert output.frames is not None
        return self._decoder.attention(output.frames[row : row + 1], [text])[0].tolist()


def slices(count: int, size: int) -> list[range]:
    """`range(count)` in parts of at most `size`.

    Example:
        >>> slices(5, 2)
        [range(0, 2), range(2, 4), range(4, 5)]
    """
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def network_input(canvases: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """`(B, H, W, 1)` float32 in [0, 1], as wide as the widest word; and that width."""
    width = max(map(ink_width, canvases))
    width = min(canvases[0].shape[1], -(-width // WIDTH_STEP) * WIDTH_STEP)
    return np.stack([canvas[:, :width] for canvas in canvases]).astype(np.float32)[..., None] / 255, width


def _padded(log_probs: np.ndarray, frames: int) -> np.ndarray:
    """`(B, T, C)` padded to `(B, frames, C)` with certain blanks."""
    missing = frames - log_probs.shape[1]
    if not missing:
        return log_probs
    padding = np.full((len(log_probs), missing, log_probs.shape[2]), PADDING_LOG_PROB, log_probs.dtype)
    padding[..., 0] = 0.0
    return np.concatenate([log_probs, padding], axis=1)


def _with_language_shares(scorer: LanguageScorer | None, best_texts: Candidates | None) -> LanguageScorer | None:
    """The scorer with the languages' shares in the best-path readings, where there are any."""
    return scorer.with_language_shares([text for text, _ in best_texts]) if scorer and best_texts else scorer


def _shares(scorer: LanguageScorer | None) -> dict[str, float]:
    return scorer.language_shares if scorer else {}
