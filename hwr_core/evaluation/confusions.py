"""Which characters are read as which others, counted along the shortest alignment of truth and reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

MAX_PAIRS = 1000


@dataclass(frozen=True)
class Confusions:
    """Characters of the transcriptions against those of the readings.

    Attributes:
        written: character -> how often it occurs in the transcriptions.
        pairs: `(written, read, times)` of different characters, the commonest first.
        missed: character -> how often it was left out.
        added: character -> how often it was read where there is none.
    """

    written: dict[str, int]
    pairs: list[tuple[str, str, int]]
    missed: dict[str, int]
    added: dict[str, int]

    @property
    def substitutions(self) -> int:
        return sum(times for _, _, times in self.pairs)

    def matrix(self, max_characters: int = 24) -> tuple[list[str], np.ndarray]:
        """The characters that are confused most, and how often each (row) is read as each (column).

        Returns:
            The characters in the order of their code points, and `(C, C)` counts; on the diagonal, how often each
            was read as itself.

        Example:
            >>> characters, counts = confusions(["aa", "b"], ["ab", "b"]).matrix()
            >>> characters, counts.tolist()
            (['a', 'b'], [[1, 1], [0, 1]])
        """
        weight: Counter[str] = Counter()
        for written, read, times in self.pairs:
            weight[written] += times
            weight[read] += times
        # Ties go by code point, so that the same readings give the same matrix.
        chosen = sorted(sorted(weight, key=lambda character: (-weight[character], character))[:max_characters])
        place = {character: index for index, character in enumerate(chosen)}
        counts = np.zeros((len(chosen), len(chosen)), int)
        wrong: Counter[str] = Counter(self.missed)
        for written, read, times in self.pairs:
            wrong[written] += times
            if written in place and read in place:
                counts[place[written], place[read]] += times
        for character, index in place.items():
            counts[index, index] = self.written.get(character, 0) - wrong[character]
        return chosen, counts


def confusions(transcriptions: Sequence[str], readings: Sequence[str]) -> Confusions:
    """Count the edits that turn each transcription into its reading (Levenshtein 1966; of several shortest
    alignments, RapidFuzz's).

    Example:
        >>> result = confusions(["rain", "the"], ["ruin", "th"])
        >>> result.pairs, result.missed, result.added
        ([('a', 'u', 1)], {'e': 1}, {})
    """
    from rapidfuzz.distance import Levenshtein

    written: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    missed: Counter[str] = Counter()
    added: Counter[str] = Counter()
    for truth, reading in zip(transcriptions, readings, strict=True):
        written.update(truth)
        if truth == reading:
            continue
        for edit in Levenshtein.editops(truth, reading):
            if edit.tag == "replace":
                pairs[truth[edit.src_pos], reading[edit.dest_pos]] += 1
            elif edit.tag == "delete":
                missed[truth[edit.src_pos]] += 1
            else:
                added[reading[edit.dest_pos]] += 1
    ranked = _ranked(pairs.items())[:MAX_PAIRS]
    return Confusions(
        written=dict(_ranked(written.items())),
        pairs=[(truth, read, times) for (truth, read), times in ranked],
        missed=dict(_ranked(missed.items())),
        added=dict(_ranked(added.items())),
    )


def _ranked(items: Iterable[tuple]) -> list[tuple]:
    """The commonest first, ties by name: the same readings give the same list."""
    return sorted(items, key=lambda item: (-item[1], item[0]))
