"""Constraints on readings: a prefix, a mask or a list of words; validated once, at the entrance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core import limits
from hwr_core.errors import ConfigError
from hwr_core.recognition.options import ReadOptions, shown
from hwr_core.text import normalize

WILDCARD = "?"
MAX_ALTERNATIVES = 1000
Mask = list[str | None]  # letters, None for an open place


@dataclass(frozen=True)
class Constraints:
    """The constraints of a call, one prefix and mask an image.

    Attributes:
        prefixes: what each reading begins with; empty for no constraint.
        masks: of each reading; None without masks.
        words: the readings allowed for all images; None for any.
        max_alternatives: candidates of an image at most.
    """

    prefixes: list[str]
    masks: list[Mask] | None
    words: list[str] | None
    max_alternatives: int

    @property
    def is_free(self) -> bool:
        """Whether any word is allowed that begins with its prefix."""
        return self.masks is None and self.words is None

    def blank_readings(self) -> list[str]:
        """The readings of blank images: the prefix, or empty."""
        return [""] * len(self.prefixes) if self.words is not None else self.prefixes

    def allows_capitals(self) -> np.ndarray:
        """`(B,)` bool: images whose reading may be in capitals throughout."""
        if self.words is not None:
            return np.zeros(len(self.prefixes), bool)
        return np.array([text == text.upper() for text in self._given_letters()], bool)

    def implies_capitals(self) -> np.ndarray:
        """`(B,)` bool: images whose prefix or mask has two letters or more, all of them capitals."""
        if self.words is not None:
            return np.zeros(len(self.prefixes), bool)
        letters = [list(filter(str.isalpha, text)) for text in self._given_letters()]
        return np.array([len(given) > 1 and all(map(str.isupper, given)) for given in letters], bool)

    def _given_letters(self) -> list[str]:
        if self.masks is None:
            return self.prefixes
        return ["".join(letter for letter in mask if letter is not None) for mask in self.masks]

    def select(self, rows: Sequence[int]) -> Constraints:
        """The constraints of the images in these rows."""
        masks = [self.masks[row] for row in rows] if self.masks is not None else None
        return Constraints([self.prefixes[row] for row in rows], masks, self.words, self.max_alternatives)


def parse_constraints(count: int, options: ReadOptions) -> Constraints:
    """Validate the constraints on `count` images.

    Raises:
        ConfigError: a value is of another type or too long, the number of prefixes or masks is not that of the
            images, or constraints exclude each other.
    """
    if options.mask is not None and (options.words is not None or options.prefix):
        raise ConfigError("Give a mask alone: it says all that a prefix or a list of words could say of a reading.")
    prefixes = [normalize(text) for text in _one_each(options.prefix, count, "prefix", "prefixes")]
    masks = None
    if options.mask is not None:
        masks = [parse_mask(text) for text in _one_each(options.mask, count, "mask", "masks")]
    words = None if options.words is None else _allowed_words(options.words)
    if words == []:
        raise ConfigError("words must name at least one allowed word. Leave it out to allow any.")
    return Constraints(prefixes, masks, words, min(max(1, options.alternatives), MAX_ALTERNATIVES))


def _allowed_words(words: Sequence[str]) -> list[str]:
    if isinstance(words, str):
        raise ConfigError("words must be a list of words. Received: one string.")
    if not isinstance(words, Collection):
        raise ConfigError(f"words must be a list of words. Received: {shown(words)}.")
    most = limits.current().listed_words
    if len(words) > most:
        raise ConfigError(f"A list has at most {most:,} allowed words. Received: {len(words):,}. Shorten it.")
    for word in words:
        check_text(word, "An allowed word", limits.current().text_characters)
    return list(dict.fromkeys(filter(None, map(normalize, words))))


def check_text(text: object, what: str, most: int) -> None:
    """Raises `ConfigError` unless `text` is a text of at most so many characters that UTF-8 can write.

    Args:
        what: begins the sentence, such as "A prefix".
    """
    if not isinstance(text, str):
        raise ConfigError(f"{what} must be a text. Received: {shown(text)}.")
    if len(text) > most:
        raise ConfigError(f"{what} has at most {most:,} characters. Received: {len(text):,}, beginning {text[:20]!r}.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ConfigError(f"{what} holds half a character (U+D800 to U+DFFF). Type it again. Received: {text[:40]!a}.")


def _one_each(value: str | Sequence[str], count: int, singular: str, plural: str) -> list[str]:
    if not isinstance(value, Collection):
        raise ConfigError(f"Give one {singular} for all images, or one each, as text. Received: {shown(value)}.")
    values = [value] * count if isinstance(value, str) else list(value)
    for text in values if not isinstance(value, str) else [value]:
        check_text(text, f"A {singular}", limits.current().typed_characters)
    if len(values) != count:
        raise ConfigError(
            f"Give one {singular} for all images, or one each. Received: {len(values)} {plural}, {count} images."
        )
    return values


def parse_mask(mask: str) -> Mask:
    r"""The letters of a mask, None for each `?`; a question mark itself is written `\?`.

    Example:
        >>> parse_mask("th?s\\?")
        ['t', 'h', None, 's', '?']
    """
    places: Mask = []
    letters = iter(normalize(mask))
    for letter in letters:
        if letter == "\\":
            places.append(next(letters, letter))
        else:
            places.append(None if letter == WILDCARD else letter)
    return places
