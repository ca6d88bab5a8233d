"""Passwords, the people of a team, and the delay after failures."""

from __future__ import annotations

import pytest
import streamlit as st

from hwr_core.errors import ConfigError
from pages.access import password, people
from pages.access.table import AccessError, Role


@pytest.fixture
def secrets(monkeypatch):
    """Sets the secrets: `secrets(people={...})`."""

    def put(**sections: object) -> None:
        monkeypatch.setattr(st, "secrets", sections)

    monkeypatch.setattr(people, "_failures", people.Failures())
    monkeypatch.setattr(people, "NO_HASH", password.hashed("of nobody"))
    put()
    return put


@pytest.fixture
def anna(secrets):
    secrets(people={"Anna": {"role": "member", "password": password.hashed("a long password")}})


def test_hash_is_of_its_password_alone_and_new_each_time():
    stored = password.hashed("a long password")
    assert password.is_right("a long password", stored)
    assert not password.is_right("a long passwore", stored)
    assert not password.is_right("", stored)
    assert password.hashed("a long password") != stored


@pytest.mark.parametrize(
    "stored",
    ["", "a long password", "scrypt$16384$8$5$c2FsdA==$", "md5$1$1$1$c2FsdA==$aGFzaA==",
     "scrypt$x$8$5$c2FsdA==$aGFzaA==",
     f"scrypt${2**30}$8$5$c2FsdA==$" + 44 * "A", "scrypt$3$8$5$c2FsdA==$" + 44 * "A"],
)  # fmt: skip
def test_what_is_no_hash_is_no_password(stored):
    assert not password.is_right("", stored)
    assert not password.is_right("a long password", stored)


def test_person_signs_in_with_any_case_of_the_name(anna):
    person = people.check(" aNNa ", "a long password", now=0)
    assert person is not None
    assert (person.name, person.role) == ("Anna", Role.MEMBER)


def test_wrong_password_and_unknown_name_are_not_distinguished(anna, monkeypatch):
    checked = []
    monkeypatch.setattr(people.passwords, "is_right", lambda typed, stored: checked.append(stored) or False)
    assert people.check("Anna", "wrong", now=0) is None
    assert people.check("Bob", "wrong", now=0) is None
    assert len(checked) == 2  # a hash was computed for both


def test_person_without_a_password_cannot_sign_in_with_one(secrets):
    secrets(people={"anna@example.org": {"role": "admin"}})
    assert people.check("anna@example.org", "of nobody", now=0) is None
    assert people.check("anna@example.org", "", now=0) is None


def test_delay_doubles_with_each_failure_and_ends(anna):
    waits = []
    now = 0.0
    for _ in range(14):
        assert people.check("Anna", "wrong", now) is None
        waits.append(people._failures.seconds_to_wait("anna", now))
        now += waits[-1]
    assert waits[:6] == [0, 0, 1, 2, 4, 8]
    assert waits[-1] == people.MAX_DELAY_SECONDS
    people.check("Anna", "wrong", now)
    with pytest.raises(AccessError, match="Try again in 900 s"):
        people.check("ANNA", "a long password", now)  # the right one has to wait, too
    assert people.check("Anna", "a long password", now + 900)
    assert people._failures.seconds_to_wait("anna", now + 900) == 0


def test_failures_are_forgotten_after_an_hour(anna):
    for _ in range(3):
        people.check("Anna", "wrong", now=0)
    assert people._failures.seconds_to_wait("Anna", 0) > 0
    people.check("Anna", "wrong", now=4000)
    assert people._failures.seconds_to_wait("Anna", 4000) == 0


def test_other_names_do_not_push_a_locked_one_out(secrets, monkeypatch):
    monkeypatch.setattr(people, "MAX_NAMES", 50)
    failures = people.Failures()
    for _ in range(8):
        failures.add("Anna", 0)
    for number in range(500):
        failures.add(f"name {number}", 1)
    assert len(failures.counts) == 50
    assert failures.seconds_to_wait("Anna", 1) > 0


def test_role_is_that_of_the_entry_before_that_of_the_domain(secrets):
    secrets(people={"@example.org": {"role": "viewer"}, "Anna@example.org": {"role": "admin"}})
    assert people.role_of("anna@example.org") is Role.ADMIN
    assert people.role_of("bob@Example.org") is Role.VIEWER
    assert people.role_of("bob@example.org.evil.net") is None
    assert people.role_of("evil@other.net") is None
    assert people.role_of("example.org") is None


@pytest.mark.parametrize("entry", [{}, {"role": "owner"}, {"role": "visitor"}, {"role": 3}, "member"])
def test_entry_without_a_role_of_a_team_is_refused(secrets, entry):
    secrets(people={"anna": entry})
    with pytest.raises(ConfigError, match=r"'anna'.*viewer, member, admin"):
        people.listed()
