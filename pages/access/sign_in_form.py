"""The form with which a person of a team signs in."""

from __future__ import annotations

import streamlit as st


def draw() -> None:
    st.info("Nobody can sign in yet.", icon=":material/lock:")
