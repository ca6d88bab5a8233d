"""Accept all that the reader is sure of, knowing beforehand how many errors to expect."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import layout, word_queue, wording
from pages.read_sections import accept

DONE = "bulk_done"  # ids of the words that were accepted together, for the undo


def fitting(info: Any, least: float) -> list[tuple[word_queue.Word, Any]]:
    """Open words with a reading of at least this confidence."""
    some = ((word, word_queue.reading_of(word, info.folder)) for word in word_queue.good() if word.accepted is None)
    return [(word, reading) for word, reading in some if reading and reading.text and reading.confidence >= least]


def expected_errors(confidences: list[float]) -> float:
    """How many of the readings are wrong on average, if the confidences are what they claim to be."""
    return sum(1 - confidence for confidence in confidences)


def sentence(number: int, errors: float) -> str:
    """What is to be expected: 34, 1.27 -> "34 words; about 1.3 of them will be wrong."."""
    if not number:
        return "No open word is that sure."
    amount = "fewer than 0.1" if errors < 0.1 else f"about {errors:.1f}"
    return f"{wording.count(number, 'word')}; {amount} of them will be wrong, going by the reader's confidence."


@st.fragment
def panel(info: Any) -> None:
    """The threshold, what to expect of it, and the button."""
    least = st.slider(
        "Accept all that are at least this sure", 50, 99, 95, format="%d %%", key="bulk_least", persist_state="session"
    )
    some = fitting(info, least / 100)
    layout.note(sentence(len(some), expected_errors([reading.confidence for _, reading in some])))
    if some and not fitted(info):
        layout.note(
            "The confidence of this reader was not fitted to measured words this way: take it as a rough guess."
        )
    if st.button(
        f"Accept {wording.count(len(some), 'word')}", key="bulk_accept", icon=":material/done_all:", disabled=not some,
    ):  # fmt: skip
        accept_all(some, info)
        st.rerun()


def fitted(info: Any) -> bool:
    """Whether the reader's confidence was calibrated for this way of reading."""
    held = word_queue.conditions()
    kinds = info.summary.get("calibration", {})
    return ("none" if held.language == "none" else "language") in kinds and not held.words


def accept_all(some: list[tuple[word_queue.Word, Any]], info: Any) -> None:
    """Each word is on the disk before the next is begun: a server that stops half-way has lost none of them."""
    bar = st.progress(0.0, "Accepting")
    done: list[str] = []
    for place, (word, reading) in enumerate(some, start=1):
        if not accept.keep(word, reading.text, info):
            break
        word.accepted = reading.text
        done.append(word.id)
        st.session_state[DONE] = done
        bar.progress(place / len(some), f"Accepted {place} of {wording.count(len(some), 'word')}")
    bar.empty()
    following = next((word for word in word_queue.good() if word.accepted is None), None)
    if following is not None:
        word_queue.look_at(following)


def undo() -> None:
    """Open the words again that were accepted together."""
    for key in st.session_state.pop(DONE, []):
        word = word_queue.find(key)
        if word is not None and word.accepted is not None:
            accept.take_back(word)


def done() -> None:
    """What was accepted together last, and the way back."""
    number = sum(
        1 for key in st.session_state.get(DONE, []) if (word := word_queue.find(key)) and word.accepted is not None
    )
    if not number:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bulk_done_line"):
        layout.note(f"{wording.count(number, 'word')} accepted together.")
        layout.page_button("Undo", undo, key="bulk_undo", type="tertiary", icon=":material/undo:")
