"""Progress of a job in a process of its own: everything is read from its folder, so every tab shows the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from hwr_core import jobs
from hwr_core.datasets import demo_dataset
from hwr_core.errors import HwrError
from hwr_core.training.run_files import number_of
from pages.access import Right, may, needs, refusal
from pages.components import layout, wording

EPOCH_PHASES = ("Training", "Validating", "Saving")
MAX_LOG_LINES_UNSCROLLED = 12


def follow(states: Callable[[], list[str]], draw: Callable[[], None], *, seconds: float, key: str) -> None:
    """Draw a part of the page again every so often while a job runs; the whole page when the state of one changes.

    Args:
        states: of the jobs, read anew.
        draw: draws the part.
        seconds: between two drawings.
        key: of the fragment.
    """
    before = states()
    st.fragment(run_every=seconds if "running" in before else None, key=key)(_follow)(states, draw, before)


def _follow(states: Callable[[], list[str]], draw: Callable[[], None], before: list[str]) -> None:
    if states() != before:  # done, stopped, failed, or resumed in another tab
        st.rerun()
    draw()


def stop_button(folder: Path, stop: Callable[..., None], *args: object, key: str, help_text: str) -> None:
    """The button that has `stop(*args)` ask the job in `folder` to stop, and then shows that it was pressed."""

    def press() -> None:
        try:
            stop(*args)
        except (HwrError, OSError) as error:  # it is another's, the disk is full, or the folder was removed
            st.toast(f"It could not be stopped: {error}", icon=":material/error:")

    stopping = jobs.stop_requested(folder)
    st.button(
        "Stopping …" if stopping else "Stop",
        icon=":material/stop:",
        key=key,
        disabled=stopping,
        on_click=press,
        help=help_text,
    )


def log(read_log: Callable[[], str], *, key: str, expanded: bool) -> None:
    """The last lines of a job's log, read when the expander is open."""
    expander = st.expander("Log", icon=":material/notes:", key=key, expanded=expanded, on_change="rerun")
    if expander.open:
        text = read_log()
        with expander:
            st.code(
                text or "The log is empty.",
                language=None,
                height=300 if text.count("\n") > MAX_LOG_LINES_UNSCROLLED else "content",
            )


def training_share(status: jobs.Status) -> float:
    """The share that is done, in [0, 1]: of the whole training within an epoch, else of the phase."""
    epoch, epochs = number_of(status, "epoch"), number_of(status, "epochs")
    if not epoch or not epochs or status.phase not in EPOCH_PHASES:
        return status.progress
    return min(1.0, max(0.0, (epoch - 1 + status.progress) / epochs))


def training_text(status: jobs.Status) -> str:
    """Phase, epoch, step and time left of a training: "Training · epoch 5 of 40 · step 12 of 40 · 1 min 20 s left"."""
    parts = [status.phase or jobs.STARTING, epoch_text(status) if status.phase in EPOCH_PHASES else ""]
    if status.steps and status.phase not in ("Validating", "Saving"):
        parts.append(f"step {status.step:,} of {status.steps:,}")
    return " · ".join(filter(None, [*parts, wording.time_left(status.seconds_left)]))


def epoch_text(status: jobs.Status) -> str:
    """The epoch of a training, "epoch 5 of 40"; empty before the first."""
    epoch, epochs = number_of(status, "epoch"), number_of(status, "epochs")
    return f"epoch {epoch:.0f} of {epochs:.0f}" if epoch and epochs else ""


def offer_demo_dataset(icon: str, sentence: str) -> bool:
    """The empty state of a page that needs a data set; returns whether the built-in one has just been prepared."""
    if not may(Right.ADD_DATA):
        layout.empty(icon, f"{sentence} {refusal(Right.ADD_DATA)}", key="use_demo")
        return False
    pressed = layout.empty(icon, sentence, "Use the built-in demo set", key="use_demo")
    layout.link("data", "Or add your own on the Data page", ":material/add_photo_alternate:")
    return pressed and bool(_prepare_demo())


@needs(Right.ADD_DATA, "add a data set", lambda: "demo")
def _prepare_demo() -> bool:
    """Prepare the built-in data set in this process; False, and the sentence, where that fails."""
    bar = st.progress(0.0, "Reading the demo set")

    def on_progress(phase: str, step: int, steps: int) -> None:
        bar.progress(min(1.0, step / steps) if steps else 0.0, phase)

    try:
        demo_dataset(progress=on_progress)
    except HwrError as error:
        layout.error(str(error))
        return False
    return True
