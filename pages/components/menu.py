"""The pages of the studio, in their order."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parents[1]
ICON = Path(__file__).with_name("icon.png")
ENTERED = "entered"  # session key


def pages() -> list[st.Page]:
    return [
        st.Page(PAGES / "home.py", title="Home", icon=":material/home:", default=True),
        st.Page(PAGES / "data.py", title="Data", icon=":material/photo_library:", url_path="data"),
        st.Page(PAGES / "train.py", title="Train", icon=":material/model_training:", url_path="train"),
        st.Page(PAGES / "runs.py", title="Runs", icon=":material/query_stats:", url_path="runs"),
        st.Page(PAGES / "evaluate.py", title="Evaluate", icon=":material/fact_check:", url_path="evaluate"),
        st.Page(PAGES / "read.py", title="Read", icon=":material/ink_pen:", url_path="read"),
    ]


def enter() -> None:
    """Called by streamlit_app.py: this session has the pages and the sidebar."""
    st.set_page_config(page_title="Handwriting Studio", page_icon=ICON, layout="wide")
    st.session_state[ENTERED] = True


def require() -> None:
    """Send a session that did not enter through streamlit_app.py there, once.

    On a fresh server Streamlit takes the folder `pages/` for its old automatic menu, and a deep link runs the page
    alone, without sidebar and style, until some session has declared its pages. So the page declares them and has
    itself run anew.
    """
    if ENTERED not in st.session_state:
        enter()
        st.navigation(pages())
        st.rerun()
