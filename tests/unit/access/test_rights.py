"""The table of rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.access import rights
from pages.access.mode import Mode
from pages.access.rights import needs, require
from pages.access.table import RIGHTS, AccessError, Right, Role, as_markdown


@pytest.fixture
def visit(monkeypatch):
    """Be someone: `visit(mode, role)`."""

    def visit(mode: Mode, role: Role) -> None:
        monkeypatch.setattr(rights, "mode", lambda: mode)
        monkeypatch.setattr(rights, "role", lambda: role)

    return visit


def test_owner_may_do_everything_that_concerns_one_person():
    assert RIGHTS[Mode.LOCAL, Role.OWNER] == set(Right) - {Right.MANAGE}


def test_visitor_of_a_demo_cannot_train_nor_name_files_nor_see_others():
    assert not RIGHTS[Mode.DEMO, Role.VISITOR] & {Right.TRAIN, Right.SERVER_PATHS, Right.MANAGE}


def test_rights_of_a_team_grow_with_the_role():
    viewer, member, admin = (RIGHTS[Mode.TEAM, role] for role in (Role.VIEWER, Role.MEMBER, Role.ADMIN))
    assert viewer < member < admin


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("role", list(Role))
def test_action_happens_only_with_the_right(visit, mode, role):
    visit(mode, role)
    for right in Right:
        done = []
        needs(right, "act")(done.append)("action")
        assert bool(done) == (right in RIGHTS.get((mode, role), ()))


def test_missing_right_is_said_in_a_sentence(visit):
    visit(Mode.DEMO, Role.VISITOR)
    with pytest.raises(AccessError, match="Training models is not open to you at this link"):
        require(Right.TRAIN)


def test_readme_has_the_table_of_the_code():
    assert as_markdown() in (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
