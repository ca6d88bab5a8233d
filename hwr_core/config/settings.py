"""What every configuration class is made of: a field with its help line, and the check of its value."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

from hwr_core.errors import ConfigError

T = TypeVar("T")


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise `ConfigError` with one sentence unless `condition` holds."""
    if not condition:
        raise ConfigError(f"{name} must be {expected}. Received: {name}={shortened(value)}")


def shortened(value: object, max_characters: int = 100) -> str:
    """A value as Python writes it, cut where it is long; fit to stand in a sentence.

    Example:
        >>> shortened("wide"), shortened("w" * 500, 10)
        ("'wide'", "'wwwwwwwww...")
    """
    try:
        text = repr(value)
    except ValueError:  # of whole numbers with more than 4,300 digits
        text = f"a {type(value).__name__} that is too long to show"
    return text if len(text) <= max_characters else f"{text[:max_characters]}..."


def setting(default: T, help_text: str) -> T:
    """A dataclass field with the line of help that pages and commands show."""
    return field(default=default, metadata={"help": help_text})
