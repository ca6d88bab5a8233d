"""A stored data set: the table of its good rows, the report on the others, and cached canvases."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core import spreadsheet
from hwr_core.config import CanvasConfig
from hwr_core.corrections.label_corrections import LabelCorrections
from hwr_core.datasets.canvas_cache import CanvasFile, canvas_key, prepare_all, remove_older_caches
from hwr_core.datasets.names import DESCRIPTION
from hwr_core.datasets.sample import PARTS, Sample
from hwr_core.datasets.sources.archive import FolderSource, Source, open_source
from hwr_core.errors import DataError, first_line
from hwr_core.files import JsonObject, is_stored_number
from hwr_core.jobs.runner import OnProgress
from hwr_core.jobs.status import END_OF_TIME
from hwr_core.workspace import is_shared, resolved_path

if TYPE_CHECKING:
    import pandas as pd

TABLE = "words.parquet"
REPORT = "report.parquet"
FORMAT_VERSION = 1
COLUMNS = ["word_id", "transcription", "image", "writer", "form", "split", "row", "height", "width"]
REPORT_COLUMNS = ["row", "word_id", "image", "problem", "severity", "reason"]
NUMBERS = ("row", "height", "width")  # of the columns; the others are text
TEXTS = ("source", "reader", "pictures", "content", "stamp", "split_by")
COUNTS = ("words", "writers", "problems", "left_out")


class DataSet:
    """Words of one source, checked and split; the images stay in the source, canvases are cached in the folder.

    Attributes:
        name: its name in the workspace.
        folder: of its table, report and canvases.
        source: the path it was read from.
        reader: "csv", "iam" or "folder"; "zip/csv" and so on for zips.
        description: the content of `dataset.json`: counts, notes, kind of split.
        table: the good rows, with the columns of `COLUMNS`, corrections of transcriptions applied.
        corrected_ids: the ids of the words that they changed.
    """

    def __init__(self, folder: Path) -> None:
        import pandas as pd

        self.folder = folder
        self.description = read_description(folder)
        self.name: str = folder.name
        self.source = str(resolved_path(self.description["source"]))
        self.reader: str = self.description["reader"]
        try:
            stored = pd.read_parquet(folder / TABLE)
        except Exception as error:  # Arrow raises almost anything on damaged files
            raise _damaged(folder, TABLE, error) from error
        self._contents = stored["content"]
        self.table: pd.DataFrame
        self.table, self.corrected_ids = self.label_corrections.apply(stored[COLUMNS])
        self._report: pd.DataFrame | None = None
        self._source: Source | None = None

    def __len__(self) -> int:
        return len(self.table)

    def __getstate__(self) -> JsonObject:
        return {**self.__dict__, "_source": None}  # an open zip cannot be pickled

    @property
    def label_corrections(self) -> LabelCorrections:
        """Those of the current workspace: a data set that several see may be open once for all of them."""
        return LabelCorrections(self.name)

    @property
    def is_shared(self) -> bool:
        """Whether it is of a shared workspace: it cannot be removed."""
        return is_shared(self.folder)

    @property
    def content_key(self) -> str:
        """A digest of every image's name and bytes: `(content_key, row)` is a cache key of an image."""
        return str(self.description["content"])

    @property
    def notes(self) -> list[str]:
        """Sentences on how it was read and split."""
        return list(self.description["notes"])

    @property
    def report(self) -> pd.DataFrame:
        """Every row with a problem: row, word_id, image, problem, severity, reason; `DataError` where damaged."""
        import pandas as pd

        if self._report is None:
            try:
                self._report = pd.read_parquet(self.folder / REPORT)
            except Exception as error:  # Arrow raises almost anything on damaged files
                raise _damaged(self.folder, REPORT, error) from error
        return self._report

    @property
    def counts(self) -> dict[str, int]:
        """Problem -> number of rows, the commonest first."""
        return {str(name): int(count) for name, count in self.report["problem"].value_counts().items()}

    def report_csv(self) -> bytes:
        """The report for download: UTF-8 with a byte order mark, so that spreadsheets show its accents."""
        return report_csv(self.report)

    def image(self, index: int) -> np.ndarray:
        """The image of a row, `(H, W)` uint8 grey, or `ImageError` if it is gone."""
        from hwr_core.imaging import read_image

        name = str(self.table["image"].iloc[index])
        return read_image(self._open_source().open(name), name)

    def sample(self, index: int) -> Sample:
        """A row as a `Sample`."""
        values = self.table.iloc[index]
        return Sample(**{name: values[name] for name in COLUMNS[:6]}, row=int(values["row"]))

    def part(self, split: str) -> np.ndarray:
        """The row numbers of a part, in order."""
        if split not in PARTS:
            raise DataError(f"There is no part {split!r}. Known: {', '.join(PARTS)}.")
        return np.flatnonzero((self.table["split"] == split).to_numpy(bool))

    def canvases(self, config: CanvasConfig | None = None, progress: OnProgress | None = None) -> np.ndarray:
        """Every row's canvas, memory-mapped; prepared once for each canvas configuration.

        Args:
            config: the canvas's size.
            progress: called as `progress("Preparing images", step, steps)` while they are prepared.

        Returns:
            `(N, H, W)` uint8, 0 paper to 255 ink, read-only; row i belongs to row i of `table`.

        Raises:
            DataError: images have gone or changed since the data set was added.
        """
        config = config or CanvasConfig()
        path = self.folder / canvas_key(self.content_key, config)
        if not path.exists():
            self._prepare_canvases(path, config, progress or ignore_progress)
        return np.load(path, mmap_mode="r")

    def _prepare_canvases(self, path: Path, config: CanvasConfig, progress: OnProgress) -> None:
        names = self.table["image"].tolist()
        changed = 0
        first = ""
        progress("Preparing images", 0, len(names))
        with CanvasFile(path, config) as file:
            for step, prepared in enumerate(prepare_all(self._open_source(), names, config), start=1):
                if prepared.canvas is None or prepared.content != self._contents.iloc[step - 1]:
                    changed += 1
                    first = first or prepared.reason or f"{names[step - 1]} is another image now"
                else:
                    file.append(prepared.canvas)
                progress("Preparing images", step, len(names))
            if changed:
                raise DataError(
                    f"{changed:,} images of {self.name} have changed since it was added "
                    f"({first.rstrip('.')}). Remove the data set and add it again."
                )
            file.finish()
        remove_older_caches(path)

    def _open_source(self) -> Source:
        if self._source is None:
            path = resolved_path(self.description["pictures"])
            # With a folder that is gone, each image has its own error.
            self._source = open_source(path) if path.exists() else FolderSource(path)
        return self._source


def read_description(folder: Path) -> JsonObject:
    """The content of `dataset.json`, with every key that a data set needs, each of its type.

    Paths in it are those of `workspace.stored_path`.

    Raises:
        DataError: there is no data set, one of its small files is damaged, or it is of another version.
    """
    try:
        values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"There is no data set {folder.name}. Add it on the Data page, or give a path.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, DESCRIPTION, error) from error
    if not isinstance(values, dict) or "format_version" not in values:
        raise _damaged(folder, DESCRIPTION, "it is no description of a data set")
    if values["format_version"] != FORMAT_VERSION:
        raise DataError(f"The data set {folder.name} was stored by another version. Remove it and add it again.")
    bad = [name for name in (*TEXTS, *COUNTS, "created", "parts", "notes") if not _is_valid(name, values.get(name))]
    if bad:
        raise _damaged(folder, DESCRIPTION, f"{bad[0]} is missing or of another type")
    _check_table(folder, TABLE, [*COLUMNS, "content"], values["words"])
    _check_table(folder, REPORT, REPORT_COLUMNS, values["problems"])
    return values


def _is_valid(name: str, value: object) -> bool:
    if name in TEXTS:
        return isinstance(value, str)
    if name == "parts":
        return isinstance(value, dict) and all(isinstance(part, str) and _is_count(n) for part, n in value.items())
    if name == "notes":
        return isinstance(value, list) and all(isinstance(note, str) for note in value)
    if name == "created":
        return is_stored_number(value) and 0 <= value < END_OF_TIME
    return _is_count(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and is_stored_number(value) and value >= 0


def _check_table(folder: Path, file: str, columns: list[str], rows: int) -> None:
    """Raise `DataError` unless the footer of a Parquet file lists `rows` rows and the columns with their types."""
    path = folder / file
    try:
        status = path.stat()
        found_rows, types = _footer(path, status.st_size, status.st_mtime_ns)
    except Exception as error:  # Arrow raises almost anything on damaged files
        raise _damaged(folder, file, error) from error
    for name in columns:
        if types.get(name) != ("number" if name in NUMBERS else "text"):
            raise _damaged(folder, file, f"the column {name} is missing or of another type")
    if found_rows != rows:
        raise _damaged(folder, file, f"it has {found_rows:,} rows, {DESCRIPTION} counts {rows:,}")


@lru_cache(maxsize=256)
def _footer(path: Path, size: int, modified_ns: int) -> tuple[int, dict[str, str]]:
    """The number of rows, and column -> "text", "number" or another type's name; 0.1 ms."""
    from pyarrow import parquet, types

    with parquet.ParquetFile(path) as file:
        kinds = {
            field.name: "text"
            if types.is_string(field.type) or types.is_large_string(field.type)
            else "number"
            if types.is_integer(field.type)
            else str(field.type)
            for field in file.schema_arrow
        }
        return file.metadata.num_rows, kinds


def _damaged(folder: Path, file: str, why: Exception | str) -> DataError:
    reason = first_line(why) if isinstance(why, Exception) else why
    return DataError(f"The data set {folder.name} is damaged ({file}: {reason}). Remove it and add it again.")


def report_csv(report: pd.DataFrame) -> bytes:
    """A report as CSV; cells that a spreadsheet would run as a formula are made text."""
    return spreadsheet.to_csv(report, with_mark=True)


def ignore_progress(phase: str, step: int, steps: int) -> None:
    """The progress callback where none is given."""
