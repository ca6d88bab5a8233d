#!/usr/bin/env python
"""Teach a reader one person's hand, from 16 to 200 of its words, in a few minutes.

python scripts/adapt.py                                      # the words accepted on the Read page
python scripts/adapt.py --words anna.csv --checkpoint models/reader-small
python scripts/adapt.py --words iam-words --writer 178       # one writer of a data set
python scripts/adapt.py --unread scans/*.png                 # more words of the hand, which nobody has read

A quarter of the words is held back and read before and after; as much of what was learned is taken as reads them
best, and nothing where all of it reads them worse. The reader that it starts from is kept; the new one is a run of
the workspace and stands among the readers of the app. Exits with 2 where nothing got better.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hwr_core.config import AdaptationConfig  # noqa: E402
from hwr_core.errors import HwrError  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", default="my-corrections", help="a data set's name, or a CSV, folder or zip")
    parser.add_argument("--writer", help="whose words of it; all, where left out")
    parser.add_argument("--checkpoint", type=Path, default=ROOT / "models" / "reader", help="the reader to teach")
    parser.add_argument("--replay", action="append", default=[], metavar="DATA", help="data sets of other hands")
    parser.add_argument(
        "--unread", nargs="+", type=Path, default=[], metavar="IMAGE",
        help="pictures of more words of the hand: it learns from its own readings of those that it is sure of",
    )  # fmt: skip
    parser.add_argument("--name", default="", help="what the new reader is called")
    parser.add_argument("--passes", type=int, default=AdaptationConfig().passes)
    parser.add_argument("--learning-rate", type=float, default=AdaptationConfig().learning_rate)
    parser.add_argument("--sure", type=float, default=AdaptationConfig().sure, help="how sure of unread words, 0 to 1")
    options = parser.parse_args(arguments)

    from hwr_core.adaptation import new_adaptation, read_result
    from hwr_core.adaptation.job import run_adaptation

    try:
        settings = AdaptationConfig(passes=options.passes, learning_rate=options.learning_rate, sure=options.sure)
        run = new_adaptation(
            options.checkpoint,
            options.words,
            options.writer,
            replay=tuple(options.replay),
            settings=settings,
            name=options.name,
            unread=pictures_of(options.unread),
        )
        run_adaptation(run.folder)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    taught = read_result(run.folder)
    if taught is None:  # stopped
        return 1
    for row in taught.readings:
        mark = "  " if row["after"] == row["transcription"] else "x "
        print(f"{mark}{row['transcription']:20} {row['before']:20} {row['after']}")
    was, now = taught.others_before, taught.others_after
    print(f"{was.words} words of other hands: {was.right} right before, {now.right} after.")
    print(f"The new reader: {run.folder / 'checkpoint'} ({taught.seconds:.0f} s)")
    return 2 if taught.is_worse or taught.is_untouched else 0


def pictures_of(paths: list[Path]) -> list[Any]:
    """`(H, W)` uint8 of those that can be read; of each other one it is said why not."""
    from hwr_core.imaging import read_picture

    found = []
    for path in paths:
        try:
            found.append(read_picture(path))
        except HwrError as error:
            print(f"Left out: {error}", file=sys.stderr)
    return found


if __name__ == "__main__":
    sys.exit(main())
