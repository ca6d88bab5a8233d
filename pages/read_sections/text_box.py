"""The workbench: one word under the lamp, and a box that sends every keystroke to the reader.

Streamlit's own text box answers when it is left. This component sends each keystroke, shows the completion as faint
text behind what was typed, and is redrawn alone (a fragment); what it shows comes from here.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core.errors import HwrError
from pages.components import images, models, recognition, word_queue, wording
from pages.read_sections import review

HERE = Path(__file__).parent
KEY = "word_box"
CLEAR, UNSURE = 0.85, 0.5  # a letter's confidence: above, unmarked; below the second, doubtful
AS_TYPED = "as you typed it"
LONGEST = 1000  # pixels sent of a picture
box = st.components.v2.component(
    "studio_box", **{kind: (HERE / f"text_box.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")}
)


@st.fragment
def workbench(info: Any) -> None:
    """The word under the lamp. Typing redraws this alone; a decision redraws the page, whose queue it changes."""
    word = word_queue.current()
    if word is None:
        return
    with st.container():  # there each time, so that the box below keeps its place in the page
        if not models.opening(info.folder).done.is_set():
            recognition.read_now([word], info.folder)
    box(
        key=KEY,
        data=payload(word, info),
        on_typed_change=lambda: on_typed(info),
        on_act_change=lambda: on_act(info),
    )
    if st.session_state.pop("box_decided", False):
        st.rerun()


def on_typed(info: Any) -> None:
    """A keystroke."""
    sent = st.session_state[KEY].get("typed") or {}
    word = word_queue.find(str(sent.get("id", "")))
    if word is None or sent["number"] <= st.session_state.get("box_number", 0):
        return
    st.session_state["box_number"] = sent["number"]
    was_accepted = word.accepted is not None
    review.typed(word, str(sent["text"]))
    if was_accepted:
        st.session_state["box_decided"] = True


def on_act(info: Any) -> None:
    """A button, or a key that stands for one."""
    sent = st.session_state[KEY].get("act") or {}
    word = word_queue.find(str(sent.get("id", "")))
    if word is None or sent["number"] <= st.session_state.get("box_done", 0):
        return
    st.session_state["box_done"] = sent["number"]
    if sent["what"] in ("accept", "exact", "next", "back"):  # the last keystroke may not have been asked about
        review.typed(word, str(sent["typed"]))
    review.act(word, sent["what"], str(sent["typed"] if sent["what"] == "exact" else sent["text"]), info)
    st.session_state["box_decided"] = True


def payload(word: word_queue.Word, info: Any) -> dict[str, Any]:
    """All that the component shows of a word."""
    reading, problem = None, ""
    try:
        word_queue.read([word], info.folder)
        reading = word_queue.reading_of(word, info.folder)
    except HwrError as error:
        problem = str(error)
        word_queue.refuse(word, info.folder)
    order = [other.id for other in review.in_order(info)]
    typed = begun(word.typed, reading.text) if reading else 0
    whole = reading is not None and 0 < typed == len(reading.text)
    height, width = word.picture.shape
    return {
        "id": word.id,
        "name": word.name,
        "alt": f"The picture {word.name}",
        "picture": picture_uri(word.id, word.picture),
        "width": width,
        "height": height,
        "typed": word.typed,
        "number": st.session_state.get("box_number", 0),
        "done": st.session_state.get("box_done", 0),
        "ready": reading is not None,
        "text": reading.text if reading else "",
        "confidence": float(reading.confidence) if reading else 0.0,
        "sure": AS_TYPED if whole else wording.sure(reading.confidence) if reading else "",
        "whole": whole,
        "begun": typed,
        "others": others(reading) if reading else [],
        "accepted": word.accepted,
        "problem": problem,
        "place": order.index(word.id) + 1,
        "total": len(order),
        **columns(reading, width, typed),
    }


@st.cache_data(show_spinner=False, max_entries=200)
def picture_uri(name: str, _picture: Any) -> str:
    return images.as_uri(_picture, LONGEST)


def begun(typed: str, text: str) -> int:
    """How many letters of the reading were typed."""
    from hwr_core.recognition.constraints import mask_places

    places = mask_places(typed)
    return len(places) if None not in places and text.startswith("".join(filter(None, places))) else 0


def others(reading: Any) -> list[dict[str, str]]:
    """The alternatives, best first, five at most."""
    some = [(text, share) for text, share in reading.alternatives if text != reading.text]
    return [{"text": text, "sure": wording.percent(part, 0) if part >= 0.01 else "< 1 %"} for text, part in some[:5]]


def columns(reading: Any | None, width: int, typed: int) -> dict[str, list[Any]]:
    """Letters and frames with where they lie, as shares of the picture's width; empty where the reader tells none.

    The first `typed` letters are certain: a person has said so.
    """
    aligned = getattr(reading, "alignment", None)
    letters = aligned.letters if aligned else []
    if not letters or any(letter.picture is None for letter in letters):
        return {"letters": [], "frames": []}
    shown = [
        {
            "text": letter.text,
            "sure": AS_TYPED if place < typed else wording.sure(letter.confidence),
            "mark": "clear"
            if place < typed or letter.confidence >= CLEAR
            else "unsure"
            if letter.confidence >= UNSURE
            else "doubt",
            "at": [share(edge, width) for edge in letter.picture],
        }
        for place, letter in enumerate(letters)
    ]
    slope, start = on_picture(letters)
    edges = [share(slope * aligned.frame_width * t + start, width) for t in range(len(aligned.frames) + 1)]
    frames = [
        {"at": [left, right], "top": [[text, round(part, 3)] for text, part in top]}
        for (left, right), top in zip(pairwise(edges), aligned.frames, strict=True)
        if left < right
    ]
    return {"letters": shown, "frames": frames}


def share(column: float, width: int) -> float:
    return round(min(1.0, max(0.0, column / width)), 4)


def on_picture(letters: list[Any]) -> tuple[float, float]:
    """Slope and start of picture columns over canvas columns, from the two letter edges that lie farthest apart."""
    first, last = letters[0], letters[-1]
    low, high = (first.canvas[1], first.picture[1]), (last.canvas[1], last.picture[1])
    if low[0] == high[0]:
        low = (first.canvas[0], first.picture[0])
    if low[0] == high[0]:
        return 1.0, 0.0
    slope = (high[1] - low[1]) / (high[0] - low[0])
    return slope, high[1] - slope * high[0]
