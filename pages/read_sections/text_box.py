"""The current word: its image, its reading, and a text box that sends every keystroke to the model.

Streamlit's own text box sends its text when it is left. This component sends each keystroke, shows the completion as
faint text behind what was typed, and is redrawn alone (a fragment); what it shows comes from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import numpy as np
import streamlit as st

from hwr_core.errors import HwrError
from hwr_core.recognition import CheckpointInfo, Reading
from hwr_core.recognition.character_positions import Letter
from hwr_core.recognition.typed_text import typed_prefix_length
from pages.access import Right, may
from pages.components import images, messages, models, reading_widgets, word_queue, wording
from pages.read_sections import review

HERE = Path(__file__).parent
KEY = "text_box"
MIN_CLEAR, MIN_UNSURE = 0.85, 0.5  # a letter's confidence: from the first on unmarked, below the second doubtful
AS_TYPED = "as you typed it"
MAX_SIDE_SENT = 1000  # pixels of the image that the browser gets
MAX_ALTERNATIVES = 5
MAX_ID_CHARACTERS, MAX_TEXT_CHARACTERS = 1000, 500  # of a message; the field itself takes 100
TYPED_LIMITS = {"id": MAX_ID_CHARACTERS, "text": MAX_TEXT_CHARACTERS}
ACT_LIMITS = {**TYPED_LIMITS, "what": 20, "typed": MAX_TEXT_CHARACTERS}
component = st.components.v2.component(
    "studio_text_box",
    html=(HERE / "text_box.html").read_text(encoding="utf-8"),
    css=(HERE / "text_box.css").read_text(encoding="utf-8"),
    js=(HERE / "text_box.js").read_text(encoding="utf-8"),
)


@dataclass
class BoxState:
    """What the session keeps of the text box: the numbers of the messages that were handled last."""

    typed_number: int = 0
    action_number: int = 0
    must_rerun: bool = False  # the queue below shows what was decided


class Alternative(TypedDict):
    text: str
    sure: str


class LetterBox(TypedDict):
    text: str
    sure: str
    mark: str  # "clear", "unsure" or "doubt"
    at: list[float]  # left and right edge, as shares of the image's width


class FrameColumn(TypedDict):
    at: list[float]
    top: list[tuple[str, float]]  # the most probable characters; "" is the blank


class Payload(TypedDict):
    """What the component shows."""

    id: str
    name: str
    alt: str
    image: str
    width: int
    height: int
    typed: str
    number: int
    done: int
    ready: bool
    text: str
    confidence: float
    sure: str
    is_typed_whole: bool
    typed_letters: int
    alternatives: list[Alternative]
    accepted: str | None
    may_accept: bool
    problem: str
    place: int
    total: int
    letters: list[LetterBox]
    frames: list[FrameColumn]


def state() -> BoxState:
    return st.session_state.setdefault("text_box_state", BoxState())


@st.fragment
def current_word(info: CheckpointInfo) -> None:
    """Typing redraws this alone; a decision redraws the page, whose queue it changes."""
    word = word_queue.current()
    if word is None or word.image is None:
        return
    with st.container():  # there in every run, so that the box below keeps its place in the page
        if not models.pool().open(info.folder).done.is_set():
            reading_widgets.read_now([word], info.folder)
    component(
        key=KEY,
        data=payload(word, word.image, info),
        on_typed_change=lambda: on_typed(info),
        on_act_change=lambda: on_act(info),
    )
    must_rerun, state().must_rerun = state().must_rerun, False
    if must_rerun:
        st.rerun()


def on_typed(info: CheckpointInfo) -> None:
    """A keystroke."""
    message = messages.parse(st.session_state[KEY].get("typed"), TYPED_LIMITS)
    if message is None:
        return
    number, texts = message
    word = word_queue.find(texts["id"])
    if word is None or number <= state().typed_number:
        return
    state().typed_number = number
    was_accepted = word.accepted is not None
    review.set_typed(word, texts["text"])
    if was_accepted:
        state().must_rerun = True


def on_act(info: CheckpointInfo) -> None:
    """A button, or a key that stands for one."""
    message = messages.parse(st.session_state[KEY].get("act"), ACT_LIMITS)
    if message is None:
        return
    number, texts = message
    word = word_queue.find(texts["id"])
    if word is None or number <= state().action_number:
        return
    state().action_number = number
    action, typed = texts["what"], texts["typed"]
    if action in ("accept", "exact", "next", "back"):  # the last keystroke may not have been sent
        review.set_typed(word, typed)
    review.act(word, action, typed if action == "exact" else texts["text"], info)
    state().must_rerun = True


def payload(word: word_queue.Word, image: np.ndarray, info: CheckpointInfo) -> Payload:
    """All that the component shows of a word."""
    reading, problem = None, ""
    try:
        word_queue.read([word], info.folder)
        reading = word_queue.reading_of(word, info.folder)
    except HwrError as error:
        problem = str(error)
        word_queue.mark_refused(word, info.folder)
    order = [other.id for other in review.in_order(info)]
    typed_letters = typed_prefix_length(word.typed, reading.text) if reading else 0
    is_typed_whole = reading is not None and 0 < typed_letters == len(reading.text)
    height, width = image.shape
    letters, frames = letters_and_frames(reading, width, typed_letters)
    return {
        "id": word.id,
        "name": word.name,
        "alt": f"The image {word.name}",
        "image": image_uri(word.id, image),
        "width": width,
        "height": height,
        "typed": word.typed,
        "number": state().typed_number,
        "done": state().action_number,
        "ready": reading is not None,
        "text": reading.text if reading else "",
        "confidence": float(reading.confidence) if reading else 0.0,
        "sure": AS_TYPED if is_typed_whole else wording.sure(reading.confidence) if reading else "",
        "is_typed_whole": is_typed_whole,
        "typed_letters": typed_letters,
        "alternatives": alternatives(reading) if reading else [],
        "accepted": word.accepted,
        "may_accept": may(Right.ACCEPT),
        "problem": problem,
        "place": order.index(word.id) + 1,
        "total": len(order),
        "letters": letters,
        "frames": frames,
    }


@st.cache_data(show_spinner=False, max_entries=200)
def image_uri(word_id: str, _image: np.ndarray) -> str:
    return images.as_uri(_image, MAX_SIDE_SENT)


def alternatives(reading: Reading) -> list[Alternative]:
    """Best first."""
    pairs = [(text, confidence) for text, confidence in reading.alternatives if text != reading.text]
    return [
        {"text": text, "sure": wording.percent(confidence, 0) if confidence >= 0.01 else "< 1 %"}
        for text, confidence in pairs[:MAX_ALTERNATIVES]
    ]


def letters_and_frames(
    reading: Reading | None, width: int, typed_letters: int
) -> tuple[list[LetterBox], list[FrameColumn]]:
    """The letters and frames of a reading with their columns; empty where it has no alignment.

    Args:
        reading: None where there is none.
        width: of the image, in pixels.
        typed_letters: so many at the beginning are certain, since they were typed.
    """
    alignment = reading.alignment if reading else None
    if alignment is None or not alignment.letters:
        return [], []
    boxes: list[LetterBox] = []
    for index, letter in enumerate(alignment.letters):
        if letter.image is None:
            return [], []
        is_typed = index < typed_letters
        boxes.append(
            {
                "text": letter.text,
                "sure": AS_TYPED if is_typed else wording.sure(letter.confidence),
                "mark": "clear" if is_typed else mark(letter.confidence),
                "at": [share(edge, width) for edge in letter.image],
            }
        )
    slope, start = canvas_to_image(alignment.letters)
    edges = [share(slope * alignment.frame_width * t + start, width) for t in range(len(alignment.frames) + 1)]
    columns: list[FrameColumn] = [
        {"at": [left, right], "top": [(text, round(probability, 3)) for text, probability in top]}
        for (left, right), top in zip(pairwise(edges), alignment.frames, strict=True)
        if left < right
    ]
    return boxes, columns


def mark(confidence: float) -> str:
    return "clear" if confidence >= MIN_CLEAR else "unsure" if confidence >= MIN_UNSURE else "doubt"


def share(column: float, width: int) -> float:
    """A column as a share of the width, in [0, 1]."""
    return round(min(1.0, max(0.0, column / width)), 4)


def canvas_to_image(letters: list[Letter]) -> tuple[float, float]:
    """Slope and start of image columns over canvas columns, from the two letter edges that lie farthest apart."""
    first, last = letters[0], letters[-1]
    assert first.image is not None
    assert last.image is not None
    low, high = (first.canvas[1], first.image[1]), (last.canvas[1], last.image[1])
    if low[0] == high[0]:
        low = (first.canvas[0], first.image[0])
    if low[0] == high[0]:
        return 1.0, 0.0
    slope = (high[1] - low[1]) / (high[0] - low[0])
    return slope, high[1] - slope * high[0]
