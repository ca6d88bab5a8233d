"""The words that lie on the desk to be read: from files, the camera or the samples, kept while the tab is open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from pages.components import models
from pages.components.unpack import unpacked

TYPES = ["png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif", "zip"]
MOST_WORDS = 1000  # a tab's memory; more is a data set
RECOGNISED = "desk_recognised"  # ids of words that were looked up among those accepted before
HALF, MOSTLY = 0.5, 0.8  # shares of words in capitals that are told apart
LONGEST = 1600  # pixels kept of a picture: far more than a canvas shows, a fraction of a phone's photograph


@dataclass
class Word:
    """One word on the desk."""

    id: str
    name: str
    data: bytes | None = None  # the file, until it is decoded
    picture: np.ndarray | None = None
    problem: str = ""  # why it cannot be read: the sentence
    typed: str = ""  # the partial text under which it is read
    accepted: str | None = None  # what the person settled on
    svg: str = ""  # the strokes of a word that was drawn
    source: str = ""  # the data set that it came from
    word_id: str = ""  # its name there
    truth: str = ""  # its transcription there
    writer: str = ""  # whose hand it is, if that data set says so

    @cached_property
    def picture_key(self) -> str:
        """By which the accepted words know the picture; of a decoded one, which stays as it is."""
        from hwr_core.corrections.accepted_words import picture_key

        assert self.picture is not None
        return picture_key(self.picture)


def words() -> list[Word]:
    """Every word on the desk, in the order in which they came."""
    return list(_desk().values())


def good() -> list[Word]:
    return [word for word in words() if word.picture is not None]


def broken() -> list[Word]:
    return [word for word in words() if word.problem]


def _desk() -> dict[str, Word]:
    return st.session_state.setdefault("desk", {})


def current() -> Word | None:
    """The word under the lamp."""
    found = _desk().get(st.session_state.get("desk_at", ""))
    if found is not None and found.picture is not None:
        return found
    return next(iter(good()), None)


def find(key: str) -> Word | None:
    """A word on the desk whose picture can be read, by its id."""
    word = _desk().get(key)
    return word if word is not None and word.picture is not None else None


def look_at(word: Word) -> None:
    st.session_state["desk_at"] = word.id


def put(name: str, data: bytes) -> Word | None:
    """Lay a file on the desk; the same file again is the word that is there already. None where the desk is full."""
    return _add(Word(hashlib.sha256(data + name.encode()).hexdigest()[:16], name, data))


def _add(word: Word) -> Word | None:
    desk = _desk()
    if word.id not in desk and len(desk) >= MOST_WORDS:
        st.session_state["desk_full"] = True
        return None
    return desk.setdefault(word.id, word)


def was_full() -> bool:
    """Whether pictures have been left out since this was last asked: the desk holds `MOST_WORDS`."""
    return bool(st.session_state.pop("desk_full", False))


def take(widget: str, folder: Path | None = None) -> None:
    """A widget's callback: lay what was uploaded or photographed on the desk, and empty the widget."""
    given = st.session_state.get(widget)
    files = [file for file in (given if isinstance(given, list) else [given]) if file is not None]
    if not files:
        return
    put_all((file.name, file.getvalue()) for file in files)
    if folder is not None:
        models.warm(folder)


def put_all(files: Iterable[tuple[str, bytes]]) -> None:
    """Lay files on the desk, zips unpacked; the first of them comes under the lamp."""
    came = []
    for name, data in files:
        try:
            came += [put(*member) for member in unpacked(name, data)]
        except HwrError as error:
            came.append(_add(Word(hashlib.sha256(data).hexdigest()[:16], name, problem=str(error))))
    lay([word for word in came if word is not None])


def put_words(some: Iterable[Word]) -> None:
    """Lay words on the desk whose pictures are known already; one that is there stays as it is."""
    lay([word for word in map(_add, some) if word is not None])


def lay(came: list[Word]) -> None:
    """What has come with one upload, photograph or click: the first of it comes under the lamp."""
    if came:
        look_at(came[0])
    st.session_state["desk_came"] = [word.id for word in came]
    st.session_state["desk_round"] = st.session_state.get("desk_round", 0) + 1


def last_come() -> list[Word]:
    """The words that came with the last upload, photograph or sample."""
    desk = _desk()
    return [desk[key] for key in st.session_state.get("desk_came", []) if key in desk]


def forget_last() -> None:
    st.session_state.pop("desk_came", None)


def widget_key(name: str) -> str:
    """A key that changes with every upload, so that the widget is empty again and the desk is the only list."""
    return f"{name}_{st.session_state.get('desk_round', 0)}"


def remove(word: Word) -> None:
    _desk().pop(word.id, None)


def clear() -> None:
    _desk().clear()
    for name in ("readings", "desk_refused", "desk_came", "desk_at", RECOGNISED):
        st.session_state.pop(name, None)


def conditions() -> models.Conditions:
    """What all readings are held to: the language, and a list of words."""
    return st.session_state.get("desk_conditions", models.Conditions())


def hold_to(wanted: models.Conditions) -> None:
    st.session_state["desk_conditions"] = wanted


def in_capitals(folder: Path) -> float | None:
    """The share of words in capitals among those that this reader has read, in steps; None where there are few.

    In steps, since whatever was read under another share is read again.
    """
    from hwr_core.decoding.all_capitals import ENOUGH, share_in_capitals

    found = {key: reading.capitals for (where, key, *_), reading in _readings().items() if where == str(folder)}
    share = share_in_capitals(found[word.id] for word in good() if found.get(word.id) is not None)
    return None if share < ENOUGH else MOSTLY if share >= MOSTLY else HALF


def settle(tell: Callable[[int, int], None] | None = None) -> None:
    """Decode what has come since; a file that is no picture keeps its sentence, the rest goes on."""
    from hwr_core.imaging import read_picture, reduced

    waiting = [word for word in words() if word.data is not None]
    for done, word in enumerate(waiting):
        if tell:
            tell(done, len(waiting))
        try:
            word.picture = reduced(read_picture(word.data or b"", word.name), LONGEST)
        except HwrError as error:
            word.problem = str(error)
        word.data = None


Question = tuple[str, str, str, models.Conditions]


def _readings() -> dict[Question, Any]:
    return st.session_state.setdefault("readings", {})


def _question(word: Word, folder: Path, typed: str | None = None) -> Question:
    return str(folder), word.id, word.typed if typed is None else typed, conditions()


def reading_of(word: Word, folder: Path, typed: str | None = None) -> Any | None:
    """What this reader says of the word under what was typed, if it has been asked."""
    return _readings().get(_question(word, folder, typed))


def unread(folder: Path) -> list[Word]:
    """Words that this reader has not been asked about; one that it refused, for what was typed, is not asked again."""
    refused = st.session_state.get("desk_refused", set())
    return [word for word in good() if reading_of(word, folder) is None and _question(word, folder) not in refused]


def refuse(word: Word, folder: Path) -> None:
    """This reader cannot read the word under what was typed."""
    st.session_state.setdefault("desk_refused", set()).add(_question(word, folder))


def read(some: list[Word], folder: Path, tell: Callable[[str], None] | None = None) -> None:
    """Have words read; what has been read already is not read again.

    Raises:
        HwrError: the reader cannot be opened, or cannot write what was typed.
    """
    some = [word for word in some if reading_of(word, folder) is None]
    if not some:
        return
    pictures = [word.picture for word in some if word.picture is not None]
    found = models.read(folder, pictures, [word.typed for word in some], tell, conditions())
    for word, reading in zip(some, found, strict=True):
        _readings()[_question(word, folder)] = reading


def final(word: Word, folder: Path) -> str:
    """The text that goes out: accepted, else read."""
    if word.accepted is not None:
        return word.accepted
    reading = reading_of(word, folder)
    return reading.text if reading else ""


def records(folder: Path, reader: str, only_accepted: bool = False) -> list[dict[str, Any]]:
    """Every word as a plain record, for downloads; or those alone that were accepted."""
    return [record(word, folder, reader) for word in words() if word.accepted is not None or not only_accepted]


def record(word: Word, folder: Path, reader: str) -> dict[str, Any]:
    """One word as a plain record."""
    reading = reading_of(word, folder) if word.picture is not None else None
    others = reading.alternatives if reading else []
    return {
        "file": word.name,
        "text": final(word, folder),
        "reading": reading.text if reading else "",
        "confidence": round(float(reading.confidence), 4) if reading else None,
        "typed": word.typed,
        "accepted": word.accepted is not None,
        "alternatives": [{"text": text, "confidence": round(float(share), 4)} for text, share in others],
        "reader": reader if reading else "",
        "problem": word.problem,
    }


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    flat = [
        {**row, "alternatives": " | ".join(f"{a['text']} ({a['confidence']:.4f})" for a in row["alternatives"])}
        for row in rows
    ]
    return pd.DataFrame(flat).to_csv(index=False).encode("utf-8")


def as_json(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8")


def as_text(rows: list[dict[str, Any]]) -> bytes:
    """The words alone, one a line."""
    return "".join(f"{row['text']}\n" for row in rows).encode("utf-8")
