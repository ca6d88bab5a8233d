"""Constraints of another type, or too long, end in one sentence before anything is read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hwr_core import Recognizer
from hwr_core.datasets import dataset_folder
from hwr_core.errors import ConfigError, HwrError
from hwr_core.recognition.pool import ReadingConditions, read_calls
from hwr_core.recognition.typed_text import parse_word_list
from hwr_core.training import open_run

WORD = np.full((60, 160), 255, np.uint8)
WORD[20:40, 20:140:6] = 0


@pytest.fixture(scope="module")
def recognizer(crnn_run) -> Recognizer:
    return Recognizer.load(crnn_run / "checkpoint")


@pytest.mark.parametrize(
    "options",
    [
        {"mask": "?" * 1500},
        {"mask": ["?" * 61]},
        {"mask": 5},
        {"mask": [1]},
        {"mask": "\ud800?"},
        {"prefix": "a" * 61},
        {"prefix": 3},
        {"prefix": None},
        {"prefix": [["t"]]},
        {"words": ["a"] * 5001},
        {"words": ["a" * 501]},
        {"words": [1, 2]},
        {"words": ["tea", ["ink"]]},
        {"words": 5},
        {"language": ["en"]},
        {"language": None},
        {"views": 1.5},
        {"views": "2"},
        {"views": True},
        {"alternatives": "3"},
        {"alternatives": 1.5},
        {"capitals": "all"},
        {"capitals": float("nan")},
    ],
    ids=lambda options: f"{options!a}"[:40],
)
def test_read_with_odd_options_raises_a_sentence(recognizer: Recognizer, options: dict[str, object]):
    with pytest.raises(ConfigError) as caught:
        recognizer.read([WORD], **options)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


def test_read_with_a_space_in_the_mask_raises_a_sentence(recognizer: Recognizer):
    with pytest.raises(HwrError, match=r"Character ' ' \(U\+0020\)"):
        recognizer.read([WORD], mask="t ?")


def test_read_calls_of_a_long_mask_are_refused(set_limits: Callable[..., None]):
    """A mask of 1,500 question marks froze a model for everyone for 100 s."""
    with pytest.raises(ConfigError, match=r"at most 60 characters\. Received: 1,500"):
        read_calls(["?" * 1500], ReadingConditions())
    with pytest.raises(ConfigError, match="at most 60 characters"):
        read_calls(["t", "a" * 61], ReadingConditions())


def test_word_list_is_cut_at_the_limits(set_limits: Callable[..., None]):
    set_limits(text_characters=3)
    words, _ = parse_word_list("\n".join(["abcdef"] + [f"w{index}" for index in range(50)]), "", 10)
    assert len(words) == 10
    assert words[0] == "abc"


@pytest.mark.parametrize("name", [["demo"], None, 3, "x" * 5000, "../..", "a\0b"])
def test_names_that_are_none_raise_a_sentence(name: object):
    for call in (dataset_folder, open_run):
        with pytest.raises(HwrError) as caught:
            call(name)  # type: ignore[operator]
        assert len(str(caught.value)) < 250
