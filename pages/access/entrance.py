"""The entrance: every run of the app passes it before anything of the workspace is read."""

from __future__ import annotations

import streamlit as st

from hwr_core import limits
from hwr_core.errors import ConfigError
from pages.access import rights, sign_in_form, visitors
from pages.access.mode import Mode, mode
from pages.access.table import LIMITS


def enter() -> None:
    """Let a visitor in, or draw what keeps him out and end the run: a mode that is none, or the form to sign in."""
    try:
        current_mode = mode()
    except ConfigError as error:
        st.error(str(error), icon=":material/block:")
        st.stop()
    limits.use(LIMITS[current_mode])
    if current_mode is Mode.TEAM and not is_admitted():
        sign_in_form.draw()
        st.stop()
    visitors.enter()
    rights.draw_refusal()


def is_admitted() -> bool:
    """Whether this session is that of a person of the team; an entry of the secrets that is wrong admits nobody."""
    try:
        return sign_in_form.is_admitted()
    except ConfigError:
        return False  # the form shows the sentence
