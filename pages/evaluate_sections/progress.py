"""Evaluations under way: how far, how good so far, and the button that stops them; gone when they have ended."""

from __future__ import annotations

from typing import Any

import streamlit as st

from hwr_core import jobs
from hwr_core.errors import HwrError
from hwr_core.evaluation import store
from pages.components import layout, wording
from pages.evaluate_sections import request_form

POLL = "1s"


def states(some: list[request_form.Constraints]) -> list[str]:
    return [one.kept.status.state for one in some]


def draw(some: list[request_form.Constraints]) -> None:
    """A card each; redrawn every second while one works, and the whole page once when one ends."""
    before = states(some)
    every = POLL if "running" in before else None
    st.fragment(run_every=every, key="evaluate_follow")(_live)(some, before)


def _live(some: list[request_form.Constraints], before: list[str]) -> None:
    if states(some) != before:
        st.rerun()
    for one in some:
        status = one.kept.status
        if status.state == "running":
            _card(one, status)


def _card(one: request_form.Constraints, status: Any) -> None:
    key = one.kept.folder.name
    with st.container(border=True, key=f"job_{key}", gap="small"):
        parts = [f"**{layout.plain(one.reader)}**", status.phase]
        if status.steps:
            parts.append(f"{wording.count(status.step)} of {wording.count(status.steps)}")
        parts.append(wording.time_left(status.seconds_left))
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.progress(status.progress, " · ".join(filter(None, parts)), width="stretch")
            asked = jobs.stop_requested(one.kept.folder)
            st.button(
                "Stopping …" if asked else "Stop", key=f"stop_{key}", icon=":material/stop:", disabled=asked,
                on_click=_stop, args=(one,), help="Nothing is kept of an evaluation that is not whole.",
            )  # fmt: skip
        so_far = status.details
        if so_far.get("words"):
            layout.facts(
                [
                    (wording.percent(so_far["cer"]), "CER so far"),
                    (wording.percent(so_far["word_accuracy"]), "words right so far"),
                    (f"{so_far['words_per_second']:,.0f}", "words/s"),
                ]
            )


def _stop(one: request_form.Constraints) -> None:
    try:
        store.stop(one.kept)
    except (HwrError, OSError) as error:
        st.session_state[request_form.ERROR] = str(error)


def ended_badly(one: request_form.Constraints) -> None:
    """Why an evaluation has no figures, beside the reader's name."""
    status = one.kept.status
    if status.state == "failed":
        layout.error(status.message or "The evaluation failed.", layout.plain(one.reader))
        log = one.kept.folder / jobs.LOG_FILE
        text = log.read_text(encoding="utf-8", errors="replace")[-4000:] if log.is_file() else ""
        if text.strip():
            with st.expander("Log", icon=":material/notes:", key=f"log_{one.kept.folder.name}"):
                st.code(text, language=None)
    elif status.state == "stopped":
        layout.note(f"{one.reader}: {status.message}")
