"""The load test's small form: three visitors of the real server type at once, and none sees another's word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hwr_core.recognition.checkpoint import SHIPPED

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 400  # a test machine may be busy


@pytest.mark.slow
def test_load_of_three_visitors_mixes_nothing_and_fails_nowhere():
    if not (SHIPPED / "reader-small" / "model.onnx").is_file():
        pytest.skip("the shipped model is not here")
    command = [sys.executable, "benchmarks/load.py", "--visitors", "3", "--seconds", "4", "--reader", "reader-small"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "errors: 0; answers of another word: 0" in done.stdout
