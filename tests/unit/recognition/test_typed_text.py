"""What a person types of a word: prefixes, masks and word lists."""

from __future__ import annotations

import pytest

from hwr_core.errors import ConfigError
from hwr_core.recognition.constraints import parse_mask
from hwr_core.recognition.typed_text import fitting_words, parse_word_list, typed_prefix_length, unescape


@pytest.mark.parametrize(("typed", "text"), [("", ""), ("why", "why"), (r"why\?", "why?"), ("\\\\", "\\")])
def test_unescape_returns_literal_text(typed: str, text: str):
    assert unescape(typed) == text


@pytest.mark.parametrize(
    ("typed", "text", "length"),
    [("", "why", 0), ("wh", "why", 2), ("wo", "why", 0), (r"why\?", "why?", 4), ("w?y", "why", 0), ("whys", "why", 0)],
)
def test_typed_prefix_length_counts_typed_letters(typed: str, text: str, length: int):
    assert typed_prefix_length(typed, text) == length


def test_fitting_words_have_the_letters_of_the_mask():
    words = ["tea", "ten", "because", "at", "eat"]
    assert fitting_words(words, parse_mask("t??")) == ["tea", "ten"]
    assert fitting_words(words, parse_mask("?a?")) == ["eat"]


def test_fitting_words_without_a_match_raises():
    with pytest.raises(ConfigError, match="No word of your list fits"):
        fitting_words(["tea"], parse_mask("z?"))


def test_parse_word_list_returns_distinct_writable_words():
    assert parse_word_list(" tea\n\nbecause\ntea\nthé\n", "abcestu", 10) == (("tea", "because"), ["thé"])


def test_parse_word_list_without_a_charset_allows_all():
    assert parse_word_list("the\u0301\nb", "", 10) == (("thé", "b"), [])


def test_parse_word_list_stops_at_the_maximum():
    assert parse_word_list("a\nb\nc", "abc", 2) == (("a", "b"), [])
