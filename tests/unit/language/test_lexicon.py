"""Lexicons as trees, against plain dictionaries."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hwr_core.errors import ConfigError
from hwr_core.language.lexicon import NO_WORD, Lexicon, levels_of

ALPHABET = "abc'"
WORDS = {"a": 0.2, "ab": 0.1, "abc": 1e-3, "b": 0.05, "ba": 2e-4, "c'": 3e-5, "cab": 1e-6, "caba": 1e-9}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.from_words(WORDS, ALPHABET, frozenset({"cab"}))


def test_lexicon_contains_its_words_only(lexicon):
    assert len(lexicon) == len(WORDS)
    for word, share in WORDS.items():
        assert word in lexicon
        assert lexicon.log_prob(word) == pytest.approx(math.log(share), abs=1 / 24 + 1e-9)
    for other in ("", "c", "ca", "abcc", "d", "aé", "bb"):
        assert other not in lexicon
        assert lexicon.log_prob(other) == -math.inf


def test_node_prefixes_have_nodes(lexicon):
    assert lexicon.node("") == 0
    assert lexicon.node("ca") is not None
    assert lexicon.node("b", lexicon.node("ca")) == lexicon.node("cab")
    assert lexicon.node("cc") is None


def test_log_masses_are_sums_over_the_words_below(lexicon):
    for prefix in ("", "a", "ab", "abc", "b", "c", "ca", "cab"):
        total = sum(math.exp(lexicon.log_prob(word)) for word in WORDS if word.startswith(prefix))
        assert math.exp(lexicon.log_masses[lexicon.node(prefix)]) == pytest.approx(total)


def test_most_frequent_words_of_a_prefix_are_ranked(lexicon):
    assert lexicon.most_frequent("a", 2) == ["a", "ab"]
    assert lexicon.most_frequent("ca", 9) == ["cab", "caba"]
    assert lexicon.most_frequent("x", 9) == []
    assert lexicon.most_frequent("", 99) == sorted(WORDS, key=lambda word: -WORDS[word])


def test_is_capital_names_only(lexicon):
    assert [word for word in WORDS if lexicon.is_capital(word)] == ["cab"]
    assert not lexicon.is_capital("zz")


def test_levels_of_fit_in_a_byte():
    levels = levels_of(np.array([1.0, 1e-4, 1e-30]))
    assert levels.tolist() == [0, round(12 * math.log(1e4)), NO_WORD - 1]


def test_lexicon_inconsistent_arrays_raise(lexicon):
    with pytest.raises(ConfigError, match=r"one letter, count, level and capital a node\. Received: 3"):
        Lexicon(ALPHABET, lexicon.letters[:3], lexicon.counts, lexicon.levels, lexicon.capitals)


def test_lexicon_of_no_words_is_empty():
    empty = Lexicon.from_words({}, "ab")
    assert len(empty) == 0
    assert empty.log_prob("a") == -math.inf
    assert empty.most_frequent("", 5) == []
