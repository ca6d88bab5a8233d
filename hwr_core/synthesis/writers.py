"""Made-up writers: habits drawn about as they are found in IAM, CSAFE and Copiste words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hwr_core.errors import ConfigError
from hwr_core.synthesis.fonts import Face, measure
from hwr_core.synthesis.style import RANGES, Style


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How strongly writers, pens, papers and pictures differ; 1 is about what real words show.

    Attributes:
        shape: letters' jitter, drift from the line, stray strokes, spread of slant and width, in [0, 2].
        paper: texture of ink and paper, ruled lines, bleed-through, in [0, 2].
        scanner: noise, blur and JPEG artefacts, in [0, 2].
        intruders: letters of neighbouring lines and words, and crops that cut letters, in [0, 2].
        strike_outs: share of words that are struck out and still readable, in [0, 1].
        capitals: share of writers, those with a cursive hand apart, who write everything in capitals, half of
            them in small ones, in [0, 1].
        binary: share of writers scanned in black and white, in [0, 1].
        photo: share of writers taken with a camera, shadows and all, in [0, 1]; the rest is scanned in grey.

    Raises:
        ConfigError: a value is out of its range, or `binary` and `photo` together exceed 1.
    """

    shape: float = 1.0
    paper: float = 1.0
    scanner: float = 1.0
    intruders: float = 1.0
    strike_outs: float = 0.005
    capitals: float = 0.03
    binary: float = 0.35
    photo: float = 0.08

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            if not 0 <= getattr(self, name) <= most:
                raise ConfigError(f"{name} must lie in [0, {most}]. Received: {name}={getattr(self, name)}")
        if self.binary + self.photo > 1:
            raise ConfigError(
                f"binary and photo are shares of the same writers: together at most 1. "
                f"Received: binary={self.binary}, photo={self.photo}"
            )


MOST = {"shape": 2, "paper": 2, "scanner": 2, "intruders": 2, "strike_outs": 1, "capitals": 1, "binary": 1, "photo": 1}


def random_style(face: Face, rng: np.random.Generator, mix: Mix | None = None) -> Style:
    """A writer who writes in this face.

    Args:
        face: the hand.
        rng: the writer's chances; the same state gives the same writer.
        mix: how strongly writers differ.
    """
    mix = mix or Mix()
    draw = rng.random()
    scan = "binary" if draw < mix.binary else "photo" if draw < mix.binary + mix.photo else "grey"
    habits = {
        **hand(face, rng, mix.shape),
        **pen(face, rng, mix.shape),
        **sheet(rng, scan, mix.paper),
        **picture(rng, scan, mix.scanner),
    }
    often = rng.random() < 0.2  # some strike out often, most hardly ever
    habits["strike_out"] = mix.strike_outs * (4 if often else 0.25)
    habits["underline"] = 0.04 * mix.intruders if rng.random() < 0.2 else 0.0
    habits["neighbours"] = float(rng.uniform(0, 0.05)) * mix.intruders
    habits["cut"] = float(rng.uniform(0, 0.25)) * mix.intruders
    if rng.random() < mix.capitals and not measure(face.path).cursive:  # nobody writes LONDON in copperplate
        habits["capitals"] = "small" if rng.random() < 0.5 else "all"
        habits["setting"] = "letters"  # nobody joins capitals
    return Style(face=face, scan=scan, **{name: within(name, value) for name, value in habits.items()})


def within(name: str, value: Any) -> Any:
    """Bring a number into its range."""
    if name not in RANGES or not isinstance(value, int | float):
        return value
    low, high = RANGES[name]
    return type(value)(min(max(value, low), high))


def hand(face: Face, rng: np.random.Generator, strength: float) -> dict[str, Any]:
    """How the letters are shaped and set."""
    cursive = measure(face.path).cursive
    spread = float(rng.uniform(0, 0.13)) if not cursive and rng.random() < 0.28 else 0.0
    setting = rng.choice(("joined", "pieces", "letters"), p=(0.45, 0.25, 0.3) if cursive else (0.3, 0.1, 0.6))
    return {
        "text_height": int(np.clip(rng.lognormal(np.log(76), 0.22), 46, 116)),
        "setting": str(setting),
        "stretch": float(np.clip(rng.lognormal(np.log(1.1), 0.2 * strength), 0.75, 1.9)),
        "letter_spacing": max(float(rng.normal(0.0, 0.02 * strength)), -0.02) + spread * strength,
        "spacing_jitter": float(rng.uniform(0, 0.012 if cursive else 0.05)) * strength,
        "baseline_jitter": float(rng.uniform(0, 0.045)) * strength,
        "size_jitter": float(rng.uniform(0, 0.14)) * strength,
        "rotation_jitter": float(rng.uniform(0, 6)) * strength,
        "slant": float(np.clip(rng.normal(-3, 12 * strength), -30, 30)),
        "tilt": float(rng.uniform(0, 2.5)) * strength,
        "warp": float(rng.uniform(0.008, 0.028)) * strength,
    }


def pen(face: Face, rng: np.random.Generator, strength: float) -> dict[str, Any]:
    """Ballpoints and pencils mostly; the face's own brush or nib now and then."""
    own = measure(face.path)
    heavy = own.stroke / own.height > 0.068  # following a broad brush's middle shortens its strokes
    ball = bool(rng.random() < (0.1 if heavy else 0.9))
    middle, spread = (0.040, 0.3) if ball else (0.047, 0.3)
    return {
        "nib": "ball" if ball else "face",
        "pen": float(np.clip(rng.lognormal(np.log(middle), spread), 0.026, 0.13)),
        "pressure": float(rng.uniform(0, 0.7)) * strength,
    }


def sheet(rng: np.random.Generator, scan: str, strength: float) -> dict[str, Any]:
    """Ink and paper. Scanned words mostly come with their paper whitened."""
    white = scan == "binary" or (scan == "grey" and rng.random() < 0.82)
    lined = {"binary": 0.05, "grey": 0.38, "photo": 0.4}[scan] * strength
    ruling = rng.choice(("line", "dotted", "squared"), p=(0.7, 0.2, 0.1)) if rng.random() < lined else "none"
    shows = scan != "binary" and rng.random() < 0.12 * strength
    return {
        "ink": 1.0 if scan == "binary" else float(rng.uniform(0.42, 1)),
        "ink_texture": float(rng.uniform(0, 0.3) if scan == "binary" else rng.uniform(0.1, 0.9)) * strength,
        "paper": 255 if white else int(rng.integers(170, 250)),
        "paper_texture": 0.0 if white else float(rng.uniform(0, 0.7)) * strength,
        "ruling": str(ruling),
        "bleed": float(rng.uniform(0.2, 0.8)) if shows else 0.0,
    }


def picture(rng: np.random.Generator, scan: str, strength: float) -> dict[str, Any]:
    """What the scanner or the camera adds, and how generously the word was cut out."""
    noisy = rng.random() < 0.5
    if scan == "binary":
        noise, blur = rng.uniform(0, 14), rng.uniform(0.3, 0.7)
    elif scan == "photo":
        noise, blur = rng.exponential(3), rng.uniform(0.5, 1.4)
    else:
        noise, blur = rng.exponential(2.5) * noisy, rng.uniform(0.3, 1.0)
    packed = scan == "photo" or (scan == "grey" and rng.random() < 0.5)
    loose = rng.random() < 0.2
    return {
        "noise": float(noise) * strength,
        "blur": float(blur) * strength,
        "jpeg": int(rng.integers(35, 96)) if packed and strength else 0,
        "margin": float(rng.uniform(0.15, 0.4) if loose else rng.uniform(0.01, 0.14)),
    }
