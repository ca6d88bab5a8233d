"""A word drawn with pen, finger or mouse: its picture goes to the reader, its strokes stay with it as SVG."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components import layout, models, word_queue

HERE = Path(__file__).parent
KEY = "pad"
MOST = 4_000_000  # characters of a drawing that is believed to be one
pad = st.components.v2.component(
    "studio_pad", **{kind: (HERE / f"drawing_pad.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")}
)


def draw(info: Any) -> None:
    """The pad."""
    pad(key=KEY, data={"number": st.session_state.get("pad_number", 0)}, on_drawn_change=lambda: on_drawn(info))
    layout.note("Write one word; the line is where it stands. Enter reads it, Ctrl+Z takes a stroke back.")


def on_drawn(info: Any) -> None:
    """A drawing has come: it lies on the desk now."""
    sent = st.session_state[KEY].get("drawn") or {}
    number = int(sent.get("number", 0))
    if number <= st.session_state.get("pad_number", 0):
        return
    st.session_state["pad_number"] = number
    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
    data = decoded(str(sent.get("png", "")))
    if data is None:
        return
    word = word_queue.put(f"drawing-{st.session_state['drawn']}.png", data)
    if word is not None:
        word.svg = str(sent.get("svg", ""))[:MOST]
        word_queue.lay([word])
        models.warm(info.folder)


def decoded(uri: str) -> bytes | None:
    """The PNG in a data address; None where there is none."""
    head, _, body = uri.partition(",")
    if head != "data:image/png;base64" or len(body) > MOST:
        return None
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return None
