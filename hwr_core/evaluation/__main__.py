"""`python -m hwr_core.evaluation FOLDER`: the job that measures a checkpoint."""

import sys
from pathlib import Path

from hwr_core.evaluation.job import run_job

if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1]).resolve()).state != "done")
