"""The size of the canvas that a model sees."""

from __future__ import annotations

from dataclasses import dataclass

from hwr_core.config.settings import require, setting


@dataclass(frozen=True, kw_only=True, slots=True)
class CanvasConfig:
    """The ink canvas made of every image; sizes in pixels."""

    height: int = setting(64, "Height of the prepared image, in pixels.")
    width: int = setting(256, "Width of the prepared image; longer words are shrunk to fit, in pixels.")
    margin: int = setting(3, "Paper left around the ink, in pixels of the prepared image.")

    def __post_init__(self) -> None:
        require(self.height in (32, 48, 64, 96, 128), "height", self.height, "32, 48, 64, 96 or 128")
        require(
            64 <= self.width <= 2048 and self.width % 32 == 0,
            "width",
            self.width,
            "a multiple of 32 up to 2048",
        )
        require(1 <= self.margin <= 8, "margin", self.margin, "from 1 to 8")
