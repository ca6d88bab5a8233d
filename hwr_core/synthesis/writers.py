"""Random writers: styles distributed roughly as in IAM, CSAFE and Copiste words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwr_core.errors import ConfigError
from hwr_core.files import JsonObject
from hwr_core.synthesis.fonts import Face, font_metrics
from hwr_core.synthesis.style import RANGES, Style


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How strongly writers, pens, papers and scans differ; 1 is about as in real words.

    Attributes:
        shape: jitter of letters, drift from the line, warp, spread of slant and width, in [0, 2].
        paper: texture of ink and paper, ruled lines, bleed-through, in [0, 2].
        scanner: noise, blur and JPEG artefacts, in [0, 2].
        intruders: letters of neighbouring lines and words, and crops that cut letters, in [0, 2].
        strike_outs: share of words struck out, still readable, in [0, 1].
        capitals: share of the writers without a cursive font who write everything in capitals, half of them in
            small capitals, in [0, 1].
        binary: share of writers scanned in black and white, in [0, 1].
        photo: share of writers photographed with shadows, in [0, 1]; the rest is scanned in grey.

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
        for name, maximum in MAX_STRENGTHS.items():
            if not 0 <= getattr(self, name) <= maximum:
                raise ConfigError(f"{name} must lie in [0, {maximum}]. Received: {name}={getattr(self, name)}")
        if self.binary + self.photo > 1:
            raise ConfigError(
                f"binary and photo are shares of the same writers: together at most 1. "
                f"Received: binary={self.binary}, photo={self.photo}"
            )


MAX_STRENGTHS = {"shape": 2, "paper": 2, "scanner": 2, "intruders": 2} | dict.fromkeys(
    ("strike_outs", "capitals", "binary", "photo"), 1
)
Habits = JsonObject  # fields of `Style` with their values: int, float or str


def random_style(face: Face, rng: np.random.Generator, mix: Mix | None = None) -> Style:
    """A random writer who writes in this face.

    Args:
        face: the font.
        rng: the same state gives the same writer.
        mix: how strongly writers differ.
    """
    mix = mix or Mix()
    draw = rng.random()
    scan = "binary" if draw < mix.binary else "photo" if draw < mix.binary + mix.photo else "grey"
    habits: Habits = {
        **letter_habits(face, rng, mix.shape),
        **pen_habits(face, rng, mix.shape),
        **paper_habits(rng, scan, mix.paper),
        **scan_habits(rng, scan, mix.scanner),
    }
    often = rng.random() < 0.2  # a fifth strikes out often, the rest hardly ever
    habits["strike_out"] = mix.strike_outs * (4 if often else 0.25)
    habits["underline"] = 0.04 * mix.intruders if rng.random() < 0.2 else 0.0
    habits["neighbours"] = float(rng.uniform(0, 0.05)) * mix.intruders
    habits["cut"] = float(rng.uniform(0, 0.25)) * mix.intruders
    if rng.random() < mix.capitals and not font_metrics(face.path).cursive:  # nobody writes LONDON in copperplate
        habits["capitals"] = "small" if rng.random() < 0.5 else "all"
        habits["setting"] = "letters"  # nobody joins capitals
    return Style(face=face, scan=scan, **clamp(habits))


def clamp(habits: Habits) -> Habits:
    """Limit numbers to the ranges of their fields."""
    clamped = dict(habits)
    for name in RANGES.keys() & habits.keys():
        low, high = RANGES[name]
        clamped[name] = type(habits[name])(min(max(habits[name], low), high))
    return clamped


def letter_habits(face: Face, rng: np.random.Generator, strength: float) -> Habits:
    """Shape and setting of the letters."""
    cursive = font_metrics(face.path).cursive
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


def pen_habits(face: Face, rng: np.random.Generator, strength: float) -> Habits:
    """Mostly ballpoints and pencils, sometimes the font's own brush or nib."""
    metrics = font_metrics(face.path)
    heavy = metrics.stroke / metrics.height > 0.068  # the centre lines of broad strokes are too short
    ball = bool(rng.random() < (0.1 if heavy else 0.9))
    middle, spread = (0.040, 0.3) if ball else (0.047, 0.3)
    return {
        "nib": "ball" if ball else "face",
        "pen": float(np.clip(rng.lognormal(np.log(middle), spread), 0.026, 0.13)),
        "pressure": float(rng.uniform(0, 0.7)) * strength,
    }


def paper_habits(rng: np.random.Generator, scan: str, strength: float) -> Habits:
    """Ink and paper; scanners mostly whiten the paper."""
    white = scan == "binary" or (scan == "grey" and rng.random() < 0.82)
    ruled_share = {"binary": 0.05, "grey": 0.38, "photo": 0.4}[scan] * strength
    ruling = rng.choice(("line", "dotted", "squared"), p=(0.7, 0.2, 0.1)) if rng.random() < ruled_share else "none"
    bleeds = scan != "binary" and rng.random() < 0.12 * strength
    return {
        "ink": 1.0 if scan == "binary" else float(rng.uniform(0.42, 1)),
        "ink_texture": float(rng.uniform(0, 0.3) if scan == "binary" else rng.uniform(0.1, 0.9)) * strength,
        "paper": 255 if white else int(rng.integers(170, 250)),
        "paper_texture": 0.0 if white else float(rng.uniform(0, 0.7)) * strength,
        "ruling": str(ruling),
        "bleed": float(rng.uniform(0.2, 0.8)) if bleeds else 0.0,
    }


def scan_habits(rng: np.random.Generator, scan: str, strength: float) -> Habits:
    """Effects of the scanner or camera, and the margin of the crop."""
    noisy = rng.random() < 0.5
    if scan == "binary":
        noise, blur = rng.uniform(0, 14), rng.uniform(0.3, 0.7)
    elif scan == "photo":
        noise, blur = rng.exponential(3), rng.uniform(0.5, 1.4)
    else:
        noise, blur = rng.exponential(2.5) * noisy, rng.uniform(0.3, 1.0)
    compressed = scan == "photo" or (scan == "grey" and rng.random() < 0.5)
    loose = rng.random() < 0.2
    return {
        "noise": float(noise) * strength,
        "blur": float(blur) * strength,
        "jpeg": int(rng.integers(35, 96)) if compressed and strength else 0,
        "margin": float(rng.uniform(0.15, 0.4) if loose else rng.uniform(0.01, 0.14)),
    }
