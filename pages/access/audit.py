"""The audit log of a team: who did what when, a line of JSON each in `audit.jsonl` of the server's workspace."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pandas as pd

from hwr_core import workspace
from pages.access import visitors
from pages.access.mode import Mode, mode

FILE_NAME = "audit.jsonl"
MAX_FILE_BYTES = 5_000_000
MAX_OLD_FILES = 4  # audit.1.jsonl is the newest of them
MAX_NAMES_CHARACTERS = 300
COLUMNS = ("when", "who", "action", "names")
_lock = threading.Lock()  # one server has one process


def is_kept() -> bool:
    """Whether this server keeps an audit log: where people sign in."""
    return mode() is Mode.TEAM


def record(action: str, names: str = "", who: str | None = None) -> None:
    """Append one line; nothing outside team mode.

    Args:
        action: such as "delete runs".
        names: of the things that were changed, never their contents.
        who: the person; the one of this session where left out.
    """
    if not is_kept():
        return
    line = {
        "when": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "who": visitors.current().name if who is None else who,
        "action": action,
        "names": names[:MAX_NAMES_CHARACTERS],
    }
    append(workspace.server_home() / FILE_NAME, json.dumps(line, ensure_ascii=False))


def append(path: Path, line: str) -> None:
    """One write of a whole line, after which the file is put aside if it has become large."""
    with _lock:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode("utf-8", "replace") + b"\n")
            is_large = os.fstat(file).st_size >= MAX_FILE_BYTES
        finally:
            os.close(file)
        if is_large:
            _rotate(path)


def files(path: Path) -> list[Path]:
    """The log and what was put aside of it, the newest first; they need not exist."""
    return [path, *(path.with_name(f"{path.stem}.{number}{path.suffix}") for number in range(1, MAX_OLD_FILES + 1))]


def _rotate(path: Path) -> None:
    names = files(path)
    for newer, older in reversed(list(pairwise(names))):
        with suppress(FileNotFoundError):
            newer.replace(older)


def read() -> pd.DataFrame:
    """Every line that is kept, the newest first, with `COLUMNS`; lines that cannot be read are left out."""
    rows = []
    for path in files(workspace.server_home() / FILE_NAME):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        rows += [row for row in map(_parsed, reversed(lines)) if row]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _parsed(line: str) -> dict[str, str] | None:
    try:
        values = json.loads(line)
        return {name: str(values[name]) for name in COLUMNS}
    except (ValueError, KeyError, TypeError):
        return None
