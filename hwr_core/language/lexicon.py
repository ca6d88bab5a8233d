"""A language's words with their frequencies, as a prefix tree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from hwr_core.errors import ConfigError

LOG_PROB_STEP = 1 / 12  # of the stored natural logarithms: 254 steps reach from 1 down to 6e-10
NO_WORD = 255


class Lexicon:
    """Lower-case words and their frequencies: a tree, one node a prefix, breadth first.

    Args:
        alphabet: the letters of the words, each once.
        letters: `(N,)` uint8, each node's last letter as an index into the alphabet; the root comes first.
        counts: `(N,)` uint8, number of children of each node; children are contiguous, in the order of their parents.
        levels: `(N,)` uint8, for each node that is a word minus the natural logarithm of its share among all words
            written, in steps of 1/12; `NO_WORD` for others.
        capitals: `(N,)` bool, whether the word always has a capital.

    Example:
        >>> lexicon = Lexicon.from_words({"the": 0.05, "cat": 1e-4, "catch": 2e-4}, "aceht")
        >>> "cat" in lexicon, "ca" in lexicon, lexicon.most_frequent("ca", 5)
        (True, False, ['catch', 'cat'])
        >>> round(math.exp(lexicon.log_prob("the")), 2), lexicon.log_prob("xyz")
        (0.05, -inf)
    """

    def __init__(
        self, alphabet: str, letters: np.ndarray, counts: np.ndarray, levels: np.ndarray, capitals: np.ndarray
    ) -> None:
        self.alphabet = alphabet
        self.letters, self.counts, self.levels, self.capitals = letters, counts, levels, capitals
        self.first = 1 + np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])  # first child of each node
        if not len(letters) == len(counts) == len(levels) == len(capitals) == self.first[-1]:
            raise ConfigError(
                f"A lexicon's tree needs one letter, count, level and capital a node. Received: {len(letters)}, "
                f"{len(counts)}, {len(levels)}, {len(capitals)}. Make it anew with scripts/make_language.py."
            )
        self._levels = levels.tobytes()  # indexed three times as fast as an array
        self._bytes, self._ids = letters.tobytes(), {letter: bytes([i]) for i, letter in enumerate(alphabet)}
        self._first = self.first.data  # numbers of it are quicker than an array's, and no list's memory

    @classmethod
    def from_words(
        cls, frequencies: dict[str, float], alphabet: str, capitals: frozenset[str] = frozenset()
    ) -> Lexicon:
        """The tree of a dictionary of frequencies.

        Args:
            frequencies: word -> its share among all words written, in (0, 1].
            alphabet: letters of the words; a `KeyError` where a word has another.
            capitals: words (in lower case) that always have a capital.
        """
        ids = {letter: index for index, letter in enumerate(alphabet)}
        prefixes = {word[:end] for word in frequencies for end in range(len(word) + 1)} | {""}
        nodes = sorted(prefixes, key=lambda prefix: (len(prefix), [ids[letter] for letter in prefix]))
        children = dict.fromkeys(nodes, 0)
        for node in nodes[1:]:
            children[node[:-1]] += 1
        shares = np.array([frequencies.get(node, 0.0) for node in nodes])
        return cls(
            alphabet,
            np.array([ids[node[-1]] if node else 0 for node in nodes], np.uint8),
            np.array(list(children.values()), np.uint8),
            np.where(shares > 0, levels_of(np.maximum(shares, 1e-12)), NO_WORD).astype(np.uint8),
            np.array([node in capitals for node in nodes], bool),
        )

    def __len__(self) -> int:
        return int((self.levels != NO_WORD).sum())

    def __contains__(self, word: str) -> bool:
        node = self.node(word)
        return node is not None and self.levels[node] != NO_WORD

    def node(self, prefix: str, start: int = 0) -> int | None:
        """The node of `prefix` below `start`; None where no word begins so."""
        node = start
        for letter in prefix:
            first = self._first[node]
            node = self._bytes.find(self._ids.get(letter, b"\xff"), first, self._first[node + 1])
            if node < 0:
                return None
        return node

    def log_prob(self, word: str) -> float:
        """Natural logarithm of the word's share among all words written; -inf where the lexicon lacks it."""
        node = self.node(word)
        return -math.inf if node is None else self.log_prob_of(node)

    def log_prob_of(self, node: int) -> float:
        """`log_prob` of a node."""
        level = self._levels[node]
        return -math.inf if level == NO_WORD else -level * LOG_PROB_STEP

    def is_capital(self, word: str) -> bool:
        """Whether the lexicon has the word as one that always has a capital."""
        node = self.node(word)
        return node is not None and bool(self.capitals[node])

    def most_frequent(self, prefix: str, max_words: int) -> list[str]:
        """The most frequent words that begin with `prefix`, best first."""
        start = self.node(prefix)
        if start is None:
            return []
        words = sorted((int(self.levels[node]), word) for node, word in self._words_below(start, prefix))
        return [word for _, word in words[:max_words]]

    def _words_below(self, start: int, prefix: str) -> Iterator[tuple[int, str]]:
        stack = [(start, prefix)]
        while stack:
            node, word = stack.pop()
            if self.levels[node] != NO_WORD:
                yield node, word
            children = range(self._first[node], self._first[node + 1])
            stack += [(child, word + self.alphabet[self._bytes[child]]) for child in children]

    @property
    def log_masses(self) -> np.ndarray:
        """`(N,)` natural logarithm of the total share of words below each node."""
        masses = np.where(self.levels == NO_WORD, 0.0, np.exp(-LOG_PROB_STEP * self.levels.astype(float)))
        for begin, end in reversed(self._depths()):
            parents = np.repeat(np.arange(begin, end), self.counts[begin:end])
            children = slice(int(self.first[begin]), int(self.first[end]))
            masses[begin:end] += np.bincount(parents - begin, masses[children], end - begin)
        return np.log(np.maximum(masses, 1e-30))

    def _depths(self) -> list[tuple[int, int]]:
        """`(begin, end)` of the nodes of each depth."""
        edges = [0, 1]
        while edges[-1] < len(self.letters):
            edges.append(int(self.first[edges[-1]]))
        return list(pairwise(edges))


def levels_of(frequencies: np.ndarray) -> np.ndarray:
    """Frequencies in (0, 1] as the uint8 levels of a `Lexicon`."""
    return np.clip(np.round(-np.log(frequencies) / LOG_PROB_STEP), 0, NO_WORD - 1).astype(np.uint8)
