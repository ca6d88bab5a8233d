"""Which words match a filter."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from hwr_core.datasets.word_filter import WordFilter, flagged_words, matching_rows, parts_of, writers_of

DATASET = SimpleNamespace(
    table=pd.DataFrame(
        {
            "word_id": ["a", "b", "c", "d"],
            "transcription": ["Garden", "eagle", "it", "a.b"],
            "writer": ["w2", "w1", "w1", ""],
            "split": ["train", "test", "train", ""],
        }
    ),
    report=pd.DataFrame({"word_id": ["b", "x"], "severity": ["kept", "left out"], "reason": ["wide", "missing"]}),
)


@pytest.mark.parametrize(
    ("word_filter", "rows"),
    [
        (WordFilter(), [0, 1, 2, 3]),
        (WordFilter(contains="g"), [0, 1]),
        (WordFilter(contains="G"), [0]),
        (WordFilter(contains="."), [3]),
        (WordFilter(writer="w1", split="train"), [2]),
        (WordFilter(lengths=(2, 3)), [2, 3]),
        (WordFilter(flagged=True), [1]),
    ],
)
def test_matching_rows_of_filter(word_filter: WordFilter, rows: list[int]):
    assert matching_rows(DATASET, word_filter).tolist() == rows  # type: ignore[arg-type]


def test_choices_are_those_present():
    assert writers_of(DATASET) == ["w1", "w2"]  # type: ignore[arg-type]
    assert parts_of(DATASET) == ["train", "test"]  # type: ignore[arg-type]
    assert flagged_words(DATASET) == {"b": "wide"}  # type: ignore[arg-type]
