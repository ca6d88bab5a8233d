"""A stored data set: a table of good words, the report on the others, and cached canvases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.config import CanvasConfig
from hwr_core.datasets.canvas_cache import CanvasFile, canvas_key, forget_older, prepare_all
from hwr_core.corrections.label_corrections import LabelCorrections
from hwr_core.datasets.sample import PARTS, Sample
from hwr_core.datasets.sources.archive import FolderSource, Source, open_source
from hwr_core.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, int, int], None]  # (phase, step, steps); may raise to stop
DESCRIPTION = "dataset.json"
TABLE = "words.parquet"
REPORT = "report.parquet"
FORMAT_VERSION = 1
COLUMNS = ["word_id", "transcription", "image", "writer", "form", "split", "row", "height", "width"]


class DataSet:
    """Words of one source, checked and split; pictures stay where they are, canvases are kept here.

    Attributes:
        name: its name in the workspace.
        folder: where its table, report and canvases are stored.
        source: the path it was read from.
        reader: "csv", "iam" or "folder"; "zip/csv" and so on for zips.
        description: what `dataset.json` says: counts, notes, how it was split.
        table: the good rows, with the columns of `COLUMNS`, people's corrections of transcriptions applied.
        fixes: those corrections.
        fixed: the ids of the words that they changed.
    """

    def __init__(self, folder: Path) -> None:
        import pandas as pd

        self.folder = folder
        self.description = read_description(folder)
        self.name: str = folder.name
        self.source: str = self.description["source"]
        self.reader: str = self.description["reader"]
        try:
            stored = pd.read_parquet(folder / TABLE)
        except (OSError, ValueError) as error:
            raise DataError(f"The data set {self.name} is damaged ({TABLE}): {error}. Add it again.") from error
        self._contents = stored["content"]
        self.fixes = LabelCorrections(self.name)
        self.table: pd.DataFrame
        self.table, self.fixed = self.fixes.overlay(stored[COLUMNS])
        self._report: pd.DataFrame | None = None
        self._pictures: Source | None = None

    def __len__(self) -> int:
        return len(self.table)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pictures": None}  # an open zip does not travel to another process

    @property
    def notes(self) -> list[str]:
        """What a person should know about how it was read and split, in sentences."""
        return list(self.description["notes"])

    @property
    def report(self) -> pd.DataFrame:
        """Every row with a problem: row, word_id, image, problem, severity, reason."""
        import pandas as pd

        if self._report is None:
            self._report = pd.read_parquet(self.folder / REPORT)
        return self._report

    @property
    def counts(self) -> dict[str, int]:
        """Problem -> number of rows, the commonest first."""
        return {str(name): int(count) for name, count in self.report["problem"].value_counts().items()}

    def report_csv(self) -> bytes:
        """The report for download: UTF-8 with a mark, so that spreadsheets show its accents."""
        return report_csv(self.report)

    def picture(self, index: int) -> np.ndarray:
        """The picture of a row, `(H, W)` uint8 grey, or `ImageError` if it is gone."""
        from hwr_core.imaging import read_picture

        name = str(self.table["image"].iloc[index])
        return read_picture(self._source().open(name), name)

    def sample(self, index: int) -> Sample:
        """A row as a `Sample`."""
        values = self.table.iloc[index]
        return Sample(**{name: values[name] for name in COLUMNS[:6]}, row=int(values["row"]))

    def part(self, split: str) -> np.ndarray:
        """The row numbers of a part, in order."""
        if split not in PARTS:
            raise DataError(f"There is no part {split!r}. Known: {', '.join(PARTS)}.")
        return np.flatnonzero((self.table["split"] == split).to_numpy(bool))

    def canvases(self, config: CanvasConfig | None = None, progress: Progress | None = None) -> np.ndarray:
        """Every row's canvas, memory-mapped; made once for each size and kept.

        Args:
            config: the canvas's size.
            progress: called as `progress("Preparing pictures", step, steps)` while they are made.

        Returns:
            `(N, H, W)` uint8, 0 paper to 255 ink, read-only; row i belongs to row i of `table`.

        Raises:
            DataError: pictures have gone or changed since the data set was added.
        """
        config = config or CanvasConfig()
        path = self.folder / canvas_key(self.description["content"], config)
        if not path.exists():
            self._make_canvases(path, config, progress or _quiet)
        return np.load(path, mmap_mode="r")

    def _make_canvases(self, path: Path, config: CanvasConfig, progress: Progress) -> None:
        names = self.table["image"].tolist()
        changed = 0
        first = ""
        progress("Preparing pictures", 0, len(names))
        with CanvasFile(path, config) as file:
            for step, prepared in enumerate(prepare_all(self._source(), names, config), start=1):
                if prepared.canvas is None or prepared.content != self._contents.iloc[step - 1]:
                    changed += 1
                    first = first or prepared.reason or f"{names[step - 1]} is another picture now"
                else:
                    file.append(prepared.canvas)
                progress("Preparing pictures", step, len(names))
            if changed:
                raise DataError(
                    f"{changed:,} pictures of {self.name} have changed since it was added "
                    f"({first.rstrip('.')}). Remove the data set and add it again."
                )
            file.finish()
        forget_older(path)

    def _source(self) -> Source:
        if self._pictures is None:
            path = Path(self.description["pictures"])
            # A folder that is gone is told picture by picture.
            self._pictures = open_source(path) if path.exists() else FolderSource(path)
        return self._pictures


def read_description(folder: Path) -> dict[str, Any]:
    """What `dataset.json` says, or `DataError`."""
    try:
        values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"There is no data set {folder.name}. Add it on the Data page, or give a path.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"The data set {folder.name} is damaged ({DESCRIPTION}): {error}. Add it again.") from error
    if not isinstance(values, dict) or values.get("format_version") != FORMAT_VERSION:
        raise DataError(f"The data set {folder.name} was stored by another version. Remove it and add it again.")
    return values


def report_csv(report: pd.DataFrame) -> bytes:
    """A report as CSV; cells that a spreadsheet would run as a formula are made text."""
    safe = report.copy()
    for name in ("word_id", "image", "reason"):
        cells = safe[name].astype("str")
        safe[name] = cells.mask(cells.str.match(r"[=+\-@\t\r]"), "'" + cells)
    return safe.to_csv(index=False).encode("utf-8-sig", "replace")


def _quiet(phase: str, step: int, steps: int) -> None:
    """The progress that nobody follows."""
