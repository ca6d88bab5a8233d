"""Files and folders that are replaced as a whole, and what killed processes leave."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hwr_core import files
from hwr_core.errors import StorageError
from hwr_core.files import replace_folder, replacing, restore_folder, sweep_temporary, write_text


class Killed(Exception):
    """Stands for a SIGKILL between two renames."""


def folder_of(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "file").write_text(text)
    return path


def test_replace_folder_leaves_the_fresh_one_alone(tmp_path):
    for text in ("one", "two"):
        replace_folder(folder_of(tmp_path / ".best.new", text), tmp_path / "best")
        assert (tmp_path / "best" / "file").read_text() == text
        assert [path.name for path in tmp_path.iterdir()] == ["best"]


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_replace_folder_killed_after_any_rename_loses_nothing(tmp_path, monkeypatch, renames):
    best = folder_of(tmp_path / "best", "one")
    done = 0

    def rename(source: Path, target: Path) -> None:
        nonlocal done
        if done == renames:
            raise Killed
        done += 1
        Path(source).rename(target)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", rename)
        if renames < 2:
            with pytest.raises(Killed):
                replace_folder(folder_of(tmp_path / ".best.new", "two"), best)
        else:
            replace_folder(folder_of(tmp_path / ".best.new", "two"), best)
    restore_folder(best)
    assert (best / "file").read_text() == ("two" if renames == 2 else "one")


def test_replace_folder_restored_meanwhile_is_tried_again(tmp_path, monkeypatch):
    best = folder_of(tmp_path / "best", "one")
    rename, restored = os.replace, []

    def meddled(source: Path, target: Path) -> None:
        if source.name == ".best.new" and not restored:
            restored.append(True)
            rename(tmp_path / ".best.old", best)
        rename(source, target)

    monkeypatch.setattr(files.os, "replace", meddled)
    replace_folder(folder_of(tmp_path / ".best.new", "two"), best)
    assert (best / "file").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_replace_folder_that_cannot_be_put_in_place_raises(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        replace_folder(tmp_path / "nowhere", tmp_path / "best")


def test_restore_folder_leaves_what_is_there(tmp_path):
    best = folder_of(tmp_path / "best", "one")
    folder_of(tmp_path / ".best.old", "older")
    restore_folder(best)
    restore_folder(tmp_path / "never")
    assert (best / "file").read_text() == "one"


def test_replacing_with_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_text(path, "one")

    def write_half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise Killed

    with pytest.raises(Killed):
        write_half()
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_sweep_temporary_removes_files_of_dead_processes_only(tmp_path):
    dead, own, other = tmp_path / ".status.json.4194305-1", tmp_path / f".status.json.{os.getpid()}-1", tmp_path / ".x"
    for path in (dead, own, other):
        path.write_text("half")
    sweep_temporary(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([own, other])
    sweep_temporary(tmp_path / "none")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_write_text_on_a_faulty_disk_is_one_sentence_and_keeps_the_old_text(tmp_path, monkeypatch, number):
    path = tmp_path / "status.json"
    files.write_text(path, "old")

    def refuse(source, target):
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StorageError, match=rf"status.json cannot be written \({os.strerror(number)}\)"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_replacing_body_error_that_is_none_of_the_disk_stays(tmp_path):
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "copy"):
        (tmp_path / "gone").read_bytes()


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), float("nan"), True, "1", None, [1]])
def test_is_stored_number_of_others_is_false(value):
    assert not files.is_stored_number(value)
