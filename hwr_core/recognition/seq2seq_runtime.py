"""Encoder and decoder of `seq2seq` behind Keras or ONNX Runtime."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hwr_core.decoding.ctc import log_softmax
from hwr_core.models.seq2seq import BOS_ID, EOS_ID
from hwr_core.recognition.onnx_export import DECODER_FILE, ONNX_FILE, OnnxNetwork

if TYPE_CHECKING:
    import keras


class Seq2SeqRuntime(Protocol):
    """Encoder and decoder.

    Attributes:
        output_shape: of the CTC logits, `(None, None, C)`.
    """

    output_shape: tuple[int | str | None, ...]

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        """`(B, H, W, 1)` float32 to CTC logits `(B, T, C)`: any CTC network's call."""

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`(B, H, W, 1)` float32 to CTC logits `(B, T, C)` and frames `(B, T, F)`."""

    def next_logits(self, frames: np.ndarray, owner: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits of the next character at each position of texts so far, and attention.

        Args:
            frames: `(B, T, F)`; zeros are padding.
            owner: `(N,)` the row of `frames` of each text.
            tokens: `(N, L)` ids, `BOS_ID` first.

        Returns:
            Logits `(N, L, C)` and attention `(N, L, T)`, shares in [0, 1].
        """


class KerasSeq2Seq:
    """A Keras model from `models.seq2seq.build` as a `Seq2SeqRuntime`."""

    def __init__(self, model: keras.Model) -> None:
        self._encoder, self._decoder = model.get_layer("encoder"), model.get_layer("decoder")
        self.output_shape = tuple(self._encoder.outputs[0].shape)

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        return self.encode(images)[0]

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, frames = self._encoder.predict_on_batch(images)
        return np.asarray(logits), np.asarray(frames)

    def next_logits(self, frames: np.ndarray, owner: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, attention = self._decoder.predict_on_batch([frames, owner.astype(np.int32), tokens.astype(np.int32)])
        return np.asarray(logits), np.asarray(attention)


class OnnxSeq2Seq:
    """The two files of `export_onnx` as a `Seq2SeqRuntime`."""

    def __init__(self, folder: Path) -> None:
        self._encoder, self._decoder = OnnxNetwork(folder / ONNX_FILE), OnnxNetwork(folder / DECODER_FILE)
        self.output_shape = self._encoder.output_shape

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        return self._encoder.predict_on_batch(images)

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, frames = self._encoder.run(np.ascontiguousarray(images, np.float32))
        return logits, frames

    def next_logits(self, frames: np.ndarray, owner: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def read_greedily(network: Seq2SeqRuntime, frames: np.ndarray, max_length: int = 40) -> list[list[int]]:
    """Greedy decoding of all words at once.

    Args:
        network: the decoder.
        frames: `(B, T, F)`.
        longest: texts are ended there.

    Returns:
        The label ids of each word.
    """
    tokens = np.full((len(frames), 1), BOS_ID, np.int32)
    active = np.arange(len(frames))
    while len(active) and tokens.shape[1] <= max_length:
        logits, _ = network.next_logits(frames, active, tokens[active])
        column = np.full((len(frames), 1), EOS_ID, np.int32)
        column[active, 0] = logits[:, -1].argmax(axis=1)
        tokens = np.concatenate([tokens, column], axis=1)
        active = active[column[active, 0] != EOS_ID]
    return [row[row != EOS_ID].tolist() for row in tokens]


def text_log_probs(
    network: Seq2SeqRuntime, frames: np.ndarray, texts: list[list[int]], words: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Log probabilities of whole texts by the decoder, `EOS_ID` included.

    Args:
        network: the decoder.
        frames: `(B, T, F)` of B words.
        texts: N lists of label ids.
        words: the word of each text, an index below B.

    Returns:
        `(N,)` float64 natural logarithms, and `(N, L, T)` attention for each of their characters.
    """
    if not texts:
        return np.zeros(0), np.zeros((0, 0, frames.shape[1]))
    tokens = np.zeros((len(texts), 1 + max(map(len, texts))), np.int32)
    for row, ids in enumerate(texts):
        tokens[row, 1 : 1 + len(ids)] = ids
    logits, attention = network.next_logits(frames, np.asarray(words), tokens)
    log_probs = log_softmax(logits)
    targets = np.concatenate([tokens[:, 1:], np.zeros((len(texts), 1), np.int32)], axis=1)
    target_log_probs = np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
    valid = np.arange(targets.shape[1])[None] <= np.array([len(ids) for ids in texts])[:, None]
    return (target_log_probs * valid).sum(axis=1), attention
