"""`python -m hwr_core.datasets FOLDER`: the job that adds a data set."""

import sys
from pathlib import Path

from hwr_core.datasets.job import run_job

if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1]).resolve()).state != "done")
