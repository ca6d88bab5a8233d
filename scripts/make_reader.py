#!/usr/bin/env python
"""Train a shipped model by its recipe: `hwr ship` under the name it has always had."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # works without an installed package

from hwr_core.cli import main

if __name__ == "__main__":
    sys.exit(main(["ship", *sys.argv[1:]]))
