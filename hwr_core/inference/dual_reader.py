"""Reading with `dual`: one token after the other, free-running."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwr_core.decoding import beam_of_next_tokens
from hwr_core.text import Charset, Tokens
from hwr_core.text.tokens import END, FIRST, PADDING, UNKNOWN


class DualReader:
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

    def read(self, vector: np.ndarray, prefix: str, most: int) -> list[tuple[str, float]]:
        """`(text, log probability)` pairs of one image vector `(U,)`, best first."""
        forced, allowed = self._forced(prefix)

        def predict(hypotheses: list[list[int]]) -> np.ndarray:
            ids = np.array([[UNKNOWN, *hypothesis] for hypothesis in hypotheses], np.int32)
            return np.log(np.maximum(self.next_token(np.repeat(vector[None], len(ids), axis=0), ids), 1e-12))

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
