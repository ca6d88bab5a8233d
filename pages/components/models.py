"""Readers kept open between readings. Nothing here imports Keras until a reading is asked for."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from hwr_core.errors import ConfigError
from pages.components import wording

MOST_OPEN = 2  # a reader holds some hundred MB
ALTERNATIVES = 6  # the reading, and five to choose from
BATCH = 16  # words read before the page shows them
REMEMBERED = 128  # pictures that are read again while someone types
WILDCARD = "?"


def available() -> dict[str, Any]:
    """Every reader by the name that an address carries: the shipped ones first, then runs, newest first."""
    from hwr_core.recognition import list_checkpoints

    known: dict[str, Any] = {}
    for info in list_checkpoints():
        known[info.name if info.name not in known else f"{info.kind}-{info.name}"] = info
    return known


def cer(info: Any) -> float | None:
    """The character error rate: of a shipped reader as it is read, with languages; else as training measured it."""
    sets = _measured(info)
    if sets:
        return sum(one["cer"]["value"] * one["characters"] for one in sets) / sum(one["characters"] for one in sets)
    value = info.summary.get("cer")
    return float(value) if isinstance(value, (int, float)) else None


def standing(info: Any) -> str:
    """How well it reads and on what that was measured, for a caption; empty where nobody measured it."""
    value, sets = cer(info), _measured(info)
    if value is None:
        return ""
    if sets:
        return f"{wording.percent(value)} CER on {sum(one['words'] for one in sets):,} words of writers it never saw"
    number = info.summary.get("words")
    return f"{wording.percent(value)} CER when it was trained" + (f", on {number:,} words" if number else "")


def _measured(info: Any) -> list[dict[str, Any]]:
    """What shipping wrote into the checkpoint: one table of figures a data set."""
    return list(info.summary.get("measured_with_languages", {}).values())


def load(folder: Path, tell: Callable[[str], None]) -> Any:
    """Open a checkpoint, telling the phase. Without `model.onnx` the first one imports Keras and TensorFlow."""
    from hwr_core import Recognizer
    from hwr_core.recognition.checkpoint import name_of

    name = name_of(folder)
    if not is_light(folder) and "keras" not in sys.modules:
        tell(f"Opening {name}: starting TensorFlow takes 5 to 9 s, the first time only")
    else:
        tell(f"Opening {name}")
    return Recognizer.load(folder, remember=REMEMBERED)


@dataclass
class Opening:
    """A reader on its way: followed by pages, filled by a thread that draws nothing."""

    folder: Path
    phase: str = ""
    recognizer: Any = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)  # one reading at a time with one reader

    def run(self) -> None:
        try:
            self.recognizer = load(self.folder, self.tell)
        except BaseException as error:  # carried to the page that waits
            self.error = error
        finally:
            self.done.set()

    def tell(self, phase: str) -> None:
        self.phase = phase


@st.cache_resource(show_spinner=False)
def _shelf() -> tuple[threading.Lock, OrderedDict[tuple[str, int], Opening]]:
    return threading.Lock(), OrderedDict()


def opening(folder: Path) -> Opening:
    """The reader of this folder, being opened in the background if it is not open yet; at most two are kept."""
    lock, shelf = _shelf()
    try:
        stamp = (folder / "model.keras").stat().st_mtime_ns
    except OSError:
        stamp = 0
    key = (str(folder), stamp)
    with lock:
        found = shelf.get(key)
        if found is None or found.error is not None:
            for old in [other for other in shelf if other[0] == key[0]]:
                del shelf[old]
            found = shelf[key] = Opening(folder)
            while len(shelf) > MOST_OPEN:
                shelf.popitem(last=False)
            threading.Thread(target=found.run, daemon=True, name=f"open-{folder.name}").start()
        shelf.move_to_end(key)
        return found


def is_light(folder: Path) -> bool:
    """Whether the checkpoint opens in a moment, without Keras."""
    return (folder / "model.onnx").is_file()


def warm(folder: Path) -> None:
    """Begin to open a reader that is asked for now, or will be soon, and do not wait."""
    opening(folder)


def open_reader(folder: Path, tell: Callable[[str], None] | None = None) -> Opening:
    """Wait for a reader, telling the phase and for how long it has been; a page that is left then stops waiting.

    Raises:
        CheckpointError: the folder cannot be opened.
    """
    reader = opening(folder)
    began = time.monotonic()
    while not reader.done.wait(0.5):
        if tell:
            tell(f"{reader.phase} ({wording.duration(time.monotonic() - began)} so far)")
    if reader.error is not None:
        raise reader.error
    return reader


@dataclass(frozen=True)
class Conditions:
    """What a reading is held to, besides what was typed.

    Attributes:
        language: "auto", "none", or a code of `Recognizer.languages`.
        words: the only readings allowed; empty for any.
        capitals: the share of words that is written in capitals throughout; None leaves it to each call's pictures.
        views: in how many slightly changed copies each picture is read.
    """

    language: str = "auto"
    words: tuple[str, ...] = ()
    capitals: float | None = None
    views: int = 1


def read(
    folder: Path,
    pictures: Sequence[np.ndarray],
    typed: Sequence[str],
    tell: Callable[[str], None] | None = None,
    conditions: Conditions = Conditions(),
) -> list[Any]:
    """Read words: one `Reading` each, in order.

    Args:
        folder: the reader's.
        pictures: `(H, W)` uint8 each.
        typed: what was typed of each: its beginning; or, with a `?` for each unreadable letter, the whole word.
        tell: is told the phase while the reader is being opened.
        conditions: for all of them.

    Raises:
        HwrError: the reader cannot be opened, cannot write what was typed, or no allowed word fits it.
    """
    reader = open_reader(folder, tell)
    found: list[Any] = [None] * len(pictures)
    with reader.lock:
        for rows, asked in _questions(typed, conditions):
            some = reader.recognizer.read(
                [pictures[row] for row in rows], alternatives=ALTERNATIVES, alignment=True, **asked
            )
            for row, reading in zip(rows, some, strict=True):
                found[row] = reading
    return found


def _questions(typed: Sequence[str], conditions: Conditions) -> list[tuple[list[int], dict[str, Any]]]:
    """The calls that answer all: rows, and what is asked of them."""
    from hwr_core.recognition.constraints import mask_places

    places = [mask_places(text) for text in typed]
    begun = [row for row, letters in enumerate(places) if None not in letters]
    masked = [row for row, letters in enumerate(places) if None in letters]
    common: dict[str, Any] = {
        "language": conditions.language,
        "capitals": conditions.capitals,
        "views": conditions.views,
    }
    calls = []
    if begun:
        prefixes = ["".join(filter(None, places[row])) for row in begun]
        allowed = {"words": list(conditions.words)} if conditions.words else {}
        calls.append((begun, {"prefix": prefixes, **allowed, **common}))
    if masked and not conditions.words:
        calls.append((masked, {"mask": [typed[row] for row in masked], **common}))
    elif masked:
        for row in masked:
            calls.append(([row], {"prefix": [""], "words": _fitting(conditions.words, places[row]), **common}))
    return calls


def _fitting(allowed: Sequence[str], places: Sequence[str | None]) -> list[str]:
    """The allowed words that fit letters and open places."""
    some = [
        word
        for word in allowed
        if len(word) == len(places) and all(place in (None, letter) for place, letter in zip(places, word, strict=True))
    ]
    if not some:
        raise ConfigError("No word of your list fits what was typed. Type something else, or change the list.")
    return some
