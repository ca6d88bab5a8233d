"""`python -m hwr_core.datasets FOLDER` is the job that adds a data set; people use `add`, `list`, `remove`, `pack`."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from hwr_core import jobs
from hwr_core.config import CanvasConfig, build
from hwr_core.datasets.pack import PIECE_MB, pack, unpack
from hwr_core.datasets.sources.detect import READERS
from hwr_core.datasets.store import REQUEST, add_dataset, list_datasets, open_dataset, remove_dataset
from hwr_core.errors import DataError, HwrError

WRITE_EVERY = 0.5  # seconds between two writes of the status
PROCESSES = 2


class StopAskedError(Exception):
    """Someone asked the job to stop."""


class Reporter:
    """Turns progress into `status.json`: at most twice a second, with the time left of the current phase."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.status = jobs.begin(folder, "Reading the list")
        self._phase_began = time.time()
        self._written = 0.0

    def __call__(self, phase: str, step: int, steps: int) -> None:
        now = time.time()
        if phase != self.status.phase:
            self._phase_began = now
            self._written = 0.0
        self.status.phase, self.status.step, self.status.steps = phase, step, steps
        if now - self._written < WRITE_EVERY:
            return
        self._written = now
        elapsed = now - self._phase_began
        self.status.seconds_left = elapsed / step * (steps - step) if step and elapsed > 1 else None
        jobs.write_status(self.folder, self.status)
        if jobs.stop_requested(self.folder):
            raise StopAskedError

    def end(self, state: jobs.State, message: str) -> None:
        self.status.state, self.status.message, self.status.seconds_left = state, message, None
        jobs.write_status(self.folder, self.status)


def run_job(folder: Path) -> int:
    """Add the data set that `request.json` in the folder describes; returns the exit status."""
    reporter = Reporter(folder)
    try:
        request = read_request(folder)
        dataset = add_dataset(
            folder.name,
            request["source"],
            request["reader"],
            columns=request["columns"],
            image_root=request["image_root"] or None,
            progress=reporter,
            canvas=build(CanvasConfig, request["canvas"]),
            processes=PROCESSES,
        )
    except StopAskedError:
        reporter.end("stopped", "Stopped as asked; nothing was kept. Start it again to begin anew.")
        return 1
    except HwrError as error:
        reporter.end("failed", str(error))
        return 1
    except Exception as error:
        traceback.print_exc()
        reporter.end("failed", f"The data set could not be added ({error}). The log says more.")
        return 1
    left_out = int(dataset.description["left_out"])
    reporter.end("done", f"{len(dataset):,} words are ready; {left_out:,} rows were left out.")
    return 0


def read_request(folder: Path) -> dict:
    """The request that `start_adding` wrote, or `DataError`."""
    try:
        request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
        return {name: request[name] for name in ("source", "reader", "columns", "image_root", "canvas")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} holds no request to add a data set ({error}). Add it again.") from error


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hwr_core.datasets", description="The data sets of this workspace.")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="read, check, split and store a data set")
    add.add_argument("name")
    add.add_argument("source", type=Path, help="a folder, a CSV file, an IAM list or a zip")
    add.add_argument("--reader", choices=READERS, default="auto")
    add.add_argument("--column", action="append", default=[], metavar="OURS=THEIRS", help="transcription=Text")
    add.add_argument("--images", type=Path, help="the folder or zip of the pictures, if not beside the list")
    commands.add_parser("list", help="show the stored data sets")
    commands.add_parser("remove", help="remove a stored data set; its source stays").add_argument("name")
    pack = commands.add_parser("pack", help="write data sets as compact files, to be trained on elsewhere")
    pack.add_argument("folder", type=Path)
    pack.add_argument("names", nargs="+", metavar="NAME")
    pack.add_argument("--piece-mb", type=float, default=PIECE_MB, help="largest file, in MiB (default: %(default)s)")
    unpack = commands.add_parser("unpack", help="store the data sets that pack wrote")
    unpack.add_argument("folder", type=Path)
    return parser


def show_progress(phase: str, step: int, steps: int) -> None:
    if step == steps or step % 100 == 0:
        print(f"\r{phase} {step:,} of {steps:,}", end="\n" if step == steps else "", file=sys.stderr, flush=True)


def add(arguments: argparse.Namespace) -> None:
    pairs = [column.partition("=") for column in arguments.column]
    if not all(equals and theirs for _, equals, theirs in pairs):
        raise DataError("--column takes our name and yours, such as --column transcription=Text.")
    columns = {ours: theirs for ours, _, theirs in pairs}
    dataset = add_dataset(
        arguments.name,
        arguments.source,
        arguments.reader,
        columns=columns,
        image_root=arguments.images,
        progress=show_progress,
        processes=PROCESSES,
    )
    parts = ", ".join(f"{count:,} {part}" for part, count in dataset.description["parts"].items())
    print(f"{dataset.name}: {len(dataset):,} words ({parts}), split by {dataset.description['split_by']}.")
    for note in dataset.notes:
        print(f"  {note}")
    for problem, count in dataset.counts.items():
        first = dataset.report[dataset.report["problem"] == problem].iloc[0]
        print(f"  {count:,} {problem} ({first['severity']}), for example: {first['reason']}")


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) == 1 and (Path(arguments[0]) / REQUEST).is_file():
        return run_job(Path(arguments[0]).resolve())
    parsed = command_line().parse_args(arguments)
    try:
        if parsed.command == "add":
            add(parsed)
        elif parsed.command == "pack":
            for name in parsed.names:
                files = pack(open_dataset(name), parsed.folder, piece_mb=parsed.piece_mb, progress=show_progress)
                size = sum(path.stat().st_size for path in files) / 2**20
                print(f"{name}: {len(files)} files, {size:.1f} MiB in {parsed.folder}")
        elif parsed.command == "unpack":
            print(f"Ready: {', '.join(unpack(parsed.folder, show_progress))}")
        elif parsed.command == "remove":
            remove_dataset(parsed.name)
            print(f"{parsed.name} was removed; the files it was read from were not touched.")
        else:
            for info in list_datasets():
                what = f"{info.words:,} words of {info.writers:,} writers" if info.is_ready else "not ready"
                print(f"{info.name}: {what}, from {info.source}")
    except HwrError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing was kept.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
