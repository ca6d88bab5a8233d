"""The characters that a recognizer can output, and their ids."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from hwr_core.errors import CharsetError
from hwr_core.text.normalize import normalize


def frames_needed(text: str) -> int:
    """Fewest CTC frames that can spell `text`: one a character, one blank between equal neighbours.

    Example:
        >>> frames_needed("hello")
        6
    """
    return len(text) + sum(a == b for a, b in pairwise(text))


class Charset:
    """Characters in a fixed order; ids begin at 1, id 0 is the CTC blank and the padding.

    Args:
        characters: each once, NFC; a combining mark is a character of its own.

    Raises:
        CharsetError: a character comes twice, or is a control character.

    Example:
        >>> Charset("abc").encode("cab")
        [3, 1, 2]
    """

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = tuple(characters)
        if len(set(self.characters)) != len(self.characters):
            raise CharsetError("A charset holds each character once; this list repeats some.")
        for character in self.characters:
            if len(character) != 1 or unicodedata.category(character) in ("Cc", "Cs"):
                raise CharsetError(f"{character!r} is no character that can be written. Remove it from the charset.")
        self._ids = {character: index for index, character in enumerate(self.characters, start=1)}

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> Charset:
        """The sorted characters of the normalised texts."""
        return cls(sorted(set().union(*map(normalize, texts))))

    def extended(self, texts: Iterable[str]) -> Charset:
        """This charset, then the sorted new characters of `texts`: existing ids do not change.

        Example:
            >>> "".join(Charset("ba").extended(["cad"]).characters)
            'bacd'
        """
        new = Charset.from_texts(texts).characters
        return Charset([*self.characters, *(character for character in new if character not in self)])

    def __len__(self) -> int:
        """Number of characters, without the blank."""
        return len(self.characters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Charset) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __contains__(self, character: str) -> bool:
        return character in self._ids

    def missing(self, text: str) -> list[str]:
        """The characters of `text` that are not in the charset, each once, in order."""
        return list(dict.fromkeys(character for character in normalize(text) if character not in self._ids))

    def encode(self, text: str) -> list[int]:
        """Label ids of the normalised text.

        Raises:
            CharsetError: a character is not in the charset.
        """
        return self._ids_of(normalize(text))

    def id_of(self, character: str) -> int:
        """Label id of one character as it is, a space too.

        Raises:
            CharsetError: it is not in the charset.
        """
        return self._ids_of(character)[0]

    def _ids_of(self, text: str) -> list[int]:
        try:
            return [self._ids[character] for character in text]
        except KeyError:
            position = next(i for i, character in enumerate(text) if character not in self._ids)
            raise CharsetError(
                f"Character '{text[position]}' (U+{ord(text[position]):04X}) at position {position} of '{text}' is "
                f"not in the charset of {len(self)} characters. Clean the transcription, or train with a charset "
                "that has it."
            ) from None

    def decode(self, labels: Sequence[int]) -> str:
        """The text of label ids; the blank (0) is left out."""
        return "".join(self.characters[label - 1] for label in labels if label)

    def save(self, path: Path) -> None:
        """Plain text, UTF-8, one character a line, in the order of the ids."""
        path.write_bytes("".join(f"{character}\n" for character in self.characters).encode())

    @classmethod
    def load(cls, path: Path) -> Charset:
        """Read what `save` wrote.

        Raises:
            CharsetError: the file is missing or not of that form.
        """
        try:
            lines = path.read_bytes().decode().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CharsetError(f"The charset {path} cannot be read: {error}.") from error
        if lines and not lines[-1]:
            lines.pop()
        if not lines:
            raise CharsetError(f"The charset {path} is empty. It should hold one character a line.")
        return cls(lines)
