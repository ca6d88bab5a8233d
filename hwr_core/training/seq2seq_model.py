"""The network in which `seq2seq` is trained: both losses, or the decoder alone on cached frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.config import ModelConfig, Seq2SeqConfig
from hwr_core.models.seq2seq import own_rows
from hwr_core.training.trainable_model import TrainableModel, recalibrate_cnn

if TYPE_CHECKING:
    import keras

TARGET_PAD_ID = -1  # pads targets: id 0 ends a word and counts


class Seq2SeqTrainingModel(TrainableModel):
    """As `TrainableModel`; `network` goes from a dictionary with `tokens` and `image` to both logits.

    With augmentation layers it takes `canvas` instead of `image`. With a frozen encoder it takes its `frames`, and
    contains only the decoder: one output, one loss.
    """

    def _build_network(self, settings: ModelConfig) -> keras.Model:
        import keras

        assert isinstance(settings, Seq2SeqConfig)
        self._frozen = settings.freeze_encoder
        if self._frozen:
            decoder = self._core.get_layer("decoder")
            frames = keras.Input(decoder.inputs[0].shape[1:], name="frames")
            tokens = keras.Input((None,), dtype="int32", name="tokens")
            next_logits, _ = decoder([frames, own_rows(tokens), tokens])
            return keras.Model({"frames": frames, "tokens": tokens}, next_logits, name="seq2seq")
        self.outputs, self.loss_weights = 2, [settings.ctc_weight, 1 - settings.ctc_weight]
        image, tokens = self._core.input["image"], self._core.input["tokens"]
        if self.augmentation is None:
            return keras.Model({"image": image, "tokens": tokens}, self._core.outputs, name="seq2seq")
        canvases, augmented = self._inputs(image)
        outputs = self._core({"image": augmented, "tokens": tokens})
        return keras.Model({"canvas": canvases, "tokens": tokens}, outputs, name="seq2seq")

    def _recalibrate(self, images: Iterator[np.ndarray]) -> None:
        if not self._frozen:
            recalibrate_cnn(self.model.get_layer("encoder"), images)


def next_character_loss(smoothing: float) -> keras.losses.Loss:
    """The negative log probability of a word's characters, so that it compares with the CTC loss.

    Args:
        smoothing: the share of each target's probability that is spread evenly over all classes.

    Returns:
        A Keras loss of ids `(B, L)`, `TARGET_PAD_ID` behind the word's end, and logits `(B, L, C)`.
    """
    import keras
    from keras import ops

    def word_loss(targets: Any, logits: Any) -> Any:
        targets = ops.cast(targets, "int32")
        log_probs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        counted = ops.cast(ops.not_equal(targets, TARGET_PAD_ID), "float32")
        ids = ops.maximum(targets, 0)
        target_log_probs = ops.take_along_axis(log_probs, ids[..., None], axis=-1)[..., 0]
        mean_log_probs = ops.mean(log_probs, axis=-1)
        return -ops.sum(counted * ((1 - smoothing) * target_log_probs + smoothing * mean_log_probs), axis=-1)

    class NextCharacters(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return word_loss(y_true, y_pred)

    return NextCharacters(name="next_characters")


def add_token_noise(tokens: np.ndarray, share: float, num_classes: int, rng: np.random.Generator) -> np.ndarray:
    """Replace characters of the texts so far at random: in reading, the text so far may contain errors too.

    Args:
        tokens: `(B, L)` ids; 0 is bos, eos or padding, and stays.
        share: of the characters that are replaced, in [0, 1).
        num_classes: ids from 1 to `num_classes - 1` are characters.
        rng: source of randomness.
    """
    replaced = (rng.random(tokens.shape) < share) & (tokens > 0)
    return np.where(replaced, rng.integers(1, num_classes, tokens.shape), tokens).astype(np.int32)
