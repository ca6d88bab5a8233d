"""Locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hwr_core.errors import JobError
from hwr_core.files import storage_errors


@contextmanager
def only_one(
    lock: Path, message: str, wait_seconds: float = 0.0, is_worth_waiting: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Hold `lock` while the body runs; the system frees it when the process ends.

    Args:
        lock: a file; made where it is not there.
        message: the sentence to refuse with.
        wait_seconds: for so long somebody else may still hold it, such as a job that is just ending.
        is_worth_waiting: called before each wait; False refuses at once.

    Raises:
        JobError: somebody else holds it.
        StorageError: the file cannot be made.
    """
    with storage_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        opened = lock.open("a+b")
    end = time.monotonic() + wait_seconds
    with opened as file:
        while True:
            try:
                _lock(file)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    break  # a file system without locks: `is_alive` has to do
                if time.monotonic() >= end or not is_worth_waiting():
                    raise JobError(f"{message} Wait until it ends, or stop it first.") from None
            time.sleep(0.1)
        yield


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
