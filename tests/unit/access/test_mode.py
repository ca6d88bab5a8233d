"""The mode that a server takes."""

from __future__ import annotations

import pytest

from hwr_core.errors import ConfigError
from pages.access.mode import Mode, mode_of


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.0.1.1", "::1"])
def test_server_of_this_machine_alone_is_local(address):
    assert mode_of({}, address, False) is Mode.LOCAL


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.5", "studio.example.org"])
def test_server_that_others_reach_is_a_demo(address):
    assert mode_of({}, address, False) is Mode.DEMO


def test_hosts_for_strangers_are_a_demo():
    assert mode_of({}, "localhost", True) is Mode.DEMO
    assert mode_of({"SPACE_ID": "someone/studio"}, "localhost", False) is Mode.DEMO


@pytest.mark.parametrize("named", ["local", "DEMO", " team "])
def test_named_mode_is_taken_everywhere(named):
    for address in ("localhost", None):
        assert mode_of({"HWR_MODE": named}, address, True) is Mode(named.strip().lower())


def test_unknown_mode_is_refused():
    with pytest.raises(ConfigError, match=r"'public'.*local, demo, team"):
        mode_of({"HWR_MODE": "public"}, "localhost", False)
