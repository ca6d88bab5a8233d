"""Autoregressive decoding of `dual`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.decoding import token_beam_search
from hwr_core.decoding.ctc import Candidates
from hwr_core.errors import ConfigError
from hwr_core.models.dual import BOS_ID
from hwr_core.recognition.constraints import Constraints, Mask
from hwr_core.text import Charset, Tokens
from hwr_core.text.tokens import EOS_ID, FIRST_TOKEN_ID, PAD_ID, UNK_ID

if TYPE_CHECKING:
    import keras

MAX_WORDS, MAX_CHARACTERS = 12, 40  # of a reading, by kind of token
MASK_BEAM_WIDTH = 256


class DualDecoder:
    """Encodes each image once, then decodes token by token.

    Args:
        network: from `models.dual.build`.
        tokens: of the network.
    """

    def __init__(self, network: keras.Model, tokens: Tokens) -> None:
        self._backbone, self._branch = network.get_layer("backbone"), network.get_layer("image_branch")
        self._head = network.get_layer("next_token")
        self._tokens = tokens
        self._max_length = MAX_WORDS if tokens.words else MAX_CHARACTERS

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
        """Image vectors `(N, U)` and prefixes `(N, L)` that open with `BOS_ID` to `(N, C)` probabilities."""
        return np.asarray(self._head.predict_on_batch([vectors, prefixes]))

    def read_greedily(self, vectors: np.ndarray) -> list[str]:
        """Greedy decoding of all images at once."""
        tokens = np.full((len(vectors), 1), BOS_ID, np.int32)
        active = np.ones(len(vectors), bool)
        while active.any() and tokens.shape[1] <= self._max_length:
            probabilities = self.next_token(vectors[active], tokens[active])
            probabilities[:, [PAD_ID, UNK_ID]] = 0
            column = np.full((len(vectors), 1), EOS_ID, np.int32)
            column[active, 0] = probabilities.argmax(axis=1)
            tokens = np.concatenate([tokens, column], axis=1)
            active &= column[:, 0] != EOS_ID
        return [self._tokens.decode(row[1:].tolist()) for row in tokens]

    def decode(self, canvases: np.ndarray, constraints: Constraints) -> list[Candidates]:
        """Candidates of each of `(B, H, W)` uint8 canvases under the constraints, best first."""
        batch = []
        for row, vector in enumerate(self.vectors(canvases)):
            if constraints.masks is not None:
                candidates = self.decode_mask(vector, constraints.masks[row], constraints.max_alternatives)
            elif constraints.words is not None:
                candidates = self.decode_words(vector, constraints.words, constraints.prefixes[row])
            else:
                candidates = self.decode_free(vector, constraints.prefixes[row], constraints.max_alternatives)
            batch.append(candidates[: constraints.max_alternatives])
        return batch

    def decode_free(self, vector: np.ndarray, prefix: str, max_alternatives: int) -> Candidates:
        """Candidates of one image vector `(U,)` that begin with the prefix, best first."""
        prefix_ids, allowed = self._prefix_ids(prefix)
        beam = token_beam_search(
            lambda hypotheses: self._log_probs(vector, hypotheses),
            eos_id=EOS_ID,
            prefix=prefix_ids,
            allowed_next=allowed,
            excluded=(PAD_ID, UNK_ID),
            max_results=max_alternatives,
            max_length=max(self._max_length, len(prefix_ids) + 2),
        )
        return [(self._tokens.decode(ids), score) for ids, score in beam]

    def decode_words(self, vector: np.ndarray, words: Sequence[str], prefix: str) -> Candidates:
        """The allowed words that begin with the prefix, best first."""
        allowed = {
            word: [*self._tokens.encode(word), EOS_ID] for word in dict.fromkeys(words) if word.startswith(prefix)
        }
        scores = dict.fromkeys(allowed, 0.0)
        for length in range(max(map(len, allowed.values()), default=0)):
            longer = [word for word, ids in allowed.items() if len(ids) > length]
            prefixes = dict.fromkeys(tuple(allowed[word][:length]) for word in longer)  # each scored once for all words
            log_probs = self._log_probs(vector, list(map(list, prefixes)))
            rows = {ids: row for row, ids in enumerate(prefixes)}
            for word in longer:
                scores[word] += float(log_probs[rows[tuple(allowed[word][:length])], allowed[word][length]])
        return sorted(scores.items(), key=lambda item: -item[1])

    def decode_mask(self, vector: np.ndarray, mask: Mask, max_alternatives: int) -> Candidates:
        """Texts that fit the mask, best first."""
        if self._tokens.words:
            raise ConfigError("A mask needs a recognizer that writes characters; this one writes whole words.")
        Charset(self._tokens.vocabulary).encode("".join(letter for letter in mask if letter))
        beam: list[tuple[list[int], float]] = [([], 0.0)]
        for letter in [*mask, ""]:
            log_probs = self._log_probs(vector, [ids for ids, _ in beam])
            choices = (
                range(FIRST_TOKEN_ID, len(self._tokens)) if letter is None else self._tokens.encode(letter) or [EOS_ID]
            )
            extended = [
                ([*ids, token], score + float(log_probs[row, token]))
                for row, (ids, score) in enumerate(beam)
                for token in choices
            ]
            beam = sorted(extended, key=lambda item: -item[1])[:MASK_BEAM_WIDTH]
        return [(self._tokens.decode(ids), score) for ids, score in beam[:max_alternatives]]

    def _log_probs(self, vector: np.ndarray, hypotheses: list[list[int]]) -> np.ndarray:
        """`(N, C)` log probabilities of the token after each of N hypotheses of equal length."""
        ids = np.array([[BOS_ID, *hypothesis] for hypothesis in hypotheses], np.int32)
        return np.log(np.maximum(self.next_token(np.repeat(vector[None], len(ids), axis=0), ids), 1e-12))

    def _prefix_ids(self, prefix: str) -> tuple[list[int], list[int] | None]:
        """The prefix as tokens, and the tokens allowed after it: completions of a partial last word."""
        if not prefix:
            return [], None
        if not self._tokens.words:
            Charset(self._tokens.vocabulary).encode(prefix)  # raises for characters outside the vocabulary
            return self._tokens.encode(prefix), None
        *whole, last = self._tokens.split(prefix)
        ids = self._tokens.encode(" ".join(whole))
        completions = [
            token for token, word in enumerate(self._tokens.vocabulary, start=FIRST_TOKEN_ID) if word.startswith(last)
        ]
        return ids, [] if UNK_ID in ids else completions  # no reading begins with a word outside the vocabulary
