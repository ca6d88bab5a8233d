"""What the current visitor may do. Pages ask here before they show something, and before they act.

A disabled or missing button protects nothing: whoever writes to the server's connection himself can press it all the
same. So every function that acts on a press has `needs`, and every field that only some may see is read only where
`may` allows it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st

from pages.access import visitors
from pages.access.mode import mode
from pages.access.table import INSTEAD, RIGHTS, AccessError, Right, Role

P = ParamSpec("P")
R = TypeVar("R")
REFUSED = "access_refused"  # session key: the sentence of a refused press, shown with the next drawing


def role() -> Role:
    """The role of the current visitor."""
    return visitors.current().role


def may(right: Right) -> bool:
    """Whether the current visitor may do this."""
    return right in RIGHTS.get((mode(), role()), frozenset())


def refusal(right: Right) -> str:
    """The sentence for who may not."""
    return f"{right} is not open to you at this link. {INSTEAD[mode()]}".strip()


def require(right: Right) -> None:
    """Raises `AccessError` where the current visitor may not do this."""
    if not may(right):
        raise AccessError(refusal(right))


def needs(right: Right) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """A decorator for callbacks and other actions: where the right is missing nothing happens but the sentence."""

    def decorate(action: Callable[P, R]) -> Callable[P, R | None]:
        @wraps(action)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
            if not may(right):
                st.session_state[REFUSED] = refusal(right)
                return None
            return action(*args, **kwargs)

        return guarded

    return decorate


def draw_refusal() -> None:
    """Show the sentence of a press that was refused since the last drawing."""
    if sentence := st.session_state.pop(REFUSED, None):
        st.error(sentence, icon=":material/block:")
