"""The table of limits, and its way to other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields

import pytest

from hwr_core import limits
from hwr_core.errors import ConfigError
from hwr_core.limits import Limits


def test_limits_public_and_team_never_exceed_those_of_one_person():
    for others in (Limits.public(), Limits.team()):
        for spec in fields(Limits):
            own, other = getattr(Limits(), spec.name), getattr(others, spec.name)
            assert other >= own if spec.name == "free_share" else other <= own, spec.name


def test_limits_are_those_in_use_then_of_the_environment_then_the_default(monkeypatch: pytest.MonkeyPatch):
    assert limits.current() == Limits()
    monkeypatch.setenv(limits.VARIABLE, json.dumps({"queue_words": 7}))
    assert limits.current() == Limits(queue_words=7)
    limits.use(Limits.public())
    assert limits.current() == Limits.public()
    limits.use(None)
    assert limits.current() == Limits(queue_words=7)


def test_limits_of_a_process_come_with_its_environment():
    limits.use(Limits(typed_characters=11, zip_ratio=5.5))
    code = "from hwr_core import limits; print(limits.current())"
    variables = {**os.environ, **limits.environment()}
    found = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(limits.current())


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"unknown": 1}', '{"queue_words": 0}', '{"queue_words": 1.5}', '{"zip_ratio": 1e999}', "[" * 99_999],
)
def test_limits_of_a_damaged_environment_raise(text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(limits.VARIABLE, text)
    with pytest.raises(ConfigError):
        limits.current()
