"""The process that adapts a model to one writer, from its request to its result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hwr_core import jobs
from hwr_core.adaptation.estimate import estimated_seconds
from hwr_core.adaptation.run import adapt
from hwr_core.config import AdaptationConfig, RunConfig, build, read_json
from hwr_core.training.job import progress_teller, run_training
from hwr_core.training.run import ADAPTATION_FILE


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


def _adapt(folder: Path, config: RunConfig, status: jobs.Status, log: Callable[[str], None]) -> None:
    on_progress = progress_teller(folder, status, _promised_seconds(folder, config))
    status.message = adapt(folder, config, on_progress, log).sentence
    status.state, status.phase, status.seconds_left = "done", "", None
    log(status.message)


def _promised_seconds(folder: Path, config: RunConfig) -> float:
    """The seconds that the page promised; 0 where that is not known."""
    request = read_json(folder / ADAPTATION_FILE)
    if "number" not in request:
        return 0.0
    return estimated_seconds(request["number"], Path(config.start_from), build(AdaptationConfig, request["settings"]))
