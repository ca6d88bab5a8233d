"""What the current visitor may do. Pages ask here before they show something, and before they act.

A disabled or missing button protects nothing: whoever writes to the server's connection himself can press it all the
same. So every function that acts on a press has `needs`, and every field that only some may see is read only where
`may` allows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st

from pages.access import audit, visitors
from pages.access.mode import mode
from pages.access.table import INSTEAD, RIGHTS, AccessError, Right, Role

P = ParamSpec("P")
REFUSED = "access_refused"  # session key: the sentence of a refused press, and `time.monotonic()` of it
REFUSAL_SHOWN_SECONDS = 8.0  # not for one drawing: the page may be drawn twice in a row, and nobody would see the first


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


def needs(
    right: Right, action: str, about: Callable[..., str] | None = None
) -> Callable[[Callable[P, object]], Callable[P, Any]]:  # Any: a bool is returned to us, None expected by Streamlit
    """A decorator for callbacks and other actions: where the right is missing nothing happens but the sentence.

    Args:
        right: that the action takes.
        action: what it does, for the audit log: "delete runs". It is recorded unless the action returns False, which
            says that it has failed, or raises.
        about: takes the action's arguments and returns the names of the things that are changed, never their contents.
    """

    def decorate(function: Callable[P, object]) -> Callable[P, Any]:
        @wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> object:
            if not may(right):
                st.session_state[REFUSED] = refusal(right), time.monotonic()
                return None
            names = about(*args, **kwargs) if about and audit.is_kept() else ""
            result = function(*args, **kwargs)
            if result is not False:
                audit.record(action, names)
            return result

        return guarded

    return decorate


def draw_refusal() -> None:
    """Show the sentence of a press that was refused a moment ago."""
    sentence, at = st.session_state.get(REFUSED, ("", 0.0))
    if not sentence:
        return
    if time.monotonic() - at > REFUSAL_SHOWN_SECONDS:
        del st.session_state[REFUSED]
        return
    st.error(sentence, icon=":material/block:")
