"""Constraints on readings: parsing and validation."""

from __future__ import annotations

import pytest

from hwr_core.errors import ConfigError
from hwr_core.recognition.constraints import Constraints, parse_constraints, parse_mask
from hwr_core.recognition.options import ReadOptions


def parsed(
    count: int,
    prefix: str | list[str] = "",
    mask: str | list[str] | None = None,
    words: list[str] | None = None,
    alternatives: int = 1,
) -> Constraints:
    return parse_constraints(count, ReadOptions(prefix=prefix, mask=mask, words=words, alternatives=alternatives))


def test_parse_mask_splits_letters_and_open_places():
    assert parse_mask("th?ugh") == ["t", "h", None, "u", "g", "h"]
    assert parse_mask(r"wh?\?") == ["w", "h", None, "?"]
    assert parse_mask("???") == [None] * 3
    assert parse_mask("") == []
    assert parse_mask("\\") == ["\\"]
    assert parse_mask("e\u0301?") == ["é", None]


def test_parse_constraints_prefix_for_all_or_each():
    constraints = parsed(2, "t", None, None, 0)
    assert (constraints.prefixes, constraints.masks, constraints.words, constraints.max_alternatives) == (
        ["t", "t"],
        None,
        None,
        1,
    )
    assert parsed(2, ["a", "b"], None, None, 3).select([1]).prefixes == ["b"]
    assert parsed(2, "", ["a?", "?"], None, 3).select([1]).masks == [[None]]
    assert parsed(0, [], None, None, 1).prefixes == []


def test_parse_constraints_words_are_normalised_and_distinct():
    assert parsed(1, "", None, ["tea", " tea ", "", "cafe\u0301"], 1).words == ["tea", "café"]


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ((2, ["t"], None, None, 1), "one prefix for all images, or one each. Received: 1 prefixes, 2 images"),
        ((2, "", ["t?"], None, 1), "one mask for all images, or one each. Received: 1 masks, 2 images"),
        ((1, "t", "t?", None, 1), "Give a mask alone"),
        ((1, "", "t?", ["tea"], 1), "Give a mask alone"),
        ((1, "", None, [], 1), "at least one allowed word"),
        ((1, "", None, ["", " "], 1), "at least one allowed word"),
        ((1, "", None, "tea", 1), "must be a list of words"),
    ],
)
def test_parse_constraints_conflicts_raise(conditions, sentence):
    with pytest.raises(ConfigError, match=sentence.replace(".", r"\.")):
        parsed(*conditions)


def test_blank_images_keep_the_prefix_unless_words_are_listed():
    assert parsed(1, "t", None, None, 1).blank_readings() == ["t"]
    assert parsed(1, "t", None, ["tea"], 1).blank_readings() == [""]


@pytest.mark.parametrize(
    ("prefix", "expected"), [("", False), ("B", False), ("BU", True), ("Bu", False), ("'TI", True), ("12", False)]
)
def test_implies_capitals_prefix_of_two_capitals(prefix, expected):
    assert parsed(1, prefix, None, None, 1).implies_capitals().tolist() == [expected]


def test_implies_capitals_masks_count_and_words_do_not():
    assert parsed(2, "", ["B?S", "b?s"], None, 1).implies_capitals().tolist() == [True, False]
    assert parsed(1, "", None, ["BUS"], 1).implies_capitals().tolist() == [False]
