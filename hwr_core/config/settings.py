"""What every configuration class is made of: a field with its help line, and the check of its value."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

from hwr_core.errors import ConfigError, shortened

T = TypeVar("T")


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise `ConfigError` with one sentence unless `condition` holds."""
    if not condition:
        raise ConfigError(f"{name} must be {expected}. Received: {name}={shortened(value)}")


def setting(default: T, help_text: str) -> T:
    """A dataclass field with the line of help that pages and commands show."""
    return field(default=default, metadata={"help": help_text})
