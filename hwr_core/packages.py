"""Which packages are there: an installation that only reads has no Keras and TensorFlow."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

TRAINING_PACKAGES = ("keras", "tensorflow")
INSTALL_ALL = "pip install -r requirements.txt adds them."


@cache
def is_installed(*names: str) -> bool:
    """Whether all these packages can be imported; they are not imported for that."""
    return all(find_spec(name) is not None for name in names)


def can_train() -> bool:
    """Whether what training, adaptation and models without `model.onnx` need is installed."""
    return is_installed(*TRAINING_PACKAGES)


def sentence(what: str) -> str:
    """The sentence for what cannot be done: "Training needs Keras and TensorFlow, ..."."""
    return f"{what} needs Keras and TensorFlow, which are not installed here: this studio only reads. {INSTALL_ALL}"
