"""The audit log as a table, for who may see what others did."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.access import Right, audit, may
from pages.components import download

MAX_ROWS_SHOWN = 1000  # the download has all


def draw() -> None:
    """An expander with the log, filtered; nothing without the right, or where there is no log."""
    if not may(Right.MANAGE) or not audit.is_kept():
        return
    panel = st.expander("Who did what", key="audit", icon=":material/history:", on_change="rerun")
    if not panel.open:
        return
    with panel:
        log = audit.read()
        left, right = st.columns(2)
        with left:
            people = st.multiselect("People", sorted(set(log["who"])), key="audit_who", placeholder="everyone")
        with right:
            actions = st.multiselect("Actions", sorted(set(log["action"])), key="audit_action", placeholder="all")
        chosen = filtered(log, people, actions)
        st.dataframe(
            chosen.head(MAX_ROWS_SHOWN), key="audit_table", hide_index=True, alt="Who did what, the newest first",
            column_config={"when": "When (UTC)", "who": "Who", "action": "What", "names": "Of what"},
        )  # fmt: skip
        download.button(
            "CSV", chosen.to_csv(index=False).encode("utf-8"), "audit.csv", "text/csv", key="audit_csv", type="tertiary"
        )


def filtered(log: pd.DataFrame, people: list[str], actions: list[str]) -> pd.DataFrame:
    """The rows of these people and actions; of all where none is named."""
    chosen = log["who"].isin(people) | (not people)
    return log[chosen & (log["action"].isin(actions) | (not actions))]
