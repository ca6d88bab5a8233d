"""A word drawn with pen, finger or mouse: its image is read, its strokes stay with it as SVG."""

from __future__ import annotations

import base64
from pathlib import Path

import streamlit as st

from hwr_core import limits
from hwr_core.recognition import CheckpointInfo
from pages.access import Right, needs
from pages.components import layout, messages, models, word_queue

HERE = Path(__file__).parent
KEY = "drawing_pad"
NUMBER, COUNT = "drawing_number", "drawing_count"  # session keys: the last message handled, drawings so far
MAX_DRAWING_CHARACTERS = 4_000_000  # of the PNG's data address, and of the SVG
LIMITS = {"png": MAX_DRAWING_CHARACTERS, "svg": MAX_DRAWING_CHARACTERS}
component = st.components.v2.component(
    "studio_drawing_pad",
    html=(HERE / "drawing_pad.html").read_text(encoding="utf-8"),
    css=(HERE / "drawing_pad.css").read_text(encoding="utf-8"),
    js=(HERE / "drawing_pad.js").read_text(encoding="utf-8"),
)


def draw(info: CheckpointInfo) -> None:
    """The pad."""
    component(key=KEY, data={"number": st.session_state.get(NUMBER, 0)}, on_drawn_change=lambda: on_drawn(info))
    layout.note("Write one word on the line. Enter reads it, Ctrl+Z takes a stroke back.")


@needs(Right.READ, "add words to read")
def on_drawn(info: CheckpointInfo) -> None:
    """Add a drawing to the queue."""
    message = messages.parse(st.session_state[KEY].get("drawn"), LIMITS)
    if message is None:
        return
    number, texts = message
    if number <= st.session_state.get(NUMBER, 0):
        return
    st.session_state[NUMBER] = number
    st.session_state[COUNT] = st.session_state.get(COUNT, 0) + 1
    data = decode_png_uri(texts["png"])
    if data is None:
        return
    word = word_queue.add_file(f"drawing-{st.session_state[COUNT]}.png", data)
    if word is not None:
        word.svg = texts["svg"]
        word_queue.show_added([word])
        models.pool().open(info.folder)


def decode_png_uri(uri: str) -> bytes | None:
    """The PNG in a data address; None where there is none."""
    head, _, body = uri.partition(",")
    if head != "data:image/png;base64" or len(body) > limits.current().drawing_characters:
        return None
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:  # binascii.Error, or a character that no base64 has
        return None
