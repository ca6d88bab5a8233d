"""The process that adapts a model to one writer, from its request to its result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hwr_core import jobs
from hwr_core.adaptation.adapt import adapt
from hwr_core.adaptation.estimate import estimated_seconds
from hwr_core.config import AdaptationConfig, RunConfig, build, read_json
from hwr_core.training.job import run_training
from hwr_core.training.runs import ADAPTATION_FILE


def run_adaptation(folder: Path, log: Callable[[str], None] | None = None) -> jobs.Status:
    """Do the adaptation that `folder` asks for, in this process.

    Args:
        folder: a run's folder, with `adaptation.json`.
        log: takes the log's lines; they are printed with the time where left out.

    Returns:
        The last status.

    Raises:
        HwrError: what could not be done and why.
    """
    return run_training(folder, log, _adapt)


def _adapt(folder: Path, config: RunConfig, progress: jobs.Progress, log: Callable[[str], None]) -> None:
    progress.expect(_expected_seconds(folder, config))
    progress.status.message = adapt(folder, config, progress, log).sentence
    progress.status.state = "done"
    log(progress.status.message)


def _expected_seconds(folder: Path, config: RunConfig) -> float:
    """The seconds that the page showed beforehand; 0 where that is not known."""
    request = read_json(folder / ADAPTATION_FILE)
    if "number" not in request:
        return 0.0
    return estimated_seconds(request["number"], Path(config.start_from), build(AdaptationConfig, request["settings"]))
