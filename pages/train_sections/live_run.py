"""One run: its progress, curves, sample readings and log, and the buttons that start and stop it."""

from __future__ import annotations

from html import escape
from typing import Literal

import pandas as pd
import streamlit as st

from hwr_core import jobs
from hwr_core.adaptation import AdaptationResult, read_result
from hwr_core.config import RunConfig
from hwr_core.errors import ConfigError, HwrError
from hwr_core.training import Run, running_run, start, stop
from hwr_core.training.run_files import number_of, read_history, read_samples
from pages.components import adaptation_result, charts, layout, progress_card, wording
from pages.train_sections import curves, sample_readings, settings

POLL_SECONDS = 2.0
Colour = Literal["gray", "blue", "green", "orange", "red"]
BADGES: dict[str, tuple[str, str, Colour]] = {
    "waiting": ("waiting", ":material/schedule:", "gray"),
    "running": ("running", ":material/play_arrow:", "blue"),
    "done": ("done", ":material/check:", "green"),
    "stopped": ("stopped", ":material/pause:", "orange"),
    "failed": ("failed", ":material/error:", "red"),
}
START_LABELS = {"stopped": "Resume", "failed": "Try again", "waiting": "Start"}
ERROR = "train_error"  # the sentence of a start or stop that was refused


def config_of(run: Run) -> RunConfig | None:
    """The run's configuration, or None where it is damaged."""
    try:
        return run.config
    except ConfigError:
        return None


def draw(run: Run) -> None:
    """The whole view of one run; redrawn every two seconds while it runs, and only then."""
    progress_card.follow(lambda: [run.status.state], lambda: _draw(run), seconds=POLL_SECONDS, key="follow")


def badge(state: str) -> None:
    text, icon, colour = BADGES[state]
    st.badge(text, icon=icon, color=colour)


def set_up_another() -> None:
    st.query_params.pop("run", None)
    st.query_params["new"] = "1"


def _set_up_like(config: RunConfig) -> None:
    settings.fill_from(config)
    set_up_another()


def _start(run: Run) -> None:
    try:
        start(run)
    except HwrError as error:
        st.session_state[ERROR] = str(error)


def _stop(run: Run) -> None:
    try:
        stop(run)
    except (HwrError, OSError) as error:
        st.session_state[ERROR] = str(error)


def _draw(run: Run) -> None:
    if problem := run.damage:
        layout.error(problem, run.name)
    config = config_of(run)
    if config is None:
        layout.link("runs", "Delete it on the Runs page", ":material/delete:", runs=run.name)
        return
    status, history = run.status, read_history(run.folder, checked=True)
    _head(run, config, status)
    _progress(run, config, status, history)
    left, right = st.columns([4, 3], gap="medium")
    with left:
        _curves(run, status, history)
    with right:
        result = read_result(run.folder)
        if result is None:
            _samples(status, read_samples(run.folder, checked=True))
        else:
            _adaptation(run, result)
    progress_card.log(run.log, key="log_box", expanded=status.state == "failed")


def _head(run: Run, config: RunConfig, status: jobs.Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="run_head"):
        st.html(f'<h2 style="margin: 0; padding: 0; font-size: 1.25rem">{escape(run.name)}</h2>', width="content")
        badge(status.state)
        st.space("stretch")
        if status.state == "running":
            progress_card.stop_button(
                run.folder,
                lambda: _stop(run),
                key="stop",
                help_text="Ends at the next step and keeps every finished epoch; it can be resumed.",
            )
        elif status.state in START_LABELS:
            _start_button(run, status)
        if status.state == "done" and run.checkpoint:
            layout.link("read", "Read with this", ":material/edit_note:", reader=run.name)
        if status.state != "running":
            layout.link("runs", "Compare", ":material/stacked_line_chart:", runs=run.name)
        with st.popover("More", icon=":material/more_horiz:"):
            layout.page_button(
                "Set up another training", set_up_another, key="another", icon=":material/add:", type="tertiary"
            )
            layout.page_button(
                "Set one up with these settings",
                _set_up_like,
                config,
                key="like",
                icon=":material/content_copy:",
                type="tertiary",
            )


def _start_button(run: Run, status: jobs.Status) -> None:
    other = running_run()
    if other is None:
        help_text = "Goes on after the last finished epoch."
    else:
        help_text = f"{other.name} is training; one training runs at a time."
    st.button(
        START_LABELS[status.state],
        icon=":material/play_arrow:",
        key="resume",
        type="primary",
        disabled=other is not None,
        on_click=_start,
        args=(run,),
        help=help_text,
    )


def _progress(run: Run, config: RunConfig, status: jobs.Status, history: pd.DataFrame) -> None:
    if sentence := st.session_state.pop(ERROR, None):
        layout.error(sentence)
    if status.state == "running":
        st.progress(progress_card.training_share(status), progress_card.training_text(status))
    elif status.state == "failed":
        layout.error(status.message or "The training failed; see its log below.")
    elif status.state == "waiting":
        layout.note("Waiting: nothing has been trained yet.")
    elif status.message:
        st.markdown(layout.message(status.message))
    if run.notes:
        layout.note(run.notes)
    if len(history) or status.state == "running":
        layout.facts(_facts(config, status, history))


def _facts(config: RunConfig, status: jobs.Status, history: pd.DataFrame) -> list[tuple[str, str]]:
    """Epochs, the best epoch, and the speed now or the time and memory spent."""
    is_running = status.state == "running"
    epochs = number_of(status, "epochs") or config.training.epochs
    finished = int(history["epoch"].iloc[-1]) if len(history) else 0
    epoch = (is_running and number_of(status, "epoch")) or finished
    facts = [(f"{epoch:.0f} / {epochs:.0f}", "epoch" if is_running else "epochs")]
    best = curves.best_epoch(history)
    if best is not None:
        row = history.loc[history["epoch"] == best].iloc[0]
        if curves.is_measured(history, "cer"):
            facts.append((wording.percent(row["cer"]), f"best CER, epoch {best}"))
        elif curves.is_measured(history, "validation_loss"):
            facts.append((f"{row['validation_loss']:.3f}", f"best validation loss, epoch {best}"))
    if is_running:
        loss, speed = number_of(status, "loss"), number_of(status, "words_per_second")
        if loss is not None:
            facts.append((f"{loss:.3f}", "loss now"))
        if speed:
            facts.append((f"{speed:,.0f}", "words/s"))
        if status.seconds_left is not None:
            facts.append((wording.duration(status.seconds_left), "left"))
    elif len(history):
        if curves.is_measured(history, "seconds"):
            facts.append((wording.duration(float(history["seconds"].sum())), "in training"))
        if memory := number_of(status, "peak_memory_mb"):
            facts.append((wording.size(memory), "memory at most"))
    return facts


def _curves(run: Run, status: jobs.Status, history: pd.DataFrame) -> None:
    if not len(history):
        if status.state == "running":
            text = "The curves begin with the first finished epoch."
        else:
            text = "No epoch has been finished: there are no curves."
        layout.empty("show_chart", text, key="curves")
        return
    log = st.toggle("Logarithmic loss", key="log_scale", help="Shows small differences of a small loss.")
    figure = curves.live(run.name, history, log=log)
    alt = f"Loss, error and accuracy of {run.name} over {wording.count(len(history), 'epoch')}"
    charts.show(figure, "live_curves", f"{run.name}-history", history, alt=alt)


def _adaptation(run: Run, result: AdaptationResult) -> None:
    st.markdown("**Words held back** · before and after")
    adaptation_result.metrics_table(result)
    adaptation_result.held_back_table(run.name, result)


def _samples(status: jobs.Status, samples: pd.DataFrame) -> None:
    st.markdown("**Sample readings** · validation words")
    if len(samples):
        sample_readings.before_and_now(samples)
    elif status.state == "running":
        layout.note("After each epoch the same few validation words are read here.")
    else:
        layout.note("There are none: no epoch has been finished.")
