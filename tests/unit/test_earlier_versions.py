"""A workspace that version 0.1 wrote: data set, run, checkpoint, adaptation, evaluation and corrections still open."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hwr_core import Recognizer
from hwr_core.adaptation import read_result
from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import list_datasets, open_dataset
from hwr_core.evaluation import list_evaluations
from hwr_core.training import list_runs, open_run

WORKSPACE = Path(__file__).resolve().parents[1] / "data" / "workspace-0.1"


@pytest.fixture
def workspace(home: Path) -> Path:
    """A copy of it, elsewhere than it was written: absolute paths in its files lead nowhere."""
    shutil.copytree(WORKSPACE, home, dirs_exist_ok=True)
    return home


def test_data_set_of_version_0_1_opens_with_its_corrections(workspace: Path):
    [info] = list_datasets()
    assert (info.name, info.words, info.writers, info.is_ready) == ("four", 16, 2, True)
    dataset = open_dataset("four")
    assert dataset.table["transcription"].iloc[:4].tolist() == ["Tea", "ink", "moon", "sally"]
    assert dataset.part("validation").tolist() == [12, 13, 14, 15]


def test_run_of_version_0_1_shows_its_history(workspace: Path):
    assert {run.name for run in list_runs()} == {"old-run", "adapted"}
    run = open_run("old-run")
    assert run.status.state == "stopped"
    assert len(run.history) == 74
    assert run.best["word_accuracy"] == 1
    assert run.checkpoint == workspace / "runs" / "old-run" / "checkpoint"


def test_checkpoint_of_version_0_1_reads_by_onnx_and_by_keras(workspace: Path, draw):
    images = [draw(word) for word in ("tea", "ink", "moon", "sally")]
    checkpoint = workspace / "runs" / "old-run" / "checkpoint"
    by_onnx = Recognizer.load(checkpoint).read(images)
    assert [reading.text for reading in by_onnx] == ["tea", "ink", "moon", "sally"]
    assert min(reading.confidence for reading in by_onnx) > 0.8


@pytest.mark.slow
def test_checkpoint_of_version_0_1_without_onnx_reads_by_keras(workspace: Path, draw):
    checkpoint = workspace / "runs" / "old-run" / "checkpoint"
    images = [draw(word) for word in ("tea", "sally")]
    by_onnx = [reading.confidence for reading in Recognizer.load(checkpoint).read(images)]
    (checkpoint / "model.onnx").unlink()
    readings = Recognizer.load(checkpoint).read(images)
    assert [reading.text for reading in readings] == ["tea", "sally"]
    np.testing.assert_allclose([reading.confidence for reading in readings], by_onnx, atol=1e-4)


def test_adaptation_of_version_0_1_shows_its_result(workspace: Path):
    result = read_result(open_run("adapted").folder)
    assert result is not None
    assert (result.learned, result.held_back, result.before.right, result.after.right) == (24, 8, 5, 7)
    assert result.sentence.startswith("Better: 7 of 8 words held back are read right, 5 before.")


def test_evaluation_of_version_0_1_shows_its_figures(workspace: Path):
    [stored] = list_evaluations()
    assert stored.request.datasets == ("four",)
    evaluation = stored.evaluation()
    assert (evaluation.words, evaluation.cer.value, evaluation.word_accuracy.value) == (4, 0.0, 1.0)
    assert len(stored.readings()) == 4


def test_corrections_of_version_0_1_are_kept(workspace: Path):
    words = AcceptedWords().current()
    assert [(word.text, word.writer) for word in words] == [("tea", "Anna"), ("ink", "Anna")]
    assert AcceptedWords().accept(np.full((20, 40), 255, np.uint8), "new") is not None
    assert AcceptedWords().count() == 3
