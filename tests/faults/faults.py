#!/usr/bin/env python
"""Kill the studio's processes at random moments, fill its disk, take its right to write: `make faults`.

    make faults                       # 200 kills, seed 0
    make faults KILLS=1000 SEED=7

Prints a table, and everything that was lost, damaged or raised; the exit status is 1 where there was something.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import kills
import storage
import whole_workspace
from kills import forked

from hwr_core import jobs


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="processes to kill (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="no trainings and adaptations: without TensorFlow")
    options = parser.parse_args(arguments)
    kills.preload()
    begun, line = time.monotonic(), jobs.ProgressLine()
    with tempfile.TemporaryDirectory(prefix="hwr-faults-") as folder:
        home = Path(folder) / "killed" / "home"
        home.mkdir(parents=True)
        ended, text = forked(lambda: whole_workspace.fill(home))
        if ended or not text.startswith("="):
            raise RuntimeError(f"The workspace cannot be made: {text}")
        rows = kills.run(
            home,
            options.kills,
            options.seed,
            lambda step, steps, kind: line(f"kills ({kind})" if not step else "kills", step, steps),
            line.note,
            slow=not options.quick,
        )
        line.clear()
        print(f"| process | kills | ended before its moment | writes | lost, damaged or raised |\n|{'---|' * 5}")
        for row in rows:
            print(f"| {row.kind} | {row.kills} | {row.outlived} | {row.writes} | {len(row.problems)} |")
        print(f"| all | {sum(row.kills for row in rows)} | | | {sum(len(row.problems) for row in rows)} |\n")
        problems = [problem for row in rows for problem in row.problems]
        print(f"| storage | how | action | ended as | lost, damaged or raised |\n|{'---|' * 5}", flush=True)
        for case in storage.run(Path(folder)):
            ending = case.ending.replace(f"{folder}/storage/home/", "")[:90]
            print(f"| {case.fault} | {case.how} | {case.kind} | {ending} | {len(case.problems)} |", flush=True)
            problems += case.problems
    print(f"\nSeed {options.seed}; {time.monotonic() - begun:.0f} s.")
    print("\n".join(problems))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
