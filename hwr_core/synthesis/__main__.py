"""`python -m hwr_core.synthesis FOLDER`: the job that renders and adds synthetic words."""

import sys
from pathlib import Path

from hwr_core.synthesis.job import run_job

if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1]).resolve()).state != "done")
