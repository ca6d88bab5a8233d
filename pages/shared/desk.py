"""The words that lie on the desk to be read: from files, the camera or the samples, kept while the tab is open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from pages.shared import readers

TYPES = ["png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif"]
MOST_WORDS = 1000  # a tab's memory; more is a data set
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


def look_at(word: Word) -> None:
    st.session_state["desk_at"] = word.id


def put(name: str, data: bytes) -> Word:
    """Lay a file on the desk; the same file again is the word that is there already."""
    key = hashlib.sha256(data + name.encode()).hexdigest()[:16]
    desk = _desk()
    if key not in desk:
        if len(desk) >= MOST_WORDS:
            sentence = f"the desk holds {MOST_WORDS:,} pictures. Remove some, or add them as a data set instead."
            return Word(key, name, problem=f"{name}: {sentence}")
        desk[key] = Word(key, name, data)
    return desk[key]


def take(widget: str, folder: Path | None = None) -> None:
    """A widget's callback: lay what was uploaded or photographed on the desk, and empty the widget."""
    given = st.session_state.get(widget)
    files = [file for file in (given if isinstance(given, list) else [given]) if file is not None]
    if not files:
        return
    put_all((file.name, file.getvalue()) for file in files)
    if folder is not None:
        readers.warm(folder)


def put_all(files: Iterable[tuple[str, bytes]]) -> None:
    """Lay files on the desk; the first of them comes under the lamp."""
    came = [put(name, data) for name, data in files]
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
    st.session_state.pop("readings", None)


def settle(tell: Callable[[int, int], None] | None = None) -> None:
    """Decode what has come since; a file that is no picture keeps its sentence, the rest goes on."""
    from hwr_core.imaging import read_picture

    waiting = [word for word in words() if word.data is not None]
    for done, word in enumerate(waiting):
        if tell:
            tell(done, len(waiting))
        try:
            word.picture = _reduced(read_picture(word.data or b"", word.name))
        except HwrError as error:
            word.problem = str(error)
        word.data = None


def _reduced(picture: np.ndarray) -> np.ndarray:
    if max(picture.shape) <= LONGEST:
        return picture
    import cv2

    scale = LONGEST / max(picture.shape)
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _readings() -> dict[tuple[str, str, str], Any]:
    return st.session_state.setdefault("readings", {})


def reading_of(word: Word, folder: Path) -> Any | None:
    """What this reader says of the word under what was typed, if it has been asked."""
    return _readings().get((str(folder), word.id, word.typed))


def unread(folder: Path) -> list[Word]:
    """Words that this reader has not been asked about; one that it refused, for what was typed, is not asked again."""
    refused = st.session_state.get("desk_refused", set())
    return [
        word
        for word in good()
        if reading_of(word, folder) is None and (str(folder), word.id, word.typed) not in refused
    ]


def refuse(word: Word, folder: Path) -> None:
    """This reader cannot read the word under what was typed."""
    st.session_state.setdefault("desk_refused", set()).add((str(folder), word.id, word.typed))


def read(some: list[Word], folder: Path, tell: Callable[[str], None] | None = None) -> None:
    """Have words read; what has been read already is not read again.

    Raises:
        HwrError: the reader cannot be opened, or cannot write what was typed.
    """
    some = [word for word in some if reading_of(word, folder) is None]
    if not some:
        return
    pictures = [word.picture for word in some if word.picture is not None]
    for word, reading in zip(some, readers.read(folder, pictures, [word.typed for word in some], tell), strict=True):
        _readings()[str(folder), word.id, word.typed] = reading


def final(word: Word, folder: Path) -> str:
    """The text that goes out: accepted, else read."""
    if word.accepted is not None:
        return word.accepted
    reading = reading_of(word, folder)
    return reading.text if reading else ""


def records(folder: Path, reader: str) -> list[dict[str, Any]]:
    """Every word as a plain record, for CSV and JSON."""
    out = []
    for word in words():
        reading = reading_of(word, folder) if word.picture is not None else None
        out.append(
            {
                "file": word.name,
                "text": final(word, folder),
                "reading": reading.text if reading else "",
                "confidence": round(float(reading.confidence), 4) if reading else None,
                "typed": word.typed,
                "accepted": word.accepted is not None,
                "alternatives": [
                    {"text": text, "confidence": round(float(share), 4)} for text, share in reading.alternatives
                ]
                if reading
                else [],
                "reader": reader if reading else "",
                "problem": word.problem,
            }
        )
    return out


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    flat = [
        {**row, "alternatives": " | ".join(f"{a['text']} ({a['confidence']:.4f})" for a in row["alternatives"])}
        for row in rows
    ]
    return pd.DataFrame(flat).to_csv(index=False).encode("utf-8")


def as_json(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8")
