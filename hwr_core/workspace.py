"""Where things of the workspace lie: `$HWR_HOME`, else the current folder, with `datasets/`, `runs/` and the rest."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The workspace's folder."""
    return Path(os.environ.get("HWR_HOME", ".")).resolve()


def stored_path(path: Path | str) -> str:
    """A path as it is written to a file of the workspace: relative to it where it lies inside, so that it can move."""
    absolute = Path(path).expanduser().resolve()
    return absolute.relative_to(home()).as_posix() if absolute.is_relative_to(home()) else str(absolute)


def resolved_path(stored: str) -> Path:
    """The path that `stored_path` wrote; absolute ones, as earlier versions wrote them, stay as they are."""
    return home() / stored
