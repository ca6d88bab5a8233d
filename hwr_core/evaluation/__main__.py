"""`python -m hwr_core.evaluation CHECKPOINT DATA --split validation` prints a table and writes JSON and CSV."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from hwr_core import jobs
from hwr_core.data import PARTS, resolve
from hwr_core.errors import HwrError, JobError
from hwr_core.evaluation import store
from hwr_core.evaluation.job import TimeLeft, measure, run_job
from hwr_core.evaluation.measure import Evaluation

STOPPED = 130  # what shells expect of Ctrl-C


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hwr_core.evaluation",
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
        "--option", action="append", default=[], metavar="NAME=VALUE", help="of reading, such as language=en"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) == 1 and (Path(arguments[0]) / store.REQUEST).is_file():
        return run_job(Path(arguments[0]).resolve())
    options = command_line().parse_args(arguments)
    line = ProgressLine()
    try:
        request = request_of(options, line)
        target = store.stored(request)
        if target.is_done and not options.again:
            evaluation = target.evaluation()
            line.note(f"Measured {time.ctime(target.measured)}; nothing has changed since. --again reads once more.")
        else:
            evaluation = measure(request, line)
            line.clear()
            store.save(request, evaluation, target)
        print(evaluation.table())
        write(evaluation, options.json, options.readings)
    except HwrError as error:
        line.note(str(error))
        return 1
    except KeyboardInterrupt:
        line.note("Stopped; nothing was written.")
        return STOPPED
    line.note(f"Kept in {target.folder}.")
    return 0


def request_of(options: argparse.Namespace, progress: ProgressLine) -> store.Request:
    """What the command line asks for; data sets given as files are added to the workspace."""
    pairs = [option.partition("=") for option in options.option]
    if not all(equals and name for name, equals, _ in pairs):
        raise JobError("--option takes a name and a value, such as --option language=en.")
    return store.Request(
        str(options.checkpoint),
        tuple(resolve(source, progress).name for source in options.data),
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


def write(evaluation: Evaluation, figures: Path | None, readings: Path | None) -> None:
    """Write the files that were asked for, each whole or not at all."""
    readings = readings or (figures.with_suffix(".csv") if figures else None)
    try:
        if readings:
            jobs.write_text(readings, store.readings_csv(evaluation))
        if figures:
            jobs.write_text(figures, json.dumps(evaluation.report(), indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise JobError(
            f"{error.filename or figures} cannot be written ({error.strerror}). Give another path."
        ) from error


class ProgressLine:
    """Progress with the time left: one line that changes on a terminal, a line every ten seconds elsewhere."""

    def __init__(self) -> None:
        self._left = TimeLeft()
        self._shown = time.monotonic()
        self._width = 0
        self._live = sys.stderr.isatty()

    def __call__(self, phase: str, step: int, steps: int) -> None:
        left, now = self._left(phase, step, steps), time.monotonic()
        if now - self._shown < (0.1 if self._live else 10):
            return
        self._shown = now
        text = f"{phase} {step:,} of {steps:,}" if steps else phase
        if left is not None:
            text += f", {int(left) // 60}:{int(left) % 60:02d} left"
        if self._live:
            print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)
            self._width = 0

    def note(self, sentence: str) -> None:
        self.clear()
        print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
