"""`dual` under masks and word lists, against the enumeration of all strings."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from hwr_core.errors import CharsetError, ConfigError
from hwr_core.recognition.constraints import parse_mask
from hwr_core.recognition.dual_decoder import DualDecoder
from hwr_core.text import Tokens
from hwr_core.text.tokens import EOS_ID, FIRST_TOKEN_ID

VECTOR = np.zeros(2, np.float32)
LETTERS = "abc"


class RandomNetwork:
    """Parts of a `dual` whose next token depends on the text so far, at random."""

    def __init__(self, seed: int, classes: int) -> None:
        self.seed, self.classes = seed, classes

    def get_layer(self, name: str) -> RandomNetwork:
        return self

    def after(self, prefix: tuple[int, ...]) -> np.ndarray:
        raw = np.random.default_rng([self.seed, *prefix]).gamma(0.5, 1, self.classes) + 1e-4
        return raw / raw.sum()

    def predict_on_batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.array([self.after(tuple(int(token) for token in row[1:])) for row in inputs[1]])


def decoder_and_network(seed: int) -> tuple[DualDecoder, RandomNetwork]:
    tokens = Tokens(LETTERS)
    network = RandomNetwork(seed, len(tokens))
    return DualDecoder(network, tokens), network


def log_prob(network: RandomNetwork, text: str) -> float:
    ids = [FIRST_TOKEN_ID + LETTERS.index(letter) for letter in text] + [EOS_ID]
    return sum(math.log(network.after(tuple(ids[:i]))[token]) for i, token in enumerate(ids))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mask", ["a?", "?", "??c", "abc", "???", ""])
def test_decode_mask_finds_all_fitting_texts(seed, mask):
    dual, network = decoder_and_network(seed)
    every = {
        "".join(text): log_prob(network, "".join(text))
        for text in product(LETTERS, repeat=len(mask))
        if all(a in ("?", b) for a, b in zip(mask, text, strict=True))
    }
    candidates = dual.decode_mask(VECTOR, parse_mask(mask), 99)
    assert {text for text, _ in candidates} == set(every)
    assert candidates[0][0] == max(every, key=lambda text: every[text])
    for text, score in candidates:
        assert score == pytest.approx(every[text], abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("prefix", ["", "a", "b"])
def test_decode_words_ranks_the_allowed_words(seed, prefix):
    dual, network = decoder_and_network(seed)
    words = ["a", "ab", "abc", "bca", "ca", "a"]
    every = {word: log_prob(network, word) for word in words if word.startswith(prefix)}
    candidates = dual.decode_words(VECTOR, words, prefix)
    assert [text for text, _ in candidates] == sorted(every, key=lambda word: -every[word])
    for text, score in candidates:
        assert score == pytest.approx(every[text], abs=1e-5)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("prefix", ["", "b", "ca"])
def test_decode_free_reads_the_best_of_all_strings(seed, prefix):
    """Strings up to four letters; longer ones of these networks are rarer than the best of them."""
    dual, network = decoder_and_network(seed)
    every = {"".join(text): log_prob(network, "".join(text)) for n in range(5) for text in product(LETTERS, repeat=n)}
    best = max((text for text in every if text.startswith(prefix)), key=lambda text: every[text])
    candidates = dict(dual.decode_free(VECTOR, prefix, 5))
    assert max(candidates.values()) >= every[best] - 1e-5


def test_decode_mask_unsupported_raises():
    dual, _ = decoder_and_network(1)
    with pytest.raises(CharsetError, match="not in the charset"):
        dual.decode_mask(VECTOR, ["x", None], 1)
    tokens = Tokens(["cat", "sea"], words=True)
    with pytest.raises(ConfigError, match="writes whole words"):
        DualDecoder(RandomNetwork(1, len(tokens)), tokens).decode_mask(VECTOR, [None], 1)
