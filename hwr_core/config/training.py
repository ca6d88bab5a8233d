"""Training and augmentation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from hwr_core.config.settings import require, setting


@dataclass(frozen=True, kw_only=True, slots=True)
class AugmentationConfig:
    """Random augmentation of the training images; `strength` 0 switches all of it off."""

    strength: float = setting(1.0, "0 leaves every image unchanged; 1 is the usual amount of augmentation.")
    rotation: float = setting(2.0, "Largest turn, in degrees either way.")
    shear: float = setting(0.35, "Largest slant, as horizontal shift per unit of height, either way.")
    scale: float = setting(0.15, "Largest change of width and height, as a share of them.")
    shift: float = setting(0.05, "Largest move, as a share of the height.")
    elastic: float = setting(2.5, "Largest local warp, in pixels.")
    stroke: float = setting(0.4, "Chance that strokes are made thinner or thicker.")
    noise: float = setting(0.06, "Largest standard deviation of the noise added, ink being 1.")
    mask: float = setting(0.0, "Largest share of the columns with ink that is hidden, in a few stripes.")
    device: Literal["auto", "loader", "layers"] = setting(
        "auto", "Where images are augmented: loader (CPU), layers (in the training step), or layers where a GPU is."
    )

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            if spec.name != "device":
                require(0 <= value <= 45, spec.name, value, "from 0 to 45")
        require(self.strength <= 2, "strength", self.strength, "from 0 to 2")
        require(self.mask <= 0.5, "mask", self.mask, "from 0 to 0.5")
        known = ("auto", "loader", "layers")
        require(self.device in known, "device", self.device, "'auto', 'loader' or 'layers'")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig:
    """Length, speed and end of a training."""

    epochs: int = setting(40, "Maximum number of passes over the training words.")
    parts: int = setting(1, "Epochs that one pass is divided into: large data sets are validated and saved more often.")
    batch_size: int = setting(64, "Words in a step.")
    learning_rate: float = setting(1e-3, "Peak of the learning rate; it warms up, then falls along a cosine.")
    warmup_steps: int = setting(200, "Steps over which the learning rate rises to its peak.")
    weight_decay: float = setting(1e-4, "AdamW's weight decay.")
    clip_norm: float = setting(5.0, "Largest norm of a step's gradient.")
    average: float = setting(
        0.0,
        "Decay of the running average of the weights that are saved: 0 is off, 0.999 averages about a thousand steps.",
    )
    precision: Literal["float32", "mixed_bfloat16"] = setting(
        "float32",
        "Arithmetic of a training step: mixed_bfloat16 is quicker on a GPU and on processors that support it; "
        "elsewhere float32 is used. Weights are saved as float32.",
    )
    patience: int = setting(8, "Epochs without an improvement on the validation words before training ends.")
    max_words: int = setting(0, "Maximum number of training words; 0 uses all.")
    max_validation_words: int = setting(0, "Maximum number of validation words of an epoch; 0 uses all.")
    seed: int = setting(1, "Same seed, same data, same machine: same history.")

    def __post_init__(self) -> None:
        require(1 <= self.epochs <= 10_000, "epochs", self.epochs, "from 1 to 10,000")
        require(1 <= self.parts <= 1000, "parts", self.parts, "from 1 to 1,000")
        require(1 <= self.batch_size <= 4096, "batch_size", self.batch_size, "from 1 to 4096")
        require(0 < self.learning_rate < 1, "learning_rate", self.learning_rate, "in (0, 1)")
        require(0 <= self.warmup_steps <= 1_000_000, "warmup_steps", self.warmup_steps, "0 or more")
        require(0 <= self.weight_decay < 1, "weight_decay", self.weight_decay, "in [0, 1)")
        require(self.clip_norm > 0, "clip_norm", self.clip_norm, "more than 0")
        require(0 <= self.average < 1, "average", self.average, "in [0, 1)")
        kinds = ("float32", "mixed_bfloat16")
        require(self.precision in kinds, "precision", self.precision, " or ".join(map(repr, kinds)))
        require(self.patience >= 1, "patience", self.patience, "1 or more")
        require(self.max_words >= 0, "max_words", self.max_words, "0 or more")
        require(self.max_validation_words >= 0, "max_validation_words", self.max_validation_words, "0 or more")
