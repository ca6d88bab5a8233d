"""Files and folders that are replaced as a whole, so that a kill at any moment loses nothing."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]  # an object of a JSON file
TEMPORARY = re.compile(r"\..+\.(\d+)-\d+")  # made by `replacing`
MAX_TRIES = 5  # a reader may restore the folder that is just being replaced


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path` when the body ends without an error.

    What a killed process leaves is removed by `sweep_temporary`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file so that whoever reads it finds the old text or the new one, never a part."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def sweep_temporary(folder: Path) -> None:
    """Remove the temporary files directly in `folder` whose process is gone."""
    with suppress(OSError):
        for path in folder.iterdir():
            match = TEMPORARY.fullmatch(path.name)
            if match and not _is_running(int(match[1])):
                path.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid)


def replace_folder(fresh: Path, folder: Path) -> None:
    """Put the folder `fresh` in the place of `folder`, which need not be there.

    Between two renames there is only `.NAME.old`: `restore_folder` brings it back where a kill left it so.

    Args:
        fresh: whole, and beside `folder`.
        folder: what it becomes; what was there is removed.
    """
    old = _old(folder)
    for attempt in range(MAX_TRIES):
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            os.replace(folder, old)
        try:
            os.replace(fresh, folder)
            break
        except OSError:
            if attempt + 1 == MAX_TRIES or not folder.exists():
                raise
    shutil.rmtree(old, ignore_errors=True)


def restore_folder(folder: Path) -> None:
    """Bring a folder back that a killed `replace_folder` had moved aside; does nothing where it is there."""
    if not folder.exists() and _old(folder).is_dir():
        with suppress(OSError):  # another process was quicker, or nothing can be written here
            os.replace(_old(folder), folder)


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")
