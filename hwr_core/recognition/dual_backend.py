"""Reading with `dual`: one token after the other, free-running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hwr_core.decoding import beam_of_next_tokens
from hwr_core.errors import ConfigError
from hwr_core.recognition.constraints import Constraints
from hwr_core.text import Charset, Tokens
from hwr_core.text.tokens import END, FIRST, PADDING, UNKNOWN


class DualDecoder:
    """Free-running reading with `dual`: the picture once, then token after token.

    Args:
        network: from `models.dual.build`.
        tokens: its tokens.
    """

    def __init__(self, network: Any, tokens: Tokens) -> None:
        from hwr_core.models.dual import part

        self._backbone, self._branch = part(network, "backbone"), part(network, "image_branch")
        self._head = part(network, "next_token")
        self._tokens = tokens
        self._longest = 12 if tokens.words else 40

    def features(self, images: np.ndarray) -> np.ndarray:
        """`(B, H, W, 1)` float32 ink in [0, 1] to the backbone's features."""
        return np.asarray(self._backbone.predict_on_batch(images))

    def vectors_of_features(self, features: np.ndarray) -> np.ndarray:
        """The backbone's features to `(B, U)` image vectors."""
        return np.asarray(self._branch.predict_on_batch(np.asarray(features, np.float32)))

    def vectors(self, canvases: np.ndarray) -> np.ndarray:
        """`(B, H, W)` uint8 canvases to `(B, U)` image vectors."""
        return self.vectors_of_features(self.features(canvases.astype(np.float32)[..., None] / 255))

    def next_token(self, vectors: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
        """Image vectors `(N, U)` and prefixes `(N, L)` that open with `BEGIN` to `(N, C)` probabilities."""
        return np.asarray(self._head.predict_on_batch([vectors, prefixes]))

    def read_greedily(self, vectors: np.ndarray) -> list[str]:
        """The most probable next token again and again, all pictures at once."""
        written = np.full((len(vectors), 1), UNKNOWN, np.int32)
        open_rows = np.ones(len(vectors), bool)
        while open_rows.any() and written.shape[1] <= self._longest:
            probabilities = self.next_token(vectors[open_rows], written[open_rows])
            probabilities[:, [PADDING, UNKNOWN]] = 0
            column = np.full((len(vectors), 1), END, np.int32)
            column[open_rows, 0] = probabilities.argmax(axis=1)
            written = np.concatenate([written, column], axis=1)
            open_rows &= column[:, 0] != END
        return [self._tokens.decode(row[1:].tolist()) for row in written]

    def answer(self, canvases: np.ndarray, question: Constraints) -> list[list[tuple[str, float]]]:
        """`(text, log probability)` pairs of each of `(B, H, W)` uint8 canvases, under the conditions asked."""
        found = []
        for row, vector in enumerate(self.vectors(canvases)):
            if question.masks is not None:
                some = self.read_masked(vector, question.masks[row], question.most)
            elif question.words is not None:
                some = self.read_allowed(vector, question.words, question.prefixes[row])[: question.most]
            else:
                some = self.read(vector, question.prefixes[row], question.most)
            found.append(some)
        return found

    def read(self, vector: np.ndarray, prefix: str, most: int) -> list[tuple[str, float]]:
        """`(text, log probability)` pairs of one image vector `(U,)`, best first."""
        forced, allowed = self._forced(prefix)

        def predict(hypotheses: list[list[int]]) -> np.ndarray:
            ids = np.array([[UNKNOWN, *hypothesis] for hypothesis in hypotheses], np.int32)
            return self._log_probs(vector, ids)

        found = beam_of_next_tokens(
            predict,
            end=END,
            forced=forced,
            allowed_first=allowed,
            never=(PADDING, UNKNOWN),
            most=most,
            longest=max(self._longest, len(forced) + 2),
        )
        return [(self._tokens.decode(ids), score) for ids, score in found]

    def read_allowed(self, vector: np.ndarray, words: Sequence[str], prefix: str) -> list[tuple[str, float]]:
        """`(word, log probability)` of the allowed words that begin with the prefix, best first."""
        coded = {word: [*self._tokens.encode(word), END] for word in dict.fromkeys(words) if word.startswith(prefix)}
        scores = dict.fromkeys(coded, 0.0)
        for length in range(max(map(len, coded.values()), default=0)):
            going = [word for word, ids in coded.items() if len(ids) > length]
            beginnings = {tuple(coded[word][:length]): 0 for word in going}  # shared by many words, asked once
            ids = np.array([[UNKNOWN, *beginning] for beginning in beginnings], np.int32)
            log_probs = self._log_probs(vector, ids)
            rows = {beginning: row for row, beginning in enumerate(beginnings)}
            for word in going:
                scores[word] += float(log_probs[rows[tuple(coded[word][:length])], coded[word][length]])
        return sorted(scores.items(), key=lambda item: -item[1])

    def read_masked(self, vector: np.ndarray, pattern: Sequence[str | None], most: int) -> list[tuple[str, float]]:
        """`(text, log probability)` of texts that fit a pattern of characters and open places (None), best first."""
        if self._tokens.words:
            raise ConfigError("A mask needs a recognizer that writes characters; this one writes whole words.")
        Charset(self._tokens.written).encode("".join(letter for letter in pattern if letter))
        beams: list[tuple[list[int], float]] = [([], 0.0)]
        for letter in [*pattern, ""]:
            log_probs = self._log_probs(vector, np.array([[UNKNOWN, *ids] for ids, _ in beams], np.int32))
            choice = range(FIRST, len(self._tokens)) if letter is None else [*self._tokens.encode(letter)] or [END]
            grown = [
                ([*ids, token], score + float(log_probs[row, token]))
                for row, (ids, score) in enumerate(beams)
                for token in choice
            ]
            beams = sorted(grown, key=lambda item: -item[1])[:256]
        return [(self._tokens.decode(ids), score) for ids, score in beams[:most]]

    def _log_probs(self, vector: np.ndarray, ids: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(self.next_token(np.repeat(vector[None], len(ids), axis=0), ids), 1e-12))

    def _forced(self, prefix: str) -> tuple[list[int], list[int] | None]:
        """The prefix as tokens; of whole words the last may be a part of one: then only its completions fit."""
        if not prefix:
            return [], None
        if not self._tokens.words:
            Charset(self._tokens.written).encode(prefix)  # refuses a character that cannot be written
            return self._tokens.encode(prefix), None
        *whole, last = self._tokens.split(prefix)
        forced = self._tokens.encode(" ".join(whole))
        fitting = [i for i, word in enumerate(self._tokens.written, start=FIRST) if word.startswith(last)]
        return forced, [] if UNKNOWN in forced else fitting  # nothing begins with a word that is not known
