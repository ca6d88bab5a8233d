"""`python -m hwr_core.adaptation RUN` adapts a model to a writer as RUN/adaptation.json says."""

import sys

from hwr_core.adaptation.job import run_adaptation
from hwr_core.training.job import main

if __name__ == "__main__":
    sys.exit(main("adaptation", __doc__, run_adaptation))
