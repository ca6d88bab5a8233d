"""The current workspace, the shared ones, and what may not be changed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwr_core import jobs, workspace
from hwr_core.config import RunConfig
from hwr_core.datasets import dataset_folder, list_datasets, open_dataset, remove_dataset
from hwr_core.errors import DataError, JobError
from hwr_core.training import list_runs, open_run
from hwr_core.training.run_files import write_config
from hwr_core.training.runs import delete_run, free_name, new_run, start


@pytest.fixture
def visitor(tmp_path, monkeypatch):
    """A visitor's workspace beside the server's."""
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "server"))
    home = tmp_path / "server" / "visitors" / "one"
    home.mkdir(parents=True)
    workspace.set_home_resolver(lambda: home)
    yield home
    workspace.set_home_resolver(None)


def shared_run(name: str) -> Path:
    folder = workspace.server_home() / "runs" / name
    folder.mkdir(parents=True)
    write_config(folder, RunConfig(datasets=("words",)))
    return folder


def test_home_without_visitors_is_the_servers(tmp_path, monkeypatch):
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    assert workspace.home() == workspace.server_home() == tmp_path
    assert workspace.homes() == [tmp_path]
    assert workspace.environment() == {"HWR_HOME": str(tmp_path)}


def test_home_of_a_visitor(visitor):
    assert workspace.home() == visitor
    assert workspace.shared_homes() == [workspace.server_home()]
    assert workspace.environment() == {"HWR_HOME": str(visitor), "HWR_SHARED": str(workspace.server_home())}


def test_jobs_of_a_visitor_have_the_same_workspaces(visitor, monkeypatch):
    before = workspace.homes()
    variables = workspace.environment()
    workspace.set_home_resolver(None)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert workspace.homes() == before


def test_paths_are_stored_relative_to_the_workspace_that_has_them(visitor):
    shared = workspace.server_home() / "datasets" / "words.csv"
    shared.parent.mkdir()
    shared.touch()
    assert workspace.stored_path(shared) == "datasets/words.csv"
    assert workspace.resolved_path("datasets/words.csv") == shared
    assert workspace.stored_path(visitor / "runs" / "x") == "runs/x"
    assert workspace.resolved_path("runs/x") == visitor / "runs" / "x"


def test_shared_runs_are_listed_behind_the_own_ones(visitor):
    shared_run("theirs")
    own = visitor / "runs" / "mine"
    own.mkdir(parents=True)
    write_config(own, RunConfig(datasets=("words",)))
    assert [(run.name, run.is_shared) for run in list_runs()] == [("mine", False), ("theirs", True)]
    assert open_run("theirs").folder == workspace.server_home() / "runs" / "theirs"


@pytest.mark.parametrize("change", [delete_run, start, lambda run: run.set_notes("mine now")])
def test_shared_runs_cannot_be_changed(visitor, change):
    folder = shared_run("theirs")
    before = sorted(folder.iterdir())
    with pytest.raises(JobError, match="cannot be changed"):
        change(open_run("theirs"))
    assert sorted(folder.iterdir()) == before


def test_names_of_shared_runs_are_taken(visitor):
    shared_run("theirs")
    assert free_name("theirs") == "theirs-2"
    with pytest.raises(Exception, match="There is a run 'theirs' already"):
        new_run(RunConfig(datasets=("words",)), "theirs")


def test_shared_datasets_can_be_opened_and_not_removed(visitor, tmp_path, stored_words):
    assert [(info.name, info.is_shared) for info in list_datasets()] == [("words", True)]
    assert len(open_dataset("words")) > 0
    with pytest.raises(DataError, match="cannot be removed"):
        remove_dataset("words")
    assert open_dataset("words").image(0).ndim == 2
    assert dataset_folder("other") == visitor / "datasets" / "other"


def test_corrections_of_the_servers_owner_are_not_shared(visitor, stored_words):
    shared = workspace.server_home() / "datasets"
    (shared / "words").rename(shared / "my-corrections")
    assert list_datasets() == []
    with pytest.raises(DataError, match="no data set"):
        open_dataset("my-corrections")


@pytest.fixture
def stored_words(visitor, tmp_path):
    """A data set of the server, added by a process without visitors."""
    import numpy as np

    from hwr_core.datasets import add_dataset
    from hwr_core.imaging.image_io import encode_png

    source = tmp_path / "pictures"
    source.mkdir()
    for word in ("ink", "tea", "sea"):
        image = np.full((40, 90), 255, np.uint8)
        image[10:30, 20:70] = 0
        (source / f"{word}.png").write_bytes(encode_png(image))
    workspace.set_home_resolver(None)
    add_dataset("words", source, processes=1)
    workspace.set_home_resolver(lambda: visitor)


def test_examples_inside_the_servers_workspace_are_shared(tmp_path, monkeypatch):
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    monkeypatch.setenv("HWR_EXAMPLES", str(tmp_path / "examples"))
    assert workspace.is_shared(tmp_path / "examples" / "runs" / "crnn")
    assert not workspace.is_shared(tmp_path / "runs" / "crnn")
    assert not workspace.is_shared(tmp_path.parent)


def test_own_paths_inside_the_servers_workspace_are_not_shared(visitor):
    assert not workspace.is_shared(visitor / "runs" / "mine")
    assert workspace.is_shared(workspace.server_home() / "runs" / "theirs")


def test_in_server_home_a_visitor_is_the_server(visitor):
    with workspace.in_server_home():
        assert workspace.home() == workspace.server_home()
        assert "HWR_SHARED" not in workspace.environment()
    assert workspace.home() == visitor


def test_list_runs_orders_examples_by_their_start(tmp_path, monkeypatch):
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HWR_EXAMPLES", str(tmp_path / "examples"))
    for name, started in (("b", 3.0), ("a", 1.0), ("c", 2.0)):
        folder = tmp_path / "examples" / "runs" / name
        folder.mkdir(parents=True)
        write_config(folder, RunConfig(datasets=("words",)))
        jobs.write_status(folder, jobs.Status(state="done", started=started))
    assert [run.name for run in list_runs()] == ["b", "c", "a"]
