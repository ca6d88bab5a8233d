"""A recorded training, replayed: the view of a live one, fed from the history of an example in compressed time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from hwr_core import jobs, packages
from hwr_core.config import RunConfig
from hwr_core.training import Run, list_runs
from hwr_core.training.run_files import read_history, read_samples
from pages.access import Right, may, refusal
from pages.components import layout, progress_card, wording
from pages.train_sections import live_run

PARAMETER = "replay"  # in the address: the recorded run
PLAYBACK, CHOICE = "replay_playback", "replay_run"  # in the session
EPOCH_SECONDS = 1.0
MAX_SECONDS = 40.0  # of a whole replay; epochs of a long training pass quicker


@dataclass(frozen=True)
class Playback:
    """Where the replay of a run is.

    Attributes:
        name: of the run.
        seconds: of the replay that had passed when it was started or stopped last.
        since: when it was started, in seconds since the epoch; None while it is stopped.
    """

    name: str
    seconds: float = 0.0
    since: float | None = None

    def elapsed(self, now: float) -> float:
        """Seconds of the replay that have passed."""
        return self.seconds + (now - self.since if self.since is not None else 0.0)


def recordings() -> list[Run]:
    """The runs that can be replayed, newest first."""
    return [run for run in list_runs() if live_run.is_recording(run)]


def most_learned(runs: list[Run]) -> Run | None:
    """The run in which the error fell most: the one to watch first."""

    def fall(run: Run) -> float:
        history = read_history(run.folder, checked=True)
        errors = history["cer"].clip(upper=1) if "cer" in history else pd.Series([0.0])
        return float(errors.iloc[0] - errors.min())

    return max(runs, key=fall, default=None)


def epoch_seconds(epochs: int) -> float:
    """For how long an epoch of a recorded training is shown."""
    return min(EPOCH_SECONDS, MAX_SECONDS / epochs)


def status_at(run: Run, config: RunConfig, history: pd.DataFrame, elapsed: float, *, is_playing: bool) -> jobs.Status:
    """The status that the recorded training had, so many seconds into its replay."""
    finished = finished_epochs(history, elapsed)
    if finished == len(history):
        return run.status
    row = history.iloc[finished]
    details = {"epoch": finished + 1, "epochs": config.training.epochs, "loss": float(row["loss"])}
    if "words_per_second" in history:
        details["words_per_second"] = float(row["words_per_second"])
    if is_playing:
        return jobs.Status(state="running", phase="Training", details=details)
    return jobs.Status(state="stopped", message="The replay is stopped.", details=details)


def finished_epochs(history: pd.DataFrame, elapsed: float) -> int:
    """The number of epochs that have been shown."""
    return min(len(history), int(elapsed / epoch_seconds(len(history))))


def draw() -> None:
    """The choice of a recorded training, and its replay; one that the address names plays at once."""
    runs = {run.name: run for run in recordings()}
    may_train = may(Right.TRAIN) and packages.can_train()
    if not may(Right.TRAIN):
        layout.note(refusal(Right.TRAIN))
    elif not may_train:
        layout.note(packages.sentence("Training"))
    if not runs:
        layout.empty("movie", "There is no recorded training here.", key="no_recording")
        return
    linked = st.query_params.get(PARAMETER, "")
    playback: Playback | None = st.session_state.get(PLAYBACK)
    if linked in runs and (playback is None or playback.name != linked):
        play(linked)
    elif playback is None or playback.name not in runs:
        best = most_learned(list(runs.values()))
        assert best is not None
        st.session_state[PLAYBACK] = Playback(best.name)
    run = runs[_playback().name]
    st.session_state[CHOICE] = run.name
    with st.container(horizontal=True, vertical_alignment="bottom", key="replay_choice"):
        st.selectbox("Recorded training", list(runs), key=CHOICE, on_change=_choose, width=320)
        if may_train:
            st.button("Set up a training", key="replay_leave", icon=":material/add:", on_click=live_run.set_up_another)
    progress_card.follow(lambda: [_state(run)], lambda: _draw(run), seconds=EPOCH_SECONDS, key="replay_follow")


def play(name: str, seconds: float = 0.0) -> None:
    """Start the replay of a run, so many seconds into it."""
    st.session_state[PLAYBACK] = Playback(name, seconds, time.time())
    st.query_params[PARAMETER] = name


def stop() -> None:
    """Stop the replay where it is."""
    playback = _playback()
    st.session_state[PLAYBACK] = Playback(playback.name, playback.elapsed(time.time()))


def _playback() -> Playback:
    playback: Playback = st.session_state[PLAYBACK]
    return playback


def _choose() -> None:
    play(st.session_state[CHOICE])


def _state(run: Run) -> str:
    """Waiting, running, stopped or done, of the replay."""
    playback, history = _playback(), read_history(run.folder, checked=True)
    if playback.since is None and not playback.seconds:
        return "waiting"
    elapsed = playback.elapsed(time.time())
    if finished_epochs(history, elapsed) == len(history):
        return "done"
    return "running" if playback.since is not None else "stopped"


def _draw(run: Run) -> None:
    config = live_run.config_of(run)
    assert config is not None, "damaged runs are no recordings"
    playback, state, history = _playback(), _state(run), read_history(run.folder, checked=True)
    elapsed = playback.elapsed(time.time())
    with st.container(horizontal=True, vertical_alignment="center", key="replay_head"):
        live_run.title(run.name)
        live_run.badge("replay")
        st.space("stretch")
        _buttons(run.name, state, elapsed)
    took = f" It took {wording.duration(float(history['seconds'].sum()))} then" if "seconds" in history else ""
    st.info(
        f"A recorded training, replayed: nothing is computed now.{took}; here an epoch passes in "
        f"{'a second' if epoch_seconds(len(history)) == EPOCH_SECONDS else 'less than a second'}.",
        icon=":material/replay:",
    )
    if state == "waiting":
        layout.note(run.notes)
        return
    samples = read_samples(run.folder, checked=True)
    if len(samples):
        samples = samples[samples["epoch"] <= finished_epochs(history, elapsed)]
    status = status_at(run, config, history, elapsed, is_playing=state == "running")
    live_run.progress(run, config, status, history.iloc[: finished_epochs(history, elapsed)], samples)


def _buttons(name: str, state: str, elapsed: float) -> None:
    if state == "running":
        layout.page_button("Stop", stop, key="replay_stop", icon=":material/stop:")
        return
    if state == "stopped":
        layout.page_button(
            "Go on", play, name, elapsed, key="replay_resume", icon=":material/play_arrow:", type="primary"
        )
    layout.page_button(
        "Start" if state == "waiting" else "Again",
        play,
        name,
        key="replay_start",
        icon=":material/play_arrow:" if state == "waiting" else ":material/replay:",
        type="secondary" if state == "stopped" else "primary",
    )
