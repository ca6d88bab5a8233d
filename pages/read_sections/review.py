"""What a person decides about a word: accepted as read, as typed, taken back, or left for later."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import word_queue
from pages.read_sections import accept as keeping

ADDED, LEAST = "As added", "Least certain first"


def in_order(info: Any) -> list[word_queue.Word]:
    """The readable words as the queue lists them.

    By certainty means by that of the first reading: a word does not wander off while something is typed for it.
    """
    some = word_queue.good()
    if st.session_state.get("read_order") != LEAST:
        return some
    first = {word.id: word_queue.reading_of(word, info.folder, "") for word in some}
    return sorted(some, key=lambda word: reading.confidence if (reading := first[word.id]) else 2.0)


def step(word: word_queue.Word, order: list[word_queue.Word], by: int) -> None:
    """Bring the next word, or the one before, under the lamp."""
    ids = [other.id for other in order]
    at = ids.index(word.id) if word.id in ids else 0
    word_queue.look_at(order[(at + by) % len(order)])


def accept(word: word_queue.Word, text: str, info: Any) -> None:
    """The word says this: kept on the disk, and on to the next that is open."""
    if word.accepted is not None:
        keeping.take_back(word)
    if not keeping.keep(word, text, info):
        return
    word.accepted = text
    order = in_order(info)
    left = [other for other in order if other.accepted is None]
    if left:
        ids = [other.id for other in order]
        after = set(ids[ids.index(word.id) + 1 :])
        word_queue.look_at(next((other for other in left if other.id in after), left[0]))


def typed(word: word_queue.Word, text: str) -> None:
    """Something else stands in the box: the word is open again."""
    if word.typed == text:
        return
    word.typed = text
    keeping.take_back(word)


def act(word: word_queue.Word, what: str, text: str, info: Any) -> None:
    """What a button or a key of the workbench does."""
    if what == "accept":
        accept(word, text, info)
    elif what == "exact":
        accept(word, unescaped(text), info)
    elif what == "undo":
        keeping.take_back(word)
    elif what == "undo_last":
        keeping.undo_last()
    elif what in ("next", "back"):
        step(word, in_order(info), 1 if what == "next" else -1)


def unescaped(text: str) -> str:
    r"""What stands in the box, as it is meant: `\?` is a question mark."""
    from hwr_core.recognition.constraints import mask_places

    return "".join(letter or "?" for letter in mask_places(text))
