"""Starting a run where the machine has room for it."""

from __future__ import annotations

from hwr_core import jobs
from hwr_core.errors import HwrError
from hwr_core.training import runs
from hwr_core.training.estimate import estimate
from hwr_core.training.runs import ADAPTATION_FILE, Run

ADAPTATION_NEEDS = jobs.Needs(memory_mb=1_500, disk_mb=100)  # TensorFlow and a CTC network; its weights twice


def start(run: Run) -> None:
    """Start or resume a run in a process of its own.

    Raises:
        JobError: another training runs, the run is shared, or its estimate is beyond the free memory or disk.
    """
    runs.start(run, needs_of(run))


def needs_of(run: Run) -> jobs.Needs:
    """The memory and disk that a run takes by its estimate; nothing is known of one that cannot be estimated.

    Such a run is started all the same: it ends with the sentence what it lacks.
    """
    if (run.folder / ADAPTATION_FILE).is_file():
        return ADAPTATION_NEEDS
    try:
        known = estimate(run.config)
    except HwrError:
        return jobs.Needs()
    return jobs.Needs(known.memory_mb, known.cost.disk_mb if known.cost else None)
