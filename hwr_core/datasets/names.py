"""Names of data sets, and the folders that they stand for."""

from __future__ import annotations

import re
from pathlib import Path

from hwr_core.errors import DataError
from hwr_core.workspace import home, homes

MY_CORRECTIONS = "my-corrections"  # the words that people accepted, see `hwr_core.datasets.my_corrections`
DESCRIPTION = "dataset.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def datasets_folder() -> Path:
    return home() / "datasets"


def dataset_folders() -> list[Path]:
    """The folder of data sets of the current workspace, then those of shared ones."""
    return [folder / "datasets" for folder in homes()]


def dataset_folder(name: str) -> Path:
    """The folder of the data set `name`, of this workspace or a shared one; it need not exist.

    Raises:
        DataError: it is no valid name.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.endswith("."):
        raise DataError(
            f"{repr(name)[:80]} is no name for a data set. Use up to 64 letters (a-z), digits, hyphens, underscores."
        )
    own = datasets_folder() / name
    if not own.exists() and name != MY_CORRECTIONS:  # a person's own, never shared
        for shared in dataset_folders()[1:]:
            if (shared / name / DESCRIPTION).is_file():
                return shared / name
    return own
