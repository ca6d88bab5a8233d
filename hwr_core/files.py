"""Files and folders that are replaced as a whole, so that a kill at any moment loses nothing."""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeGuard

from hwr_core.errors import StorageError

JsonObject = dict[str, Any]  # an object of a JSON file
TEMPORARY = re.compile(r"\..+\.(\d+)-\d+")  # made by `replacing`
NOT_WRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
MAX_STORED_NUMBER = 2**53  # whole numbers beyond it are not exact as floats
MAX_TRIES = 5  # a reader may restore the folder that is just being replaced


def is_stored_number(value: object) -> TypeGuard[float]:
    """Whether a value of a JSON file is a number that can be counted and drawn: finite, and of a size that occurs.

    Example:
        >>> is_stored_number(0.5), is_stored_number(True), is_stored_number(float("nan")), is_stored_number(10**400)
        (True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_STORED_NUMBER


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path` when the body ends without an error.

    What a killed process leaves is removed by `sweep_temporary`.

    Raises:
        StorageError: the disk is full or read-only, or the right to write is missing.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Raise `StorageError` where the body cannot write `path` because of its disk; other errors stay as they are."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
        raise StorageError(
            f"{path} cannot be written ({error.strerror}). Free space on the disk, or check the rights of its folder, "
            "and try again."
        ) from error


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
