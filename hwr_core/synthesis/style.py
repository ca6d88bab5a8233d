"""A writer's habits, the writer's pen and paper, and what the picture was taken with."""

from __future__ import annotations

from dataclasses import dataclass

from hwr_core.errors import ConfigError
from hwr_core.synthesis.fonts import Face

SETTINGS = ("joined", "pieces", "letters")  # the font sets the whole word; two to four letters; each by itself
CAPITALS = ("text", "all", "small")  # case as in the text; all capitals; capitals of two heights
NIBS = ("face", "ball")  # the face's own strokes; or its path drawn with a pen of even width
SCANS = ("binary", "grey", "photo")
RULINGS = ("none", "line", "dotted", "squared")


@dataclass(frozen=True, kw_only=True)
class Style:
    """What stays the same in one person's writing: the hand, the pen, the paper, the scanner.

    Lengths are in parts of the text height, angles in degrees, and every default is the quiet choice: a
    style made of a face alone writes the face as it is, black on white.

    Attributes:
        face: the hand.
        text_height: pixels from the foot of `p` to the top of `h`, in [30, 120].
        setting: `joined` (the font's own joins, ligatures and kerning), `pieces` (the pen is lifted every few
            letters) or `letters` (each letter put down by itself).
        capitals: `text` (case as it is drawn), `all` (everything in capitals, as people fill in forms) or `small`
            (capitals too, all but the first as low as small letters are).
        stretch: width against the face's own, in [0.5, 2].
        letter_spacing: between letters, more (or, negative, less) than the face's own.
        spacing_jitter, baseline_jitter, size_jitter, rotation_jitter: how much letters differ in distance,
            height above the line, size (parts of 1) and angle; `joined` writing sways as a whole.
        slant: of the letters, to the right if positive, in [-45, 45].
        tilt: of the whole word's line: how much it differs from word to word.
        nib: `face` (strokes as the font has them, made thinner or wider) or `ball` (the font's strokes are
            followed with a pen of even width, as a ballpoint or a pencil has).
        pen: width of the stroke, or 0 for the face's own.
        pressure: how much a ballpoint's width changes on the way, in [0, 1].
        warp: how far the strokes stray from the face's.
        ink: how dark, in [0.1, 1].
        ink_texture: how unevenly the ink lies, in [0, 1].
        paper: its grey level, in [100, 255].
        paper_texture: how uneven it is, in [0, 1].
        ruling: `none`, `line`, `dotted` or `squared`: as forms and exercise books have.
        bleed: how strongly the back of the sheet shows through, in [0, 1].
        underline: chance that a word carries a stroke beneath it.
        strike_out: chance that a word is struck out by a stroke, and still to be read.
        neighbours: chance, for each of the four sides, that letters of the neighbouring lines and words
            reach into the picture.
        cut: chance that the picture was cut too tightly: ends of tall letters are lost (never accents).
        scan: `binary` (black and white, as the IAM words), `grey` (a scanner) or `photo` (shadows, perspective).
        noise: of the scanner, standard deviation in grey levels, in [0, 60].
        blur: of the scanner, standard deviation in pixels, in [0, 4].
        jpeg: quality in [1, 100], or 0 for no JPEG artefacts.
        margin: largest free space around the ink.
    """

    face: Face
    text_height: int = 64
    setting: str = "joined"
    capitals: str = "text"
    stretch: float = 1.0
    letter_spacing: float = 0.0
    spacing_jitter: float = 0.0
    baseline_jitter: float = 0.0
    size_jitter: float = 0.0
    rotation_jitter: float = 0.0
    slant: float = 0.0
    tilt: float = 0.0
    nib: str = "face"
    pen: float = 0.0
    pressure: float = 0.0
    warp: float = 0.0
    ink: float = 1.0
    ink_texture: float = 0.0
    paper: int = 255
    paper_texture: float = 0.0
    ruling: str = "none"
    bleed: float = 0.0
    underline: float = 0.0
    strike_out: float = 0.0
    neighbours: float = 0.0
    cut: float = 0.0
    scan: str = "grey"
    noise: float = 0.0
    blur: float = 0.0
    jpeg: int = 0
    margin: float = 0.1

    def __post_init__(self) -> None:
        choices = (("setting", SETTINGS), ("capitals", CAPITALS), ("nib", NIBS), ("scan", SCANS), ("ruling", RULINGS))
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
    "pressure": (0, 1),
    "warp": (0, 0.1),
    "ink": (0.1, 1),
    "ink_texture": (0, 1),
    "paper": (100, 255),
    "paper_texture": (0, 1),
    "bleed": (0, 1),
    "underline": (0, 1),
    "strike_out": (0, 1),
    "neighbours": (0, 1),
    "cut": (0, 1),
    "noise": (0, 60),
    "blur": (0, 4),
    "jpeg": (0, 100),
    "margin": (0, 1),
}
