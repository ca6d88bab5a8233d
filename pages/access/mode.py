"""The mode of the server: local for one person, demo for a public link, team for people who sign in."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from hwr_core.errors import ConfigError

MODE_VARIABLE = "HWR_MODE"
COMMUNITY_CLOUD_FOLDER = Path("/mount/src")  # where Streamlit Community Cloud checks repositories out
SPACES_VARIABLE = "SPACE_ID"  # set in every Hugging Face Space


class Mode(StrEnum):
    LOCAL = "local"
    DEMO = "demo"
    TEAM = "team"


def mode() -> Mode:
    """The mode of this server.

    Raises:
        ConfigError: `$HWR_MODE` is no mode.
    """
    from streamlit import config

    return mode_of(os.environ, config.get_option("server.address"), COMMUNITY_CLOUD_FOLDER.is_dir())


def mode_of(environment: Mapping[str, str], address: str | None, is_community_cloud: bool) -> Mode:
    """The mode that `$HWR_MODE` names; where it is not set, demo for a server that others can reach, else local.

    Args:
        environment: environment variables.
        address: that the server listens on; None for all of this machine's.
        is_community_cloud: whether it runs on Streamlit Community Cloud.

    Raises:
        ConfigError: `$HWR_MODE` is no mode.

    Example:
        >>> mode_of({}, "localhost", False), mode_of({}, None, False), mode_of({"HWR_MODE": "team"}, None, False)
        (<Mode.LOCAL: 'local'>, <Mode.DEMO: 'demo'>, <Mode.TEAM: 'team'>)
    """
    named = environment.get(MODE_VARIABLE, "").strip().lower()
    if named:
        try:
            return Mode(named)
        except ValueError:
            raise ConfigError(
                f"{MODE_VARIABLE} is {named[:40]!r}. Set it to one of: {', '.join(Mode)}, and start again."
            ) from None
    if is_community_cloud or environment.get(SPACES_VARIABLE) or not is_loopback(address):
        return Mode.DEMO
    return Mode.LOCAL


def is_loopback(address: str | None) -> bool:
    """Whether only this machine reaches a server that listens on the address; None is every address."""
    if not address:
        return False
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False  # a name, which may be anyone's
