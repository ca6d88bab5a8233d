"""One run: its progress, curves, sample readings and log, and the buttons that start and stop it."""

from __future__ import annotations

from html import escape
from typing import Literal

import pandas as pd
import streamlit as st

from hwr_core import jobs
from hwr_core.adaptation import AdaptationResult, read_result
from hwr_core.config import RunConfig
from hwr_core.errors import ConfigError, HwrError, JobError
from hwr_core.training import Run, running_run, start, stop
from hwr_core.training.run_files import ADAPTATION_FILE, number_of, read_history, read_samples
from pages.access import Right, may, needs, require, visitors
from pages.components import adaptation_result, charts, layout, progress_card, wording
from pages.train_sections import curves, sample_readings, settings

POLL_SECONDS = 2.0
Colour = Literal["gray", "blue", "green", "orange", "red", "violet"]
BADGES: dict[str, tuple[str, str, Colour]] = {
    "waiting": ("waiting", ":material/schedule:", "gray"),
    "running": ("running", ":material/play_arrow:", "blue"),
    "done": ("done", ":material/check:", "green"),
    "stopped": ("stopped", ":material/pause:", "orange"),
    "failed": ("failed", ":material/error:", "red"),
    "example": ("example", ":material/school:", "gray"),
    "replay": ("replay", ":material/replay:", "violet"),
}
START_LABELS = {"stopped": "Resume", "failed": "Try again", "waiting": "Start"}
ERROR = "train_error"  # the sentence of a start that was refused


def config_of(run: Run) -> RunConfig | None:
    """The run's configuration, or None where it is damaged."""
    try:
        return run.config
    except ConfigError:
        return None


def draw(run: Run) -> None:
    """The whole view of one run; redrawn every two seconds while it runs, and only then."""
    progress_card.follow(lambda: [run.status.state], lambda: _draw(run), seconds=POLL_SECONDS, key="follow")


def state_of(run: Run) -> str:
    """The run's state; "example" for one of a shared workspace that has ended, however it ended."""
    return "example" if run.is_shared and run.status.is_over else run.status.state


def is_recording(run: Run) -> bool:
    """Whether the run is a finished one for everyone, of several epochs, so that it can be replayed."""
    is_whole = run.is_shared and run.status.state == "done" and config_of(run) is not None
    return is_whole and len(read_history(run.folder, checked=True)) > 1


def badge(state: str) -> None:
    text, icon, colour = BADGES[state]
    st.badge(text, icon=icon, color=colour)


def set_up_another() -> None:
    for name in ("run", "replay"):
        st.query_params.pop(name, None)
    st.query_params["new"] = "1"


def _set_up_like(config: RunConfig) -> None:
    settings.fill_from(config)
    set_up_another()


def right_of(run: Run) -> Right:
    """The right that starting and stopping the run takes: an adaptation is shorter than a training."""
    return Right.ADAPT if (run.folder / ADAPTATION_FILE).is_file() else Right.TRAIN


def may_change(run: Run) -> bool:
    """Whether the visitor may start, stop and describe the run: his own, of a kind that is open to him."""
    return not run.is_shared and may(right_of(run))


@needs(Right.ADAPT, "start a run", lambda run: run.name)
def resume(run: Run) -> str:
    """Start or resume a run; returns the sentence that it trains.

    Raises:
        JobError: another training runs, or the run is shared.
        AccessError: the visitor may not train, or has no space.
    """
    require(right_of(run))
    visitors.check_quota(0)
    start(run)
    return f"{run.name} is training."


def _start(run: Run) -> None:
    try:
        resume(run)
    except HwrError as error:
        st.session_state[ERROR] = str(error)


@needs(Right.ADAPT, "stop a run", lambda run: run.name)
def stop_run(run: Run) -> None:
    require(right_of(run))
    if run.is_shared:
        raise JobError(f"{run.name} is not yours. It cannot be stopped here.")
    stop(run)


def _draw(run: Run) -> None:
    if problem := run.damage:
        layout.error(problem, run.name)
    config = config_of(run)
    if config is None:
        layout.link("runs", "Delete it on the Runs page", ":material/delete:", runs=run.name)
        return
    status = run.status
    _head(run, config, status)
    if sentence := st.session_state.pop(ERROR, None):
        layout.error(sentence)
    progress(run, config, status, read_history(run.folder, checked=True), read_samples(run.folder, checked=True))
    if not run.is_shared:
        progress_card.log(run.log, key="log_box", expanded=status.state == "failed")


def progress(run: Run, config: RunConfig, status: jobs.Status, history: pd.DataFrame, samples: pd.DataFrame) -> None:
    """How far a training is: its progress, figures, curves and sample readings.

    Args:
        run: the training.
        config: its settings.
        status: as it is, or as it was when it was recorded.
        history: a row a finished epoch.
        samples: readings of the finished epochs.
    """
    _state(run, config, status, history)
    left, right = st.columns([4, 3], gap="medium")
    with left:
        _curves(run, status, history)
    with right:
        result = read_result(run.folder)
        if result is None:
            _samples(status, samples, has_epochs=len(history) > 0)
        else:
            _adaptation(run, result)


def title(name: str) -> None:
    """The run's name, as a heading in the row of its buttons."""
    st.html(f'<h2 style="margin: 0; padding: 0; font-size: 1.25rem">{escape(name)}</h2>', width="content")


def _head(run: Run, config: RunConfig, status: jobs.Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="run_head"):
        title(run.name)
        badge(state_of(run))
        st.space("stretch")
        if run.is_shared:  # it is neither stopped nor resumed from here
            if is_recording(run):
                layout.link("train", "Watch it again", ":material/replay:", replay=run.name)
        elif not may_change(run):
            pass
        elif status.state == "running":
            progress_card.stop_button(
                run.folder,
                stop_run,
                run,
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


def _state(run: Run, config: RunConfig, status: jobs.Status, history: pd.DataFrame) -> None:
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


def _samples(status: jobs.Status, samples: pd.DataFrame, *, has_epochs: bool) -> None:
    st.markdown("**Sample readings** · validation words")
    if len(samples):
        sample_readings.before_and_now(samples)
    elif status.state == "running":
        layout.note("After each epoch the same few validation words are read here.")
    elif has_epochs:
        layout.note("This run has none: its words may not be passed on, or its file of readings is gone.")
    else:
        layout.note("There are none: no epoch has been finished.")
