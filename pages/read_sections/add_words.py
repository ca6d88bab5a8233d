"""Where words come from: files and zips, the camera, the drawing pad, samples, a data set."""

from __future__ import annotations

import random
from typing import Any

import streamlit as st

from hwr_core.errors import HwrError
from pages.components import layout, models, recognition, word_queue, wording
from pages.data_sections import dataset_cache
from pages.read_sections import crop, drawing_pad

NUMBERS = [10, 25, 50, 100, 250]


def files(info: Any) -> None:
    recognition.upload("read_upload", info.folder)


@st.fragment
def camera(info: Any) -> None:
    """A photograph, cut to the word before it is read."""
    widget = word_queue.widget_key("read_camera")
    photo = st.camera_input(
        "Photograph one word", key=widget, help="Hold the word level and let it fill the picture.", width=560
    )
    if photo is None:
        return
    from hwr_core.imaging import read_picture, reduced

    try:
        picture = reduced(read_picture(photo.getvalue(), "the photograph"), word_queue.LONGEST)
    except HwrError as error:
        layout.error(str(error))
        return
    part = crop.sliders(picture, widget)
    if st.button("Read it", key=f"{widget}_read", type="primary", icon=":material/crop:"):
        st.session_state["photos"] = number = st.session_state.get("photos", 0) + 1
        crop.lay(f"photo-{number}.png", part, None)
        models.warm(info.folder)
        st.rerun()


def samples(info: Any) -> None:
    recognition.offer_samples(info.folder, 6, "read")


def dataset(info: Any) -> None:
    """Words of a data set, drawn by lot."""
    from hwr_core.datasets import list_datasets

    names = [found.name for found in list_datasets() if found.is_ready and found.words]
    if not names:
        layout.empty("photo_library", "No data set yet. Its words would be read here.", "Add one", page="data")
        return
    chosen = st.session_state.get("dataset")
    left, middle, right = st.columns([3, 2, 2], vertical_alignment="bottom")
    with left:
        name = st.selectbox("Data set", names, names.index(chosen) if chosen in names else 0, key="queue_dataset")
    _, parts = dataset_cache.choices(name, dataset_cache.stamp(name))
    with middle:
        part = st.selectbox("Part", parts, parts.index("test") if "test" in parts else 0, key="queue_part")
    with right:
        number = st.selectbox("How many", NUMBERS, 1, key="queue_number")
    st.button(
        f"Read {number} words of {layout.plain(name)}", key="queue_add", icon=":material/add:",
        on_click=lay_words, args=(name, part, number, info),
    )  # fmt: skip
    if sentence := st.session_state.pop("queue_failed", None):
        layout.error(sentence)
    layout.note("Drawn by lot. What was written is in the table below, so that readings can be compared with it.")


def lay_words(name: str, part: str, number: int, info: Any) -> None:
    """The button was pressed: another draw each time."""
    try:
        data = dataset_cache.opened(name, dataset_cache.stamp(name))
        there = {word.word_id for word in word_queue.words() if word.source == name}
        rows = [int(row) for row in data.part(part) if str(data.table["word_id"].iloc[row]) not in there]
        drawn = random.Random(f"{name}{len(there)}").sample(rows, min(number, len(rows)))
        word_queue.put_words([word_of(data, row) for row in drawn])
    except HwrError as error:
        st.session_state["queue_failed"] = str(error)
        return
    if not drawn:
        st.session_state["queue_failed"] = f"All words of this part of {name} are on the desk already."
    models.warm(info.folder)


def word_of(data: Any, row: int) -> word_queue.Word:
    """A row of a data set as a word on the desk; one whose picture has gone keeps the sentence."""
    from hwr_core.imaging import reduced

    sample = data.sample(row)
    word = word_queue.Word(
        f"{data.name}/{sample.word_id}",
        str(sample.word_id),
        source=data.name,
        word_id=str(sample.word_id),
        truth=sample.transcription,
        writer=sample.writer or "",
    )
    try:
        word.picture = reduced(data.picture(row), word_queue.LONGEST)
    except HwrError as error:
        word.problem = str(error)
    return word


SOURCES = {
    ":material/upload: Files": files,
    ":material/photo_camera: Camera": camera,
    ":material/draw: Draw": drawing_pad.draw,
    ":material/stylus_note: Samples": samples,
    ":material/photo_library: Data set": dataset,
}


def inputs(info: Any) -> None:
    """All of them in tabs; the camera is asked for only when its tab is open."""
    tabs = st.tabs(list(SOURCES), key="read_source", on_change="rerun")
    for tab, draw in zip(tabs, SOURCES.values(), strict=True):
        if tab.open:
            with tab:
                draw(info)


def empty_desk(info: Any) -> None:
    """Nothing to read yet: where pictures are dropped, and some to try."""
    with st.container(key="read_drop"):
        inputs(info)
    with st.container(key="read_try"):
        if st.session_state.get("read_source") in (None, next(iter(SOURCES))):
            layout.note("No picture at hand? Try one of these:")
            samples(info)


def problems() -> None:
    """Files that cannot be read, and pictures that found no room."""
    recognition.broken_files(word_queue.broken())
    if word_queue.was_full():
        number = wording.count(word_queue.MOST_WORDS, "picture")
        layout.error(f"The desk holds {number}; the rest was left out. Clear it, or add them as a data set instead.")
