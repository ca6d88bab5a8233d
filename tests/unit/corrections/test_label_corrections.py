"""Corrected transcriptions: laid over the data set, the source file untouched."""

from __future__ import annotations

import pytest

from hwr_core.corrections import LabelCorrection, LabelCorrections
from hwr_core.corrections.label_corrections import ASIDE, RIGHT
from hwr_core.datasets import add_dataset, open_dataset
from hwr_core.errors import DataError


@pytest.fixture
def added(make):
    source = make.writers(12, 3)
    before = source.read_bytes()
    add_dataset("hands", source)
    yield LabelCorrections("hands")
    assert source.read_bytes() == before


def table():
    return open_dataset("hands").table.set_index("word_id")


def test_a_fix_is_laid_over_the_data_set(added: LabelCorrections):
    added.add(
        [
            LabelCorrection("w3b", "w3b", " W3b "),
            LabelCorrection("w0a", "w0a", "", ASIDE),
            LabelCorrection("w1a", "w1a", "", RIGHT),
        ]
    )
    dataset = open_dataset("hands")
    found = dataset.table.set_index("word_id")
    assert found.loc["w3b", "transcription"] == "W3b"
    assert found.loc["w0a", "split"] == ""
    assert found.loc["w1a", "transcription"] == "w1a"
    assert sorted(dataset.fixed) == ["w0a", "w3b"]
    assert len(dataset) == 36
    assert sum(len(dataset.part(part)) for part in ("train", "validation", "test")) == 35
    assert open_dataset("hands").canvases().shape[0] == 36


def test_a_later_fix_supersedes_and_undo_takes_back_one_at_a_time(added: LabelCorrections):
    added.add([LabelCorrection("w3b", "w3b", "one")])
    first = added.revision()
    added.add([LabelCorrection("w3b", "w3b", "two")])
    assert table().loc["w3b", "transcription"] == "two"
    assert added.revision() not in ("", first)
    assert added.undo(["w3b", "w5a"]) == 1
    assert table().loc["w3b", "transcription"] == "one"
    added.undo(["w3b"])
    assert table().loc["w3b", "transcription"] == "w3b"
    assert added.current() == {}


def test_a_fix_of_another_transcription_does_not_apply(added: LabelCorrections):
    added.add([LabelCorrection("w3b", "an older text", "new")])
    assert table().loc["w3b", "transcription"] == "w3b"
    assert open_dataset("hands").fixed == []


def test_fixes_belong_to_one_data_set(added: LabelCorrections):
    LabelCorrections("others").add([LabelCorrection("w3b", "w3b", "other")])
    assert added.current() == {}
    assert added.revision() == ""
    assert table().loc["w3b", "transcription"] == "w3b"


@pytest.mark.parametrize("fix", [LabelCorrection("w3b", "w3b", " "), LabelCorrection("w3b", "w3b", "x", "maybe")])
def test_a_fix_without_text_is_refused_and_nothing_is_stored(added: LabelCorrections, fix: LabelCorrection):
    with pytest.raises(DataError, match="needs a text and one of the verdicts"):
        added.add([LabelCorrection("w0a", "w0a", "good"), fix])
    assert added.current() == {}
