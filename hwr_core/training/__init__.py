"""Training: a run's configuration in, a run folder out, in a process of its own."""

from hwr_core.training.adapting import Taught, new_adaptation, read_result
from hwr_core.training.estimate import Estimate, estimate
from hwr_core.training.run import (
    Run,
    delete_run,
    list_runs,
    new_run,
    open_run,
    running_run,
    start,
    stop,
)
from hwr_core.training.teaching_time import estimated_seconds

__all__ = [
    "Estimate",
    "Run",
    "Taught",
    "delete_run",
    "estimate",
    "estimated_seconds",
    "list_runs",
    "new_adaptation",
    "new_run",
    "open_run",
    "read_result",
    "running_run",
    "start",
    "stop",
]
