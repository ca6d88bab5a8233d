"""The queue: every word with its reading in a table, the order, and what may be done with all of them."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from pages.components import images, layout, models, word_queue, wording
from pages.read_sections import bulk_accept, review

AT_ONCE = 0.5  # seconds of reading before the page is shown; then a little at a time, so that a keystroke need not wait
A_LITTLE = 0.12
ROWS = 100  # of the table at a time
WIDEST = 4.0  # times as wide as high: what a cell of the table shows whole
ALL, ACCEPTED = "All words", "Accepted"
KINDS = (
    ("CSV", word_queue.as_csv, "text/csv"),
    ("JSON", word_queue.as_json, "application/json"),
    ("TXT", word_queue.as_text, "text/plain"),
)


def queue(info: Any) -> None:
    """The queue; while words wait to be read, it reads some of them every moment and shows how far it is."""
    waiting = read_some(info, AT_ONCE)
    (follow if waiting else still)(info)


@st.fragment
def still(info: Any) -> None:
    shown(info)


@st.fragment(run_every=0.25)
def follow(info: Any) -> None:
    waiting = read_some(info, A_LITTLE)
    if not waiting:
        st.rerun()
    total = len(word_queue.good())
    st.progress((total - waiting) / total, f"Read {total - waiting:,} of {wording.count(total, 'word')}")
    shown(info)


def read_some(info: Any, seconds: float) -> int:
    """Read words that wait, for about so long; returns how many are left. What a reader refuses is not asked again."""
    end = time.monotonic() + seconds
    waiting = word_queue.unread(info.folder)
    while waiting:
        some = waiting[: models.BATCH]
        try:
            word_queue.read(some, info.folder)
        except HwrError:
            for word in some:
                one(word, info)
        waiting = word_queue.unread(info.folder)
        if time.monotonic() > end:
            break
    return len(waiting)


def one(word: word_queue.Word, info: Any) -> None:
    try:
        word_queue.read([word], info.folder)
    except HwrError:  # said where the word is worked on
        word_queue.refuse(word, info.folder)


def shown(info: Any) -> None:
    """Heading, tools and table."""
    order = review.in_order(info)
    accepted = sum(word.accepted is not None for word in order)
    done = f"{accepted:,} accepted" if accepted else "none accepted yet"
    layout.section("Queue", f"{wording.count(len(order), 'word')}, {done}. Choose a row to work on it.")
    tools(info, len(order))
    bulk_accept.done()
    first = page_of(len(order))
    some = order[first : first + ROWS]
    st.dataframe(
        table(some, info), key="read_table", hide_index=True, row_height=48,
        on_select=lambda: picked([word.id for word in some]), selection_mode="single-row",
        column_config={
            "Picture": st.column_config.ImageColumn("Picture", width="medium"),
            "Reading": st.column_config.TextColumn("Reading", width="medium"),
            "Sure": st.column_config.ProgressColumn("Sure", format="%.0f %%", min_value=0, max_value=100),
            "Accepted": st.column_config.CheckboxColumn("Accepted", width="small"),
        },
        alt="The readings, one word a row; choose a row to work on it",
    )  # fmt: skip
    if st.session_state.pop("row_picked", False):
        st.rerun()


def table(some: list[word_queue.Word], info: Any) -> pd.DataFrame:
    """The rows that are shown."""
    rows = []
    for word in some:
        reading = word_queue.reading_of(word, info.folder)
        rows.append(
            {
                "Picture": thumbnail(word.id, word.picture),
                "Reading": word_queue.final(word, info.folder),
                "Sure": 100 * reading.confidence if reading and word.accepted is None else None,
                "Typed": word.typed,
                "Accepted": word.accepted is not None,
                "It says": word.truth,
                "Also read": "  ·  ".join(text for text, _ in (reading.alternatives[1:4] if reading else [])),
                "File": word.name,
            }
        )
    frame = pd.DataFrame(rows)
    return frame if any(word.truth for word in some) else frame.drop(columns="It says")


@st.cache_data(show_spinner=False, max_entries=word_queue.MOST_WORDS)
def thumbnail(name: str, _picture: Any) -> str:
    """Wide pictures get paper above and below: the table would cut off their ends."""
    height, width = _picture.shape
    missing = max(0, round(width / WIDEST) - height)
    edges = ((missing // 2, missing - missing // 2), (0, 0))
    return images.as_uri(np.pad(_picture, edges, constant_values=int(np.median(_picture))), 220)


def picked(rows: list[str]) -> None:
    """A row of the table was chosen."""
    selection = st.session_state["read_table"]["selection"]["rows"]
    if selection and selection[0] < len(rows):
        st.session_state["desk_at"] = rows[selection[0]]
        st.session_state["row_picked"] = True


def page_of(total: int) -> int:
    """The first row shown; with more words than the table holds, buttons turn its pages."""
    pages = -(-total // ROWS)
    at = min(st.session_state.get("queue_page", 0), pages - 1)
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="queue_pages"):
            st.button("Earlier", key="queue_earlier", disabled=not at, on_click=turn, args=(at - 1,))
            layout.note(f"{at * ROWS + 1:,} to {min(total, (at + 1) * ROWS):,} of {total:,}")
            st.button("Later", key="queue_later", disabled=at + 1 >= pages, on_click=turn, args=(at + 1,))
    return at * ROWS


def turn(page: int) -> None:
    st.session_state["queue_page"] = page


def tools(info: Any, number: int) -> None:
    """Order, all at once, downloads, clear."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="read_tools"):
        if number > 1:
            st.segmented_control(
                "SynthesisRequest", [review.ADDED, review.LEAST], default=review.ADDED, required=True, key="read_order",
                label_visibility="collapsed", persist_state="session", on_change=reordered, args=(info,),
            )  # fmt: skip
            with st.popover("Accept the sure ones", icon=":material/done_all:", key="read_bulk"):
                bulk_accept.panel(info)
        st.space("stretch")
        with st.popover("Export", icon=":material/download:", key="read_export"):
            export(info)
        with st.popover("Clear", icon=":material/delete_sweep:", key="read_clear_ask"):
            layout.note(
                f"{wording.count(number, 'picture')} and their readings leave the desk. What was accepted is kept."
            )
            layout.page_button("Clear the desk", word_queue.clear, key="read_clear", type="primary")


def reordered(info: Any) -> None:
    """The order decides which word is next: the first that is open comes under the lamp."""
    first = next((word for word in review.in_order(info) if word.accepted is None), None)
    if first is not None:
        word_queue.look_at(first)
    st.session_state["row_picked"] = True


def export(info: Any) -> None:
    """All words, or the accepted ones, as a file."""
    what = st.segmented_control(
        "What", [ALL, ACCEPTED], default=ALL, required=True, key="export_what", label_visibility="collapsed"
    )
    rows = word_queue.records(info.folder, info.name, what == ACCEPTED)
    if not rows:
        layout.note("None has been accepted yet.")
        return
    with st.container(horizontal=True, gap="small"):
        for label, make, mime in KINDS:
            st.download_button(
                label, lambda make=make: make(rows), f"readings.{label.lower()}", mime, key=f"read_{label.lower()}",
                on_click="ignore", icon=":material/download:",
            )  # fmt: skip
    drawn = [(word.name, word.svg) for word in word_queue.words() if word.svg]
    if drawn:
        st.download_button(
            "Drawings (SVG)", lambda: drawings(drawn), "drawings.zip", "application/zip", key="read_svg",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip


def drawings(drawn: list[tuple[str, str]]) -> bytes:
    """The strokes of all drawn words, an SVG file each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, svg in drawn:
            archive.writestr(f"{name.removesuffix('.png')}.svg", svg)
    return buffer.getvalue()
