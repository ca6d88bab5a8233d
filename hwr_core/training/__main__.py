"""`python -m hwr_core.training RUN` trains what RUN/config.json says, or resumes it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hwr_core.errors import HwrError
from hwr_core.training.job import run_training


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hwr_core.training", description=__doc__)
    parser.add_argument("run", type=Path, help="a folder with config.json; its history and checkpoint go there")
    folder = parser.parse_args().run.resolve()
    try:
        run_training(folder)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
