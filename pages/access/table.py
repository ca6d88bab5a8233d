"""The table of rights: what each role may do in each mode."""

from __future__ import annotations

from enum import StrEnum

from hwr_core.errors import HwrError
from hwr_core.limits import Limits
from pages.access.mode import Mode


class AccessError(HwrError):
    """The visitor may not do this, or has no space for it."""


class Right(StrEnum):
    """What can be allowed; the value begins the sentence "... is not open to you at this link"."""

    READ = "Reading words"
    EXPORT = "Exporting"
    ACCEPT = "Accepting words"
    EVALUATE = "Evaluating models"
    ADD_DATA = "Adding data sets"
    SERVER_PATHS = "Naming files of the server"
    CORRECT = "Correcting labels"
    ADAPT = "Adapting models"
    TRAIN = "Training models"
    DELETE = "Deleting"
    MANAGE = "Seeing who did what"


class Role(StrEnum):
    OWNER = "owner"  # local: the one person
    VISITOR = "visitor"  # demo
    VIEWER = "viewer"  # team: reads and exports
    MEMBER = "member"  # team
    ADMIN = "admin"  # team


_VISITOR = frozenset(Right) - {Right.SERVER_PATHS, Right.TRAIN, Right.MANAGE}
_MEMBER = frozenset(Right) - {Right.SERVER_PATHS, Right.MANAGE}
RIGHTS: dict[tuple[Mode, Role], frozenset[Right]] = {
    (Mode.LOCAL, Role.OWNER): frozenset(Right) - {Right.MANAGE},
    (Mode.DEMO, Role.VISITOR): _VISITOR,
    (Mode.TEAM, Role.VIEWER): frozenset({Right.READ, Right.EXPORT}),
    (Mode.TEAM, Role.MEMBER): _MEMBER,
    (Mode.TEAM, Role.ADMIN): frozenset(Right),
}
LIMITS = {Mode.LOCAL: None, Mode.DEMO: Limits.public(), Mode.TEAM: Limits.team()}  # None: those of the environment


def as_markdown() -> str:
    """The table as README shows it: a row a right, a column a mode and role."""
    columns = list(RIGHTS)
    head = ["", *(f"{mode} {role}" if mode is not Mode.LOCAL else str(mode) for mode, role in columns)]
    rows = [[str(right), *("yes" if right in RIGHTS[column] else "–" for column in columns)] for right in Right]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


INSTEAD = {
    Mode.LOCAL: "",
    Mode.DEMO: "Install the studio on your own machine for that: it is one command.",
    Mode.TEAM: "Ask an administrator of this studio for the right to it.",
}
