"""A run is started where the machine has room for it."""

from __future__ import annotations

import json

import pytest

from hwr_core import jobs
from hwr_core.config import CrnnConfig
from hwr_core.errors import JobError
from hwr_core.jobs import runner
from hwr_core.training import Cost, Estimate, new_run, start, start_run
from hwr_core.training.runs import ADAPTATION_FILE


@pytest.fixture
def run(make_dataset, config_of):
    make_dataset("few", {"train": ["tea", "ink"], "validation": ["moon"]})
    return new_run(config_of(["few"], CrnnConfig(), batch_size=4096), "one")


def test_start_of_a_training_beyond_the_memory_is_refused(run, monkeypatch):
    """One estimated at 7,086 GB was accepted."""
    cost = Cost(60.0, 0.0, 600.0, 10.0, 7_086_000.0, 1000, "measured")
    monkeypatch.setattr(start_run, "estimate", lambda config: Estimate(2, 1, cost))
    monkeypatch.setattr(runner.subprocess, "Popen", lambda *_, **__: pytest.fail("it was started"))
    with pytest.raises(JobError, match=r"^This would take about 7,430\.2 GB of memory; .* are free"):
        start(run)


def test_needs_are_the_estimate_s_or_an_adaptation_s_or_not_known(run, monkeypatch):
    assert start_run.needs_of(run) == jobs.Needs()  # nothing is measured yet
    with monkeypatch.context() as patch:
        patch.setattr(start_run, "estimate", lambda config: Estimate(2, 1, Cost(60.0, 0.0, 600.0, 10.0, 900.0, 5, "")))
        assert start_run.needs_of(run) == jobs.Needs(900.0, 10.0)
    (run.folder / ADAPTATION_FILE).write_text(json.dumps({}))
    assert start_run.needs_of(run) == start_run.ADAPTATION_NEEDS
    (run.folder / ADAPTATION_FILE).unlink()
    (run.folder / "config.json").write_text("{")
    assert start_run.needs_of(run) == jobs.Needs()
