"""Messages of the browser's half of a component, checked before anything is done with them: anyone can send any."""

from __future__ import annotations

from collections.abc import Mapping

MAX_NUMBER = 2**53  # the largest whole number that JavaScript counts exactly


def parse(value: object, limits: Mapping[str, int]) -> tuple[int, dict[str, str]] | None:
    """The number and the texts of a message; None for one that the component would not send.

    Args:
        value: what came.
        limits: name of each text -> the most characters that it may have.

    Example:
        >>> parse({"number": 3, "text": "be", "more": 0}, {"text": 100})
        (3, {'text': 'be'})
        >>> parse({"number": "3", "text": "be"}, {"text": 100}) is None
        True
    """
    if not isinstance(value, Mapping):
        return None
    number = value.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MAX_NUMBER:
        return None
    texts = {}
    for name, limit in limits.items():
        text = value.get(name)
        if not isinstance(text, str) or len(text) > limit:
            return None
        texts[name] = text
    return number, texts
