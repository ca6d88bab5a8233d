"""The network that a step trains, and its weights' way into the model that is read with and saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.config import CtcConfig, ModelConfig, RunConfig
from hwr_core.models import build_model
from hwr_core.models.batch_norm import recalibrate_batch_norm
from hwr_core.models.layers import FRAMES, shortcut_head
from hwr_core.training.distillation import identity_loss, kl_divergence
from hwr_core.training.precision import FLOAT32, usable_precision

if TYPE_CHECKING:
    import keras


class TrainableModel:
    """`model` in training: with more losses, in bfloat16, with averaged weights, with augmentation in the step.

    Without any of these `network` has the layers of `model`, and both share their weights. Mixed precision and
    averaging need separate weights: `publish` then updates `model`.

    Args:
        config: the run's configuration; its model reads by CTC (see `Seq2SeqTrainingModel` for `seq2seq`).
        model: saved; float32.
        augmentation: a layer from uint8 canvases to float32 images, or None where the loader augments.
        teacher: a frozen network for distillation, from `distillation.load_teacher`; or None.

    Attributes:
        network: to be compiled; from images to logits, the shortcut's logits and the divergence from the teacher, as
            far as configured.
        outputs: the number of losses.
        losses, loss_weights: one for each output, if there are several.
    """

    def __init__(
        self,
        config: RunConfig,
        model: keras.Model,
        augmentation: keras.layers.Layer | None = None,
        teacher: keras.Model | None = None,
    ) -> None:
        settings, training = config.model, config.training
        self.model = model
        self.augmentation = augmentation
        self.averaged = training.average > 0
        precision = usable_precision(training.precision)
        self._own = self.averaged or precision != FLOAT32
        self._core = model
        if self._own:
            with dtype_policy(precision):
                self._core = build_model(settings, config.canvas, model.outputs[0].shape[-1])
            self._core.set_weights(model.get_weights())
        self.outputs = 1
        self.losses: list[keras.losses.Loss] = []
        self.loss_weights: list[float] | None = None
        self._teacher = teacher
        self.network = self._build_network(settings)

    def _build_network(self, settings: ModelConfig) -> keras.Model:
        """The core with the inputs and outputs that training adds."""
        import keras

        assert isinstance(settings, CtcConfig)
        if self.augmentation is None and self._teacher is None and not settings.shortcut:
            # A second model of the same layers: a compiled one is saved with its optimizer, three times the size.
            return keras.Model(self._core.inputs, self._core.outputs[0], name=self.model.name)
        inputs, image = self._inputs(self._core.input)
        self.losses, weights = [keras.losses.CTC()], [1.0]
        if settings.shortcut:
            both, head = shortcut_head(self._core, self._core.output_shape[-1])
            logits, frames = both(image)
            outputs = [logits, head(frames)]
            self.losses.append(keras.losses.CTC())
            weights.append(settings.shortcut)
        else:
            outputs = [self._core(image)]
        if self._teacher is not None:
            outputs.append(kl_divergence(self._teacher, image, outputs[0]))
            self.losses.append(identity_loss())
            weights.append(1.0)
        self.outputs = len(outputs)
        if self.outputs == 1:
            return keras.Model(inputs, outputs[0], name=self.model.name)
        self.loss_weights = weights
        return keras.Model(inputs, outputs, name=self.model.name)

    def _inputs(self, image: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """The input and the images made of it: canvases where a layer augments them, else `image` itself."""
        import keras

        if self.augmentation is None:
            return image, image
        canvases = keras.Input(image.shape[1:], dtype="uint8", name="canvas")
        return canvases, self.augmentation(canvases)

    def publish(self, batches: Iterator[np.ndarray]) -> None:
        """Give `model` the weights trained so far, or their average.

        Args:
            batches: images as the network takes them in training. Averaged weights have other activations than the
                last ones, so batch norm is recalibrated (Izmailov et al. 2018, section 3.2).
        """
        if not self._own:
            return
        if not self.averaged:
            self.model.set_weights(self._core.get_weights())
            return
        last = self.network.get_weights()
        self.network.optimizer.finalize_variable_values(self.network.trainable_variables)
        self.model.set_weights(self._core.get_weights())
        self.network.set_weights(last)
        self._recalibrate(self._augmented(images) for images in batches)

    def _recalibrate(self, images: Iterator[np.ndarray]) -> None:
        recalibrate_cnn(self.model, images)

    def _augmented(self, images: np.ndarray) -> np.ndarray:
        return images if self.augmentation is None else self.augmentation(images, training=True)


def recalibrate_cnn(model: keras.Model, batches: Iterator[np.ndarray]) -> None:
    """Recalibrate the batch norms before the frames, which is where they all are, on batches of images."""
    import keras

    recalibrate_batch_norm(keras.Model(model.input, model.get_layer(FRAMES).output), batches)


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Layers built in the body compute in this precision."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
