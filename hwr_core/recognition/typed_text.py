r"""What a person types of a word: its beginning, or with a `?` for each unreadable letter the whole word.

A question mark itself is typed `\?`.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwr_core import limits
from hwr_core.errors import ConfigError
from hwr_core.recognition.constraints import parse_mask
from hwr_core.text import normalize


def unescape(typed: str) -> str:
    r"""What was typed, as literal text.

    Example:
        >>> unescape(r"why\?")
        'why?'
    """
    return "".join(letter or "?" for letter in parse_mask(typed))


def typed_prefix_length(typed: str, text: str) -> int:
    r"""How many letters of the reading `text` were typed; 0 for a mask, or where the reading begins otherwise.

    Example:
        >>> typed_prefix_length(r"wh", "why?"), typed_prefix_length(r"why\?", "why?"), typed_prefix_length("w?", "why")
        (2, 4, 0)
    """
    places = parse_mask(typed)
    return len(places) if None not in places and text.startswith("".join(filter(None, places))) else 0


def fitting_words(words: Sequence[str], mask: Sequence[str | None]) -> list[str]:
    """The words that fit a mask of letters, None for an open place.

    Raises:
        ConfigError: none does.
    """
    fitting = [
        word
        for word in words
        if len(word) == len(mask) and all(place in (None, letter) for place, letter in zip(mask, word, strict=True))
    ]
    if not fitting:
        raise ConfigError("No word of your list fits what was typed. Type something else, or change the list.")
    return fitting


def parse_word_list(text: str, charset: str, max_words: int) -> tuple[tuple[str, ...], list[str]]:
    """The words of a list, one a line.

    Args:
        text: as it was typed.
        charset: the characters that can be written; empty allows all.
        max_words: words beyond are left out, and what lines have beyond the limit of characters.

    Returns:
        The distinct words that can be written, and those that cannot.
    """
    longest = limits.current().text_characters
    lines = dict.fromkeys(filter(None, (normalize(line[:longest]) for line in text.splitlines()[: 2 * max_words])))
    writable = [line for line in lines if not charset or set(line) <= set(charset)]
    return tuple(writable[:max_words]), [line for line in lines if charset and not set(line) <= set(charset)]
