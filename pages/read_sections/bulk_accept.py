"""Accept all readings above a confidence, knowing beforehand how many errors to expect."""

from __future__ import annotations

import streamlit as st

from hwr_core.recognition import CheckpointInfo, Reading
from pages.access import Right, may, needs
from pages.components import layout, word_queue, wording
from pages.read_sections import accept

ACCEPTED_TOGETHER = "bulk_accepted"  # session key: ids of the words that were accepted together, for the undo


def confident_words(info: CheckpointInfo, min_confidence: float) -> list[tuple[word_queue.Word, Reading]]:
    """Open words with a reading of at least this confidence."""
    return [
        (word, reading)
        for word in word_queue.readable_words()
        if word.accepted is None
        and (reading := word_queue.reading_of(word, info.folder))
        and reading.text
        and reading.confidence >= min_confidence
    ]


def expectation(confidences: list[float]) -> str:
    """How many of the readings are wrong on average, if the confidences are what they claim to be, as a sentence."""
    if not confidences:
        return "No open word is that sure."
    errors = sum(1 - confidence for confidence in confidences)
    amount = "fewer than 0.1" if errors < 0.1 else f"about {errors:.1f}"
    number = wording.count(len(confidences), "word")
    return f"{number}; {amount} of them will be wrong, going by the model's confidence."


@st.fragment
def panel(info: CheckpointInfo) -> None:
    """The threshold, what to expect of it, and the button."""
    if not may(Right.ACCEPT):
        layout.not_open(Right.ACCEPT)
        return
    percent = st.slider(
        "Accept all that are at least this sure", 50, 99, 95, format="%d %%", key="bulk_confidence",
        persist_state="session",
    )  # fmt: skip
    chosen = confident_words(info, percent / 100)
    layout.note(expectation([reading.confidence for _, reading in chosen]))
    if chosen and not is_calibrated(info):
        layout.note("The confidence of this model was not calibrated on words read this way: take it as a rough guess.")
    label = f"Accept {wording.count(len(chosen), 'word')}"
    if st.button(label, key="bulk_accept", icon=":material/done_all:", disabled=not chosen):
        accept_all(chosen, info)
        st.rerun()


def is_calibrated(info: CheckpointInfo) -> bool:
    """Whether the model's confidence was calibrated under the conditions of now."""
    conditions = word_queue.state().conditions
    fits = info.summary.get("calibration", {})
    return ("none" if conditions.language == "none" else "language") in fits and not conditions.words


@needs(Right.ACCEPT, "accept words", lambda chosen, info: wording.count(len(chosen), "word"))
def accept_all(chosen: list[tuple[word_queue.Word, Reading]], info: CheckpointInfo) -> None:
    """All of them in one transaction."""
    if not accept.store_all([(word, reading.text) for word, reading in chosen], info):
        return
    st.session_state[ACCEPTED_TOGETHER] = [word.id for word, _ in chosen]
    following = next((word for word in word_queue.readable_words() if word.accepted is None), None)
    if following is not None:
        word_queue.set_current(following)


def accepted_together() -> list[word_queue.Word]:
    """The words that were accepted together last, and still are."""
    words = map(word_queue.find, st.session_state.get(ACCEPTED_TOGETHER, []))
    return [word for word in words if word is not None and word.accepted is not None]


@needs(Right.ACCEPT, "take accepted words back")
def undo() -> None:
    """The words that were accepted together are open again."""
    accept.reopen_all(accepted_together())
    st.session_state.pop(ACCEPTED_TOGETHER, None)


def undo_line() -> None:
    """How many words were accepted together last, and their undo."""
    number = len(accepted_together())
    if not number:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bulk_undo_line"):
        layout.note(f"{wording.count(number, 'word')} accepted together.")
        layout.page_button("Undo", undo, key="bulk_undo", type="tertiary", icon=":material/undo:")
