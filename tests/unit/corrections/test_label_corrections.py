"""Corrected transcriptions: applied to the data set, the source file unchanged."""

from __future__ import annotations

import pytest

from hwr_core.corrections import LabelCorrection, LabelCorrections
from hwr_core.corrections.label_corrections import RIGHT, SET_ASIDE
from hwr_core.datasets import add_dataset, open_dataset
from hwr_core.errors import DataError


@pytest.fixture
def corrections(make):
    source = make.writers(12, 3)
    before = source.read_bytes()
    add_dataset("letters", source)
    yield LabelCorrections("letters")
    assert source.read_bytes() == before


def table():
    return open_dataset("letters").table.set_index("word_id")


def test_label_corrections_are_applied_when_opened(corrections: LabelCorrections):
    corrections.add(
        [
            LabelCorrection("w3b", "w3b", " W3b "),
            LabelCorrection("w0a", "w0a", "", SET_ASIDE),
            LabelCorrection("w1a", "w1a", "", RIGHT),
        ]
    )
    dataset = open_dataset("letters")
    table = dataset.table.set_index("word_id")
    assert table.loc["w3b", "transcription"] == "W3b"
    assert table.loc["w0a", "split"] == ""
    assert table.loc["w1a", "transcription"] == "w1a"
    assert sorted(dataset.corrected_ids) == ["w0a", "w3b"]
    assert len(dataset) == 36
    assert sum(len(dataset.part(part)) for part in ("train", "validation", "test")) == 35
    assert open_dataset("letters").canvases().shape[0] == 36


def test_label_corrections_later_supersedes_and_undo_restores(corrections: LabelCorrections):
    corrections.add([LabelCorrection("w3b", "w3b", "one")])
    first = corrections.revision()
    corrections.add([LabelCorrection("w3b", "w3b", "two")])
    assert table().loc["w3b", "transcription"] == "two"
    assert corrections.revision() not in ("", first)
    assert corrections.undo(["w3b", "w5a"]) == 1
    assert table().loc["w3b", "transcription"] == "one"
    corrections.undo(["w3b"])
    assert table().loc["w3b", "transcription"] == "w3b"
    assert corrections.current() == {}


def test_label_corrections_of_another_transcription_are_ignored(corrections: LabelCorrections):
    corrections.add([LabelCorrection("w3b", "an older text", "new")])
    assert table().loc["w3b", "transcription"] == "w3b"
    assert open_dataset("letters").corrected_ids == []


def test_label_corrections_of_another_data_set_are_ignored(corrections: LabelCorrections):
    LabelCorrections("others").add([LabelCorrection("w3b", "w3b", "other")])
    assert corrections.current() == {}
    assert corrections.revision() == ""
    assert table().loc["w3b", "transcription"] == "w3b"


@pytest.mark.parametrize(
    "correction", [LabelCorrection("w3b", "w3b", " "), LabelCorrection("w3b", "w3b", "x", "maybe")]
)
def test_label_corrections_without_text_or_verdict_raises(corrections: LabelCorrections, correction: LabelCorrection):
    with pytest.raises(DataError, match="needs a text and one of the verdicts"):
        corrections.add([LabelCorrection("w0a", "w0a", "good"), correction])
    assert corrections.current() == {}
