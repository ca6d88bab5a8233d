"""The downloads of a run, made on request."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from hwr_core.training.plots import save_plots


def plots_zip(history: pd.DataFrame) -> bytes:
    """The plots of loss and accuracy as PNG files in a zip."""
    with TemporaryDirectory() as folder:
        return _zipped(save_plots(history, Path(folder)), Path(folder))


def zip_of(folder: Path) -> bytes:
    """Everything in a folder as a zip that unpacks to the folder's contents."""
    return _zipped(_files(folder), folder)


def size_of(folder: Path) -> int:
    """Bytes of everything in a folder."""
    return sum(file.stat().st_size for file in _files(folder))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _zipped(files: list[Path], root: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # images and weights hardly shrink
        for file in files:
            archive.write(file, file.relative_to(root))
    return buffer.getvalue()
