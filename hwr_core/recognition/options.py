"""`ReadOptions`: how images are to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwr_core.errors import ConfigError
from hwr_core.imaging.test_time import MAX_VIEWS

AUTO, NO_LANGUAGE = "auto", "none"


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """The keyword arguments of `Recognizer.read`, where they are described.

    Raises:
        ConfigError: `views` or `capitals` is out of range.
    """

    prefix: str | Sequence[str] = ""
    alternatives: int = 1
    language: str = AUTO
    mask: str | Sequence[str] | None = None
    words: Sequence[str] | None = None
    alignment: bool = False
    views: int = 1
    capitals: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.views <= MAX_VIEWS:
            raise ConfigError(f"A word is read in 1 to {MAX_VIEWS} views. Received: views={self.views}.")
        if self.capitals is not None and not 0 <= self.capitals <= 1:
            raise ConfigError(f"A share of words in capitals lies in [0, 1]. Received: capitals={self.capitals}.")
