"""A job is a process whose whole state is files in a folder: it outlives pages, tabs and servers.

The page starts `python -m ... FOLDER`, then only reads `status.json`. Writes are atomic, so that nobody ever reads
half a file; a job whose process is gone is distinguished from a running one by the process's identity.
"""

from hwr_core.jobs.admission import Needs
from hwr_core.jobs.lock import only_one
from hwr_core.jobs.process import identity_of, peak_memory_mb, process_start
from hwr_core.jobs.runner import (
    Endings,
    OnProgress,
    Progress,
    ProgressLine,
    Stopped,
    begin,
    finish,
    is_out_of_memory,
    launch,
    reported,
    run,
    stop_on_sigterm,
)
from hwr_core.jobs.status import (
    LOG_FILE,
    STARTING,
    STATUS_FILE,
    STOP_FILE,
    State,
    Status,
    is_alive,
    is_busy,
    read_status,
    request_stop,
    stop_requested,
    terminate,
    wait_until_left,
    write_status,
)

__all__ = [
    "LOG_FILE",
    "STARTING",
    "STATUS_FILE",
    "STOP_FILE",
    "Endings",
    "Needs",
    "OnProgress",
    "Progress",
    "ProgressLine",
    "State",
    "Status",
    "Stopped",
    "begin",
    "finish",
    "identity_of",
    "is_alive",
    "is_busy",
    "is_out_of_memory",
    "launch",
    "only_one",
    "peak_memory_mb",
    "process_start",
    "read_status",
    "reported",
    "request_stop",
    "run",
    "stop_on_sigterm",
    "stop_requested",
    "terminate",
    "wait_until_left",
    "write_status",
]
