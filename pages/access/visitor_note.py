"""The note in the sidebar: whose things are seen by whom, how much space is left, and the way out."""

from __future__ import annotations

import streamlit as st

from pages.access import sign_in_form, visitors
from pages.access.mode import Mode, mode
from pages.access.rights import needs
from pages.access.table import Right

DEMO_NOTE = (
    "What you bring is seen by you alone, and deleted two hours after you leave. "
    "Loading this page anew begins with nothing."
)


def draw() -> None:
    """Nothing in local mode."""
    if mode() is Mode.LOCAL:
        return
    with st.sidebar, st.container(border=True, key="visitor_note", gap="xsmall"):
        if mode() is Mode.DEMO:
            st.caption(DEMO_NOTE)
            space()
            with st.popover("Delete my things now", key="visitor_forget", icon=":material/delete:"):
                st.markdown("All that you have uploaded, accepted, measured and made here? This cannot be undone.")
                st.button("Delete it all", key="visitor_forget_yes", type="primary", on_click=forget)
        else:
            visitor = visitors.current()
            st.text(f"{visitor.name} · {visitor.role}")
            space()
            st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=sign_in_form.sign_out)


def space() -> None:
    """How much of the visitor's space is used."""
    home, quota = visitors.current().home, visitors.QUOTA_BYTES[mode()]
    used = visitors.used_bytes_lately(home) if home else 0
    st.progress(min(1.0, used / quota), f"{used / 1e6:,.1f} of {quota / 1e6:,.0f} MB used")


@needs(Right.DELETE, "delete all of one's things")
def forget() -> None:
    """A button's callback: remove the visitor's workspace and end the session."""
    visitors.forget()
    st.toast("All that was yours here is deleted.", icon=":material/check:")
