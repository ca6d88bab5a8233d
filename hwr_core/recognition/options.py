"""`ReadOptions`: how images are to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

from hwr_core.errors import ConfigError
from hwr_core.imaging.test_time import MAX_VIEWS

AUTO, NO_LANGUAGE = "auto", "none"


def shown(value: object) -> str:
    """A value as it stands in a sentence, cut where it is long."""
    return repr(value)[:60]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """The keyword arguments of `Recognizer.read`, where they are described.

    Raises:
        ConfigError: a value is of another type, or `views` or `capitals` is out of range.
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
        for name, value in (("views", self.views), ("alternatives", self.alternatives)):
            if not isinstance(value, Integral) or isinstance(value, bool):
                raise ConfigError(f"{name} must be a whole number. Received: {name}={shown(value)}.")
        if not isinstance(self.language, str):
            raise ConfigError(f"language must be a code such as 'en'. Received: language={shown(self.language)}.")
        if self.capitals is not None and (not isinstance(self.capitals, Real) or isinstance(self.capitals, bool)):
            raise ConfigError(f"capitals must be a number, or None. Received: capitals={shown(self.capitals)}.")
        if not 1 <= self.views <= MAX_VIEWS:
            raise ConfigError(f"A word is read in 1 to {MAX_VIEWS} views. Received: views={self.views}.")
        if self.capitals is not None and not 0 <= self.capitals <= 1:
            raise ConfigError(f"A share of words in capitals lies in [0, 1]. Received: capitals={self.capitals}.")
