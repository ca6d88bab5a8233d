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


def test_every_word_and_no_other_is_in_it(lexicon):
    assert len(lexicon) == len(WORDS)
    for word, share in WORDS.items():
        assert word in lexicon
        assert lexicon.log_prob(word) == pytest.approx(math.log(share), abs=1 / 24 + 1e-9)
    for other in ("", "c", "ca", "abcc", "d", "aé", "bb"):
        assert other not in lexicon
        assert lexicon.log_prob(other) == -math.inf


def test_nodes_are_beginnings(lexicon):
    assert lexicon.node("") == 0
    assert lexicon.node("ca") is not None
    assert lexicon.node("b", lexicon.node("ca")) == lexicon.node("cab")
    assert lexicon.node("cc") is None


def test_masses_are_sums_over_the_words_below(lexicon):
    for beginning in ("", "a", "ab", "abc", "b", "c", "ca", "cab"):
        total = sum(math.exp(lexicon.log_prob(word)) for word in WORDS if word.startswith(beginning))
        assert math.exp(lexicon.log_masses[lexicon.node(beginning)]) == pytest.approx(total)


def test_the_commonest_words_behind_a_beginning(lexicon):
    assert lexicon.most_frequent("a", 2) == ["a", "ab"]
    assert lexicon.most_frequent("ca", 9) == ["cab", "caba"]
    assert lexicon.most_frequent("x", 9) == []
    assert lexicon.most_frequent("", 99) == sorted(WORDS, key=lambda word: -WORDS[word])


def test_names_are_marked(lexicon):
    assert [word for word in WORDS if lexicon.is_capital(word)] == ["cab"]
    assert not lexicon.is_capital("zz")


def test_levels_stay_in_a_byte():
    levels = levels_of(np.array([1.0, 1e-4, 1e-30]))
    assert levels.tolist() == [0, round(12 * math.log(1e4)), NO_WORD - 1]


def test_a_broken_tree_is_refused(lexicon):
    with pytest.raises(ConfigError, match=r"one letter, count, level and capital a node\. Received: 3"):
        Lexicon(ALPHABET, lexicon.letters[:3], lexicon.counts, lexicon.levels, lexicon.capitals)


def test_an_empty_lexicon_has_nothing():
    nothing = Lexicon.from_words({}, "ab")
    assert len(nothing) == 0
    assert nothing.log_prob("a") == -math.inf
    assert nothing.most_frequent("", 5) == []
