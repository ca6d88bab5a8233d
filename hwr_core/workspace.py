"""Where things of a workspace lie: `datasets/`, `runs/` and the rest below its folder.

A process has one workspace, `$HWR_HOME` or else the current folder. A server with several visitors gives each a
workspace of its own (`set_home_resolver`); what lies in the server's workspace is then shared: every visitor sees its
data sets and runs, and none can change them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

HOME_VARIABLE = "HWR_HOME"
SHARED_VARIABLE = "HWR_SHARED"  # set for the jobs of a visitor
EXAMPLES_VARIABLE = "HWR_EXAMPLES"  # another folder of examples; empty for none, and for no built-in data set at once
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"  # a workspace of the repository, shared by all

VISITORS = "visitors"  # folder of the server's workspace that holds those of its visitors

_resolvers: list[Callable[[], Path | None]] = []  # at most one
_is_server: ContextVar[bool] = ContextVar("is_server", default=False)


def set_home_resolver(resolver: Callable[[], Path | None] | None) -> None:
    """Let `home` ask this function first; it returns the folder of the current visitor, or None for the server's."""
    _resolvers[:] = [resolver] if resolver else []


def server_home() -> Path:
    """The folder of this process's workspace."""
    return _resolved(os.environ.get(HOME_VARIABLE, "."), os.getcwd())


@lru_cache(maxsize=16)
def _resolved(path: str, _folder: str) -> Path:
    """Looked up for every run of every list, at every keystroke: links are followed once a path and current folder."""
    return Path(path).resolve()


def home() -> Path:
    """The folder of the current workspace: the visitor's, where there are visitors, else the process's."""
    if _is_server.get():
        return server_home()
    return next(filter(None, (resolver() for resolver in _resolvers)), None) or server_home()


@contextmanager
def in_server_home() -> Iterator[None]:
    """Inside, the current workspace is the server's, whoever visits: for what the server does for all of them."""
    token = _is_server.set(True)
    try:
        yield
    finally:
        _is_server.reset(token)


def examples_home() -> Path | None:
    """The workspace of examples; None where they are switched off."""
    named = os.environ.get(EXAMPLES_VARIABLE, str(EXAMPLES))
    return _resolved(named, os.getcwd()) if named else None


def shared_homes() -> list[Path]:
    """The workspaces whose data sets and runs are shown beside the current one's, and never changed."""
    named = os.environ.get(SHARED_VARIABLE)
    shared = [_resolved(named, os.getcwd()) if named else server_home()]
    if examples := examples_home():
        shared.append(examples)
    return [path for path in shared if path != home()]


def homes() -> list[Path]:
    """The current workspace, then the shared ones."""
    return [home(), *shared_homes()]


def all_homes() -> list[Path]:
    """The workspace of the process, and those of all its visitors."""
    return [server_home(), *sorted(path for path in (server_home() / VISITORS).glob("*") if path.is_dir())]


def is_shared(path: Path) -> bool:
    """Whether a path lies in a shared workspace, and not in the current one: it may be read, not changed."""
    # One workspace may lie inside another: a visitor's in the server's, the examples in one that is the repository.
    owners = [folder for folder in homes() if path.is_relative_to(folder)]
    return bool(owners) and max(owners, key=lambda folder: len(folder.parts)) != home()


def environment() -> dict[str, str]:
    """The environment variables with which another process has the current workspace and the shared ones."""
    variables = {HOME_VARIABLE: str(home())}
    if home() != server_home():
        variables[SHARED_VARIABLE] = str(server_home())
    return variables


def stored_path(path: Path | str) -> str:
    """A path as it is written to a file of the workspace: relative to it where it lies inside, so that it can move."""
    absolute = Path(path).expanduser().resolve()
    for folder in homes():
        if absolute.is_relative_to(folder):
            return absolute.relative_to(folder).as_posix()
    return str(absolute)


def resolved_path(stored: str) -> Path:
    """The path that `stored_path` wrote, in the first workspace that has it.

    Absolute ones, as earlier versions wrote them, stay as they are.
    """
    found = (folder / stored for folder in homes() if (folder / stored).exists())
    return next(found, home() / stored)
