"""What `seq2seq` is trained as: both losses side by side, or the decoder alone on cached frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hwr_core.config import ModelConfig, Seq2SeqConfig
from hwr_core.models.seq2seq import own_rows, part
from hwr_core.training.trainable_model import TrainableModel, measure_batch_norm

PADDING = -1  # of the characters that follow: id 0 ends a word and counts


class Seq2SeqTrainingModel(TrainableModel):
    """As `TrainableModel`; `network` goes from a dictionary with `tokens` and `image` to both logits.

    With layers that change pictures it takes `canvas` instead of `image`. With a frozen encoder it takes its `frames`,
    and only the decoder is in it: one output, one loss.
    """

    def _connected(self, settings: ModelConfig) -> Any:
        import keras

        assert isinstance(settings, Seq2SeqConfig)
        self._frozen = settings.freeze_encoder
        if self._frozen:
            decoder = part(self._core, "decoder")
            frames = keras.Input(decoder.inputs[0].shape[1:], name="frames")
            tokens = keras.Input((None,), dtype="int32", name="tokens")
            following, _ = decoder([frames, own_rows(tokens), tokens])
            return keras.Model({"frames": frames, "tokens": tokens}, following, name="seq2seq")
        self.outputs, self.loss_weights = 2, [settings.ctc_weight, 1 - settings.ctc_weight]
        image, tokens = self._core.input["image"], self._core.input["tokens"]
        if self.changes is None:
            return keras.Model({"image": image, "tokens": tokens}, self._core.outputs, name="seq2seq")
        canvases, changed = self._pictures(image)
        outputs = self._core({"image": changed, "tokens": tokens})
        return keras.Model({"canvas": canvases, "tokens": tokens}, outputs, name="seq2seq")

    def _measure(self, pictures: Iterator[Any]) -> None:
        if not self._frozen:
            measure_batch_norm(part(self.model, "encoder"), pictures)


def next_character_loss(smoothing: float) -> Any:
    """The loss of a word's next characters: the negative log probability of the word, so that it compares with CTC's.

    Args:
        smoothing: the share of each character's probability that is spread evenly over all classes.

    Returns:
        A Keras loss of ids `(B, L)`, `PADDING` behind the word's end, and logits `(B, L, C)`.
    """
    import keras
    from keras import ops

    def word_loss(following: Any, logits: Any) -> Any:
        following = ops.cast(following, "int32")
        log_probs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        counted = ops.cast(ops.not_equal(following, PADDING), "float32")
        ids = ops.maximum(following, 0)
        own = ops.take_along_axis(log_probs, ids[..., None], axis=-1)[..., 0]
        every = ops.mean(log_probs, axis=-1)
        return -ops.sum(counted * ((1 - smoothing) * own + smoothing * every), axis=-1)

    class NextCharacters(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return word_loss(y_true, y_pred)

    return NextCharacters(name="next_characters")


def noisy(tokens: np.ndarray, share: float, num_classes: int, rng: np.random.Generator) -> np.ndarray:
    """Texts so far with some characters replaced at random: when reading, the text so far may be wrong too.

    Args:
        tokens: `(B, L)` ids; 0 is the edge or padding, and stays.
        share: of the characters that are replaced, in [0, 1).
        num_classes: ids from 1 up to it, exclusive, are characters.
        rng: where chance comes from.
    """
    replaced = (rng.random(tokens.shape) < share) & (tokens > 0)
    return np.where(replaced, rng.integers(1, num_classes, tokens.shape), tokens).astype(np.int32)
