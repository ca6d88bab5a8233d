"""Processes: their identity, which no later process of the same number shares, and their peak memory."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

PROC = Path("/proc")
START_TICKS = 19  # of the fields of /proc/PID/stat behind the command's name (proc(5): field 22)


def process_start(pid: int) -> float:
    """When the process began, in seconds since the epoch; 0 if there is none, or only a zombie."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.Error, ValueError):
        return 0.0


def identity_of(pid: int) -> str:
    """A text that no other process has or will have; empty if there is no such process, or only a zombie.

    On Linux it is made of the boot's id and the ticks between the boot and the process's start. Times of day would
    change with the clock: a laptop that wakes up, a network time correction, a virtual machine that is resumed.
    """
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else f"{_boot_id()}:{fields[START_TICKS]}"
    except (OSError, IndexError):
        if (PROC / "self" / "stat").exists():
            return ""
    started = process_start(pid)
    return f"{started:.2f}" if started else ""


def own_identity() -> str:
    return identity_of(os.getpid())


@cache
def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "boot"


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MiB."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return psutil.Process().memory_info().peak_wset / 2**20
    peak = _peak_of_status(Path("/proc/self/status"))
    if peak is not None:
        return peak
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage / (2**20 if sys.platform == "darwin" else 2**10)


def _peak_of_status(path: Path) -> float | None:
    """MiB that Linux gives as the peak, or None where the file or its line is missing.

    getrusage's maximum is handed down: a process begun by a large one would report its parent's memory. `VmHWM`
    starts anew with the program.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return next(int(line.split()[1]) / 2**10 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
