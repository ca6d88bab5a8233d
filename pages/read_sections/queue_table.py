"""The queue: every word with its reading in a table, the order, and what may be done with all of them."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from hwr_core.recognition import CheckpointInfo
from hwr_core.recognition.export import drawings_to_zip, rows_to_csv, rows_to_json, rows_to_text
from pages.components import download, images, layout, word_queue, wording
from pages.read_sections import bulk_accept, review

BATCH_SIZE = 16  # words read before the page shows them
# Seconds of reading before the page is shown; then a little at a time, so that a keystroke need not wait.
FIRST_READ_SECONDS, NEXT_READ_SECONDS = 0.5, 0.12
ROWS_PER_PAGE = 100
MAX_ASPECT = 4.0  # width / height of what a cell of the table shows whole
ALL, ACCEPTED = "All words", "Accepted"
PAGE, MUST_RERUN = "queue_page", "queue_must_rerun"  # session keys: the page of the table; the word has changed
EXPORTS = (
    ("CSV", rows_to_csv, "text/csv"),
    ("JSON", rows_to_json, "application/json"),
    ("TXT", rows_to_text, "text/plain"),
)


def queue(info: CheckpointInfo) -> None:
    """The queue; while words wait to be read, it reads a few of them every moment and shows the progress."""
    waiting = read_for(info, FIRST_READ_SECONDS)
    (while_reading if waiting else when_read)(info)


@st.fragment
def when_read(info: CheckpointInfo) -> None:
    contents(info)


@st.fragment(run_every=0.25)
def while_reading(info: CheckpointInfo) -> None:
    waiting = read_for(info, NEXT_READ_SECONDS)
    if not waiting:
        st.rerun()
    total = len(word_queue.readable_words())
    st.progress((total - waiting) / total, f"Read {total - waiting:,} of {wording.count(total, 'word')}")
    contents(info)


def read_for(info: CheckpointInfo, seconds: float) -> int:
    """Read waiting words for about so long; returns how many are left. What a model refuses is not tried again."""
    end = time.monotonic() + seconds
    waiting = word_queue.unread(info.folder)
    while waiting:
        batch = waiting[:BATCH_SIZE]
        try:
            word_queue.read(batch, info.folder)
        except HwrError:
            for word in batch:
                read_or_refuse(word, info)
        waiting = word_queue.unread(info.folder)
        if time.monotonic() > end:
            break
    return len(waiting)


def read_or_refuse(word: word_queue.Word, info: CheckpointInfo) -> None:
    try:
        word_queue.read([word], info.folder)
    except HwrError:  # shown where the word is worked on
        word_queue.mark_refused(word, info.folder)


def contents(info: CheckpointInfo) -> None:
    """Heading, tools and table."""
    order = review.in_order(info)
    accepted = sum(word.accepted is not None for word in order)
    done = f"{accepted:,} accepted" if accepted else "none accepted yet"
    layout.section("Queue", f"{wording.count(len(order), 'word')}, {done}. Choose a row to work on it.")
    tools(info, len(order))
    bulk_accept.undo_line()
    first = first_row(len(order))
    words = order[first : first + ROWS_PER_PAGE]
    st.dataframe(
        table(words, info), key="read_table", hide_index=True, row_height=48,
        on_select=lambda: on_row([word.id for word in words]), selection_mode="single-row",
        column_config={
            "Image": st.column_config.ImageColumn("Image", width="medium"),
            "Reading": st.column_config.TextColumn("Reading", width="medium"),
            "Sure": st.column_config.ProgressColumn("Sure", format="%.0f %%", min_value=0, max_value=100),
            "Accepted": st.column_config.CheckboxColumn("Accepted", width="small"),
        },
        alt="The readings, one word a row; choose a row to work on it",
    )  # fmt: skip
    if st.session_state.pop(MUST_RERUN, False):
        st.rerun()


def table(words: list[word_queue.Word], info: CheckpointInfo) -> pd.DataFrame:
    """The rows that are shown."""
    rows = []
    for word in words:
        assert word.image is not None  # the queue lists readable words
        reading = word_queue.reading_of(word, info.folder)
        rows.append(
            {
                "Image": thumbnail(word.id, word.image),
                "Reading": word_queue.final_text(word, info.folder),
                "Sure": 100 * reading.confidence if reading and word.accepted is None else None,
                "Typed": word.typed,
                "Accepted": word.accepted is not None,
                "Transcription": word.transcription,
                "Also read": "  ·  ".join(text for text, _ in (reading.alternatives[1:4] if reading else [])),
                "File": word.name,
            }
        )
    frame = pd.DataFrame(rows)
    return frame if any(word.transcription for word in words) else frame.drop(columns="Transcription")


@st.cache_data(show_spinner=False, max_entries=1000)
def thumbnail(word_id: str, _image: np.ndarray) -> str:
    """Wide images get paper above and below: the table would cut off their ends."""
    height, width = _image.shape
    missing = max(0, round(width / MAX_ASPECT) - height)
    edges = ((missing // 2, missing - missing // 2), (0, 0))
    return images.as_uri(np.pad(_image, edges, constant_values=int(np.median(_image))), 220)


def on_row(ids: list[str]) -> None:
    """A row of the table was chosen."""
    selection = st.session_state["read_table"]["selection"]["rows"]
    if selection and selection[0] < len(ids):
        word_queue.state().current_id = ids[selection[0]]
        st.session_state[MUST_RERUN] = True


def first_row(total: int) -> int:
    """The first row shown; with more words than the table holds, buttons turn its pages."""
    pages = -(-total // ROWS_PER_PAGE)
    page = min(st.session_state.get(PAGE, 0), pages - 1)
    first = page * ROWS_PER_PAGE
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="queue_pages"):
            st.button("Earlier", key="queue_earlier", disabled=not page, on_click=show_page, args=(page - 1,))
            layout.note(f"{first + 1:,} to {min(total, first + ROWS_PER_PAGE):,} of {total:,}")
            st.button("Later", key="queue_later", disabled=page + 1 >= pages, on_click=show_page, args=(page + 1,))
    return first


def show_page(page: int) -> None:
    st.session_state[PAGE] = page


def tools(info: CheckpointInfo, number: int) -> None:
    """Order, all at once, downloads, clear."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="read_tools"):
        if number > 1:
            st.segmented_control(
                "Order", [review.AS_ADDED, review.LEAST_CERTAIN], default=review.AS_ADDED, required=True,
                key="read_order", label_visibility="collapsed", persist_state="session", on_change=on_order,
                args=(info,),
            )  # fmt: skip
            with st.popover("Accept the sure ones", icon=":material/done_all:", key="read_bulk"):
                bulk_accept.panel(info)
        st.space("stretch")
        with st.popover("Export", icon=":material/download:", key="read_export"):
            export(info)
        with st.popover("Clear", icon=":material/delete_sweep:", key="read_clear_panel"):
            layout.note(
                f"{wording.count(number, 'image')} and their readings leave the queue. Accepted words stay stored."
            )
            layout.page_button("Clear the queue", word_queue.clear, key="read_clear", type="primary")


def on_order(info: CheckpointInfo) -> None:
    """The order decides which word is next: the first that is open becomes the current one."""
    first = next((word for word in review.in_order(info) if word.accepted is None), None)
    if first is not None:
        word_queue.set_current(first)
    st.session_state[MUST_RERUN] = True


def export(info: CheckpointInfo) -> None:
    """All words, or the accepted ones, as a file."""
    choice = st.segmented_control(
        "What", [ALL, ACCEPTED], default=ALL, required=True, key="export_what", label_visibility="collapsed"
    )
    rows = word_queue.rows(info.folder, info.name, choice == ACCEPTED)
    if not rows:
        layout.note("None has been accepted yet.")
        return
    with st.container(horizontal=True, gap="small"):
        for label, make, mime in EXPORTS:
            download.button(
                label, partial(make, rows), f"readings.{label.lower()}", mime, key=f"read_{label.lower()}",
            )  # fmt: skip
    drawings = [(word.name, word.svg) for word in word_queue.words() if word.svg]
    if drawings:
        download.button(
            "Drawings (SVG)", lambda: drawings_to_zip(drawings), "drawings.zip", "application/zip", key="read_svg",
        )  # fmt: skip
