"""What is there on arrival: the built-in data set, prepared in the background for everyone who comes."""

from __future__ import annotations

import streamlit as st

from hwr_core import workspace
from hwr_core.datasets import built_in
from pages.components import progress_card, wording


def prepare() -> None:
    """Called at the start of each run of the app: the first one of a server starts the job, if one is needed."""
    _prepare_once(str(workspace.server_home()))


@st.cache_resource(show_spinner=False)
def _prepare_once(server_home: str) -> None:
    built_in.prepare()


def wait() -> bool:
    """The progress of the built-in data set, and the page anew when it is there; False where it is not prepared."""
    if not built_in.is_preparing():
        return False
    progress_card.follow(
        lambda: ["running" if built_in.is_preparing() else "done"], _draw, seconds=1.0, key="arrival_follow"
    )
    return True


def _draw() -> None:
    status = built_in.status()
    st.progress(status.progress, f"The built-in words are being prepared · {wording.job_status(status)}")
