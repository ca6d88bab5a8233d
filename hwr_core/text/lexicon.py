"""A language's words with their frequencies."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from hwr_core.errors import ConfigError

STEP = 1 / 12  # of the stored natural logarithms: 255 of them reach from 1 down to 6e-10


class Lexicon:
    """Lower-case words and how often they are used.

    Args:
        words: each once.
        levels: `(N,)` uint8, one a word: minus the natural logarithm of its frequency in steps of 1/12.

    Example:
        >>> lexicon = Lexicon(["the", "cat"], [12, 24])
        >>> round(lexicon.log_prob("cat"), 6), lexicon.log_prob("xyz")
        (-2.0, -inf)
    """

    def __init__(self, words: list[str], levels: np.ndarray | list[int]) -> None:
        levels = np.asarray(levels, np.uint8)
        if len(words) != len(levels):
            raise ConfigError(
                f"A lexicon needs one frequency a word. Received: {len(words)} words, {len(levels)} "
                "frequencies. Make it anew with scripts/make_language.py."
            )
        self._levels = dict(zip(words, levels.tolist(), strict=True))

    def __len__(self) -> int:
        return len(self._levels)

    def __contains__(self, word: str) -> bool:
        return word in self._levels

    def log_prob(self, word: str) -> float:
        """Natural logarithm of the word's share among all words written; -inf where it is not listed."""
        level = self._levels.get(word)
        return -math.inf if level is None else -level * STEP

    def most_frequent(self, prefix: str, most: int) -> list[str]:
        """The commonest words that begin with `prefix`, commonest first (words are kept in that order)."""
        found = (word for word in self._levels if word.startswith(prefix))
        return [word for word, _ in zip(found, range(most), strict=False)]


def levels_of(frequencies: np.ndarray) -> np.ndarray:
    """Frequencies in (0, 1] as the uint8 levels that a `Lexicon` keeps."""
    return np.clip(np.round(-np.log(frequencies) / STEP), 0, 255).astype(np.uint8)


def save_words(path: Path, words: list[str]) -> None:
    """Plain text, UTF-8, one word a line."""
    path.write_bytes("".join(f"{word}\n" for word in words).encode())


def load_words(path: Path) -> list[str]:
    """Read what `save_words` wrote."""
    return path.read_bytes().decode().split("\n")[:-1]
