"""The job that adds a data set: `python -m hwr_core.datasets FOLDER`."""

from __future__ import annotations

import json
from pathlib import Path

from hwr_core import jobs
from hwr_core.config import CanvasConfig, build
from hwr_core.datasets.store import REQUEST, add_dataset
from hwr_core.errors import DataError
from hwr_core.files import JsonObject
from hwr_core.workspace import resolved_path

PROCESSES = 2


def run_job(folder: Path) -> jobs.Status:
    """Add the data set that `request.json` in the folder describes; returns the last status."""

    def work(progress: jobs.Progress) -> str:
        request = read_request(folder)
        dataset = add_dataset(
            folder.name,
            request["source"],
            request["reader"],
            columns=request["columns"],
            image_root=request["image_root"] or None,
            progress=progress,
            canvas=build(CanvasConfig, request["canvas"]),
            processes=PROCESSES,
        )
        left_out = int(dataset.description["left_out"])
        return f"{len(dataset):,} words are ready; {left_out:,} rows were left out."

    return jobs.run(folder, work, jobs.Endings("The data set could not be added"), phase="Reading the list")


def read_request(folder: Path) -> JsonObject:
    """The request that `start_adding` wrote.

    Raises:
        DataError: it is missing or damaged.
    """
    try:
        request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
        paths = {name: request[name] and str(resolved_path(request[name])) for name in ("source", "image_root")}
        return {name: request[name] for name in ("reader", "columns", "canvas")} | paths
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} holds no request to add a data set ({error}). Add it again.") from error
