"""The data sets of this workspace: list, open, add, remove. They lie in `home()/datasets/<name>/`."""

from __future__ import annotations

import json
import os
import re
import shutil
import unicodedata
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from hwr_core import jobs
from hwr_core.config import CanvasConfig
from hwr_core.datasets.dataset import DataSet, ignore_progress, read_description
from hwr_core.datasets.demo import demo_zip
from hwr_core.datasets.names import DESCRIPTION, MY_CORRECTIONS, NAME, dataset_folder, dataset_folders, datasets_folder
from hwr_core.errors import DataError, HwrError
from hwr_core.files import replacing, write_text
from hwr_core.workspace import is_shared, resolved_path, stored_path

REQUEST = "request.json"
UPLOAD = "upload"  # subfolder of the file that was uploaded by the browser
DEMO = "demo"
ADDING_MEMORY_MB, ADDING_DISK_MB = 500.0, 100.0  # of the job: two processes that make canvases, and some thousand words


@dataclass(frozen=True)
class DataSetInfo:
    """A data set without its table. One that is being added, could not be added or is damaged is not ready."""

    name: str
    folder: Path
    words: int = 0
    writers: int = 0
    problems: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    source: str = ""  # path
    reader: str = ""
    created: float = 0.0  # seconds since the epoch
    notes: tuple[str, ...] = ()
    is_ready: bool = False
    is_shared: bool = False  # of a shared workspace: it cannot be removed
    problem: str = ""  # one sentence why it is damaged or was not added
    status: jobs.Status = field(default_factory=jobs.Status)  # of the job that adds it, if any


def list_datasets() -> list[DataSetInfo]:
    """Every data set of this workspace, stored, damaged or being added, and those of shared ones; raises nothing."""
    folders: dict[str, Path] = {}
    for folder in reversed(dataset_folders()):  # the current workspace's last: its data sets go before shared ones
        try:
            paths = [path for path in folder.iterdir() if path.is_dir() and NAME.fullmatch(path.name)]
        except OSError:
            continue
        is_own = folder == datasets_folder()
        folders |= {path.name: path for path in paths if is_own or _is_for_everyone(path)}
    return [_info(folders[name]) for name in sorted(folders)]


def _is_for_everyone(folder: Path) -> bool:
    """Whether a data set of a shared workspace is shown to others: a whole one that is no person's own corrections."""
    return folder.name != MY_CORRECTIONS and (folder / DESCRIPTION).is_file()


def _info(folder: Path) -> DataSetInfo:
    status = jobs.read_status(folder)
    try:
        values = read_description(folder)
    except HwrError as error:
        problem = str(error) if os.path.lexists(folder / DESCRIPTION) else status.message
        return DataSetInfo(folder.name, folder, source=_requested_source(folder), problem=problem, status=status)
    return DataSetInfo(
        folder.name,
        folder,
        words=values["words"],
        writers=values["writers"],
        problems=values["problems"],
        parts=values["parts"],
        source=str(resolved_path(values["source"])),
        reader=values["reader"],
        created=values["created"],
        notes=tuple(values["notes"]),
        is_ready=True,
        is_shared=is_shared(folder),
        status=status,
    )


def open_dataset(name: str) -> DataSet:
    """A stored data set, or `DataError` where there is none of this name, or it is damaged."""
    return DataSet(dataset_folder(name))


def add_dataset(
    name: str,
    source: Path | str,
    reader: str = "auto",
    *,
    columns: dict[str, str] | None = None,
    image_root: Path | str | None = None,
    progress: jobs.OnProgress | None = None,
    canvas: CanvasConfig | None = None,
    processes: int = 0,
) -> DataSet:
    """Read, check, split and store a data set, and prepare its canvases.

    Args:
        name: letters, digits, hyphens, dots, underscores.
        source: a folder, a CSV file, an IAM list or a zip; a list inside a zip as `words.zip/labels.csv`.
        reader: "csv", "iam", "folder" or "auto".
        columns: column of `table.COLUMNS` -> its name in the list, such as `{"transcription": "Text"}`.
        image_root: folder or zip of the images where they are not in the list's folder.
        progress: called as `progress(phase, step, steps)`; an exception that it raises stops the adding.
        processes: see `hwr_core.datasets.canvas_cache.prepare_all`.

    Raises:
        DataError: the name is taken, or the source cannot be used.
    """
    from hwr_core.datasets.add import build_dataset

    folder = dataset_folder(name)
    _check_free(folder)
    existed = folder.exists()
    try:
        return build_dataset(
            folder,
            to_path(source),
            reader=reader,
            columns=columns or {},
            image_root=to_path(image_root) if image_root else None,
            canvas=canvas or CanvasConfig(),
            progress=progress or ignore_progress,
            processes=processes,
        )
    except OSError as error:
        raise DataError(f"The data set {name} cannot be stored ({error.strerror or error}).") from error
    finally:
        if not existed and not (folder / DESCRIPTION).exists():  # it failed or was stopped
            shutil.rmtree(folder, ignore_errors=True)


def start_adding(
    name: str,
    source: Path | str,
    reader: str = "auto",
    *,
    columns: dict[str, str] | None = None,
    image_root: Path | str | None = None,
    canvas: CanvasConfig | None = None,
) -> Path:
    """`add_dataset` as a job in a process of its own; `jobs.read_status(folder)` is its status.

    Returns:
        The data set's folder. `jobs.request_stop(folder)` stops it; a second start begins from nothing.
    """
    folder = dataset_folder(name)
    _check_free(folder)
    request = {
        "source": stored_path(to_path(source)),
        "reader": reader,
        "columns": columns or {},
        "image_root": stored_path(to_path(image_root)) if image_root else "",
        "canvas": asdict(canvas or CanvasConfig()),
    }
    write_text(folder / REQUEST, json.dumps(request, indent=1, ensure_ascii=False))
    jobs.launch("hwr_core.datasets", folder, needs=jobs.Needs(ADDING_MEMORY_MB, ADDING_DISK_MB))
    return folder


def remove_dataset(name: str) -> None:
    """Remove a data set from the workspace; its source files stay."""
    folder = dataset_folder(name)
    if is_shared(folder):
        raise DataError(f"{name} belongs to everyone who uses this studio and cannot be removed.")
    if folder.is_symlink():
        folder.unlink()
        return
    if not folder.is_dir():
        raise DataError(f"There is no data set {name}. Stored: {_stored()}.")
    if jobs.is_alive(jobs.read_status(folder)):
        raise DataError(f"{name} is being added at the moment. Stop that first, then remove it.")
    shutil.rmtree(folder)


def save_upload(name: str, filename: str, file: IO[bytes]) -> Path:
    """Store an uploaded file in the data set's folder, where it is read in place.

    Returns:
        Its path, the source for `add_dataset` or `start_adding`.
    """
    folder = dataset_folder(name)
    _check_free(folder)
    suffix = Path(filename).suffix.lower()
    path = folder / UPLOAD / (slug(Path(filename).stem) + (suffix if NAME.fullmatch(suffix[1:] or "x") else ""))
    with replacing(path) as temporary, temporary.open("wb") as target:
        shutil.copyfileobj(file, target, 1 << 20)
    return path


def demo_dataset(progress: jobs.OnProgress | None = None) -> DataSet:
    """The built-in synthetic data set, added with the first call."""
    return _added(DEMO, Path(demo_zip()).resolve(), progress)


def open_or_add(source: str | Path, progress: jobs.OnProgress | None = None) -> DataSet:
    """A data set by its name, or by the path of a CSV, folder or zip, which is added under a name made from the path.

    A source that has changed since then is read again.
    """
    text = str(source)
    if text == MY_CORRECTIONS:
        from hwr_core.datasets.my_corrections import my_corrections

        return my_corrections(progress)
    if NAME.fullmatch(text) and (dataset_folder(text) / DESCRIPTION).exists():
        return open_dataset(text)
    if text == DEMO:
        return demo_dataset(progress)
    path = to_path(text)
    if not os.path.exists(path) and not any(map(os.path.isfile, path.parents)):
        raise DataError(f"There is no data set {text!r}, and no file or folder of that name. Stored: {_stored()}.")
    name = slug(path.stem)
    folder = dataset_folder(name)
    if folder.exists() and _source_of(folder) != path:
        name = f"{name[:50]}-{sha256(str(path).encode(errors='surrogatepass')).hexdigest()[:8]}"
    return _added(name, path, progress)


def _added(name: str, path: Path, progress: jobs.OnProgress | None) -> DataSet:
    from hwr_core.datasets.add import source_stamp

    folder = dataset_folder(name)
    if (folder / DESCRIPTION).exists():
        values = read_description(folder)
        if resolved_path(values["source"]) == path and values["stamp"] == source_stamp(path):
            return open_dataset(name)
        remove_dataset(name)
    return add_dataset(name, path, progress=progress)


def to_path(source: Path | str) -> Path:
    """A path, `~` expanded and made absolute; `DataError` for one that no file can have."""
    try:
        path = Path(source).expanduser().resolve()
        str(path).encode()
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{str(source)[:100]!r} is no path that a file can have. Check it.") from error
    return path


def slug(text: str) -> str:
    """A name for a data set, made from any text.

    Example:
        >>> slug("Élise's words (2)")
        'Elise-s-words-2'
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", ascii_text).strip("-_")[:60] or "words"


def _check_free(folder: Path) -> None:
    if folder.name == MY_CORRECTIONS:
        raise DataError(
            f"{MY_CORRECTIONS} is the data set of the words accepted on the Read page. Choose another name."
        )
    if (folder / DESCRIPTION).exists():
        raise DataError(f"There is a data set {folder.name} already. Remove it first, or choose another name.")
    status = jobs.read_status(folder)
    if jobs.is_alive(status) and status.pid != os.getpid():
        raise DataError(f"{folder.name} is being added already. Wait for it, or stop it first.")


def _source_of(folder: Path) -> Path:
    try:
        return resolved_path(read_description(folder)["source"])
    except HwrError:
        return Path(_requested_source(folder))


def _requested_source(folder: Path) -> str:
    """The source of the request in `folder`, "" where there is no valid one."""
    try:
        return str(resolved_path(json.loads((folder / REQUEST).read_text(encoding="utf-8"))["source"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _stored() -> str:
    return ", ".join(info.name for info in list_datasets() if info.is_ready) or "none"
