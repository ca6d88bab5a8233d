"""The data sets of this workspace: list, open, add, remove. They live in `home()/datasets/<name>/`."""

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
from hwr_core.datasets.dataset import DESCRIPTION, DataSet, Progress, read_description
from hwr_core.errors import DataError, HwrError

REQUEST = "request.json"
UPLOAD = "upload"  # a file brought by the browser is kept here, in the data set's own folder
DEMO = "demo"
MY_CORRECTIONS = "my-corrections"  # the words that people accepted, see `hwr_core.datasets.my_corrections`
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class DataSetInfo:
    """A data set at a glance, without opening its table; one that is still being added has no words yet."""

    name: str
    folder: Path
    words: int = 0
    writers: int = 0
    problems: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    source: str = ""
    reader: str = ""
    created: float = 0.0  # seconds since the epoch
    notes: tuple[str, ...] = ()
    is_ready: bool = False
    status: jobs.Status = field(default_factory=jobs.Status)  # of its adding, where that was a job


def datasets_folder() -> Path:
    return jobs.home() / "datasets"


def dataset_folder(name: str) -> Path:
    """Where a data set of this name is, or would be, stored.

    Raises:
        DataError: the name is none for a folder.
    """
    if not NAME.fullmatch(name) or name.endswith("."):
        raise DataError(
            f"{name!r} is no name for a data set. Use up to 64 letters (a-z), digits, hyphens, underscores."
        )
    return datasets_folder() / name


def list_datasets() -> list[DataSetInfo]:
    """Every stored data set and every one being added, by name."""
    if not datasets_folder().is_dir():
        return []
    folders = [path for path in datasets_folder().iterdir() if path.is_dir() and NAME.fullmatch(path.name)]
    return [_info(folder) for folder in sorted(folders)]


def _info(folder: Path) -> DataSetInfo:
    status = jobs.read_status(folder)
    try:
        values = read_description(folder)
    except HwrError as error:
        problem = str(error) if (folder / DESCRIPTION).exists() else status.message
        return DataSetInfo(folder.name, folder, source=_requested(folder), notes=(problem,), status=status)
    known = {name: values[name] for name in ("words", "writers", "problems", "parts", "source", "reader", "created")}
    return DataSetInfo(folder.name, folder, **known, notes=tuple(values["notes"]), is_ready=True, status=status)


def open_dataset(name: str) -> DataSet:
    """A stored data set, or `DataError` saying that there is none of this name."""
    return DataSet(dataset_folder(name))


def add_dataset(
    name: str,
    source: Path | str,
    reader: str = "auto",
    *,
    columns: dict[str, str] | None = None,
    image_root: Path | str | None = None,
    progress: Progress | None = None,
    canvas: CanvasConfig | None = None,
    processes: int = 0,
) -> DataSet:
    """Read, check, split and store a data set; its canvases are prepared on the way.

    Args:
        name: letters, digits, hyphens, dots, underscores.
        source: a folder, a CSV file, an IAM list or a zip; a list inside a zip as `words.zip/labels.csv`.
        reader: "csv", "iam", "folder" or "auto".
        columns: our column -> its name there, such as `{"transcription": "Text"}`.
        image_root: folder or zip of the pictures where they are not beside the CSV.
        progress: called as `progress(phase, step, steps)`; what it raises stops the adding.
        processes: see `hwr_core.datasets.canvas_cache.prepare_all`.

    Raises:
        DataError: the name is taken, or the source cannot be used; one sentence says why.
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
            progress=progress or (lambda phase, step, steps: None),
            processes=processes,
        )
    except OSError as error:
        raise DataError(f"The data set {name} cannot be stored ({error.strerror or error}).") from error
    finally:
        if not existed and not (folder / DESCRIPTION).exists():  # it failed, or was stopped
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
    """The same as a job of its own process; follow it by `jobs.read_status(folder)`.

    Returns:
        The data set's folder. Stop it with `jobs.request_stop(folder)`; started again, it begins anew.
    """
    folder = dataset_folder(name)
    _check_free(folder)
    request = {
        "source": str(to_path(source)),
        "reader": reader,
        "columns": columns or {},
        "image_root": str(to_path(image_root)) if image_root else "",
        "canvas": asdict(canvas or CanvasConfig()),
    }
    jobs.write_text(folder / REQUEST, json.dumps(request, indent=1, ensure_ascii=False))
    jobs.launch("hwr_core.datasets", folder)
    return folder


def remove_dataset(name: str) -> None:
    """Remove what the studio stored of a data set; the files it was read from stay where they are."""
    folder = dataset_folder(name)
    if folder.is_symlink():
        folder.unlink()
        return
    if not folder.is_dir():
        raise DataError(f"There is no data set {name}. Stored: {_stored()}.")
    if jobs.is_alive(jobs.read_status(folder)):
        raise DataError(f"{name} is being added at the moment. Stop that first, then remove it.")
    shutil.rmtree(folder)


def save_upload(name: str, filename: str, file: IO[bytes]) -> Path:
    """Keep a file that came through the browser in the data set's folder, where it is read in place.

    Returns:
        Its path, to be given to `add_dataset` or `start_adding` as the source.
    """
    folder = dataset_folder(name)
    _check_free(folder)
    suffix = Path(filename).suffix.lower()
    path = folder / UPLOAD / (slug(Path(filename).stem) + (suffix if NAME.fullmatch(suffix[1:] or "x") else ""))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("wb") as target:
        shutil.copyfileobj(file, target, 1 << 20)
    temporary.replace(path)
    return path


def demo_dataset(progress: Progress | None = None) -> DataSet:
    """The built-in synthetic data set, added when it is first asked for."""
    from hwr_core.synthesis import demo_zip

    return _added(DEMO, Path(demo_zip()).resolve(), progress)


def resolve(source: str | Path, progress: Progress | None = None) -> DataSet:
    """A data set by its name, or by the path of a CSV, folder or zip, added under a name made from it.

    A source that has changed since it was added is read again.
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
    if folder.exists() and _source_of(folder) != str(path):
        name = f"{name[:50]}-{sha256(str(path).encode(errors='surrogatepass')).hexdigest()[:8]}"
    return _added(name, path, progress)


def _added(name: str, path: Path, progress: Progress | None) -> DataSet:
    from hwr_core.datasets.add import stamp_of

    folder = dataset_folder(name)
    if (folder / DESCRIPTION).exists():
        values = read_description(folder)
        if values["source"] == str(path) and values["stamp"] == stamp_of(path):
            return open_dataset(name)
        remove_dataset(name)
    return add_dataset(name, path, progress=progress)


def to_path(source: Path | str) -> Path:
    """A path as people write it, made absolute; `DataError` for one that no file can have."""
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


def _source_of(folder: Path) -> str:
    try:
        return str(read_description(folder)["source"])
    except HwrError:
        return _requested(folder)


def _requested(folder: Path) -> str:
    try:
        return str(json.loads((folder / REQUEST).read_text(encoding="utf-8"))["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _stored() -> str:
    return ", ".join(info.name for info in list_datasets() if info.is_ready) or "none"
