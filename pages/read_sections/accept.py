"""Accepted words: stored, counted, undone, exported."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from hwr_core.corrections import AcceptedWords
from hwr_core.corrections.accepted_words import NewWord
from hwr_core.datasets import MY_CORRECTIONS
from hwr_core.errors import HwrError
from hwr_core.recognition import CheckpointInfo
from pages.access import Right, may, needs, refusal, visitors
from pages.components import download, layout, word_queue, wording

FAILURE = "accept_failure"  # session key: the sentence of a word that could not be stored
EMPTY = "Words that you accept are stored here, and a model can be adapted to your handwriting with them."


def writer_now() -> str:
    """The writer that was named for the words of this page."""
    return (st.session_state.get("accept_writer") or "").strip()


@needs(Right.ACCEPT, "accept a word", lambda word, text, info: word.name)
def store(word: word_queue.Word, text: str, info: CheckpointInfo) -> bool:
    """Store an accepted word; False, and the sentence for the page, where that fails."""
    if not text.strip() or word.image is None:
        st.toast("Accepted as blank: there is nothing to store.", icon=":material/check_box_outline_blank:")
        return True
    try:
        visitors.check_quota(word.image.size)
        accepted = AcceptedWords().accept_all([new_word(word, word.image, text, info)])[0]
    except HwrError as error:
        st.session_state[FAILURE] = f"The word was not accepted. {error}"
        return False
    accepted_ids()[word.id] = accepted.id
    return True


def new_word(word: word_queue.Word, image: np.ndarray, text: str, info: CheckpointInfo) -> NewWord:
    """A word of the queue as it is stored."""
    reading = word_queue.reading_of(word, info.folder)
    return NewWord(
        image=image,
        text=text,
        reading=reading.text if reading else "",
        confidence=float(reading.confidence) if reading else 0.0,
        prefix=word.typed,
        checkpoint=info.name,
        who=st.session_state.get("accept_who") or "",
        writer=st.session_state.get("accept_writer") or word.writer,
        source=word.source or word.name,
        word_id=word.word_id,
    )


def store_all(texts: list[tuple[word_queue.Word, str]], info: CheckpointInfo) -> bool:
    """Store words and mark them as accepted, all or none; False, and the sentence for the page, where that fails."""
    new = [new_word(word, word.image, text, info) for word, text in texts if word.image is not None]
    try:
        visitors.check_quota(sum(word.image.size for word in new))
        accepted = AcceptedWords().accept_all(new)
    except HwrError as error:
        st.session_state[FAILURE] = f"The words were not accepted. {error}"
        return False
    ids = accepted_ids()
    for (word, text), stored in zip(texts, accepted, strict=True):
        word.accepted, ids[word.id] = text, stored.id
    return True


@needs(Right.ACCEPT, "take an accepted word back", lambda word: word.name)
def reopen(word: word_queue.Word) -> None:
    """The word is open again; what was stored of it is undone, not deleted."""
    accepted_id = accepted_ids().pop(word.id, None)
    was_accepted, word.accepted = word.accepted is not None, None
    if was_accepted and accepted_id is not None:  # one from before the queue was cleared stays
        try:
            AcceptedWords().undo(accepted_id)
        except HwrError as error:
            st.session_state[FAILURE] = str(error)


def reopen_all(words: list[word_queue.Word]) -> None:
    """`reopen` for many at once."""
    ids = [accepted_ids().pop(word.id, None) for word in words]
    for word in words:
        word.accepted = None
    try:
        AcceptedWords().undo_all([number for number in ids if number is not None])
    except HwrError as error:
        st.session_state[FAILURE] = str(error)


def accepted_ids() -> dict[str, int]:
    """Word of the queue -> id of the accepted word in the database; outlives the queue."""
    return st.session_state.setdefault("accepted_ids", {})


def restore_accepted() -> None:
    """Words of the queue whose images were accepted before are accepted again: after a reload, for example."""
    looked_up = word_queue.state().looked_up
    new = [word for word in word_queue.readable_words() if word.id not in looked_up]
    if not new:
        return
    looked_up.update(word.id for word in new)
    try:
        current = {accepted.picture: accepted for accepted in AcceptedWords().current()}
    except HwrError:
        return  # `summary_line` shows it
    restored = []
    for word in new:
        earlier = current.get(word.image_key) if word.accepted is None and not word.typed else None
        if earlier is not None:
            word.accepted, accepted_ids()[word.id] = earlier.text, earlier.id
            restored.append(word.id)
    if not restored:
        return
    were = "was" if len(restored) == 1 else "were"
    st.toast(f"{wording.count(len(restored), 'word')} of these {were} accepted before.", icon=":material/check:")
    current_word, added = word_queue.current(), word_queue.last_added()
    if current_word is not None and current_word.id in restored and current_word in added:
        still_open = (word for word in added if word.image is not None and word.accepted is None)
        word_queue.set_current(next(still_open, current_word))


@needs(Right.ACCEPT, "take the last accepted word back")
def undo_last() -> bool:
    """Undo the word accepted last, in whatever tab; in the queue it is open again. False where there is none."""
    try:
        undone = AcceptedWords().undo_last()
    except HwrError as error:
        st.session_state[FAILURE] = str(error)
        return False
    if undone is None:
        return False
    for word in word_queue.words():
        if accepted_ids().get(word.id) == undone.id:
            word.accepted = None
            del accepted_ids()[word.id]
            word_queue.set_current(word)
    st.toast(f"“{layout.plain(undone.text)}” was taken back.", icon=":material/undo:")
    return True


def summary_line() -> None:
    """The number of accepted words, with undo and export."""
    if sentence := st.session_state.pop(FAILURE, None):
        layout.error(sentence)
    try:
        number = AcceptedWords().count()
    except HwrError as error:
        layout.error(str(error))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="accepted_line"):
        nothing = EMPTY if may(Right.ACCEPT) else refusal(Right.ACCEPT)
        layout.note(f"{wording.count(number, 'accepted word')} stored here." if number else nothing)
        if number:
            if may(Right.ACCEPT):
                st.button(
                    "Take back the last", key="accept_undo", type="tertiary", icon=":material/undo:",
                    on_click=undo_last, help="Takes the word back that was accepted last.",
                )  # fmt: skip
            download.button(
                "Export", partial(exported, AcceptedWords()), "my-corrections.zip", "application/zip",
                key="accept_export", type="tertiary",
                help="words.csv and the images: a data set that this studio and others read.",
            )  # fmt: skip
            layout.link("data", "Look at them", ":material/photo_library:", dataset=MY_CORRECTIONS)


def exported(accepted: AcceptedWords) -> bytes:
    """The accepted words as a zip; made outside the session, which is why the words of its workspace are given."""
    from hwr_core.datasets.my_corrections import export

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my-corrections.zip"
        export(accepted, path)
        return path.read_bytes()
