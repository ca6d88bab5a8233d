"""The two halves of `seq2seq` behind Keras or ONNX Runtime: pictures to frames, frames and texts to next characters."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hwr_core.decoding.ctc import log_softmax
from hwr_core.recognition.onnx_export import DECODER_FILE, ONNX_FILE, OnnxNetwork

EDGE = 0  # as in `models.seq2seq`: opens and ends every text


class Seq2SeqRuntime(Protocol):
    """What reads.

    Attributes:
        output_shape: of the CTC logits, `(None, None, C)`.
    """

    output_shape: tuple[Any, ...]

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """`(B, H, W, 1)` float32 to CTC logits `(B, T, C)`: any CTC network's call."""

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`(B, H, W, 1)` float32 to CTC logits `(B, T, C)` and frames `(B, T, F)`."""

    def following(self, frames: np.ndarray, owner: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Texts so far to what follows each place, and where attention lies.

        Args:
            frames: `(B, T, F)`; zeros are padding.
            owner: `(N,)` the row of `frames` that each text is of.
            tokens: `(N, L)` ids, `EDGE` first.

        Returns:
            Logits `(N, L, C)` and attention `(N, L, T)`, shares in [0, 1].
        """


class KerasSeq2Seq:
    """A Keras model from `models.seq2seq.build` as a `Seq2SeqRuntime`."""

    def __init__(self, model: Any) -> None:
        from hwr_core.models.seq2seq import part

        self._encoder, self._decoder = part(model, "encoder"), part(model, "decoder")
        self.output_shape = tuple(self._encoder.outputs[0].shape)

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        return self.encode(images)[0]

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, frames = self._encoder.predict_on_batch(images)
        return np.asarray(logits), np.asarray(frames)

    def following(self, frames: np.ndarray, owner: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, attention = self._decoder.predict_on_batch([frames, owner.astype(np.int32), tokens.astype(np.int32)])
        return np.asarray(logits), np.asarray(attention)


class OnnxSeq2Seq:
    """The two files that `export_onnx` wrote as a `Seq2SeqRuntime`."""

    def __init__(self, folder: Path) -> None:
        self._encoder, self._decoder = OnnxNetwork(folder / ONNX_FILE), OnnxNetwork(folder / DECODER_FILE)
        self.output_shape = self._encoder.output_shape

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        return self._encoder.predict_on_batch(images)

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, frames = self._encoder.run(np.ascontiguousarray(images, np.float32))
        return logits, frames

    def following(self, frames: np.ndarray, owner: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, attention = self._decoder.run(
            np.ascontiguousarray(frames, np.float32), owner.astype(np.int32), tokens.astype(np.int32)
        )
        return logits, attention


def load_seq2seq(folder: Path) -> Seq2SeqRuntime:
    """ONNX Runtime where the checkpoint has both files and it is installed, else Keras.

    Raises:
        CheckpointError: a file is damaged.
    """
    if (folder / ONNX_FILE).is_file() and (folder / DECODER_FILE).is_file() and find_spec("onnxruntime"):
        return OnnxSeq2Seq(folder)
    from hwr_core.recognition.checkpoint import load_model

    return KerasSeq2Seq(load_model(folder))


def read_greedily(network: Seq2SeqRuntime, frames: np.ndarray, longest: int = 40) -> list[list[int]]:
    """The most probable next character again and again, all words at once, each fed with what was written before.

    Args:
        network: what tells the next character.
        frames: `(B, T, F)`.
        longest: texts are ended there.

    Returns:
        The label ids of each word.
    """
    written = np.full((len(frames), 1), EDGE, np.int32)
    going = np.arange(len(frames))
    while len(going) and written.shape[1] <= longest:
        logits, _ = network.following(frames, going, written[going])
        column = np.full((len(frames), 1), EDGE, np.int32)
        column[going, 0] = logits[:, -1].argmax(axis=1)
        written = np.concatenate([written, column], axis=1)
        going = going[column[going, 0] != EDGE]
    return [row[row != EDGE].tolist() for row in written]


def text_log_probs(
    network: Seq2SeqRuntime, frames: np.ndarray, texts: list[list[int]], words: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """How probable the decoder finds whole texts, their ends among them.

    Args:
        network: what tells the next character.
        frames: `(B, T, F)` of B words.
        texts: N lists of label ids.
        words: which of the B words each text is asked of.

    Returns:
        `(N,)` float64 natural logarithms, and `(N, L, T)` attention of each of their characters.
    """
    if not texts:
        return np.zeros(0), np.zeros((0, 0, frames.shape[1]))
    tokens = np.zeros((len(texts), 1 + max(map(len, texts))), np.int32)
    for row, ids in enumerate(texts):
        tokens[row, 1 : 1 + len(ids)] = ids
    logits, attention = network.following(frames, np.asarray(words), tokens)
    log_probs = log_softmax(logits)
    ends = np.concatenate([tokens[:, 1:], np.zeros((len(texts), 1), np.int32)], axis=1)
    own = np.take_along_axis(log_probs, ends[..., None], axis=-1)[..., 0]
    counted = np.arange(own.shape[1])[None] <= np.array([len(ids) for ids in texts])[:, None]
    return (own * counted).sum(axis=1), attention
