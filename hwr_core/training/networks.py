"""The network that a step trains, and how it becomes the model that is read with and saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from hwr_core.config import DualConfig, RunConfig
from hwr_core.models import build_model
from hwr_core.models.convolution import FRAMES, shortcut_head
from hwr_core.training.teacher import as_it_is, distance


class TrainedNetwork:
    """`model`, as it is trained: with a second loss, in bfloat16, its weights averaged, pictures changed on the way.

    Where none of that is asked for, `network` is `model` itself once more, and both share their weights. Mixed
    precision and averaging need weights of their own: `publish` then brings `model` up to date.

    Args:
        config: the run's configuration; its model reads by CTC.
        model: what is saved; float32.
        changes: layers from uint8 canvases to float32 pictures, or None where pictures come ready-made.
        teacher: a frozen network whose frames are learned too, from `teacher.load_teacher`; or None.

    Attributes:
        network: to be compiled; from pictures to logits, the shortcut's logits where there is one, and the distance
            from the teacher where there is one.
        outputs: the number of losses.
        losses, loss_weights: one for each output.
    """

    def __init__(self, config: RunConfig, model: Any, changes: Any = None, teacher: Any = None) -> None:
        import keras

        settings, training = config.model, config.training
        assert not isinstance(settings, DualConfig)
        self.model = model
        self.changes = changes
        self.averaged = training.average > 0
        self._own = self.averaged or training.precision != "float32"
        self._core = model
        classes = model.output_shape[-1]
        if self._own:
            with dtype_policy(training.precision):
                self._core = build_model(settings, config.canvas, classes)
            self._core.set_weights(model.get_weights())
        self.losses, self.loss_weights = [keras.losses.CTC()], [1.0]
        if settings.shortcut:
            self.losses.append(keras.losses.CTC())
            self.loss_weights.append(settings.shortcut)
        if teacher is not None:
            self.losses.append(as_it_is())
            self.loss_weights.append(1.0)
        self.outputs = len(self.losses)
        if self.outputs == 1 and changes is None:
            # The same layers once more: what is compiled would be saved with its optimizer, three times the size.
            self.network = keras.Model(self._core.inputs, self._core.outputs[0], name=model.name)
            return
        image = self._core.input
        if changes is not None:
            canvases = keras.Input(image.shape[1:], dtype="uint8", name="canvas")
            image = changes(canvases)
        inputs = canvases if changes is not None else image
        if settings.shortcut:
            both, head = shortcut_head(self._core, classes)
            logits, frames = both(image)
            outputs = [logits, head(frames)]
        else:
            outputs = [self._core(image)]
        if teacher is not None:
            outputs.append(distance(teacher, image, outputs[0]))
        self.network = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=model.name)

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
        measure_batch_norm(self.model, (self._changed(images) for images in batches))

    def _changed(self, images: np.ndarray) -> Any:
        return images if self.changes is None else self.changes(images, training=True)


def measure_batch_norm(model: Any, batches: Iterator[Any]) -> None:
    """Set batch norm's mean and variance to those of some batches of pictures, each counting the same."""
    import keras

    cnn = keras.Model(model.input, model.get_layer(FRAMES).output)
    norms = list(batch_norms(cnn))
    momenta = [norm.momentum for norm in norms]
    for number, images in enumerate(batches):
        for norm in norms:
            norm.momentum = number / (number + 1)
        cnn(images, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def batch_norms(model: Any) -> Iterator[Any]:
    """The batch norm layers of a network and of those inside it."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from batch_norms(layer)
        elif isinstance(layer, keras.layers.BatchNormalization):
            yield layer


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
