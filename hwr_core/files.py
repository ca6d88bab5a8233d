"""Folders that are replaced as a whole, so that a kill at any moment loses nothing."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

MAX_TRIES = 5  # a reader may restore the folder that is just being replaced


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
