"""`python -m hwr_core.adaptation RUN` adapts a model to a writer as RUN/adaptation.json says."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hwr_core.adaptation.job import run_adaptation
from hwr_core.errors import HwrError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hwr_core.adaptation", description=__doc__)
    parser.add_argument(
        "run", type=Path, help="a folder with config.json and adaptation.json; history and checkpoint go there"
    )
    folder = parser.parse_args().run.resolve()
    try:
        run_adaptation(folder)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
