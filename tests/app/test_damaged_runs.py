"""Runs with a damaged file: listed, named by one sentence, and no page is taken down by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from saved_runs import DAMAGES, RESULT, make_damaged_run, make_run, open_page, shown, small_demo

from hwr_core.adaptation import read_result
from hwr_core.datasets import add_dataset
from hwr_core.training import list_runs, open_run

PAGES = {"home": {}, "data": {}, "read": {}, "runs": {}, "evaluate": {}, "train": {"new": "1"}}


@pytest.mark.parametrize("damage", DAMAGES)
def test_run_damaged_file_is_named(workspace: Path, damage: str):
    folder = make_damaged_run(workspace, damage)
    (run,) = list_runs()
    assert str(folder / DAMAGES[damage][0].partition("/")[0]) in run.damage
    assert "\n" not in run.damage
    assert (run.notes, read_result(folder)) == ("", None)
    assert isinstance(run.status.details, dict)


def test_run_whole_files_are_no_damage(workspace: Path):
    folder = make_run(workspace, "whole", notes="the baseline")
    (folder / "taught.json").write_text(json.dumps(RESULT))
    make_run(workspace, "waiting", "waiting", history=[])
    assert [run.damage for run in list_runs()] == ["", ""]
    assert read_result(folder) is not None
    (folder / "history.csv").write_text("epoch,loss\n")
    assert "no column best" in open_run("whole").damage  # seen at once, though the file was read before


@pytest.mark.parametrize("damage", DAMAGES)
def test_train_damaged_run_is_one_sentence(workspace: Path, damage: str):
    make_damaged_run(workspace, damage)
    at = open_page("train", run=damage)
    assert len(at.error) == 1
    assert str(workspace / "runs" / damage) in at.error[0].value


@pytest.fixture
def damaged(workspace: Path, tmp_path: Path) -> Path:
    """A workspace with words, one whole run, and a run for each damage."""
    add_dataset("demo", small_demo(tmp_path / "demo.zip"), processes=0)
    make_run(workspace, "whole")
    for damage in DAMAGES:
        make_damaged_run(workspace, damage)
    return workspace


@pytest.mark.parametrize("page", PAGES)
def test_sidebar_damaged_runs_are_named_on_every_page(damaged: Path, page: str):
    captions = [caption.value for caption in open_page(page, **PAGES[page]).sidebar.caption]
    for damage in DAMAGES:
        name = damage.replace("-", "\\-")
        assert sum(f"The run {name} is damaged" in caption for caption in captions) == 1, damage
    assert not any("whole" in caption for caption in captions)


def test_runs_damaged_runs_are_listed_and_named(damaged: Path):
    at = open_page("runs", runs=",".join(DAMAGES))
    table = at.dataframe[0].value.set_index("Name")
    assert set(table.index) == {"whole", *DAMAGES}
    assert table.loc["whole", "State"] == "done"
    assert set(table.drop("whole")["State"]) == {"damaged"}
    assert len(at.error) == len(DAMAGES)
    for tab in ("Settings", "Readings", "Notes and files"):
        at.session_state["runs_tabs"] = tab
        at.run()
        assert not at.exception, tab
    assert "Save notes" in shown(at)
