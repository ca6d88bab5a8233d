"""Distillation: a trained recognizer is the teacher, whose frames are learned in addition to the transcription.

CTC alone must first find the alignment of a word's letters, which a teacher's frames show at once (Hinton et al. 2015,
arXiv:1503.02531; for CTC, frame by frame: Kim et al. 2019, arXiv:1904.10619). It sees the same augmented image.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwr_core.config import RunConfig
from hwr_core.errors import ConfigError
from hwr_core.recognition.checkpoint import SHIPPED, load_model, read_about
from hwr_core.text import Charset

if TYPE_CHECKING:
    import keras

LOSS_NAME = "distance"


def teacher_folder(config: RunConfig) -> Path:
    """The teacher's folder: as configured, or relative to the program's own folder (`models/reader-small`)."""
    folder = Path(config.teacher)
    return folder if folder.is_dir() or folder.is_absolute() else SHIPPED.parent / folder


def teacher_charset(config: RunConfig) -> Charset:
    """The teacher's charset; the run's own must begin with its characters, since ids are shared.

    Raises:
        CheckpointError: the teacher cannot be read.
        ConfigError: it does not read by CTC, or has other canvases.
    """
    folder = teacher_folder(config)
    about, alphabet, _ = read_about(folder)
    if not isinstance(alphabet, Charset) or about.canvas != config.canvas:
        raise ConfigError(
            f"The teacher {folder} is a {about.model.name} on canvases of {about.canvas.height} x "
            f"{about.canvas.width} pixels. Choose one that reads by CTC on this run's {config.canvas.height} x "
            f"{config.canvas.width}."
        )
    return alphabet


def check_characters(config: RunConfig, charset: Charset) -> None:
    """Refuse a charset that does not begin with the teacher's characters.

    Raises:
        CheckpointError: the teacher cannot be read.
        ConfigError: it does not fit the run, or the characters do not.
    """
    known = teacher_charset(config).characters
    if tuple(charset.characters[: len(known)]) != tuple(known):
        raise ConfigError(
            f"The characters of {config.start_from} are not those of the teacher {config.teacher}, in its order. "
            "Start afresh, or choose the teacher that it was trained with."
        )


def load_teacher(config: RunConfig, charset: Charset) -> keras.Model:
    """The teacher's network, frozen; from images to logits `(B, T, C')` of the charset's first classes.

    Raises:
        CheckpointError: the teacher cannot be read.
        ConfigError: it does not fit the run.
    """
    check_characters(config, charset)
    import keras

    model = load_model(teacher_folder(config))
    teacher = keras.Model(model.input, model.output, name="teacher")  # the student may have the same name
    teacher.trainable = False
    return teacher


def kl_divergence(teacher: keras.Model, image: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Kullback-Leibler divergence of the network from the teacher, summed over frames.

    Args:
        teacher: from `load_teacher`.
        image: `(B, H, W, 1)`, as the network sees it.
        logits: `(B, T, C)` of the network; classes that the teacher lacks have no probability in it.

    Returns:
        `(B,)` in nats, 0 or more.
    """
    from keras import layers, ops

    target = ops.log_softmax(ops.cast(teacher(image, training=False), "float32"))
    student = ops.log_softmax(logits)[..., : target.shape[-1]]
    total = ops.sum(ops.exp(target) * (target - student), axis=(1, 2))
    return layers.Identity(name=LOSS_NAME, dtype="float32")(total)


def identity_loss() -> keras.losses.Loss:
    """The loss of an output that is a loss itself."""
    import keras

    class Identity(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return y_pred

    return Identity(name=LOSS_NAME)
