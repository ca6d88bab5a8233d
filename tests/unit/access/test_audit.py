"""The audit log."""

from __future__ import annotations

import json
import threading

import pytest

from pages.access import audit, rights, visitors
from pages.access.mode import Mode
from pages.access.rights import needs
from pages.access.table import Right, Role
from pages.access.visitors import Visitor


@pytest.fixture
def team(tmp_path, monkeypatch):
    """A team's server on which Anna, a member, has signed in."""
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    monkeypatch.setattr(audit, "mode", lambda: Mode.TEAM)
    monkeypatch.setattr(rights, "mode", lambda: Mode.TEAM)
    monkeypatch.setattr(visitors, "current", lambda: Visitor("anna", "Anna", Role.MEMBER))
    return tmp_path


def lines(team):
    path = team / audit.FILE_NAME
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_action_that_succeeds_is_recorded_with_person_and_names(team):
    needs(Right.DELETE, "remove a data set", lambda name: name)(lambda name: None)("letters")
    (line,) = lines(team)
    assert (line["who"], line["action"], line["names"]) == ("Anna", "remove a data set", "letters")
    assert audit.read().iloc[0]["names"] == "letters"


def test_action_that_fails_or_is_refused_is_not_recorded(team):
    needs(Right.DELETE, "delete")(lambda: False)()
    needs(Right.SERVER_PATHS, "name a path")(lambda: None)()
    with pytest.raises(ZeroDivisionError):
        needs(Right.DELETE, "delete")(lambda: 1 / 0)()
    assert not lines(team)


@pytest.mark.parametrize("mode", [Mode.LOCAL, Mode.DEMO])
def test_nothing_is_recorded_outside_a_team(team, monkeypatch, mode):
    monkeypatch.setattr(audit, "mode", lambda: mode)
    audit.record("delete", "letters")
    assert not lines(team)


def test_lines_of_threads_are_whole(team):
    threads = [threading.Thread(target=lambda: [audit.record("act", "x" * 200) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines(team)) == 400


def test_large_log_is_put_aside_and_the_oldest_goes(team, monkeypatch):
    monkeypatch.setattr(audit, "MAX_FILE_BYTES", 500)
    for number in range(60):
        audit.record("act", f"thing {number}")
    kept = [path for path in audit.files(team / audit.FILE_NAME) if path.exists()]
    assert len(kept) >= audit.MAX_OLD_FILES
    assert sum(path.stat().st_size for path in kept) < 500 * (audit.MAX_OLD_FILES + 2)
    names = audit.read()["names"].tolist()
    assert names == [f"thing {number}" for number in range(59, 59 - len(names), -1)]


def test_line_that_cannot_be_read_is_left_out(team):
    audit.record("act", "one")
    with (team / audit.FILE_NAME).open("ab") as file:
        file.write(b'{"when": "now"}\n\xff\xfe not json\n[1]\n')
    audit.record("act", "two\nlines")
    assert audit.read()["names"].tolist() == ["two\nlines", "one"]
