"""Whether a job may start: enough free memory and disk, and not too many jobs at once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from hwr_core import limits, workspace
from hwr_core.errors import JobError
from hwr_core.jobs.status import STATUS_FILE, is_busy, read_status

MAX_RESERVE_MB = 2_000.0  # kept free, however large the machine
CGROUP = Path("/sys/fs/cgroup")
CGROUP_FILES = (  # limit, usage, statistics and the name there of what can be dropped: version 2, then version 1
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
MB = 2**20


@dataclass(frozen=True)
class Needs:
    """What a job takes at most, in MiB; None where it is not known."""

    memory_mb: float | None = None
    disk_mb: float | None = None


def check(folder: Path, needs: Needs) -> None:
    """Refuse a job that the machine, or the number of jobs, has no room for.

    Args:
        folder: the job's.

    Raises:
        JobError: with what it takes, and what there is.
    """
    most = limits.current()
    others = [job for job in live_jobs(workspace.home()) if job != folder]
    if len(others) >= most.workspace_jobs:
        raise JobError(
            f"{_count(len(others))} here already ({_names(others)}), at most {most.workspace_jobs} may at once. "
            "Wait until one ends, or stop it first."
        )
    everywhere = sum(len([job for job in live_jobs(home) if job != folder]) for home in workspace.all_homes())
    if everywhere >= most.total_jobs:
        raise JobError(
            f"{_count(everywhere)} on this server already, at most {most.total_jobs} may at once. "
            "Try again in a few minutes."
        )
    _check_free("memory", needs.memory_mb, *memory_mb(), "Choose a smaller model, fewer words or a smaller batch.")
    _check_free("disk", needs.disk_mb, *disk_mb(folder), "Remove data sets or runs that are not needed.")


def live_jobs(home: Path) -> list[Path]:
    """The folders of a workspace's jobs whose processes are there."""
    files = [file for pattern in ("*/*", "*/*/*") for file in home.glob(f"{pattern}/{STATUS_FILE}")]
    return [file.parent for file in files if is_busy(read_status(file.parent))]


def _check_free(kind: str, needed: float | None, free: float, total: float, advice: str) -> None:
    reserve = min(limits.current().free_share * total, MAX_RESERVE_MB)
    if (needed or 0.0) + reserve > free:
        takes = f"This would take about {_size(needed)} of {kind}" if needed else f"There is hardly any {kind} left"
        raise JobError(f"{takes}; {_size(free)} are free, of which {_size(reserve)} are kept free. {advice}")


def memory_mb() -> tuple[float, float]:
    """Memory that is free, and all of it, in MiB: this machine's, or the container's where that is less."""
    import psutil

    machine = psutil.virtual_memory()
    free, total = machine.available / MB, machine.total / MB
    for limit_file, usage_file, statistics, name in CGROUP_FILES:
        try:
            limit = int((CGROUP / limit_file).read_text()) / MB  # a ValueError for "max"
            used = int((CGROUP / usage_file).read_text()) / MB
            lines = (CGROUP / statistics).read_text().splitlines()
        except (OSError, ValueError):
            continue
        cached = next((int(line.split()[1]) / MB for line in lines if line.startswith(f"{name} ")), 0.0)
        return min(free, max(0.0, limit - used + cached)), min(total, limit)
    return free, total


def disk_mb(folder: Path) -> tuple[float, float]:
    """Space that is free, and all of it, in MiB, on the disk that `folder` is or will be on."""
    existing = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    usage = shutil.disk_usage(existing)
    return usage.free / MB, usage.total / MB


def _count(number: int) -> str:
    return "One job runs" if number == 1 else f"{number} jobs run"


def _names(folders: list[Path]) -> str:
    return ", ".join(folder.name for folder in folders[:3]) + (", ..." if len(folders) > 3 else "")


def _size(megabytes: float) -> str:
    return limits.size(megabytes * MB)
