"""The people of a team, as `[people]` in the secrets lists them, and the check of their passwords."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from hwr_core.errors import ConfigError
from pages.access import password as passwords
from pages.access.table import AccessError, Role

TEAM_ROLES = (Role.VIEWER, Role.MEMBER, Role.ADMIN)
MAX_NAME_CHARACTERS = 100
WRONG = "The name or the password is not right."
FREE_FAILURES = 3  # before there is a delay
MAX_DELAY_SECONDS = 900.0
FORGOTTEN_AFTER_SECONDS = 3600.0  # a failure
MAX_NAMES = 10_000
NO_HASH = passwords.hashed("of nobody")  # takes the same time as a hash that is there


@dataclass(frozen=True)
class Person:
    """One entry: a name, an e-mail address, or a domain with an @ before it, and a role.

    Attributes:
        password: its hash (`pages.access.password`); empty for who signs in elsewhere.
    """

    name: str
    role: Role
    password: str = ""


def listed() -> dict[str, Person]:
    """Everyone in the secrets, by the name in small letters; empty where there are none.

    Raises:
        ConfigError: an entry without a role, or with one that is none.
    """
    people = {}
    for name, entry in _section("people").items():
        role = entry.get("role") if isinstance(entry, Mapping) else None
        if role not in TEAM_ROLES:
            raise ConfigError(
                f"The entry {str(name)[:40]!r} of [people] in the secrets needs a role: {', '.join(TEAM_ROLES)}. "
                f"Received: {str(role)[:40]!r}."
            )
        people[str(name).strip().lower()] = Person(str(name).strip(), Role(str(role)), str(entry.get("password", "")))
    return people


def has_single_sign_on() -> bool:
    """Whether the secrets name an OpenID Connect provider for `st.login`."""
    return bool(_section("auth"))


def _section(name: str) -> Mapping[str, Mapping[str, object]]:
    try:
        section = st.secrets.get(name, {})
    except FileNotFoundError:  # no secrets, or a file that cannot be read
        return {}
    return section if isinstance(section, Mapping) else {}


def role_of(name: str) -> Role | None:
    """The role of a person or an e-mail address: of its own entry, else of its domain's; None for who is not listed."""
    people, key = listed(), name.strip().lower()
    person = people.get(key)
    if person is None and "@" in key:
        person = people.get(f"@{key.rpartition('@')[2]}")
    return person.role if person else None


@dataclass
class Failures:
    """How often the sign-in has failed for each name, and since when: of `MAX_NAMES` names at most."""

    counts: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    def seconds_to_wait(self, name: str, now: float) -> float:
        """Doubles with each failure after the first few, up to `MAX_DELAY_SECONDS`; `now` in seconds."""
        number, last = self.counts.get(_key(name), (0, now))
        if number < FREE_FAILURES or now - last > FORGOTTEN_AFTER_SECONDS:
            return 0.0
        delay = min(MAX_DELAY_SECONDS, 2.0 ** (number - FREE_FAILURES))
        return max(0.0, last + delay - now)

    def add(self, name: str, now: float) -> None:
        number, last = self.counts.pop(_key(name), (0, now))
        self.counts[_key(name)] = (1 if now - last > FORGOTTEN_AFTER_SECONDS else min(number + 1, 50), now)
        if len(self.counts) > MAX_NAMES:  # the one with the fewest: other names must not push a locked one out
            del self.counts[min(self.counts, key=lambda key: self.counts[key])]

    def clear(self, name: str) -> None:
        self.counts.pop(_key(name), None)


def _key(name: str) -> str:
    return hashlib.sha256(name.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]


_failures = Failures()
_lock = threading.Lock()  # one check at a time: a hash takes memory, and attempts in parallel must count


def check(name: str, password: str, now: float) -> Person | None:
    """The person with this name and password; None for a wrong one, and for names that are not listed.

    Args:
        name: as typed; case does not count.
        password: as typed.
        now: seconds of a clock that never goes back.

    Raises:
        AccessError: there were too many failures; how long to wait.
        ConfigError: an entry of the secrets is wrong.
    """
    with _lock:
        if wait := _failures.seconds_to_wait(name, now):
            raise AccessError(f"Signing in has failed too often with this name. Try again in {wait:.0f} s.")
        person = listed().get(name.strip().lower())
        is_right = passwords.is_right(password, person.password if person and person.password else NO_HASH)
        if person is None or not person.password or not is_right:
            _failures.add(name, now)
            return None
        _failures.clear(name)
        return person
