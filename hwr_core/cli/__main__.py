"""`python -m hwr_core.cli` is `hwr`."""

import sys

from hwr_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
