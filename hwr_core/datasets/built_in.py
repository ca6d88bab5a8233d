"""The built-in data set on arrival: a server prepares it once in its own workspace, for everyone who comes."""

from __future__ import annotations

from contextlib import suppress

from hwr_core import jobs
from hwr_core.datasets.demo import demo_zip
from hwr_core.datasets.names import DESCRIPTION, datasets_folder
from hwr_core.datasets.store import DEMO, start_adding
from hwr_core.errors import HwrError
from hwr_core.workspace import examples_home, in_server_home

MARKER = ".built-in"  # among the data sets: this workspace was given the built-in one, or had others


def prepare() -> bool:
    """Start the job that adds the built-in data set to the server's workspace, where that is new.

    A workspace is new as long as it has no data set and no marker; the marker stays, so that a data set that was
    removed does not come back. A job that was killed is started again. Nothing is raised: without the data set
    everything else works.

    Returns:
        Whether a job was started.
    """
    if examples_home() is None:
        return False
    with suppress(HwrError, OSError), in_server_home():
        folder = datasets_folder()
        is_new = not folder.is_dir() or not any(path.is_dir() for path in folder.iterdir())
        folder.mkdir(parents=True, exist_ok=True)
        try:
            (folder / MARKER).touch(exist_ok=False)  # of several servers at once exactly one makes it
        except FileExistsError:
            is_new = _was_killed()
        if is_new:
            start_adding(DEMO, demo_zip())
            return True
    return False


def status() -> jobs.Status:
    """The status of the job in the server's workspace."""
    with in_server_home():
        return jobs.read_status(datasets_folder() / DEMO)


def is_preparing() -> bool:
    """Whether the built-in data set is being added to the server's workspace."""
    with in_server_home():
        is_ready = (datasets_folder() / DEMO / DESCRIPTION).exists()
    return not is_ready and status().state == "running"


def _was_killed() -> bool:
    """Whether the job died on its way, and nobody stopped it."""
    folder = datasets_folder() / DEMO
    last = jobs.read_status(folder)
    is_unfinished = folder.is_dir() and not (folder / DESCRIPTION).exists()
    return is_unfinished and last.state == "stopped" and not jobs.stop_requested(folder)
