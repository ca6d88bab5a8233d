"""Reading with a CTC network: log-probabilities of a batch of words to texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding import best_paths, labelling_log_probs
from hwr_core.decoding.beam import candidates
from hwr_core.text import Charset

CERTAIN = math.log(0.5)  # a labelling more probable than this is more probable than any other
Found = list[tuple[str, float]]


class CtcReader:
    """Decodes what a CTC network says.

    Args:
        charset: its characters.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset

    def read(self, log_probs: np.ndarray, prefixes: Sequence[str], most: int) -> list[Found]:
        """Texts of each word with their log probabilities, best first.

        The best path is taken where nothing can be more probable than its labels; elsewhere the beam is searched.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.
            prefixes: of each word what its texts begin with.
            most: how many texts of a word at most; 1 is much quicker.
        """
        forced = [self.charset.encode(prefix) for prefix in prefixes]
        paths = best_paths(log_probs)
        scores = labelling_log_probs(log_probs, paths, range(len(paths)))
        tried: list[list[list[int]]] = []
        for index, (path, labels) in enumerate(zip(paths, forced, strict=True)):
            if most == 1 and scores[index] > CERTAIN and path[: len(labels)] == labels:
                tried.append([path])
                continue
            tried.append(candidates(log_probs[index], labels, most=most))
        return self._scored(log_probs, tried, most)

    def _scored(self, log_probs: np.ndarray, tried: list[list[list[int]]], most: int) -> list[Found]:
        """Each word's candidates with their exact log probabilities, all in one pass."""
        flat = [labels for some in tried for labels in some]
        words = [index for index, some in enumerate(tried) for _ in some]
        scores = labelling_log_probs(log_probs, flat, words)
        found: list[Found] = [[] for _ in tried]
        for labels, word, score in zip(flat, words, scores.tolist(), strict=True):
            if score > -math.inf:
                found[word].append((self.charset.decode(labels), score))
        return [sorted(some, key=lambda item: -item[1])[:most] for some in found]
