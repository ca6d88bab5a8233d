"""What a person decides about a word: accepted as read, as typed, reopened, or left for later."""

from __future__ import annotations

import streamlit as st

from hwr_core.recognition import CheckpointInfo
from hwr_core.recognition.typed_text import unescape
from pages.components import word_queue
from pages.read_sections import accept

AS_ADDED, LEAST_CERTAIN = "As added", "Least certain first"


def in_order(info: CheckpointInfo) -> list[word_queue.Word]:
    """The readable words as the queue lists them.

    By certainty means by that of the first reading: a word does not wander off while something is typed for it.
    """
    words = word_queue.readable_words()
    if st.session_state.get("read_order") != LEAST_CERTAIN:
        return words
    first = {word.id: word_queue.reading_of(word, info.folder, "") for word in words}
    return sorted(words, key=lambda word: reading.confidence if (reading := first[word.id]) else 2.0)


def step(word: word_queue.Word, order: list[word_queue.Word], offset: int) -> None:
    """Make the next word, or the one before, the current one."""
    ids = [other.id for other in order]
    index = ids.index(word.id) if word.id in ids else 0
    word_queue.set_current(order[(index + offset) % len(order)])


def accept_word(word: word_queue.Word, text: str, info: CheckpointInfo) -> None:
    """Store the word with this text, and go on to the next that is open."""
    if word.accepted is not None:
        accept.reopen(word)
    if not accept.store(word, text, info):
        return
    word.accepted = text
    order = in_order(info)
    still_open = [other for other in order if other.accepted is None]
    if still_open:
        ids = [other.id for other in order]
        after = set(ids[ids.index(word.id) + 1 :])
        word_queue.set_current(next((other for other in still_open if other.id in after), still_open[0]))


def set_typed(word: word_queue.Word, text: str) -> None:
    """Something else was typed: the word is open again."""
    if word.typed == text:
        return
    word.typed = text
    if word.accepted is not None:
        accept.reopen(word)


def act(word: word_queue.Word, action: str, text: str, info: CheckpointInfo) -> None:
    """What a button or a key of the text box does."""
    if action == "accept":
        accept_word(word, text, info)
    elif action == "exact":
        accept_word(word, unescape(text), info)
    elif action == "undo":
        accept.reopen(word)
    elif action == "undo_last":
        accept.undo_last()
    elif action in ("next", "back"):
        step(word, in_order(info), 1 if action == "next" else -1)
