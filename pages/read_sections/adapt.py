"""“Adapt to this writer”: from too few words to a model that was measured on words it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import streamlit as st

from hwr_core import adaptation, packages, training
from hwr_core.config import AdaptationConfig
from hwr_core.corrections import AcceptedWords
from hwr_core.errors import HwrError
from hwr_core.recognition import CheckpointInfo
from hwr_core.training import Run
from hwr_core.training.runs import ADAPTATION_FILE
from pages.access import Right, may, needs, visitors
from pages.components import adaptation_result, layout, progress_card, sidebar, word_queue, wording
from pages.read_sections import accept

ADAPTATION_BYTES = 40_000_000  # weights of the best and the last step, and their ONNX
ALL_WRITERS = "All of them"
NO_NAME = "No name"
DISMISSED_FILE = "put-away"  # in a run's folder: its result was dismissed
RUN = "adaptation_run"  # session key: the name of the run that this tab has started
FAILURE = "adaptation_failure"  # session key: the sentence of a run that could not be started


def section(info: CheckpointInfo) -> None:
    """What was accepted, and the adaptation below it."""
    accept.summary_line()
    run = running_adaptation()
    with st.expander("Adapt to this writer", run is not None, icon=":material/school:", key="adapt"):
        st.html(
            '<p class="studio-note">The model learns from words that you accepted or corrected, and expects them, '
            "their capitals and marks from then on. It also learns from its own readings of the words that are still "
            "open on this page, where it is sure of them, and repeats words of other writers, so that those are not "
            "forgotten. A quarter of yours, at least eight, is held back and read before and after: as much of what "
            "was learned is taken as reads them best. The model that you have stays as it is.</p>"
        )
        if not may(Right.ADAPT):
            layout.not_open(Right.ADAPT)
            return
        name_fields()
        if not packages.can_train():
            layout.note(packages.sentence("Adapting a model"))
        elif run is not None:
            progress(run)
        else:
            finished()
            offer(info)


def name_fields() -> None:
    """Who corrects, and whose writing it is: stored with every word accepted from now on."""
    left, right = st.columns(2)
    with left:
        st.text_input(
            "Who is the writer?", key="accept_writer", max_chars=60, persist_state="session",
            placeholder="e.g. Grandmother",
            help="Stored with the words that you accept from now on, so that a model can be adapted to each writer.",
        )  # fmt: skip
    with right:
        st.text_input(
            "Your name", key="accept_who", max_chars=60, persist_state="session", placeholder="may stay empty",
            help="Stored with the words that you accept from now on.",
        )  # fmt: skip


def offer(info: CheckpointInfo) -> None:
    """Too few words yet, or the button that starts an adaptation."""
    try:
        writers = AcceptedWords().writers()
    except HwrError as error:
        layout.error(str(error))
        return
    rename_unnamed(writers)
    writer = choose_writer(writers)
    number = sum(writers.values()) if writer is None else writers.get(writer, 0)
    min_words = AdaptationConfig().least_words
    if number < min_words:
        missing = min_words - number
        st.progress(number / min_words, f"{number} of the {min_words} words that it takes. Accept {missing} more.")
        return
    if info.model_name in ("dual", "seq2seq"):
        layout.note("The chosen model cannot be adapted. Choose another one in the sidebar.")
        return
    other = training.running_run()
    if other is not None:
        layout.note(f"{other.name} is training now, and one training at a time gets the machine. Wait, or stop it.")
    if sentence := st.session_state.pop(FAILURE, None):
        layout.error(sentence)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"Adapt {layout.plain(info.name)} with {wording.count(number, 'word')}",
            key="adapt_start", type="primary", icon=":material/school:", disabled=other is not None,
            on_click=start, args=(info, writer, writers),
        )  # fmt: skip
        layout.note(f"{expected_time(number, info)}you can go on reading meanwhile.".capitalize())
    if images := unread_images(writer, writers):
        number_open = wording.count(len(images), "open word")
        layout.note(f"{number_open} on this page will be learned from too, where the model is sure.")


def rename_unnamed(writers: Mapping[str, int]) -> None:
    """Words that were accepted before a writer was named can be given the name, too."""
    if writers.get("") and accept.writer_now():
        name = layout.plain(accept.writer_now())
        st.button(
            f"Name the {wording.count(writers[''], 'word')} without a name {name}",
            key="accept_rename", type="tertiary", icon=":material/edit:", on_click=on_rename,
            help="All words that were accepted without a name are this writer's from then on.",
        )  # fmt: skip


@needs(Right.ACCEPT, "name the writer of accepted words")
def on_rename() -> bool:
    """A button's callback; False where it fails."""
    try:
        number = AcceptedWords().rename("", accept.writer_now())
    except HwrError as error:
        st.session_state[FAILURE] = str(error)
        return False
    name = layout.plain(accept.writer_now())
    st.toast(f"{wording.count(number, 'word')} named {name}.", icon=":material/check:")
    return True


def unread_images(writer: str | None, writers: Mapping[str, int]) -> list[np.ndarray]:
    """Images of the words that are still open, and not known to be of another writer than is adapted to.

    Images that were accepted before, and came again, are left out: they may be among those held back.
    """
    names = {"", writer} if writer is not None else {"", *writers}
    open_words = [
        word
        for word in word_queue.readable_words()
        if word.accepted is None and (word.writer or accept.writer_now()) in names
    ]
    if not open_words:
        return []
    accepted = {word.picture for word in AcceptedWords().current()}
    return [word.image for word in open_words if word.image is not None and word.image_key not in accepted]


def expected_time(number: int, info: CheckpointInfo) -> str:
    """Empty where the model's configuration is damaged: the button then shows what is wrong."""
    try:
        return f"about {wording.duration(adaptation.estimated_seconds(number, info.folder))}; "
    except HwrError:
        return ""


def choose_writer(writers: Mapping[str, int]) -> str | None:
    """The writer to adapt to; None stands for every word."""
    if len(writers) < 2:
        return None
    options = [*writers, None]
    now = accept.writer_now()
    return st.selectbox(
        "Words of", options, options.index(now) if now in writers else 0, key="adapt_writer",
        format_func=lambda name: f"{ALL_WRITERS} · {sum(writers.values())}" if name is None
        else f"{name or NO_NAME} · {writers[name]}",
    )  # fmt: skip


@needs(Right.ADAPT, "adapt a model", lambda info, writer, writers: info.name)
def start(info: CheckpointInfo, writer: str | None, writers: Mapping[str, int]) -> bool:
    """The button was pressed; False where no adaptation could be started."""
    try:
        visitors.check_quota(ADAPTATION_BYTES)
        run = adaptation.new_adaptation(info.folder, writer=writer, unread=unread_images(writer, writers))
        st.session_state[RUN] = run.name
        training.start(run)
    except (HwrError, OSError) as error:
        st.session_state[FAILURE] = str(error)
        return False
    return True


@needs(Right.ADAPT, "stop an adaptation", lambda run: run.name)
def stop(run: Run) -> None:
    """A button's callback."""
    if not run.is_shared:
        training.stop(run)


def running_adaptation() -> Run | None:
    """The adaptation that runs now, started in whatever tab."""
    run = training.running_run()
    if run is None or run.is_shared or not (run.folder / ADAPTATION_FILE).is_file():
        return None
    st.session_state[RUN] = run.name
    return run


@st.fragment(run_every="1s")
def progress(run: Run) -> None:
    """Phase, progress and a way to stop; the whole page once more when it ends."""
    status = run.status
    if status.state not in ("running", "waiting"):
        st.rerun()
    parts = [status.phase, wording.time_left(status.seconds_left)]
    st.progress(status.progress, f"**{layout.plain(run.name)}** · {' · '.join(filter(None, parts))}")
    progress_card.stop_button(
        run.folder, stop, run, key="adapt_stop", help_text="Nothing changes then: the model stays as it is."
    )


def finished() -> None:
    """The result of the run that this tab has started, else of the newest that was not dismissed."""
    run = own_run() or newest_run()
    if run is None:
        return
    result = adaptation.read_result(run.folder)
    if result is None:
        status = run.status
        if status.state == "stopped":
            layout.note("It was stopped, and nothing has changed.")
        else:
            layout.error(status.message)
        dismiss_button(run)
        return
    if result.is_worse or result.is_unchanged:
        st.warning(layout.message(result.sentence))
    elif result.is_unreliable:
        st.info(layout.message(result.sentence))
    else:
        st.success(layout.message(result.sentence))
    adaptation_result.metrics_table(result)
    adaptation_result.held_back_table(run.name, result)
    with st.container(horizontal=True, gap="small"):
        model = sidebar.chosen_model()
        if not result.is_unchanged and (model is None or model.folder != run.checkpoint):
            st.button(
                "Use it all the same" if result.is_worse else "Use this model",
                key="adapt_use", type="secondary" if result.is_worse else "primary", icon=":material/check:",
                on_click=sidebar.choose, kwargs={"reader": run.name},
            )  # fmt: skip
        dismiss_button(run)


def dismiss_button(run: Run) -> None:
    st.button(
        "Dismiss", key="adapt_dismiss", on_click=dismiss, args=(run,),
        help="Takes this message away; a model that was made stays in the list of models.",
    )  # fmt: skip


@needs(Right.ADAPT, "dismiss the result of an adaptation", lambda run: run.name)
def dismiss(run: Run) -> None:
    """A button's callback."""
    st.session_state.pop(RUN, None)
    with suppress(OSError):  # it was deleted meanwhile, or nothing can be written: this tab has forgotten it anyway
        if not run.is_shared and adaptation.read_result(run.folder) is not None:
            (run.folder / DISMISSED_FILE).touch()


def own_run() -> Run | None:
    """The run that this tab has started, unless it was deleted, or dismissed in another tab."""
    try:
        run = training.open_run(st.session_state.get(RUN) or "")
    except HwrError:
        run = None
    if run is None or (run.folder / DISMISSED_FILE).exists():
        st.session_state.pop(RUN, None)
        return None
    return run


def newest_run() -> Run | None:
    """The newest adaptation of this workspace that has a result, of whatever tab, if it was not dismissed."""
    own = (run for run in training.list_runs() if not run.is_shared)
    newest = next((run for run in own if adaptation.read_result(run.folder) is not None), None)
    return None if newest is None or (newest.folder / DISMISSED_FILE).exists() else newest
