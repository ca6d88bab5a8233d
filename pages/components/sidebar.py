"""The sidebar: the chosen data set, the chosen model, and a training that runs. Choices live in the address."""

from __future__ import annotations

import streamlit as st

from hwr_core.datasets import list_datasets
from hwr_core.recognition import CheckpointInfo
from hwr_core.training import list_runs, running_run
from pages.access import visitor_note
from pages.components import layout, models, progress_card, wording

NEXT_CHOICES = "next_choices"  # made by a page, applied before the sidebar is drawn


def choose(**values: str) -> None:
    """Choose a data set or a model from a page: `choose(dataset="iam")`. Call `st.rerun()` or leave the page after."""
    st.session_state.setdefault(NEXT_CHOICES, {}).update(values)


def chosen_dataset() -> str | None:
    """The chosen data set's name, or None where there is none yet."""
    return st.session_state.get("dataset")


def chosen_model() -> CheckpointInfo | None:
    """The chosen model, or None where there is none yet."""
    return models.available().get(st.session_state.get("reader") or "")


def draw() -> None:
    """Draw it; called once, in streamlit_app.py, before the page runs."""
    names = [info.name for info in list_datasets() if info.is_ready]
    known = models.available()
    next_choices = st.session_state.pop(NEXT_CHOICES, {})
    for key, options in (("dataset", names), ("reader", list(known))):
        if next_choices.get(key) in options:
            st.session_state[key] = next_choices[key]
        elif options and st.session_state.get(key, options) is None:  # chosen of none: there was nothing yet
            st.session_state[key] = options[0]
    linked = st.query_params.get("dataset")
    if linked and linked not in names:  # the page may be about to prepare it, and then draws once more
        st.session_state[NEXT_CHOICES] = {"dataset": linked}
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
        model = st.selectbox(
            "Model",
            list(known),
            key="reader",
            bind="query-params",
            placeholder="None yet",
            disabled=not known,
            help="What reads on the Home and Read pages: a shipped model, or one of your runs.",
        )
        if model in known and models.quality(known[model]):
            st.caption(models.quality(known[model]))
        for run in list_runs():
            if run.damage:
                st.caption(f":material/error: The run {layout.plain(run.name)} is damaged: see the Runs page.")
        if running_run() is not None:
            _progress()
    visitor_note.draw()


@st.fragment(run_every="2s")
def _progress() -> None:
    run = running_run()
    if run is None:
        st.caption(":material/check: Training has ended.")
        layout.link("runs", "See the run", ":material/arrow_forward:")
        return
    status = run.status
    with st.container(border=True, key="sidebar_training", gap="xsmall"):
        st.markdown(f"**{layout.message(run.name)}** · {status.phase.lower()}")
        parts = [progress_card.epoch_text(status), wording.time_left(status.seconds_left)]
        st.progress(progress_card.training_share(status), " · ".join(filter(None, parts)) or None)
        layout.link("train", "Follow it", ":material/arrow_forward:")
