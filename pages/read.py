"""Read: what does it say? Pictures in, readings out; a corrected letter has the rest read again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.reading import keeping, teaching
from pages.shared import bench, desk, layout, pictures, readers, words

ADDED, LEAST = "As added", "Least certain first"


def files(info: Any) -> None:
    bench.upload("read_upload", info.folder)


def camera(info: Any) -> None:
    widget = desk.widget_key("read_camera")
    st.camera_input(
        "Photograph one word",
        key=widget,
        on_change=desk.take,
        args=(widget, info.folder),
        help="Hold the word level and let it fill the picture.",
        width=560,
    )


def samples(info: Any) -> None:
    bench.offer_samples(info.folder, 6, "read")


SOURCES = {
    ":material/upload: Files": files,
    ":material/photo_camera: Camera": camera,
    ":material/stylus_note: Samples": samples,
}


def inputs(info: Any) -> None:
    """Files, the camera, samples; the camera is asked for only when its tab is open."""
    tabs = st.tabs(list(SOURCES), key="read_source", on_change="rerun")
    for tab, draw in zip(tabs, SOURCES.values(), strict=True):
        if tab.open:
            with tab:
                draw(info)


def empty_desk(info: Any) -> None:
    """Nothing to read yet: where pictures are dropped, and some to try."""
    with st.container(key="read_drop"):
        inputs(info)
    if st.session_state.get("read_source") != list(SOURCES)[2]:
        layout.note("No picture at hand? Try one of these:")
        samples(info)


def in_order(info: Any) -> list[desk.Word]:
    """The readable words as the queue lists them."""
    some = desk.good()
    if st.session_state.get("read_order") != LEAST:
        return some
    known = {word.id: desk.reading_of(word, info.folder) for word in some}
    return sorted(some, key=lambda word: reading.confidence if (reading := known[word.id]) else 2.0)


def step(word: desk.Word, order: list[desk.Word], by: int) -> None:
    """Bring the next word, or the one before, under the lamp."""
    ids = [other.id for other in order]
    at = ids.index(word.id) if word.id in ids else 0
    desk.look_at(order[(at + by) % len(order)])


def accept(word: desk.Word, order: list[desk.Word], text: str, info: Any) -> None:
    """The word says this: kept on the disk, and on to the next."""
    if not keeping.keep(word, text, info):
        return
    word.accepted = text
    left = [other for other in order if other.accepted is None]
    if left:
        ids = [other.id for other in order]
        after = ids[ids.index(word.id) + 1 :]
        desk.look_at(next((other for other in left if other.id in after), left[0]))


def typed_changed(word: desk.Word, key: str) -> None:
    word.typed = st.session_state[key]
    keeping.take_back(word)


def workbench(word: desk.Word, info: Any) -> None:
    """One word: its picture, its canvas, its reading, and the box for what the person types."""
    order = in_order(info)
    place = [other.id for other in order].index(word.id) + 1
    left, right = st.columns([6, 5], gap="medium", vertical_alignment="top")
    with left:
        pictures.subject(word.picture, f"The picture {word.name}")
        pictures.strip([(bench.canvas_of(word.picture, info), "As the reader sees it", "The ink canvas of the word")])
    with right:
        key = f"typed_{word.id}"
        st.session_state.setdefault(key, word.typed)
        ready = bench.read_now([word], info.folder)
        reading = desk.reading_of(word, info.folder)
        if ready and reading is not None:
            bench.reading_text(desk.final(word, info.folder), word.typed)
            if word.accepted is None:
                bench.certainty(reading.confidence)
            else:
                st.badge("Accepted", icon=":material/check:", color="gray")
        st.text_input(
            "You type the beginning, the reader the rest",
            key=key,
            live=True,
            on_change=typed_changed,
            args=(word, key),
            placeholder="e.g. th",
            help="The word is read again under what you type: correct the first wrong letter, and look.",
        )
        if reading is None:
            return
        others = [(text, share) for text, share in reading.alternatives if text != reading.text][:4]
        if others:
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="also"):
                st.html('<span class="studio-note">Also:</span>', width="content")
                for index, (text, share) in enumerate(others):
                    st.button(
                        f"{layout.plain(text) or '(nothing)'} · {words.percent(share, 0)}",
                        key=f"also_{word.id}_{index}",
                        help=f"Accept “{text}”",
                        on_click=accept,
                        args=(word, order, text, info),
                    )
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="decide"):
            if word.accepted is None:
                st.button(
                    "Accept",
                    key=f"accept_{word.id}",
                    type="primary",
                    icon=":material/check:",
                    shortcut="Ctrl+Enter",
                    on_click=accept,
                    args=(word, order, reading.text, info),
                )
            else:
                st.button(
                    "Undo", key=f"undo_{word.id}", icon=":material/undo:", on_click=keeping.take_back, args=(word,)
                )
            if len(order) > 1:
                st.button(
                    "Back", key="read_back", icon=":material/arrow_back:", shortcut="Alt+Left", on_click=step,
                    args=(word, order, -1),
                )  # fmt: skip
                st.button(
                    "Skip", key="read_skip", icon=":material/arrow_forward:", shortcut="Alt+Right", on_click=step,
                    args=(word, order, 1),
                )  # fmt: skip
                layout.note(f"{place} of {len(order)}")


def read_rest(info: Any) -> None:
    """The words that wait, a batch at a time; what is read stays read when the page is left."""
    waiting = desk.unread(info.folder)
    if not waiting:
        return
    total = len(desk.good())
    bar = st.progress(0.0, f"Reading {words.count(total, 'word')}")
    while waiting:
        if not bench.read_now(waiting[: readers.BATCH], info.folder):
            break
        waiting = desk.unread(info.folder)
        done = total - len(waiting)
        bar.progress(done / total, f"Read {done} of {words.count(total, 'word')}")
    bar.empty()


def picked(rows: list[str]) -> None:
    """A row of the table was chosen."""
    selection = st.session_state["read_table"]["selection"]["rows"]
    if selection and selection[0] < len(rows):
        st.session_state["desk_at"] = rows[selection[0]]


def results(info: Any) -> None:
    """The table of all readings, which is the queue too, and its downloads."""
    order = in_order(info)
    accepted = sum(word.accepted is not None for word in order)
    done = f"{accepted} accepted" if accepted else "none accepted yet"
    layout.section("Readings", f"{words.count(len(order), 'word')}, {done}. Choose a row to work on it.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="read_tools"):
        if len(order) > 1:
            st.segmented_control(
                "Order", [ADDED, LEAST], default=ADDED, required=True, key="read_order",
                label_visibility="collapsed", persist_state="session",
            )  # fmt: skip
        st.space("stretch")
        rows = desk.records(info.folder, info.name)
        st.download_button(
            "CSV", lambda: desk.as_csv(rows), "readings.csv", "text/csv", key="read_csv", on_click="ignore",
            icon=":material/download:",
        )  # fmt: skip
        st.download_button(
            "JSON", lambda: desk.as_json(rows), "readings.json", "application/json", key="read_json",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        st.button(
            "Clear", key="read_clear", icon=":material/delete_sweep:", on_click=desk.clear,
            help="Takes every picture and reading off the desk; your files stay where they are.",
        )  # fmt: skip
    table = pd.DataFrame(
        [
            {
                "Picture": thumbnail(word.id, word.picture),
                "Reading": desk.final(word, info.folder),
                "Sure": 100 * reading.confidence if (reading := desk.reading_of(word, info.folder)) else None,
                "Typed": word.typed,
                "Accepted": word.accepted is not None,
                "Also read": ", ".join(text for text, _ in (reading.alternatives[1:4] if reading else [])),
                "File": word.name,
            }
            for word in order
        ]
    )
    st.dataframe(
        table,
        key="read_table",
        hide_index=True,
        row_height=48,
        on_select=lambda: picked([word.id for word in order]),
        selection_mode="single-row",
        column_config={
            "Picture": st.column_config.ImageColumn("Picture", width="medium"),
            "Reading": st.column_config.TextColumn("Reading", width="medium"),
            "Sure": st.column_config.ProgressColumn("Sure", format="%.0f %%", min_value=0, max_value=100),
            "Accepted": st.column_config.CheckboxColumn("Accepted", width="small"),
        },
        alt="The readings, one word a row; choose a row to work on it",
    )


@st.cache_data(show_spinner=False, max_entries=desk.MOST_WORDS)
def thumbnail(name: str, _picture: Any) -> str:
    return pictures.as_uri(_picture, 220)


def page() -> None:
    layout.page("Read", "What does it say? Type the first letters where it is wrong, and the rest is read again.")
    info, _ = bench.chosen()
    if info is None:
        bench.no_reader()
        return
    if not desk.words():
        empty_desk(info)
        teaching.section(info)
        return
    place = st.container()
    bench.settle()
    # A new key with every upload: what came is what matters now, so the panel is closed again.
    key = desk.widget_key("read_add")
    with place, st.expander("Add pictures", not desk.good(), icon=":material/add_photo_alternate:", key=key):
        inputs(info)
    word = desk.current()
    if word is None:
        bench.broken_files(desk.broken())
        return
    with st.container(border=True, key="workbench"):
        workbench(word, info)
    bench.broken_files(desk.broken())
    read_rest(info)
    results(info)
    teaching.section(info)


page()
