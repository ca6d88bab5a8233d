"""The network that a step trains, and how it becomes the model that is read with and saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from hwr_core.config import CtcConfig, ModelConfig, RunConfig
from hwr_core.models import build_model
from hwr_core.models.batch_norm import batch_norms
from hwr_core.models.layers import FRAMES, shortcut_head
from hwr_core.training.distillation import as_it_is, kl_divergence
from hwr_core.training.precision import FLOAT32, usable_precision


class TrainableModel:
    """`model`, as it is trained: with a second loss, in bfloat16, its weights averaged, pictures changed on the way.

    Where none of that is asked for, `network` is `model` itself once more, and both share their weights. Mixed
    precision and averaging need weights of their own: `publish` then brings `model` up to date.

    Args:
        config: the run's configuration; its model reads by CTC (`seq2seq_network` has what `seq2seq` needs).
        model: what is saved; float32.
        changes: layers from uint8 canvases to float32 pictures, or None where pictures come ready-made.
        teacher: a frozen network whose frames are learned too, from `teacher.load_teacher`; or None.

    Attributes:
        network: to be compiled; from pictures to logits, the shortcut's logits where there is one, and the distance
            from the teacher where there is one.
        outputs: the number of losses.
        losses, loss_weights: one for each output, where there are several.
    """

    def __init__(self, config: RunConfig, model: Any, changes: Any = None, teacher: Any = None) -> None:
        settings, training = config.model, config.training
        self.model = model
        self.changes = changes
        self.averaged = training.average > 0
        precision = usable_precision(training.precision)
        self._own = self.averaged or precision != FLOAT32
        self._core = model
        if self._own:
            with dtype_policy(precision):
                self._core = build_model(settings, config.canvas, model.outputs[0].shape[-1])
            self._core.set_weights(model.get_weights())
        self.outputs = 1
        self.losses: list[Any] = []
        self.loss_weights: list[float] | None = None
        self._teacher = teacher
        self.network = self._connected(settings)

    def _connected(self, settings: ModelConfig) -> Any:
        """What is compiled: the core, with what comes before and beside it in training only."""
        import keras

        assert isinstance(settings, CtcConfig)
        if self.changes is None and self._teacher is None and not settings.shortcut:
            # The same layers once more: what is compiled would be saved with its optimizer, three times the size.
            return keras.Model(self._core.inputs, self._core.outputs[0], name=self.model.name)
        inputs, image = self._pictures(self._core.input)
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
            self.losses.append(as_it_is())
            weights.append(1.0)
        self.outputs = len(outputs)
        if self.outputs == 1:
            return keras.Model(inputs, outputs[0], name=self.model.name)
        self.loss_weights = weights
        return keras.Model(inputs, outputs, name=self.model.name)

    def _pictures(self, image: Any) -> tuple[Any, Any]:
        """What is fed, and the pictures made of it: canvases where layers change them, else `image` itself."""
        import keras

        if self.changes is None:
            return image, image
        canvases = keras.Input(image.shape[1:], dtype="uint8", name="canvas")
        return canvases, self.changes(canvases)

    def publish(self, batches: Iterator[np.ndarray]) -> None:
        """Bring `model` to the weights trained so far, or to their average.

        Args:
            batches: pictures as the network takes them in training. Averaged weights have other activations than
                the last ones, so batch norm's statistics are measured anew (Izmailov et al. 2018, section 3.2).
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
        self._measure(self._changed(images) for images in batches)

    def _measure(self, pictures: Iterator[Any]) -> None:
        measure_batch_norm(self.model, pictures)

    def _changed(self, images: np.ndarray) -> Any:
        return images if self.changes is None else self.changes(images, training=True)


def measure_batch_norm(model: Any, batches: Iterator[Any]) -> None:
    """Set batch norm's mean and variance to those of some batches of pictures, each counting the same."""
    import keras

    cnn = keras.Model(model.input, model.get_layer(FRAMES).output)
    norms = list(batch_norms(cnn))
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for number, images in enumerate(batches):
        for norm in norms:
            norm.momentum = number / (number + 1)
        cnn(images, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Layers built inside compute in this precision."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
