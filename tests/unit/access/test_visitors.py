"""Workspaces of visitors: quota, expiry, removal."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from hwr_core import jobs
from pages.access import visitors
from pages.access.mode import Mode
from pages.access.table import AccessError, Role
from pages.access.visitors import Visitor

HOUR = 3600.0


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A demo's server, and its visitor; returns the visitor's workspace."""
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    monkeypatch.setattr(visitors, "mode", lambda: Mode.DEMO)
    monkeypatch.setattr(visitors, "current", lambda: Visitor("a" * 32, "", Role.VISITOR))
    visitors.used_bytes_lately.clear()
    home = tmp_path / visitors.FOLDER / ("a" * 32)
    home.mkdir(parents=True)
    (home / visitors.SEEN_FILE).touch()
    return home


def seen(home, hours_ago):
    at = time.time() - hours_ago * HOUR
    os.utime(home / visitors.SEEN_FILE, (at, at))


def test_quota_counts_what_is_there_and_what_comes(demo, monkeypatch):
    monkeypatch.setitem(visitors.QUOTA_BYTES, Mode.DEMO, 5_000_000)
    (demo / "upload").write_bytes(bytes(3_000_000))
    visitors.check_quota(2_000_000)
    with pytest.raises(AccessError, match=r"5 MB, of which 3 MB are used: 2\.1 MB more do not fit"):
        visitors.check_quota(2_100_000)
    visitors.check_quota(10)
    with pytest.raises(AccessError):
        visitors.check_quota(5_000_001)


def test_sweep_removes_who_has_been_away_for_more_than_two_hours(demo):
    other = demo.with_name("b" * 32)
    other.mkdir()
    (other / visitors.SEEN_FILE).touch()
    seen(demo, 2.1)
    seen(other, 1.9)
    assert visitors.sweep(time.time()) == [demo]
    assert not demo.exists()
    assert other.exists()


def test_sweep_leaves_a_workspace_that_is_being_made(demo):
    (demo / visitors.SEEN_FILE).unlink()
    assert visitors.sweep(time.time()) == []
    assert visitors.sweep(time.time() + 3 * HOUR) == [demo]


def test_team_keeps_workspaces_for_a_year(demo, monkeypatch):
    monkeypatch.setattr(visitors, "mode", lambda: Mode.TEAM)
    seen(demo, 24 * 364)
    assert visitors.sweep(time.time()) == []
    seen(demo, 24 * 366)
    assert visitors.sweep(time.time()) == [demo]


def test_removal_ends_jobs_however_deep_they_lie(demo):
    folder = demo / "datasets" / "letters" / "suspects"
    folder.mkdir(parents=True)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    identity = jobs.identity_of(process.pid)
    jobs.write_status(folder, jobs.Status(state="running", pid=process.pid, process_identity=identity))
    assert jobs.is_alive(jobs.read_status(folder))
    visitors.remove_workspace(demo)
    assert process.wait(30) != 0
    assert not demo.exists()


def test_person_has_the_same_workspace_at_every_visit(monkeypatch):
    state = {}
    monkeypatch.setattr(visitors.st, "session_state", state)
    visitors.sign_in("Anna", Role.MEMBER)
    first = state[visitors.VISITOR]
    visitors.sign_in(" anna ", Role.ADMIN)
    assert state[visitors.VISITOR].id == first.id
    visitors.sign_in("anna2", Role.MEMBER)
    assert state[visitors.VISITOR].id != first.id
