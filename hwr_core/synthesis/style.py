"""A writer's habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwr_core.errors import ConfigError
from hwr_core.synthesis.fonts import Face, measure

SETTINGS = ("joined", "letters")  # the font sets the whole word, with its joins; or letter by letter
SCANS = ("binary", "grey")
RULINGS = ("none", "line", "dotted")


@dataclass(frozen=True, kw_only=True)
class Style:
    """What stays the same in one person's writing: the hand, the pen, the paper, the scanner.

    Lengths are in parts of the text height, angles in degrees, and every default is the quiet choice: a
    style made of a face alone writes the face as it is, black on white.

    Attributes:
        face: the hand.
        text_height: pixels from the foot of `p` to the top of `h`, in [30, 120].
        setting: `joined` (the font's own joins and kerning) or `letters` (each letter put down by itself).
        stretch: width against the face's own, in [0.5, 2].
        letter_spacing: between letters, more (or, negative, less) than the face's own.
        spacing_jitter, baseline_jitter, size_jitter, rotation_jitter: how much letters differ in distance,
            height above the line, size (parts of 1) and angle; `joined` writing sways as a whole.
        slant: of the letters, to the right if positive, in [-45, 45].
        tilt: of the whole word's line: how much it differs from word to word.
        pen: width of the stroke, or 0 for the face's own.
        warp: how far the strokes stray from the face's.
        ink: how dark, in [0.1, 1].
        ink_texture: how unevenly the ink lies, in [0, 1].
        paper: its grey level, in [100, 255].
        paper_texture: how uneven it is, in [0, 1].
        ruling: `none`, `line` or `dotted`: whether the paper has lines, as forms and exercise books do.
        underline: chance that a word carries a stroke beneath it.
        remains: chance of a scrap of the line above at the upper edge.
        scan: `binary` (black and white, as the IAM words) or `grey`.
        noise: of the scanner, standard deviation in grey levels, in [0, 60].
        blur: of the scanner, standard deviation in pixels, in [0, 4].
        jpeg: quality in [1, 100], or 0 for no JPEG artefacts.
        margin: largest free space around the ink.
    """

    face: Face
    text_height: int = 64
    setting: str = "joined"
    stretch: float = 1.0
    letter_spacing: float = 0.0
    spacing_jitter: float = 0.0
    baseline_jitter: float = 0.0
    size_jitter: float = 0.0
    rotation_jitter: float = 0.0
    slant: float = 0.0
    tilt: float = 0.0
    pen: float = 0.0
    warp: float = 0.0
    ink: float = 1.0
    ink_texture: float = 0.0
    paper: int = 255
    paper_texture: float = 0.0
    ruling: str = "none"
    underline: float = 0.0
    remains: float = 0.0
    scan: str = "grey"
    noise: float = 0.0
    blur: float = 0.0
    jpeg: int = 0
    margin: float = 0.1

    def __post_init__(self) -> None:
        choices = (("setting", SETTINGS), ("scan", SCANS), ("ruling", RULINGS))
        for name, options in choices:
            if getattr(self, name) not in options:
                raise ConfigError(f"{name} must be one of {options}. Received: {getattr(self, name)!r}")
        for name, (low, high) in RANGES.items():
            if not low <= getattr(self, name) <= high:
                value = getattr(self, name)
                raise ConfigError(f"{name} must lie in [{low}, {high}]. Received: {name}={value}")


RANGES: dict[str, tuple[float, float]] = {
    "text_height": (30, 120),
    "stretch": (0.5, 2),
    "letter_spacing": (-0.2, 1),
    "spacing_jitter": (0, 0.3),
    "baseline_jitter": (0, 0.3),
    "size_jitter": (0, 0.5),
    "rotation_jitter": (0, 30),
    "slant": (-45, 45),
    "tilt": (0, 15),
    "pen": (0, 0.3),
    "warp": (0, 0.1),
    "ink": (0.1, 1),
    "ink_texture": (0, 1),
    "paper": (100, 255),
    "paper_texture": (0, 1),
    "underline": (0, 1),
    "remains": (0, 1),
    "noise": (0, 60),
    "blur": (0, 4),
    "jpeg": (0, 100),
    "margin": (0, 1),
}


def random_style(face: Face, rng: np.random.Generator) -> Style:
    """A writer who writes in this face: habits drawn about as they are found in IAM, CSAFE and Copiste."""
    binary = bool(rng.random() < 0.4)
    white = binary or rng.random() < 0.65
    printed = not measure(face.path).cursive
    spread = float(rng.uniform(0, 0.12)) if printed and rng.random() < 0.35 else 0.0
    text_height = int(rng.integers(44, 91))
    pen = float(np.clip(rng.lognormal(np.log(0.068), 0.3), 0.035, 0.15))
    return Style(
        face=face,
        text_height=text_height,
        setting="letters" if rng.random() < 0.4 else "joined",
        stretch=float(np.clip(rng.normal(1.12, 0.17), 0.8, 1.7)),
        letter_spacing=max(float(rng.normal(0.0, 0.02)), -0.02) + spread,
        spacing_jitter=float(rng.uniform(0, 0.035 if printed else 0.01)),
        baseline_jitter=float(rng.uniform(0, 0.035)),
        size_jitter=float(rng.uniform(0, 0.1)),
        rotation_jitter=float(rng.uniform(0, 5)),
        slant=float(np.clip(rng.normal(3, 9), -22, 30)),
        tilt=float(rng.uniform(0, 2.5)),
        pen=pen,
        warp=float(rng.uniform(0.005, 0.022)),
        ink=1.0 if binary else float(rng.uniform(0.55, 1)),
        ink_texture=float(rng.uniform(0, 0.25 if binary else 0.7) if rng.random() < 0.7 else 0),
        paper=255 if white else int(rng.integers(170, 256)),
        paper_texture=0.0 if white else float(rng.uniform(0, 0.7)),
        ruling=str(rng.choice(RULINGS, p=(0.94, 0.05, 0.01) if binary else (0.72, 0.23, 0.05))),
        underline=0.04 if rng.random() < 0.3 else 0.0,
        remains=float(rng.uniform(0, 0.15)),
        scan="binary" if binary else "grey",
        noise=float(rng.uniform(0, 14) if binary else rng.exponential(4) if rng.random() < 0.6 else 0),
        blur=float(rng.uniform(0.3, 0.7) if binary else rng.uniform(0.2, 1.3)),
        jpeg=int(rng.integers(35, 96)) if not binary and rng.random() < 0.5 else 0,
        margin=float(rng.uniform(0.02, 0.16)),
    )
