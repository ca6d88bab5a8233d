#!/usr/bin/env python
"""Read images of handwritten words: `hwr read` under the name it has always had."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # works without an installed package

from hwr_core.cli import main

if __name__ == "__main__":
    sys.exit(main(["read", *sys.argv[1:]]))
