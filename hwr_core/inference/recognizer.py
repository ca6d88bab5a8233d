"""`Recognizer`: load once, pictures in, readings out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwr_core.decoding.ctc import log_softmax
from hwr_core.errors import CheckpointError, ConfigError
from hwr_core.imaging import ink_canvas, ink_width
from hwr_core.inference.checkpoint import load_network, read_about
from hwr_core.inference.ctc_reader import CtcReader
from hwr_core.inference.dual_reader import DualReader
from hwr_core.text import Charset, Tokens, normalise

BATCH = 64
WIDTH_STEP = 32


@dataclass(frozen=True)
class Reading:
    """What the recognizer says of one picture.

    Attributes:
        text: the reading; empty where the picture is blank.
        confidence: the probability that the recognizer gives it, in [0, 1].
        alternatives: `(text, confidence)` pairs, best first, the reading itself among them.
    """

    text: str
    confidence: float
    alternatives: list[tuple[str, float]]


class Recognizer:
    """A checkpoint, ready to read. Use `Recognizer.load`."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.config, self.alphabet, self.summary = read_about(self.folder)
        self._network = load_network(self.folder)
        needed = len(self.alphabet) + isinstance(self.alphabet, Charset)  # and the blank
        if self._network.output_shape[-1] != needed:
            raise CheckpointError(
                f"The checkpoint {self.folder} does not fit together: its network has {self._network.output_shape[-1]} "
                f"outputs, its characters need {needed}. Copy the checkpoint again, or train again."
            )
        self._dual = DualReader(self._network, self.alphabet) if isinstance(self.alphabet, Tokens) else None
        self._ctc = CtcReader(self.alphabet) if isinstance(self.alphabet, Charset) else None

    @classmethod
    def load(cls, folder: Path | str) -> Recognizer:
        """Open a checkpoint folder.

        Raises:
            CheckpointError: it is incomplete, damaged or of another version.
        """
        return cls(Path(folder))

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
    def card(self) -> str:
        """The card of a shipped checkpoint as Markdown; empty where there is none."""
        path = self.folder / "card.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def read(
        self, images: Sequence[np.ndarray], *, prefix: str | Sequence[str] = "", alternatives: int = 1
    ) -> list[Reading]:
        """Read pictures of words.

        Args:
            images: `(H, W)` uint8 grey, or colour as `imaging.to_grey` takes it; any size, any polarity.
            prefix: what has been typed so far, one for all or one each; every reading begins with it. A prefix
                that the picture contradicts gives its best completion, with a low confidence.
            alternatives: how many alternatives at most, the reading among them.

        Returns:
            One reading a picture, in order; `[]` for `[]`.

        Raises:
            PictureError: an array is no picture.
            CharsetError: the prefix has a character that the recognizer cannot write.
            ConfigError: the number of prefixes is not that of the pictures.
        """
        return self.read_canvases([ink_canvas(i, self.config.canvas) for i in images], prefix, alternatives)

    def read_canvases(
        self, canvases: Sequence[np.ndarray], prefix: str | Sequence[str] = "", alternatives: int = 1
    ) -> list[Reading]:
        """As `read`, of prepared canvases `(H, W)` uint8, 0 paper to 255 ink."""
        prefixes = [prefix] * len(canvases) if isinstance(prefix, str) else list(prefix)
        if len(prefixes) != len(canvases):
            raise ConfigError(
                f"Give one prefix for all pictures, or one each. Received: {len(prefixes)} prefixes, "
                f"{len(canvases)} pictures."
            )
        prefixes = [normalise(text) for text in prefixes]
        readings: list[Reading] = [Reading(text, 0.0, [(text, 0.0)]) for text in prefixes]  # blank pictures stay so
        written = [index for index, canvas in enumerate(canvases) if canvas.any()]
        written.sort(key=lambda index: ink_width(canvases[index]))
        for start in range(0, len(written), BATCH):
            rows = written[start : start + BATCH]
            some = [canvases[index] for index in rows]
            for index, reading in zip(
                rows, self._read_batch(some, [prefixes[i] for i in rows], max(1, alternatives)), strict=True
            ):
                readings[index] = reading
        return readings

    def _read_batch(self, canvases: list[np.ndarray], prefixes: list[str], most: int) -> list[Reading]:
        if self._dual:
            vectors = self._dual.vectors(np.stack(canvases))
            return [
                _reading(self._dual.read(vector, prefix, most), prefix)
                for vector, prefix in zip(vectors, prefixes, strict=True)
            ]
        assert self._ctc
        width = max(map(ink_width, canvases))
        width = min(canvases[0].shape[1], -(-width // WIDTH_STEP) * WIDTH_STEP)
        images = np.stack([canvas[:, :width] for canvas in canvases]).astype(np.float32)[..., None] / 255
        log_probs = log_softmax(np.asarray(self._network.predict_on_batch(images)))
        found = self._ctc.read(log_probs, prefixes, most)
        return [_reading(pairs, prefix) for pairs, prefix in zip(found, prefixes, strict=True)]


def _reading(found: list[tuple[str, float]], prefix: str) -> Reading:
    pairs = [(text, min(1.0, math.exp(score))) for text, score in found] or [(prefix, 0.0)]
    return Reading(*pairs[0], pairs)
