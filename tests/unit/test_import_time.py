"""What comes with an import: a page opens at once because heavy libraries wait until they are used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = {
    "keras", "tensorflow", "jax", "cv2", "streamlit", "plotly", "matplotlib", "pandas", "pyarrow", "sklearn",
    "scipy", "PIL", "psutil", "rapidfuzz",
}  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nimport json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, cwd=REPOSITORY
    )
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_the_package_alone_loads_nothing():
    assert not loaded_by("import hwr_core") & (HEAVY | {"numpy"})


@pytest.mark.parametrize(
    "statement",
    [
        "import hwr_core.datasets, hwr_core.synthesis",
        "import hwr_core.training",
        "import hwr_core.recognition",
        "from hwr_core import Recognizer, Reading, HwrError",
        "import hwr_core.models, hwr_core.decoding, hwr_core.text, hwr_core.imaging, hwr_core.jobs",
    ],
)
def test_rooms_load_numpy_at_most(statement: str):
    assert not loaded_by(statement) & HEAVY


def test_lists_for_a_page_load_no_network(tmp_path):
    statement = (
        f"import os; os.environ['HWR_HOME'] = {str(tmp_path)!r}\n"
        "from hwr_core.recognition import list_checkpoints; list_checkpoints()\n"
        "from hwr_core.training import list_runs, running_run; list_runs(); running_run()\n"
        "from hwr_core.datasets import list_datasets; list_datasets()"
    )
    assert not loaded_by(statement) & {"keras", "tensorflow", "cv2", "streamlit"}
