"""Adapt a model to one writer, from 16 to 200 of their words, in a few minutes.

hwr adapt                                      # the words accepted on the Read page
hwr adapt --words anna.csv --checkpoint models/reader-small
hwr adapt --words iam-words --writer 178       # one writer of a data set
hwr adapt --unread scans/*.png                 # more words of the writer, without transcriptions

A quarter of the words is held back and read before and after; as much of what was learned is taken as reads them
best, and nothing where all of it reads them worse. The model that it starts from stays as it is; the new one is a run
of the workspace and is listed with the models of the app. Exits with 2 where nothing got better.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from hwr_core.config import AdaptationConfig
from hwr_core.errors import HwrError
from hwr_core.recognition.checkpoint import SHIPPED


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="hwr adapt", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", default="my-corrections", help="a data set's name, or a CSV, folder or zip")
    parser.add_argument("--writer", help="whose words of it; all, where left out")
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED / "reader", help="the model to adapt")
    parser.add_argument("--replay", action="append", default=[], metavar="DATA", help="data sets of other writers")
    parser.add_argument(
        "--unread", nargs="+", type=Path, default=[], metavar="IMAGE",
        help="images of more words of the writer: confident readings of them are learned from",
    )  # fmt: skip
    parser.add_argument("--name", default="", help="what the new model is called")
    parser.add_argument("--passes", type=int, default=AdaptationConfig().passes)
    parser.add_argument("--learning-rate", type=float, default=AdaptationConfig().learning_rate)
    parser.add_argument(
        "--sure", type=float, default=AdaptationConfig().sure, help="least confidence in unread words, 0 to 1"
    )
    options = parser.parse_args(arguments)

    from hwr_core.adaptation import new_adaptation, read_result
    from hwr_core.adaptation.job import run_adaptation

    try:
        run = new_adaptation(
            options.checkpoint,
            options.words,
            options.writer,
            replay=tuple(options.replay),
            settings=AdaptationConfig(passes=options.passes, learning_rate=options.learning_rate, sure=options.sure),
            name=options.name,
            unread=read_images(options.unread),
        )
        run_adaptation(run.folder)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    result = read_result(run.folder)
    if result is None:  # stopped
        return 1
    for row in result.readings:
        mark = "  " if row["after"] == row["transcription"] else "x "
        print(f"{mark}{row['transcription']:20} {row['before']:20} {row['after']}")
    was, now = result.others_before, result.others_after
    print(f"{was.words} words of other writers: {was.right} right before, {now.right} after.")
    print(f"The new model: {run.folder / 'checkpoint'} ({result.seconds:.0f} s)")
    return 2 if result.is_worse or result.is_unchanged else 0


def read_images(paths: list[Path]) -> list[np.ndarray]:
    """`(H, W)` uint8 of those that can be read; an error message for each of the others."""
    from hwr_core.imaging import read_image

    images = []
    for path in paths:
        try:
            images.append(read_image(path))
        except HwrError as error:
            print(f"Left out: {error}", file=sys.stderr)
    return images
