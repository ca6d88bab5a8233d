"""Confidences fitted on a data set's words and stored in the checkpoint."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from hwr_core.cli.evaluate import main
from hwr_core.errors import DataError
from hwr_core.evaluation import fit_calibration
from hwr_core.evaluation.fit_calibration import calibrate, markdown_table
from hwr_core.recognition import Reading


class Overconfident:
    """Reads three words of four right and is surer than that, differently so with a language."""

    def __init__(self, model_name: str = "crnn") -> None:
        self.model_name, self.summary = model_name, {"calibration": {"none": {"scale": 9.0, "shift": 0.0}}}
        self.config = SimpleNamespace(canvas=None)
        self.languages: list[str] = []

    def read_canvases(self, canvases, language="auto"):
        self.languages.append(language)
        assert "calibration" not in self.summary
        confidence = 0.99 if language == "auto" else 0.9
        return [Reading("tea", confidence, []) for _ in canvases]


@pytest.fixture
def many(make_dataset, monkeypatch):
    """Forty words by two writers, three of four of them `tea`."""
    dataset = make_dataset("many", {"train": ["tea"], "validation": ["tea", "tea", "tea", "ink"] * 10})
    monkeypatch.setattr(type(dataset), "canvases", lambda *_, **__: np.zeros((41, 4, 4), np.uint8))
    dataset.table["writer"] = [f"w{number % 5}" for number in range(len(dataset.table))]
    return dataset


def opened(monkeypatch, recognizer: Overconfident) -> Overconfident:
    monkeypatch.setattr(fit_calibration.Recognizer, "load", staticmethod(lambda folder: recognizer))
    return recognizer


def test_calibrate_stores_the_fit_and_measures_it_on_other_writers(many, checkpoint, monkeypatch):
    recognizer = opened(monkeypatch, Overconfident())
    (checkpoint / "checkpoint.json").write_text('{"epoch": 3}')
    results = calibrate(checkpoint, [many])
    assert sorted(set(recognizer.languages)) == ["auto", "none"]
    assert [(result.way, result.words) for result in results] == [("none", 40), ("language", 40)]
    assert results[0].before == pytest.approx(0.15)
    assert results[1].before == pytest.approx(0.24)
    assert all(result.after < 0.08 for result in results)
    about = json.loads((checkpoint / "checkpoint.json").read_text())
    assert about["epoch"] == 3
    assert set(about["calibration"]) == {"none", "language", "measured"}
    assert "| many, letter by letter | 40 | 15.0 % |" in "\n".join(markdown_table(about["calibration"]["measured"]))


def test_calibrate_dual_has_one_reading_mode(many, checkpoint, monkeypatch):
    opened(monkeypatch, Overconfident("dual"))
    (checkpoint / "checkpoint.json").write_text("{}")
    assert {result.way for result in calibrate(checkpoint, [many])} == {"none"}


def test_calibrate_too_few_words_leaves_the_checkpoint_unchanged(many, checkpoint, monkeypatch):
    opened(monkeypatch, Overconfident())
    (checkpoint / "checkpoint.json").write_text('{"epoch": 3}')
    with pytest.raises(DataError, match="at least 20 readings"):
        calibrate(checkpoint, [many], max_words=12)
    assert (checkpoint / "checkpoint.json").read_text() == '{"epoch": 3}'


def test_command_calibrates_first(words, checkpoint, stand_in, capsys):
    stand_in.model_name, stand_in.summary = "crnn", {}
    (checkpoint / "checkpoint.json").write_text("{}")
    assert main([str(checkpoint), "words", "--calibrate"]) == 1
    assert "Calibrating needs at least 20 readings" in capsys.readouterr().err
