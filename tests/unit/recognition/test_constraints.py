"""The conditions of a reading, checked at the door."""

from __future__ import annotations

import pytest

from hwr_core.errors import ConfigError
from hwr_core.recognition.constraints import asked, mask_places


def test_masks():
    assert mask_places("th?ugh") == ["t", "h", None, "u", "g", "h"]
    assert mask_places(r"wh?\?") == ["w", "h", None, "?"]
    assert mask_places("???") == [None] * 3
    assert mask_places("") == []
    assert mask_places("\\") == ["\\"]
    assert mask_places("e\u0301?") == ["é", None]


def test_one_for_all_or_one_each():
    question = asked(2, "t", None, None, 0)
    assert (question.prefixes, question.masks, question.words, question.most) == (["t", "t"], None, None, 1)
    assert asked(2, ["a", "b"], None, None, 3).of([1]).prefixes == ["b"]
    assert asked(2, "", ["a?", "?"], None, 3).of([1]).masks == [[None]]
    assert asked(0, [], None, None, 1).prefixes == []


def test_words_are_normalised_and_named_once():
    assert asked(1, "", None, ["tea", " tea ", "", "cafe\u0301"], 1).words == ["tea", "café"]


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ((2, ["t"], None, None, 1), "one prefix for all pictures, or one each. Received: 1 prefixes, 2 pictures"),
        ((2, "", ["t?"], None, 1), "one mask for all pictures, or one each. Received: 1 masks, 2 pictures"),
        ((1, "t", "t?", None, 1), "Give a mask alone"),
        ((1, "", "t?", ["tea"], 1), "Give a mask alone"),
        ((1, "", None, [], 1), "at least one allowed word"),
        ((1, "", None, ["", " "], 1), "at least one allowed word"),
        ((1, "", None, "tea", 1), "must be a list of words"),
    ],
)
def test_what_cannot_be_asked(conditions, sentence):
    with pytest.raises(ConfigError, match=sentence.replace(".", r"\.")):
        asked(*conditions)


def test_blank_pictures_keep_the_prefix_unless_words_are_listed():
    assert asked(1, "t", None, None, 1).blank_readings() == ["t"]
    assert asked(1, "t", None, ["tea"], 1).blank_readings() == [""]


@pytest.mark.parametrize(
    ("prefix", "expected"), [("", False), ("B", False), ("BU", True), ("Bu", False), ("'TI", True), ("12", False)]
)
def test_two_typed_capitals_ask_for_capitals(prefix, expected):
    assert asked(1, prefix, None, None, 1).asks_capitals().tolist() == [expected]


def test_a_mask_asks_for_capitals_and_a_list_does_not():
    assert asked(2, "", ["B?S", "b?s"], None, 1).asks_capitals().tolist() == [True, False]
    assert asked(1, "", None, ["BUS"], 1).asks_capitals().tolist() == [False]
