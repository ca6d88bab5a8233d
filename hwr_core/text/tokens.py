"""Tokens for recognizers that predict what comes next: characters, or whole words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from hwr_core.errors import CharsetError
from hwr_core.text.normalize import normalize

PADDING, END, UNKNOWN = 0, 1, 2
FIRST = 3  # the first id that writes something


class Tokens:
    """Ids 0 padding, 1 end of the text, 2 unknown; the written tokens follow.

    Args:
        written: the characters or words, each once.
        words: whether a token is a whole word; words are joined by a space.

    Example:
        >>> tokens = Tokens("abc")
        >>> tokens.encode("cab")
        [5, 3, 4]
        >>> tokens.decode([5, 3, 4, 1])
        'cab'
    """

    def __init__(self, written: Iterable[str], *, words: bool = False) -> None:
        self.written = tuple(written)
        self.words = words
        self._ids = {token: index for index, token in enumerate(self.written, start=FIRST)}
        if len(self._ids) != len(self.written):
            raise CharsetError("A token list holds each token once; this one repeats some.")

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, words: bool = False, most: int = 20_000) -> Tokens:
        """The tokens of the normalised texts; of words, the `most` frequent."""
        counts = Counter(part for text in texts for part in (normalize(text).split() if words else normalize(text)))
        kept = [token for token, _ in counts.most_common(most)] if words else list(counts)
        return cls(sorted(kept), words=words)

    def __len__(self) -> int:
        """Number of ids, the three special ones counted."""
        return FIRST + len(self.written)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokens) and (self.written, self.words) == (other.written, other.words)

    def __hash__(self) -> int:
        return hash((self.written, self.words))

    def split(self, text: str) -> list[str]:
        text = normalize(text)
        return text.split() if self.words else list(text)

    def encode(self, text: str) -> list[int]:
        """Ids of the text's tokens; one that is not known becomes `UNKNOWN`."""
        return [self._ids.get(part, UNKNOWN) for part in self.split(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids up to the first `END`; an unknown token is written as U+FFFD."""
        parts: list[str] = []
        for token in ids:
            if token == END:
                break
            if token != PADDING:
                parts.append("\N{REPLACEMENT CHARACTER}" if token == UNKNOWN else self.written[token - FIRST])
        return (" " if self.words else "").join(parts)

    def save(self, path: Path) -> None:
        """Plain text, UTF-8: `characters` or `words`, then one token a line in the order of the ids."""
        lines = ["words" if self.words else "characters", *self.written]
        path.write_bytes("".join(f"{line}\n" for line in lines).encode())

    @classmethod
    def load(cls, path: Path) -> Tokens:
        """Read what `save` wrote, or raise `CharsetError`."""
        try:
            lines = path.read_bytes().decode().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CharsetError(f"The tokens {path} cannot be read: {error}.") from error
        if lines and not lines[-1]:
            lines.pop()
        if not lines or lines[0] not in ("characters", "words"):
            raise CharsetError(f"The tokens {path} should begin with a line 'characters' or 'words'.")
        return cls(lines[1:], words=lines[0] == "words")
