"""`hwr evaluate CHECKPOINT DATA --split validation` prints a table and writes JSON and CSV."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

from hwr_core import jobs
from hwr_core.config import read_json
from hwr_core.datasets import PARTS, open_dataset, open_or_add
from hwr_core.errors import HwrError, JobError
from hwr_core.evaluation import store
from hwr_core.evaluation.fit_calibration import calibrate, markdown_table
from hwr_core.evaluation.job import measure
from hwr_core.evaluation.metrics import Evaluation
from hwr_core.files import write_text

STOPPED = 130  # what shells expect of Ctrl-C
BOTH = "both"
NAMES = {"none": "letter by letter, no language", "auto": "with the languages of models/language"}


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hwr evaluate",
        description="Read the words of data sets with a checkpoint and say how well that went.",
    )
    parser.add_argument("checkpoint", type=Path, help="a checkpoint folder, such as models/reader-small")
    parser.add_argument("data", nargs="+", help="names of data sets, or CSV files, folders or zips")
    parser.add_argument("--split", default="validation", choices=PARTS)
    parser.add_argument("--most", type=int, default=0, help="so many words of each data set at most, drawn at random")
    parser.add_argument("--json", type=Path, help="write the figures here too, and the readings beside it as CSV")
    parser.add_argument("--readings", type=Path, help="write the readings to this CSV")
    parser.add_argument("--again", action="store_true", help="read again, even where nothing has changed")
    parser.add_argument(
        "--language",
        default=BOTH,
        help="both (the default: without a language and with), none, auto, or a code such as en",
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="fit the confidences on these words first, and write the fit into the checkpoint",
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="of reading, such as views=3"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = command_line().parse_args(arguments)
    line = jobs.ProgressLine()
    try:
        if options.calibrate:
            print("\n".join([*calibrated(options, line), ""]))
        evaluations = {
            way: measured(request, options.again, line) for way, request in requests_of(options, line).items()
        }
        print("\n\n".join([beside(evaluations)] * (len(evaluations) > 1) + [list(evaluations.values())[-1].table()]))
        write(evaluations, options.json, options.readings)
    except HwrError as error:
        line.note(str(error))
        return 1
    except KeyboardInterrupt:
        line.note("Stopped; nothing was written of it.")
        return STOPPED
    return 0


def calibrated(options: argparse.Namespace, line: jobs.ProgressLine) -> list[str]:
    datasets = [open_dataset(open_or_add(source, line).name) for source in options.data]
    found = markdown_table(
        calibrate(options.checkpoint, datasets, options.split, max_words=options.most, progress=line)
    )
    line.clear()
    return found


def measured(request: store.Request, again: bool, line: jobs.ProgressLine) -> Evaluation:
    """Read and count, or take what is kept of the very same."""
    target = store.stored(request)
    if target.is_done and not again:
        line.note(f"Measured {time.ctime(target.measured)}; nothing has changed since. --again reads once more.")
        return target.evaluation()
    evaluation = measure(request, line)
    line.clear()
    store.save(request, evaluation, target)
    line.note(f"Kept in {target.folder}.")
    return evaluation


def requests_of(options: argparse.Namespace, line: jobs.ProgressLine) -> dict[str, store.Request]:
    """One request for each way of reading; with languages is the default of a recognizer."""
    request = request_of(options, line)
    if "language" in request.read_options or not reads_letters(options.checkpoint):
        return {"": request}
    ways = ["none", "auto"] if options.language == BOTH else [options.language]
    extra = {way: {} if way == "auto" else {"language": way} for way in ways}
    return {way: replace(request, read_options={**request.read_options, **extra[way]}) for way in ways}


def reads_letters(checkpoint: Path) -> bool:
    """Whether languages have a say: not with `dual`, whose own they are."""
    try:
        return read_json(checkpoint / "config.json")["model"]["name"] != "dual"
    except (HwrError, KeyError, TypeError):
        return True  # what is wrong with it is said when it is opened


def beside(evaluations: dict[str, Evaluation]) -> str:
    """The headline of each way of reading, as Markdown."""
    rows = [f"| {NAMES.get(way, way)} | {one.cer} | {one.word_accuracy} |" for way, one in evaluations.items()]
    return "\n".join(["| reading | CER | words right |", "|---|---|---|", *rows])


def request_of(options: argparse.Namespace, progress: jobs.ProgressLine) -> store.Request:
    """What the command line asks for; data sets given as files are added to the workspace."""
    pairs = [option.partition("=") for option in options.option]
    if not all(equals and name for name, equals, _ in pairs):
        raise JobError("--option takes a name and a value, such as --option views=3.")
    return store.Request(
        str(options.checkpoint),
        tuple(open_or_add(source, progress).name for source in options.data),
        options.split,
        options.most,
        {name: plain(value) for name, _, value in pairs},
    )


def plain(text: str) -> object:
    """A value as JSON has it, else the text itself.

    Example:
        >>> plain("5"), plain("en"), plain("true")
        (5, 'en', True)
    """
    try:
        return json.loads(text)
    except ValueError:
        return text


def write(evaluations: dict[str, Evaluation], figures: Path | None, readings: Path | None) -> None:
    """Write the requested files, each whole or not at all: of the last way; `ways` has all headlines."""
    readings = readings or (figures.with_suffix(".csv") if figures else None)
    evaluation = list(evaluations.values())[-1]
    report = evaluation.report() | {"ways": {way: one.to_dict() for way, one in evaluations.items()}}
    try:
        if readings:
            write_text(readings, store.readings_csv(evaluation))
        if figures:
            write_text(figures, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise JobError(
            f"{error.filename or figures} cannot be written ({error.strerror}). Give another path."
        ) from error
