"""Evaluations that run: how far, the metrics so far, the button that stops them; and why one has ended."""

from __future__ import annotations

import streamlit as st

from hwr_core import jobs
from hwr_core.training import Run
from pages.access import Right, may, needs
from pages.components import layout, progress_card, wording
from pages.evaluate_sections.request_form import Target

POLL_SECONDS = 1.0


def draw(targets: list[Target]) -> None:
    """A card each; redrawn every second while one runs, and the whole page once when one ends."""
    progress_card.follow(
        lambda: [target.stored.status.state for target in targets],
        lambda: _cards(targets),
        seconds=POLL_SECONDS,
        key="evaluate_follow",
    )


def _cards(targets: list[Target]) -> None:
    for target in targets:
        status = target.stored.status
        if status.state == "running":
            _card(target, status)


def _card(target: Target, status: jobs.Status) -> None:
    key = target.stored.folder.name
    with st.container(border=True, key=f"job_{key}", gap="small"):
        parts = [f"**{layout.plain(target.model)}**", status.phase]
        if status.steps:
            parts.append(f"{wording.count(status.step)} of {wording.count(status.steps)}")
        parts.append(wording.time_left(status.seconds_left))
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.progress(status.progress, " · ".join(filter(None, parts)), width="stretch")
            if may(Right.EVALUATE):
                progress_card.stop_button(
                    target.stored.folder,
                    stop,
                    target,
                    key=f"stop_{key}",
                    help_text="An evaluation that is stopped has no result.",
                )
        metrics = status.details
        if metrics.get("words"):
            layout.facts(
                [
                    (wording.percent(metrics["cer"]), "CER so far"),
                    (wording.percent(metrics["word_accuracy"]), "words right so far"),
                    (f"{metrics['words_per_second']:,.0f}", "words/s"),
                ]
            )


@needs(Right.EVALUATE, "stop an evaluation", lambda target: target.stored.folder.name)
def stop(target: Target) -> None:
    jobs.request_stop(target.stored.folder)


def failure(target: Target) -> None:
    """Why an evaluation has no figures, next to the model's name."""
    status = target.stored.status
    if status.state == "failed":
        layout.error(status.message or "The evaluation failed.", target.model)
        log = Run(target.stored.folder).log
        if log():
            progress_card.log(log, key=f"log_{target.stored.folder.name}", expanded=True)
    elif status.state == "stopped":
        layout.note(f"{target.model}: {status.message}")
