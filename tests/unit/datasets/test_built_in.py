"""The built-in data set on arrival: started once for a new workspace, and not again after it was removed."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hwr_core import jobs, workspace
from hwr_core.datasets import built_in


@pytest.fixture
def started(tmp_path, monkeypatch) -> list[Path]:
    """The folders of data sets whose job was started, in a new workspace."""
    folders: list[Path] = []

    def start(name: str, source: Path) -> Path:
        folder = workspace.home() / "datasets" / name
        folder.mkdir(parents=True)
        folders.append(folder)
        return folder

    monkeypatch.setenv("HWR_HOME", str(tmp_path / "server"))
    monkeypatch.setenv("HWR_EXAMPLES", str(tmp_path / "examples"))
    monkeypatch.setattr(built_in, "start_adding", start)
    return folders


def test_prepare_new_workspace_starts_one_job(started):
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: built_in.prepare(), range(8)))
    assert sum(results) == 1
    assert [folder.name for folder in started] == ["demo"]


def test_prepare_for_a_visitor_is_in_the_servers_workspace(started, tmp_path):
    workspace.set_home_resolver(lambda: tmp_path / "visitor")
    try:
        assert built_in.prepare()
    finally:
        workspace.set_home_resolver(None)
    assert started == [tmp_path / "server" / "datasets" / "demo"]


def test_prepare_removed_dataset_does_not_come_back(started):
    built_in.prepare()
    shutil.rmtree(started[0])
    assert not built_in.prepare()


def test_prepare_workspace_with_datasets_is_left_alone(started, tmp_path):
    (tmp_path / "server" / "datasets" / "mine").mkdir(parents=True)
    assert not built_in.prepare()
    shutil.rmtree(tmp_path / "server" / "datasets" / "mine")
    assert not built_in.prepare()


def test_prepare_without_examples_does_nothing(started, monkeypatch):
    monkeypatch.setenv("HWR_EXAMPLES", "")
    assert not built_in.prepare()
    assert started == []


def test_prepare_killed_job_is_started_again(started, monkeypatch):
    built_in.prepare()
    monkeypatch.setattr(built_in, "start_adding", lambda name, source: started.append(Path(name)))
    jobs.write_status(started[0], jobs.Status(state="running", pid=2**22 + 1, process_started=1.0))
    assert built_in.prepare()
    jobs.request_stop(started[0])
    assert not built_in.prepare()


def test_prepare_read_only_workspace_raises_nothing(started, tmp_path):
    (tmp_path / "server").write_text("no folder")
    assert not built_in.prepare()
