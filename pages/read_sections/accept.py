"""Accepted words, kept: what the Read page stores, counts, takes back and hands out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core.datasets import MY_CORRECTIONS
from hwr_core.errors import HwrError
from pages.components import layout, word_queue, wording

FAILED = "keep_failed"  # the sentence of a word that could not be stored


def keep(word: word_queue.Word, text: str, info: Any) -> bool:
    """Store an accepted word; False, and the sentence for the page, where that fails."""
    from hwr_core.corrections import AcceptedWords

    if not text.strip() or word.picture is None:
        st.toast("Accepted as blank: there is nothing to keep of it.", icon=":material/check_box_outline_blank:")
        return True
    reading = word_queue.reading_of(word, info.folder)
    try:
        made = AcceptedWords().accept(
            word.picture,
            text,
            reading=reading.text if reading else "",
            confidence=float(reading.confidence) if reading else 0.0,
            prefix=word.typed,
            checkpoint=info.name,
            who=st.session_state.get("keep_who") or "",
            writer=st.session_state.get("keep_writer") or word.writer,
            source=word.source or word.name,
            word_id=word.word_id,
        )
    except HwrError as error:
        st.session_state[FAILED] = f"The word was not accepted. {error}"
        return False
    kept_of()[word.id] = made.id
    return True


def take_back(word: word_queue.Word) -> None:
    """The word is open again; what was stored of it is undone, not deleted."""
    from hwr_core.corrections import AcceptedWords

    number = kept_of().pop(word.id, None)
    was_accepted, word.accepted = word.accepted is not None, None
    if was_accepted and number is not None:  # one of an earlier round stays: the desk was cleared since
        try:
            AcceptedWords().undo(number)
        except HwrError as error:
            st.session_state[FAILED] = str(error)


def kept_of() -> dict[str, int]:
    """Word on the desk -> number of what was stored of it."""
    return st.session_state.setdefault("kept", {})


def recognise() -> None:
    """Words on the desk whose pictures were accepted before are accepted again: after a reload, say."""
    from hwr_core.corrections import AcceptedWords

    looked_at = st.session_state.setdefault(word_queue.RECOGNISED, set())
    new = [word for word in word_queue.good() if word.id not in looked_at]
    if not new:
        return
    looked_at.update(word.id for word in new)
    try:
        kept = {correction.picture: correction for correction in AcceptedWords().current()}
    except HwrError:
        return  # `line` says so
    known = []
    for word in new:
        before = kept.get(word.picture_key) if word.accepted is None and not word.typed else None
        if before is not None:
            word.accepted, kept_of()[word.id] = before.text, before.id
            known.append(word.id)
    if not known:
        return
    were = "was" if len(known) == 1 else "were"
    st.toast(f"{wording.count(len(known), 'word')} of these {were} accepted before.", icon=":material/check:")
    now, came = word_queue.current(), word_queue.last_come()
    if now is not None and now.id in known and now in came:
        word_queue.look_at(next((word for word in came if word.picture is not None and word.accepted is None), now))


def undo_last() -> None:
    """Take back the word accepted last, in whatever tab; on the desk it is open again."""
    from hwr_core.corrections import AcceptedWords

    try:
        undone = AcceptedWords().undo_last()
    except HwrError as error:
        st.session_state[FAILED] = str(error)
        return
    if undone is None:
        return
    for word in word_queue.words():
        if kept_of().get(word.id) == undone.id:
            word.accepted = None
            del kept_of()[word.id]
            word_queue.look_at(word)
    st.toast(f"“{layout.plain(undone.text)}” was taken back.", icon=":material/undo:")


def line() -> None:
    """How many words are kept, whose they are, the last one taken back, and all of them as a file."""
    from hwr_core.corrections import AcceptedWords

    if sentence := st.session_state.pop(FAILED, None):
        layout.error(sentence)
    try:
        number = AcceptedWords().count()
    except HwrError as error:
        layout.error(str(error))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="kept"):
        layout.note(f"{wording.count(number, 'accepted word')} kept on this machine." if number else NOTHING)
        if number:
            st.button(
                "Take back the last", key="keep_undo", type="tertiary", icon=":material/undo:", on_click=undo_last,
                help="Takes the word back that was accepted last.",
            )  # fmt: skip
            st.download_button(
                "Export", exported, "my-corrections.zip", "application/zip", key="keep_export", type="tertiary",
                icon=":material/download:", on_click="ignore",
                help="words.csv and the pictures: a data set that this studio and others read.",
            )  # fmt: skip
            layout.link("data", "Look at them", ":material/photo_library:", dataset=MY_CORRECTIONS)


NOTHING = "Words that you accept are kept on this machine, and can teach a reader your hand."


def exported() -> bytes:
    """The accepted words as a zip."""
    from hwr_core.corrections import AcceptedWords
    from hwr_core.datasets.my_corrections import export

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my-corrections.zip"
        export(AcceptedWords(), path)
        return path.read_bytes()
