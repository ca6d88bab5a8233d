"""One run, as it goes. All is read from its folder: a reload, a second tab or a new server sees the same."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from hwr_core import jobs
from hwr_core.adaptation import read_result
from hwr_core.errors import HwrError
from hwr_core.training import running_run, start, stop
from pages.components import adaptation_result, charts, layout, wording
from pages.components.sidebar import choices
from pages.train_sections import curves, sample_readings, settings

POLL = 2.0  # seconds
BADGES = {
    "waiting": ("waiting", ":material/schedule:", "gray"),
    "running": ("running", ":material/play_arrow:", "blue"),
    "done": ("done", ":material/check:", "green"),
    "stopped": ("stopped", ":material/pause:", "orange"),
    "failed": ("failed", ":material/error:", "red"),
}
ERROR = "train_error"  # the sentence of a start or stop that was refused


def damage(run: Any) -> str:
    """Why the run's configuration cannot be read, in a sentence; empty where it can."""
    try:
        _ = run.config
    except HwrError as error:
        return str(error)
    return ""


def draw(run: Any) -> None:
    """The whole view of one run; redrawn every two seconds while it runs, and only then."""
    state = run.status.state
    every = POLL if state == "running" else None
    st.fragment(run_every=every, key="follow")(_live)(run, state)


def page_link(page: str, label: str, icon: str, **parameters: str) -> None:
    """A link to a page about a run; the chosen data set and reader go along."""
    st.page_link(layout.PAGES / f"{page}.py", label=label, icon=icon, query_params={**choices(), **parameters})


def badge(state: str) -> None:
    text, icon, colour = BADGES.get(state, (state, None, "gray"))
    st.badge(text, icon=icon, color=colour)


def set_up_another() -> None:
    st.query_params.pop("run", None)
    st.query_params["new"] = "1"


def _set_up_like(run: Any) -> None:
    settings.fill_from(run.config)
    set_up_another()


def _start(run: Any) -> None:
    try:
        start(run)
    except HwrError as error:
        st.session_state[ERROR] = str(error)


def _stop(run: Any) -> None:
    try:
        stop(run)
    except HwrError as error:
        st.session_state[ERROR] = str(error)


def _live(run: Any, drawn: str) -> None:
    status = run.status
    if status.state != drawn:  # done, stopped, failed, or resumed elsewhere: the rest of the page changes too
        st.rerun()
    if problem := damage(run):  # by hand, or by a full disk
        layout.error(problem, run.name)
        page_link("runs", "Delete it on the Runs page", ":material/delete:", runs=run.name)
        return
    history, rows = curves.history_of(run), sample_readings.samples_of(run)
    _head(run, status)
    _progress(run, run.config, status, history)
    left, right = st.columns([4, 3], gap="medium")
    with left:
        _curves(run, status, history)
    with right:
        taught = read_result(run.folder)
        if taught is None:
            _samples(status, rows)
        else:
            _taught(run, taught)
    _log(run, status)


def _head(run: Any, status: Any) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="run_head"):
        st.html(f'<h2 style="margin: 0; padding: 0; font-size: 1.25rem">{escape(run.name)}</h2>', width="content")
        badge(status.state)
        st.space("stretch")
        if status.state == "running":
            asked = jobs.stop_requested(run.folder)
            st.button(
                "Stopping …" if asked else "Stop",
                icon=":material/stop:",
                key="stop",
                disabled=asked,
                on_click=_stop,
                args=(run,),
                help="Ends at the next step and keeps every finished epoch; it can be resumed.",
            )
        elif status.state in ("stopped", "failed", "waiting"):
            _start_button(run, status)
        if status.state == "done" and run.checkpoint:
            page_link("read", "Read with this", ":material/edit_note:", reader=run.name)
        if status.state != "running":
            page_link("runs", "Compare", ":material/stacked_line_chart:", runs=run.name)
        with st.popover("More", icon=":material/more_horiz:"):
            layout.page_button(
                "Set up another training", set_up_another, key="another", icon=":material/add:", type="tertiary"
            )
            layout.page_button(
                "Set one up with these settings",
                _set_up_like,
                run,
                key="like",
                icon=":material/content_copy:",
                type="tertiary",
            )


def _start_button(run: Any, status: Any) -> None:
    label = {"stopped": "Resume", "failed": "Try again", "waiting": "Start"}[status.state]
    other = running_run()
    st.button(
        label,
        icon=":material/play_arrow:",
        key="resume",
        type="primary",
        disabled=other is not None,
        on_click=_start,
        args=(run,),
        help=f"{other.name} is training; one training runs at a time."
        if other
        else "Goes on behind the last finished epoch.",
    )


def _progress(run: Any, config: Any, status: Any, history: Any) -> None:
    if sentence := st.session_state.pop(ERROR, None):
        layout.error(sentence)
    details = status.details
    epochs = details.get("epochs") or config.training.epochs
    finished = int(history["epoch"].iloc[-1]) if len(history) else 0
    if status.state == "running":
        st.progress(*_bar(status, epochs))
    elif status.state == "failed":
        layout.error(status.message or "The training failed; its log below says more.")
    elif status.state == "waiting":
        layout.note("Kept for later: nothing has been trained yet.")
    elif status.message:
        st.markdown(status.message)
    if run.notes:
        layout.note(run.notes)
    running = status.state == "running"
    items = [(f"{(running and details.get('epoch')) or finished} / {epochs}", "epoch" if running else "epochs")]
    best = curves.best_epoch(history) if len(history) else None
    if best is not None:
        row = history.loc[history["epoch"] == best].iloc[0]
        if curves.measured(history, "cer"):
            items.append((wording.percent(row["cer"]), f"best CER, epoch {best}"))
        else:
            items.append((f"{row['validation_loss']:.3f}", f"best validation loss, epoch {best}"))
    if status.state == "running":
        if details.get("loss") is not None:
            items.append((f"{details['loss']:.3f}", "loss now"))
        if details.get("words_per_second"):
            items.append((f"{details['words_per_second']:,.0f}", "words/s"))
        if status.seconds_left is not None:
            items.append((wording.duration(status.seconds_left), "left"))
    elif len(history):
        items.append((wording.duration(float(history["seconds"].sum())), "in training"))
        if details.get("peak_memory_mb"):
            items.append((wording.size(details["peak_memory_mb"]), "memory at most"))
    if len(history) or status.state == "running":
        layout.facts(items)


def _bar(status: Any, epochs: int) -> tuple[float, str]:
    """The share done and what it is: of the whole training once it trains, of the phase before."""
    details = status.details
    share, parts = status.progress, [status.phase or "Starting"]
    if details.get("epoch") and epochs and status.phase in ("Training", "Validating", "Saving"):
        share = (details["epoch"] - 1 + status.progress) / epochs
        parts.append(f"epoch {details['epoch']} of {epochs}")
    if status.steps and status.phase not in ("Validating", "Saving"):
        parts.append(f"step {status.step:,} of {status.steps:,}")
    if status.seconds_left is not None:
        parts.append(wording.time_left(status.seconds_left))
    return min(1.0, max(0.0, share)), " · ".join(parts)


def _curves(run: Any, status: Any, history: Any) -> None:
    if not len(history):
        if status.state == "running":
            text = "The curves begin with the first finished epoch."
            layout.empty("show_chart", text, key="curves")
        else:
            layout.empty("show_chart", "No epoch has been finished: there are no curves.", key="curves")
        return
    log = st.toggle("Logarithmic loss", key="log_scale", help="Shows small differences of a small loss.")
    figure = curves.live(run.name, history, log=log)
    alt = f"Loss, error and accuracy of {run.name} over {wording.count(len(history), 'epoch')}"
    charts.show(figure, "live_curves", f"{run.name}-history", history, alt=alt)


def _taught(run: Any, taught: Any) -> None:
    st.markdown("**Words held back** · before and after")
    adaptation_result.figures(taught)
    adaptation_result.readings(run.name, taught)


def _samples(status: Any, rows: Any) -> None:
    st.markdown("**Sample readings** · validation words")
    if len(rows):
        sample_readings.before_and_now(rows)
    elif status.state == "running":
        layout.note("After each epoch the same few validation words are read here, to see it learn.")
    else:
        layout.note("There are none: no epoch has been finished.")


def _log(run: Any, status: Any) -> None:
    box = st.expander(
        "Log", icon=":material/notes:", key="log_box", expanded=status.state == "failed", on_change="rerun"
    )
    if box.open:
        with box:
            text = run.log()
            st.code(text or "The log is empty.", language=None, height=300 if text.count("\n") > 12 else "content")


def plain(name: str) -> str:
    """A name as Markdown that shows it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|<>~$:" else letter for letter in name)
