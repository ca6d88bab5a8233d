"""`python -m hwr_core.evaluation CHECKPOINT DATA --split validation` prints a table and writes JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hwr_core.data import resolve
from hwr_core.errors import HwrError
from hwr_core.evaluation.measure import evaluate
from hwr_core.inference import Recognizer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hwr_core.evaluation", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a checkpoint folder, such as models/starter")
    parser.add_argument("data", help="a data set's name, or a CSV, folder or zip")
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--most", type=int, default=0, help="read the first so many words only")
    parser.add_argument("--json", type=Path, help="write the figures there (default: benchmarks/out/NAME-DATA.json)")
    parser.add_argument("--readings", type=Path, help="write every reading to this CSV")
    options = parser.parse_args(arguments)
    try:
        recognizer = Recognizer.load(options.checkpoint)
        dataset = resolve(options.data)
        result = evaluate(recognizer, dataset, options.split, most=options.most, progress=show)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    print(result.table())
    target = options.json or Path("benchmarks/out") / f"{result.checkpoint}-{result.dataset}-{options.split}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result.to_dict(), indent=1) + "\n", encoding="utf-8")
    if options.readings:
        result.readings.to_csv(options.readings, index=False)
    return 0


def show(phase: str, step: int, steps: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{phase} {step:,}/{steps:,} ", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
