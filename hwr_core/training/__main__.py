"""`python -m hwr_core.training RUN` trains what RUN/config.json says, or resumes it."""

import sys

from hwr_core.training.job import main, run_training

if __name__ == "__main__":
    sys.exit(main("training", __doc__, run_training))
