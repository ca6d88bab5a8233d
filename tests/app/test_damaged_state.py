"""A workspace with one damaged file or folder: every page comes up, and nothing is raised.

Here some of the cases; all of them with `HWR_FAULTS=all` (`make faults`).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from visiting import ROOT

sys.path.append(str(ROOT / "tests" / "faults"))
import damages
import whole_workspace
from damages import Damage
from saved_runs import open_page

ALL = list(damages.all_damages())
CASES = ALL if os.environ.get("HWR_FAULTS") == "all" else ALL[::29]
DATA_TABS = {  # part of the damaged file's path -> the tab of the Data page
    "words.parquet": "Charts", "report": "Check report", "suspects": "Likely wrong labels",
    "corrections.sqlite": "Likely wrong labels", "canvases": "One word", "source": "One word",
}  # fmt: skip
RUN_TABS = {"samples": "Readings", "notes": "Notes and files", "log": "Notes and files", "config": "Settings"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("whole")
        patch.setenv("HWR_HOME", str(home))
        whole_workspace.fill(home)
    return home


def visits(pattern: str) -> list[tuple[str, dict[str, str]]]:
    """The six pages with the damaged thing chosen, on the tab that shows it."""
    dataset = "my-corrections" if "corrections" in pattern else "letters"
    run = "adapted" if "adapted" in pattern else "steady"
    tab = next((tab for part, tab in DATA_TABS.items() if part in pattern), "About")
    return [
        ("home", {}), ("data", {"dataset": dataset, "data_tab": tab}), ("read", {"reader": run}),
        ("runs", {"runs": run}), ("evaluate", {"dataset": "letters", "reader": run}),
        ("train", {"run": run} if pattern.startswith("runs") else {"new": "1", "dataset": dataset}),
    ]  # fmt: skip


def test_all_damages_are_enough_and_differ():
    assert len({damage.name for damage in ALL}) == len(ALL) >= 370


@pytest.mark.parametrize("damage", CASES, ids=lambda damage: damage.name)
def test_pages_come_up_with_damaged_state(workspace: Path, whole: Path, damage: Damage):
    shutil.copytree(whole, workspace, dirs_exist_ok=True)
    damage.apply(workspace)
    tab = next((tab for part, tab in RUN_TABS.items() if part in damage.pattern), "")
    for page, parameters in visits(damage.pattern):
        app = open_page(page, **parameters)
        if page == "runs" and tab and damage.pattern.startswith("runs"):
            app.session_state["runs_tabs"] = tab
            app.run()
            assert not app.exception
