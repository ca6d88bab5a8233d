"""The style of a writer: letters, pen, paper and scan."""

from __future__ import annotations

from dataclasses import dataclass

from hwr_core.errors import ConfigError
from hwr_core.synthesis.fonts import Face

SETTINGS = ("joined", "pieces", "letters")  # unit that the font sets: the word; 1 to 4 letters; a letter
CAPITALS = ("text", "all", "small")  # case of the text; all capitals; capitals of two heights
NIBS = ("face", "ball")  # the font's strokes; their centre lines drawn with an even pen
SCANS = ("binary", "grey", "photo")
RULINGS = ("none", "line", "dotted", "squared")


@dataclass(frozen=True, kw_only=True)
class Style:
    """The constants of one writer: font, pen, paper, scanner.

    Lengths are fractions of the text height, angles are degrees. The defaults change nothing: a style of a
    face alone writes the font as it is, black on white.

    Attributes:
        face: the font.
        text_height: pixels from the foot of `p` to the top of `h`, in [30, 120].
        setting: `joined` (the font's joins, ligatures and kerning), `pieces` (the pen is lifted every few
            letters) or `letters` (each letter by itself).
        capitals: `text` (case of the text), `all` (everything in capitals, as in forms) or `small`
            (capitals, all but the first at the height of lower-case letters).
        stretch: width relative to the font, in [0.5, 2].
        letter_spacing: added to the font's spacing; may be negative.
        spacing_jitter, baseline_jitter, size_jitter, rotation_jitter: variation between letters of spacing,
            height above the line, size (fraction of 1) and angle; `joined` words vary smoothly instead.
        slant: of the letters, to the right if positive, in [-45, 45].
        tilt: standard deviation of the word's baseline angle.
        nib: `face` (the font's strokes, made thinner or wider) or `ball` (their centre lines, drawn with a pen
            of even width such as a ballpoint or a pencil).
        pen: stroke width, or 0 for the font's.
        pressure: variation of a ballpoint's width along the stroke, in [0, 1].
        warp: displacement of the strokes from the font's.
        ink: darkness, in [0.1, 1].
        ink_texture: unevenness of the ink, in [0, 1].
        paper: grey level, in [100, 255].
        paper_texture: unevenness of the paper, in [0, 1].
        ruling: `none`, `line`, `dotted` or `squared`, as in forms and exercise books.
        bleed: strength of the writing that shows through from the back, in [0, 1].
        underline: probability that a word is underlined.
        strike_out: probability that a word is struck out, still readable.
        neighbours: probability, for each of the four sides, that letters of neighbouring lines and words
            reach into the image.
        cut: probability of a crop so tight that ends of tall letters are lost (never accents).
        scan: `binary` (black and white, as the IAM words), `grey` (a scanner) or `photo` (shadows, perspective).
        noise: standard deviation of the scanner's noise in grey levels, in [0, 60].
        blur: standard deviation of the scanner's blur in pixels, in [0, 4].
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
