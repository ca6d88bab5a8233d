"""Training: a run's configuration in, a run folder out, in a process of its own."""

from hwr_core.training.estimate import Cost, Estimate, estimate
from hwr_core.training.runs import Run, delete_run, list_runs, new_run, open_run, running_run, stop
from hwr_core.training.start_run import start

__all__ = [
    "Cost",
    "Estimate",
    "Run",
    "delete_run",
    "estimate",
    "list_runs",
    "new_run",
    "open_run",
    "running_run",
    "start",
    "stop",
]
