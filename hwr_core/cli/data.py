"""`hwr data`: add, list, remove, pack and unpack data sets of the workspace."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hwr_core import jobs
from hwr_core.datasets.job import PROCESSES
from hwr_core.datasets.pack import PIECE_MB, pack, unpack
from hwr_core.datasets.sources.detect import READERS
from hwr_core.datasets.store import add_dataset, list_datasets, open_dataset, remove_dataset
from hwr_core.errors import DataError, HwrError


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hwr data", description="The data sets of this workspace.")
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
        progress=jobs.ProgressLine(),
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
    parsed = command_line().parse_args(arguments)
    try:
        if parsed.command == "add":
            add(parsed)
        elif parsed.command == "pack":
            for name in parsed.names:
                files = pack(open_dataset(name), parsed.folder, piece_mb=parsed.piece_mb, progress=jobs.ProgressLine())
                size = sum(path.stat().st_size for path in files) / 2**20
                print(f"{name}: {len(files)} files, {size:.1f} MiB in {parsed.folder}")
        elif parsed.command == "unpack":
            print(f"Ready: {', '.join(unpack(parsed.folder, jobs.ProgressLine()))}")
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
