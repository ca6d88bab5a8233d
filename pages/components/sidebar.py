"""The sidebar: the chosen data set, the chosen reader, and a training that runs. Choices live in the address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import models, wording

NEXT = "next_choices"  # what a page has chosen in the sidebar's place; taken over before the sidebar is drawn


def choices() -> dict[str, str]:
    """The choices that the address does not carry yet, as query parameters for links; the others stay by themselves."""
    names = (name for name in ("dataset", "reader") if name not in st.query_params)
    return {name: st.session_state[name] for name in names if st.session_state.get(name)}


def choose(**values: str) -> None:
    """Choose a data set or a reader from a page: `choose(dataset="iam")`. Call `st.rerun()` or leave the page after."""
    st.session_state.setdefault(NEXT, {}).update(values)


def chosen_dataset() -> str | None:
    """The chosen data set's name, or None where there is none yet."""
    return st.session_state.get("dataset")


def chosen_reader() -> Any | None:
    """The chosen reader's `CheckpointInfo`, or None where there is none yet."""
    return models.available().get(st.session_state.get("reader") or "")


def draw() -> None:
    """Draw it; called once, in streamlit_app.py, before the page runs."""
    from hwr_core.datasets import list_datasets

    names = [info.name for info in list_datasets() if info.is_ready]
    known = models.available()
    wanted = st.session_state.pop(NEXT, {})
    for key, options in (("dataset", names), ("reader", list(known))):
        if wanted.get(key) in options:
            st.session_state[key] = wanted[key]
    asked = st.query_params.get("dataset")
    if asked and asked not in names:  # the page may be about to prepare it, and then draws once more
        st.session_state[NEXT] = {"dataset": asked}
    with st.sidebar:
        st.selectbox(
            "Data set",
            names,
            key="dataset",
            bind="query-params",
            placeholder="None yet",
            disabled=not names,
            help="What the Data page shows, and what a new training starts from.",
        )
        # Without a `format_func`: the address would carry what it writes, and links with the name alone lead nowhere.
        reader = st.selectbox(
            "Reader",
            list(known),
            key="reader",
            bind="query-params",
            placeholder="None yet",
            disabled=not known,
            help="Who reads on the Home and Read pages: a shipped reader, or one of your runs.",
        )
        if reader in known and models.standing(known[reader]):
            st.caption(models.standing(known[reader]))
        if _training() is not None:
            _progress()


def _training() -> Any | None:
    from hwr_core.training import running_run

    return running_run()


@st.fragment(run_every="2s")
def _progress() -> None:
    from pages.components import layout

    run = _training()
    if run is None:
        st.caption(":material/check: Training has ended.")
        layout.link("runs", "See the run", ":material/arrow_forward:")
        return
    status = run.status
    details = status.details
    epoch, epochs = details.get("epoch") or 0, details.get("epochs") or 0
    share = status.progress
    if epochs and status.phase in ("Training", "Validating", "Saving"):
        done = min(1.0, (details.get("step") or 0) / details["steps"]) if details.get("steps") else 0.0
        share = min(1.0, max(0.0, (epoch - 1 + done) / epochs))
    with st.container(border=True, key="sidebar_training", gap="xsmall"):
        st.markdown(f"**{run.name}** · {status.phase.lower()}")
        parts = [f"epoch {epoch} of {epochs}" if epoch and epochs else "", wording.time_left(status.seconds_left)]
        st.progress(share, " · ".join(filter(None, parts)) or None)
        layout.link("train", "Follow it", ":material/arrow_forward:")
