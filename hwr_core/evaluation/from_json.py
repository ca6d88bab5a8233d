"""Typed values from JSON: what another version or a damaged file holds is refused, whatever its types."""

from __future__ import annotations

from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints


def from_json(kind: Any, value: Any) -> Any:
    """A value of type `kind` from what `json.loads` gives of it.

    Args:
        kind: str, int, float, Any, a union with None, a dataclass, or a list, tuple or dict (with text keys) of those.
        value: as JSON has it; a tuple is a list there, a dataclass a dict.

    Raises:
        TypeError: it has another type, or an unknown or missing name.
        ValueError: a tuple has another length.

    Example:
        >>> from_json(tuple[str, int], ["a", 1]), from_json(float | None, None), from_json(float, 2)
        (('a', 1), None, 2)
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any or (origin is UnionType and value is None and NoneType in arguments):
        return value
    if origin is UnionType:
        return from_json(arguments[0], value)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        return kind(**{name: from_json(hints.get(name, Any), item) for name, item in value.items()})
    if origin is dict and isinstance(value, dict):
        return {name: from_json(arguments[1], item) for name, item in value.items()}
    if origin is list and isinstance(value, list):
        return [from_json(arguments[0], item) for item in value]
    if origin is tuple and isinstance(value, list):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(from_json(part, item) for part, item in zip(kinds, value, strict=True))
    if type(value) is kind or (kind is float and type(value) is int):
        return value
    raise TypeError(f"expected {getattr(kind, '__name__', kind)}, received {value!r:.60}")
