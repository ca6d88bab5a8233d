"""The small form of `make faults`: a few kills, and every fault of the storage, without TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
sys.path.append(str(FOLDER))
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


def test_kills_and_faulty_storage_lose_nothing():
    """In a process of its own: forks of one that has started threads may hang."""
    result = subprocess.run(
        [sys.executable, str(FOLDER / "faults.py"), "--kills", "10", "--seed", "1", "--quick"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "| all | 10 |" in result.stdout


def test_missing_names_what_was_acknowledged_and_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import actions
    import checks
    import whole_workspace

    home, log = tmp_path / "home", tmp_path / "journal.jsonl"
    home.mkdir()
    monkeypatch.setenv("HWR_HOME", str(home))
    whole_workspace.fill(home)
    acknowledge = actions.journal(log)
    for kind, action in actions.ACTIONS.items():
        assert actions.do(kind, home, 1, log, 0, 0.0) > 0, action
    assert checks.missing(home, log) == []
    (home / "exports" / "1.zip").write_bytes(b"PK")
    (home / "runs" / "steady" / "history.csv").write_text("epoch,loss\n")
    acknowledge("word", id=999, text="lost", picture="")
    acknowledge("epoch", name="steady", epoch=99)
    found = "\n".join(checks.missing(home, log))
    assert "word 999 is lost" in found
    assert "run steady" in found
    assert "BadZipFile" in found
    assert len(checks.missing(home, log)) >= 3


def test_killer_counts_writes_of_the_workspace_only(tmp_path: Path):
    import actions

    killer = actions.Killer(tmp_path / "home")
    (tmp_path / "home").mkdir()
    before = killer.count
    (tmp_path / "elsewhere").write_text("x")
    (tmp_path / "home" / "a").write_text("x")
    (tmp_path / "home" / "a").read_text()
    (tmp_path / "home" / "a").rename(tmp_path / "home" / "b")
    assert killer.count - before == 2
