"""A disk that is full, and a workspace that cannot be written: one sentence, nothing lost, and it goes on afterwards.

As root a small file system in memory (tmpfs) is mounted, filled, and mounted read-only. Elsewhere the system's limit of
a file's size stands for the full disk (RLIMIT_FSIZE), and permissions for the read-only one, which root would ignore.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import actions
import checks
import whole_workspace
from actions import ACTIONS, do
from kills import forked

SIZE_MB = 32
SENTENCE, DONE = "sentence: ", "done"
FREE_BYTES = (0, 4096, 16384, 65536)  # left on the full disk


@dataclass
class Case:
    """One action on one faulty storage."""

    fault: str
    how: str
    kind: str
    ending: str = ""
    problems: list[str] = field(default_factory=list)


def run(folder: Path) -> Iterator[Case]:
    """Every action on a disk with less and less room, and on one that cannot be written; made in `folder`."""
    is_mounted = _can_mount(folder)
    with _tmpfs(folder / "storage") if is_mounted else _plain(folder / "storage") as place:
        home = place / "home"
        home.mkdir()
        os.environ["HWR_HOME"] = str(home)
        ended, text = forked(lambda: whole_workspace.fill(home))
        if ended or not text.startswith("="):
            raise RuntimeError(f"The workspace cannot be made: {text}")
        log = folder / "storage.jsonl"
        number = 0
        for kind in ACTIONS:
            for free in FREE_BYTES:
                number += 1
                fault = _full(place, free) if is_mounted else _file_limit(free)
                how = "tmpfs" if is_mounted else "RLIMIT_FSIZE"
                yield _try(Case(f"full, {free // 1024} KB left", how, kind), home, log, number, fault)
            number += 1
            read_only = _remounted(place) if is_mounted else _permissions(home)
            yield _try(Case("read-only", "tmpfs" if is_mounted else "permissions", kind), home, log, number, read_only)


def _try(case: Case, home: Path, log: Path, number: int, fault: Callable[[], object]) -> Case:
    """Do the action on the faulty storage, check it, and do it again on a sound one."""
    with fault() as limit:  # type: ignore[attr-defined]
        case.ending = _ending(case, *forked(lambda: _limited(limit, lambda: do(case.kind, home, number, log, 0, 0.0))))
        _check(case, home, log, "on the faulty storage")
    ended, text = forked(lambda: do(case.kind, home, number, log, 0, 0.0))
    if ended or not text.startswith("="):
        case.problems.append(f"{case.kind} on {case.fault} does not go on afterwards: {text or ended}")
    _check(case, home, log, "afterwards")
    return case


def _limited(limit: Callable[[], None] | None, work: Callable[[], object]) -> str:
    from hwr_core.errors import HwrError

    if limit:
        limit()
    try:
        work()
    except (HwrError, actions.JobFailed) as error:
        return f"{SENTENCE}{error}"
    return DONE


def _ending(case: Case, ended: int, text: str) -> str:
    text = text.removeprefix("=")
    if ended or not text.startswith((SENTENCE, DONE)) or "Traceback" in text:
        case.problems.append(f"{case.kind} on {case.fault}: no sentence: {text or ended}")
    return text.removeprefix(SENTENCE) or str(ended)


def _check(case: Case, home: Path, log: Path, when: str) -> None:
    ended, text = forked(lambda: checks.missing(home, log))
    if ended or text != "=[]":
        case.problems.append(f"{case.kind} on {case.fault}, {when}: {text or ended}")


def _can_mount(folder: Path) -> bool:
    if os.geteuid() != 0:
        return False
    try:
        with _tmpfs(folder / "probe"):
            return True
    except (OSError, subprocess.SubprocessError):
        return False


@contextmanager
def _tmpfs(place: Path) -> Iterator[Path]:
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def _plain(place: Path) -> Iterator[Path]:
    place.mkdir()
    yield place


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _full(place: Path, free: int) -> Callable[[], object]:
    @contextmanager
    def fault() -> Iterator[None]:
        ballast = place / "ballast"
        size = shutil.disk_usage(place).free - free
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, size))
        yield None
        ballast.unlink()

    return fault


def _file_limit(free: int) -> Callable[[], object]:
    @contextmanager
    def fault() -> Iterator[Callable[[], None]]:
        import resource

        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (free, free))

    return fault


def _remounted(place: Path) -> Callable[[], object]:
    @contextmanager
    def fault() -> Iterator[None]:
        _mount("-o", "remount,ro", str(place))
        yield None
        _mount("-o", "remount,rw", str(place))

    return fault


def _permissions(home: Path) -> Callable[[], object]:
    @contextmanager
    def fault() -> Iterator[None]:
        folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
        for path in folders:
            path.chmod(0o500)
        yield None
        for path in folders:
            path.chmod(0o700)

    return fault
