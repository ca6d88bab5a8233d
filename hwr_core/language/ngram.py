"""Character 4-gram model: the probability of a string of letters as a word."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

ORDER = 4
LOG_PROB_STEP = 1 / 16  # of the stored natural logarithms: 255 steps reach down to 1.2e-7
BOUNDARY_ID, UNK_ID = 0, 1  # bos and eos alike; a letter outside the alphabet


class CharacterModel:
    """Probability of a letter given the three before it, as one dense table.

    Args:
        alphabet: the letters, each once; ids begin at 2.
        levels: `(A, A, A, A)` uint8, A = letters + 2: minus the natural logarithm in steps of 1/16.

    Example:
        >>> model = CharacterModel.from_words({"anna": 3.0, "hanna": 1.0}, "ahn")
        >>> model.log_prob("anna") > model.log_prob("nnaa")
        True
    """

    def __init__(self, alphabet: str, levels: np.ndarray) -> None:
        self.alphabet = alphabet
        self._size = len(alphabet) + 2
        self.levels = np.asarray(levels, np.uint8).reshape((self._size,) * ORDER)
        self._table = self.levels.tobytes()  # indexed three times as fast as an array
        self._ids = {letter: index for index, letter in enumerate(alphabet, start=2)}

    @classmethod
    def from_words(cls, weights: dict[str, float], alphabet: str) -> CharacterModel:
        """Count weighted words; lower orders fill unseen grams (Witten and Bell 1991, interpolated).

        Args:
            weights: lower-case word -> weight, above 0.
            alphabet: letters of the words; all others share `UNK_ID`.
        """
        size = len(alphabet) + 2
        ids = {letter: index for index, letter in enumerate(alphabet, start=2)}
        counts = np.zeros((size,) * ORDER)
        keys, values = zip(*_grams(weights, ids), strict=True)
        np.add.at(counts, tuple(np.array(keys).T), values)
        probabilities = np.full(size, 1 / size)
        for order in range(1, ORDER + 1):
            sums = counts.sum(axis=tuple(range(ORDER - order)))
            total = sums.sum(axis=-1, keepdims=True)
            distinct = (sums > 0).sum(axis=-1, keepdims=True) + 1e-9
            share = total / (total + distinct)
            probabilities = share * sums / np.maximum(total, 1e-12) + (1 - share) * probabilities
        return cls(alphabet, np.clip(np.round(-np.log(probabilities) / LOG_PROB_STEP), 0, 255).astype(np.uint8))

    def log_prob(self, word: str) -> float:
        """Natural logarithm of the probability of the lower-case word, end of word included."""
        size, table, ids = self._size, self._table, self._ids
        context = size ** (ORDER - 1)
        index = level = 0
        for letter in word:
            index = index % context * size + ids.get(letter, UNK_ID)
            level += table[index]
        return -(level + table[index % context * size]) * LOG_PROB_STEP


def _grams(weights: dict[str, float], ids: dict[str, int]) -> Iterable[tuple[tuple[int, ...], float]]:
    for word, weight in weights.items():
        codes = [BOUNDARY_ID] * (ORDER - 1) + [ids.get(letter, UNK_ID) for letter in word] + [BOUNDARY_ID]
        for end in range(ORDER, len(codes) + 1):
            yield tuple(codes[end - ORDER : end]), weight
