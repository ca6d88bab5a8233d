"""What is asked of a reading: a prefix, a mask or a list of words; checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.errors import ConfigError
from hwr_core.text import normalize

WILDCARD = "?"


@dataclass(frozen=True)
class Constraints:
    """The conditions of a call, one prefix and mask a picture.

    Attributes:
        prefixes: what each reading begins with; empty for no condition.
        masks: the letters of each reading, None for an open place; None where no mask was given.
        words: the allowed readings of all pictures; None for any.
        most: how many alternatives at most.
    """

    prefixes: list[str]
    masks: list[list[str | None]] | None
    words: list[str] | None
    most: int

    @property
    def is_free(self) -> bool:
        """Whether any word is allowed that begins with its prefix."""
        return self.masks is None and self.words is None

    def blank_readings(self) -> list[str]:
        """What is said of blank pictures: the prefix, or nothing."""
        return [""] * len(self.prefixes) if self.words is not None else self.prefixes

    def allows_capitals(self) -> np.ndarray:
        """`(B,)` bool: pictures whose reading may be in capitals throughout."""
        if self.words is not None:
            return np.zeros(len(self.prefixes), bool)
        return np.array([text == text.upper() for text in self._given()], bool)

    def asks_capitals(self) -> np.ndarray:
        """`(B,)` bool: pictures whose prefix or mask has two letters or more, all of them capitals."""
        if self.words is not None:
            return np.zeros(len(self.prefixes), bool)
        letters = [[letter for letter in text if letter.isalpha()] for text in self._given()]
        return np.array([len(some) > 1 and all(map(str.isupper, some)) for some in letters], bool)

    def _given(self) -> list[str]:
        """The letters that are given of each picture."""
        if self.masks is None:
            return self.prefixes
        return ["".join(letter for letter in mask if letter is not None) for mask in self.masks]

    def of(self, rows: Sequence[int]) -> Constraints:
        """The conditions of some of the pictures."""
        masks = [self.masks[row] for row in rows] if self.masks is not None else None
        return Constraints([self.prefixes[row] for row in rows], masks, self.words, self.most)


def asked(
    count: int,
    prefix: str | Sequence[str],
    mask: str | Sequence[str] | None,
    words: Sequence[str] | None,
    alternatives: int,
) -> Constraints:
    """Check the conditions of `count` pictures.

    Raises:
        ConfigError: the number of prefixes or masks is not that of the pictures, or conditions exclude each other.
    """
    if mask is not None and (words is not None or prefix):
        raise ConfigError("Give a mask alone: it says all that a prefix or a list of words could say of a reading.")
    if isinstance(words, str):
        raise ConfigError("words must be a list of words. Received: one string.")
    prefixes = [normalize(text) for text in _each(prefix, count, "prefix", "prefixes")]
    masks = None if mask is None else [mask_places(text) for text in _each(mask, count, "mask", "masks")]
    allowed = None if words is None else list(dict.fromkeys(filter(None, map(normalize, words))))
    if allowed == []:
        raise ConfigError("words must name at least one allowed word. Leave it out to allow any.")
    return Constraints(prefixes, masks, allowed, max(1, alternatives))


def _each(value: str | Sequence[str], count: int, one: str, many: str) -> list[str]:
    values = [value] * count if isinstance(value, str) else list(value)
    if len(values) != count:
        raise ConfigError(
            f"Give one {one} for all pictures, or one each. Received: {len(values)} {many}, {count} pictures."
        )
    return values


def mask_places(mask: str) -> list[str | None]:
    r"""The letters of a mask, None for each `?`; a question mark itself is written `\?`.

    Example:
        >>> mask_places("th?s\\?")
        ['t', 'h', None, 's', '?']
    """
    places: list[str | None] = []
    letters = iter(normalize(mask))
    for letter in letters:
        if letter == "\\":
            places.append(next(letters, letter))
        else:
            places.append(None if letter == WILDCARD else letter)
    return places
