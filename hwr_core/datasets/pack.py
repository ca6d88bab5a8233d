"""A data set as a few compact files, for training on a machine that has not the images and little space.

Canvases are cropped to their ink and compressed; the table and the report are included. An unpacked data set has the
same words, splits and canvases, byte for byte. Only the images themselves are missing.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hwr_core.config import CanvasConfig, build
from hwr_core.datasets.canvas_cache import CanvasFile, canvas_key
from hwr_core.datasets.dataset import REPORT, TABLE, DataSet, read_description
from hwr_core.datasets.names import DESCRIPTION
from hwr_core.datasets.store import dataset_folder, open_dataset
from hwr_core.errors import DataError, first_line
from hwr_core.files import JsonObject, replacing, write_text
from hwr_core.imaging.canvas import ink_width
from hwr_core.jobs.runner import OnProgress

FORMAT_VERSION = 1
CHUNK = 1000  # canvases compressed together
PIECE_MB = 60.0


def pack(
    dataset: DataSet,
    folder: Path,
    canvas: CanvasConfig | None = None,
    *,
    piece_mb: float = PIECE_MB,
    progress: OnProgress | None = None,
) -> list[Path]:
    """Write a data set into `folder` as `NAME-000.npz`, `NAME-001.npz` and so on.

    Args:
        dataset: its canvases are prepared first where necessary.
        folder: created where necessary; older pieces of the same data set are replaced.
        canvas: the size of the packed canvases.
        piece_mb: maximum size of a file, in MiB, unless a thousand words or the tables alone are larger.
        progress: called with a phase, a step and the number of steps.

    Returns:
        The files, in order.
    """
    canvas = canvas or CanvasConfig()
    folder.mkdir(parents=True, exist_ok=True)
    for older in folder.glob(f"{dataset.name}-[0-9][0-9][0-9].npz"):
        older.unlink()
    files = {name: np.frombuffer((dataset.folder / name).read_bytes(), np.uint8) for name in (TABLE, REPORT)}
    piece: dict[str, np.ndarray] = {f"file:{name}": data for name, data in files.items()}
    written: list[Path] = []
    about: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "canvas": {"height": canvas.height, "width": canvas.width},
    }
    about |= {"name": dataset.name, "description": dataset.description}

    def write(last: bool) -> None:
        path = folder / f"{dataset.name}-{len(written):03d}.npz"
        text = json.dumps({**about, "piece": len(written), "last": last}, ensure_ascii=False)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, about=np.array(text), **piece)  # type: ignore[arg-type]
        written.append(path)

    for index, chunk in enumerate(_chunks(dataset.canvases(canvas, progress=progress), progress)):
        size = sum(data.nbytes for data in piece.values()) + sum(data.nbytes for data in chunk.values())
        if piece and size + 100_000 > piece_mb * 2**20:
            write(last=False)
            piece = {}
        piece |= {f"{name}:{index}": data for name, data in chunk.items()}
    write(last=True)
    return written


def _chunks(canvases: np.ndarray, progress: OnProgress | None) -> Iterator[dict[str, np.ndarray]]:
    for start in range(0, len(canvases), CHUNK):
        if progress:
            progress("Packing", start, len(canvases))
        chunk = [np.asarray(canvas) for canvas in canvases[start : start + CHUNK]]
        widths = [ink_width(canvas) for canvas in chunk]
        ink = b"".join(
            np.ascontiguousarray(canvas[:, :width]).tobytes() for canvas, width in zip(chunk, widths, strict=True)
        )
        packed = np.frombuffer(zlib.compress(ink, 6), np.uint8)
        yield {"widths": np.array(widths, np.uint16), "ink": packed}


def unpack(folder: Path, progress: OnProgress | None = None) -> list[str]:
    """Store every packed data set of `folder` in this workspace; those that exist already are left unchanged.

    Returns:
        Their names.

    Raises:
        DataError: a piece is missing or damaged, or another data set has the name.
    """
    first = sorted(folder.glob("*-000.npz"))
    if not first:
        raise DataError(f"There is no packed data set in {folder}. Expected files such as NAME-000.npz.")
    return [_unpack(path, progress) for path in first]


def _unpack(first: Path, progress: OnProgress | None) -> str:
    about = _about(first)
    name, description = str(about["name"]), about["description"]
    target = dataset_folder(name)
    if (target / DESCRIPTION).exists():
        if read_description(target)["content"] != description["content"]:
            raise DataError(f"There is another data set {name} here already. Remove it first: {target}.")
        return name
    canvas = build(CanvasConfig, about["canvas"])
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        with CanvasFile(fresh / canvas_key(description["content"], canvas), canvas) as file:
            for path in _pieces(first):
                _add_piece(path, fresh, file, canvas)
                if progress:
                    progress("Unpacking", file.rows, int(description["words"]))
            file.finish()
        if file.rows != description["words"]:
            raise DataError(f"{first.parent} holds {file.rows:,} of {description['words']:,} words of {name}.")
        write_text(fresh / DESCRIPTION, json.dumps(description, indent=1, ensure_ascii=False))
        os.replace(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return open_dataset(name).name


def _about(path: Path) -> JsonObject:
    try:
        with np.load(path, allow_pickle=False) as piece:
            about = json.loads(str(piece["about"]))
        if about["format_version"] != FORMAT_VERSION:
            raise ValueError(f"format {about['format_version']}")
        return about
    except Exception as error:  # zip, numpy and JSON errors alike
        raise DataError(f"{path} is no piece of a packed data set ({first_line(error)}). Copy it again.") from error


def _pieces(first: Path) -> Iterator[Path]:
    """All pieces in order, up to the one marked as the last."""
    for number in range(1000):
        path = first.with_name(f"{first.name[: -len('000.npz')]}{number:03d}.npz")
        if not path.is_file():
            raise DataError(f"{path} is missing. Copy all pieces of the data set.")
        about = _about(path)
        if about["piece"] != number:
            raise DataError(f"{path} holds piece {about['piece']}, not {number}. Copy all pieces again.")
        yield path
        if about["last"]:
            return


def _add_piece(path: Path, folder: Path, file: CanvasFile, canvas: CanvasConfig) -> None:
    try:
        with np.load(path, allow_pickle=False) as piece:
            for name in (TABLE, REPORT):
                if f"file:{name}" in piece:
                    (folder / name).write_bytes(piece[f"file:{name}"].tobytes())
            numbers = sorted(int(key.partition(":")[2]) for key in piece.files if key.startswith("ink:"))
            for number in numbers:
                ink = io.BytesIO(zlib.decompress(piece[f"ink:{number}"].tobytes()))
                for width in piece[f"widths:{number}"].tolist():
                    whole = np.zeros((canvas.height, canvas.width), np.uint8)
                    data = np.frombuffer(ink.read(canvas.height * width), np.uint8)
                    whole[:, :width] = data.reshape(canvas.height, width)
                    file.append(whole)
    except Exception as error:  # zip, zlib and numpy errors alike
        raise DataError(f"{path} is damaged ({first_line(error)}). Copy it again.") from error
