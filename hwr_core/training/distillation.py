"""A trained reader as teacher: what it says of every frame is learned beside the transcription.

CTC alone must find out first where a word's letters stand; a teacher's frames say so at once (Hinton et al. 2015,
arXiv:1503.02531; for CTC, frame by frame: Kim et al. 2019, arXiv:1904.10619). It sees the same changed picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hwr_core.config import RunConfig
from hwr_core.errors import ConfigError
from hwr_core.recognition.checkpoint import SHIPPED, load_model, read_about
from hwr_core.text import Charset

DISTANCE = "distance"


def teacher_folder(config: RunConfig) -> Path:
    """Where the teacher is: as named, or as named from the program's own folder (`models/reader-small`)."""
    folder = Path(config.teacher)
    return folder if folder.is_dir() or folder.is_absolute() else SHIPPED.parent / folder


def teacher_charset(config: RunConfig) -> Charset:
    """The characters that the teacher writes; the run's own charset must begin with them, since ids are shared.

    Raises:
        CheckpointError: the teacher cannot be read.
        ConfigError: it has no frames, or other canvases.
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
    """Refuse characters that do not begin with the teacher's.

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


def load_teacher(config: RunConfig, charset: Charset) -> Any:
    """The teacher's network, frozen; from pictures to logits `(B, T, C')` of the charset's first classes.

    Raises:
        CheckpointError: the teacher cannot be read.
        ConfigError: it does not fit the run.
    """
    check_characters(config, charset)
    import keras

    read = load_model(teacher_folder(config))
    teacher = keras.Model(read.input, read.output, name="teacher")  # may be of the same kind, and so name, as its pupil
    teacher.trainable = False
    return teacher


def kl_divergence(teacher: Any, image: Any, logits: Any) -> Any:
    """Kullback-Leibler divergence of what the network says from what the teacher says, summed over frames.

    Args:
        teacher: from `load_teacher`.
        image: `(B, H, W, 1)`, as the network sees it.
        logits: `(B, T, C)` of the network; classes that the teacher does not know have none of its probability.

    Returns:
        `(B,)` in nats, 0 or more.
    """
    from keras import layers, ops

    said = ops.log_softmax(ops.cast(teacher(image, training=False), "float32"))
    found = ops.log_softmax(logits)[..., : said.shape[-1]]
    total = ops.sum(ops.exp(said) * (said - found), axis=(1, 2))
    return layers.Identity(name=DISTANCE, dtype="float32")(total)


def as_it_is() -> Any:
    """The loss of an output that is one already."""
    import keras

    class AsItIs(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return y_pred

    return AsItIs(name=DISTANCE)
