"""Adding a data set: read the list, check texts, open every image once, split, store."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from hwr_core import limits
from hwr_core.config import CanvasConfig
from hwr_core.datasets.canvas_cache import CanvasFile, canvas_key, content_digest, prepare_all
from hwr_core.datasets.checks import PIXELS_PER_FRAME, check_contents, check_sizes, check_texts, report_table
from hwr_core.datasets.dataset import FORMAT_VERSION, REPORT, TABLE, DataSet, report_csv
from hwr_core.datasets.names import DESCRIPTION
from hwr_core.datasets.sample import LEFT_OUT, PARTS, Listing, Sample, summary_of
from hwr_core.datasets.sources.detect import list_file, read_source
from hwr_core.datasets.split import Split, assign_parts
from hwr_core.errors import DataError
from hwr_core.files import replacing, sweep_temporary, write_text
from hwr_core.jobs.runner import OnProgress
from hwr_core.workspace import stored_path


def build_dataset(
    folder: Path,
    source: Path,
    *,
    reader: str,
    columns: dict[str, str],
    image_root: Path | None,
    canvas: CanvasConfig,
    progress: OnProgress,
    processes: int = 0,
) -> DataSet:
    """Read, check, split and store a data set in `folder`; `dataset.json` is written last and makes it complete.

    Raises:
        DataError: the source cannot be read, or has no good row; `report.csv` in the folder lists the reasons.
    """
    progress("Reading the list", 0, 1)
    stamp = source_stamp(source)  # first, so that a source that changes while it is read counts as changed
    listing = read_source(source, reader, columns, image_root)
    try:
        most = limits.current().dataset_words
        if len(listing.samples) > most:
            raise DataError(
                f"{source.name} lists {len(listing.samples):,} words, a data set here has at most {most:,}. "
                "Make several of it, or leave some out."
            )
        samples = check_texts(listing, canvas.width // PIXELS_PER_FRAME)
        progress("Reading the list", 1, 1)
        folder.mkdir(parents=True, exist_ok=True)
        sweep_temporary(folder)
        table = _prepare_images(folder, samples, listing, canvas, progress=progress, processes=processes)
    finally:
        listing.source.close()
    progress("Storing", 0, 1)
    report = report_table(listing.problems)
    _write(report, folder / REPORT)
    split = assign_parts(table)
    table["split"] = split.parts
    _write(table.astype({"split": "str"}), folder / TABLE)
    description = _describe(table, listing, split) | {
        "source": stored_path(source),
        "stamp": stamp,
        "image_root": stored_path(image_root) if image_root else "",
        "canvas": asdict(canvas),
    }
    write_text(folder / DESCRIPTION, json.dumps(description, indent=1, ensure_ascii=False))
    progress("Storing", 1, 1)
    return DataSet(folder)


def source_stamp(source: Path) -> str:
    """A text that changes with the list (or the zip); for a folder of named images, with their names."""
    path = list_file(source)
    if path.is_file():
        status = path.stat()
        return f"{status.st_size} {status.st_mtime_ns}"
    from hwr_core.datasets.sources.archive import FolderSource

    source_names = FolderSource(path).names()
    lists = [name for name in source_names if name.lower().endswith((".csv", ".tsv", ".txt", ".lst", ".uttlist"))]
    stats = [(path / name).stat() for name in lists if (path / name).is_file()]
    sizes = [f"{status.st_size} {status.st_mtime_ns}" for status in stats]
    return content_digest(source_names, source_names) + content_digest(sizes, sizes)


def _prepare_images(
    folder: Path,
    samples: list[Sample],
    listing: Listing,
    canvas: CanvasConfig,
    *,
    progress: OnProgress,
    processes: int,
) -> pd.DataFrame:
    """The table of samples whose image is good; writes their canvases."""
    good: list[Sample] = []
    heights: list[int] = []
    widths: list[int] = []
    contents: list[str] = []
    progress("Preparing images", 0, len(samples))
    with CanvasFile(folder / "canvases", canvas) as file:
        names = [sample.image for sample in samples]
        images = prepare_all(listing.source, names, canvas, processes)
        for step, (sample, prepared) in enumerate(zip(samples, images, strict=True), start=1):
            if prepared.canvas is None:
                listing.leave_out(sample, prepared.problem, prepared.reason)
            else:
                file.append(prepared.canvas)
                good.append(sample)
                heights.append(prepared.height)
                widths.append(prepared.width)
                contents.append(prepared.content)
            progress("Preparing images", step, len(samples))
        if not good:
            _refuse(folder, listing)
        content = content_digest([sample.image for sample in good], contents)
        file.finish(folder / canvas_key(content, canvas))
    table = _table(good, heights, widths, contents)
    listing.problems += check_contents(good, contents)
    listing.problems += check_sizes(table)
    return table


def _table(good: list[Sample], heights: list[int], widths: list[int], contents: list[str]) -> pd.DataFrame:
    texts = ("word_id", "transcription", "image", "writer", "form", "split")
    columns = {name: pd.array([getattr(s, name) for s in good], dtype="str") for name in texts}
    numbers = {"row": [sample.row for sample in good], "height": heights, "width": widths}
    return pd.DataFrame({**columns, **numbers, "content": pd.array(contents, dtype="str")})


def _refuse(folder: Path, listing: Listing) -> None:
    write_text(folder / "report.csv", report_csv(report_table(listing.problems)).decode("utf-8-sig"))
    left_out = [problem for problem in listing.problems if problem.severity == LEFT_OUT]
    if not left_out:
        raise DataError("The data set has no rows. Expected a row for each word below the header.")
    reasons = f"{summary_of(left_out)}. The first: {left_out[0].reason}"
    raise DataError(f"None of the {len(left_out):,} rows can be used: {reasons}")


def _describe(table: pd.DataFrame, listing: Listing, split: Split) -> dict[str, object]:
    counts = table["split"].value_counts()
    parts = {part: int(counts[part]) for part in PARTS if part in counts}
    return {
        "format_version": FORMAT_VERSION,
        "reader": listing.reader,
        "pictures": stored_path(listing.source.path),
        "columns": listing.columns,
        "created": time.time(),
        "words": len(table),
        "writers": int(table["writer"].mask(table["writer"] == "").nunique()),
        "parts": parts,
        "split_by": split.by,
        "problems": len(listing.problems),
        "left_out": sum(problem.severity == LEFT_OUT for problem in listing.problems),
        "notes": listing.notes + split.notes,
        "content": content_digest(table["image"].tolist(), table["content"].tolist()),
    }


def _write(table: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
