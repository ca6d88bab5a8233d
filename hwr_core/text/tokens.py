"""Tokens of autoregressive recognizers: characters, or whole words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from hwr_core.errors import CharsetError
from hwr_core.text.normalize import normalize

PAD_ID, EOS_ID, UNK_ID = 0, 1, 2
FIRST_TOKEN_ID = 3  # the first id of the vocabulary


class Tokens:
    """Ids 0 padding, 1 end of sequence, 2 unknown; the vocabulary follows.

    Args:
        vocabulary: the characters or words, each once.
        words: whether a token is a whole word; words are joined by a space.

    Example:
        >>> tokens = Tokens("abc")
        >>> tokens.encode("cab")
        [5, 3, 4]
        >>> tokens.decode([5, 3, 4, 1])
        'cab'
    """

    def __init__(self, vocabulary: Iterable[str], *, words: bool = False) -> None:
        self.vocabulary = tuple(vocabulary)
        self.words = words
        self._ids = {token: index for index, token in enumerate(self.vocabulary, start=FIRST_TOKEN_ID)}
        if len(self._ids) != len(self.vocabulary):
            raise CharsetError("A token list holds each token once; this one repeats some.")

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, words: bool = False, max_words: int = 20_000) -> Tokens:
        """The tokens of the normalised texts; of words, the `max_words` most frequent."""
        counts = Counter(part for text in texts for part in (normalize(text).split() if words else normalize(text)))
        vocabulary = [token for token, _ in counts.most_common(max_words)] if words else list(counts)
        return cls(sorted(vocabulary), words=words)

    def __len__(self) -> int:
        """Number of ids, with the three special ones."""
        return FIRST_TOKEN_ID + len(self.vocabulary)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokens) and (self.vocabulary, self.words) == (other.vocabulary, other.words)

    def __hash__(self) -> int:
        return hash((self.vocabulary, self.words))

    def split(self, text: str) -> list[str]:
        text = normalize(text)
        return text.split() if self.words else list(text)

    def encode(self, text: str) -> list[int]:
        """Ids of the text's tokens; `UNK_ID` for one outside the vocabulary."""
        return [self._ids.get(part, UNK_ID) for part in self.split(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids up to the first `EOS_ID`; `UNK_ID` becomes U+FFFD."""
        parts: list[str] = []
        for token in ids:
            if token == EOS_ID:
                break
            if token != PAD_ID:
                known = token != UNK_ID
                parts.append(self.vocabulary[token - FIRST_TOKEN_ID] if known else "\N{REPLACEMENT CHARACTER}")
        return (" " if self.words else "").join(parts)

    def save(self, path: Path) -> None:
        """Plain text, UTF-8: `characters` or `words`, then one token a line in the order of the ids."""
        lines = ["words" if self.words else "characters", *self.vocabulary]
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
