"""The example runs of the repository: whole, without paths of a machine, samples of the built-in words only."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hwr_core import workspace
from hwr_core.training import Run

RUNS = sorted((workspace.EXAMPLES / "runs").iterdir())


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_example_is_whole_and_tells_how_it_was_made(folder: Path):
    run = Run(folder)
    assert run.damage == ""
    assert run.status.state == "done"
    assert len(run.history) > 1
    assert run.history["best"].iloc[0] == 1
    assert run.notes
    assert run.checkpoint is None


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_example_names_no_path_of_a_machine(folder: Path):
    for path in folder.iterdir():
        assert not re.search(r"(?<![\w.])/(work|home|tmp|root|mnt|Users)/", path.read_text(encoding="utf-8")), path
    start_from = json.loads((folder / "config.json").read_text())["start_from"]
    assert not start_from or (workspace.EXAMPLES.parent / start_from).is_dir()


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_example_samples_are_built_in_words_only(folder: Path):
    samples = Run(folder).samples
    assert samples.empty or set(samples["dataset"]) == {"demo"}


def test_examples_have_a_dual_run():
    assert "dual" in {Run(folder).config.model.name for folder in RUNS}
