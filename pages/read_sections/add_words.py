"""Where words come from: files and zips, the camera, the drawing pad, samples, a data set."""

from __future__ import annotations

import random

import numpy as np
import streamlit as st

from hwr_core import limits
from hwr_core.datasets import PARTS, DataSet, list_datasets
from hwr_core.errors import HwrError
from hwr_core.recognition import CheckpointInfo
from pages.access import Right, needs
from pages.components import layout, models, reading_widgets, uploads, word_queue, wording
from pages.data_sections import dataset_cache
from pages.read_sections import crop, drawing_pad

WORD_COUNTS = [10, 25, 50, 100, 250]  # offered of a data set, where it has more
ALL_PARTS = "all"
PART, NUMBER = "queue_part", "queue_number"  # keys of widgets
FAILURE = "add_words_failure"  # session key


def files(info: CheckpointInfo) -> None:
    reading_widgets.upload("read_upload", info.folder)


@st.fragment
def camera(info: CheckpointInfo) -> None:
    """A photograph, cropped to the word before it is read."""
    widget = word_queue.widget_key("read_camera")
    photo = st.camera_input(
        "Photograph one word", key=widget, help="Hold the word level and let it fill the image.", width=560
    )
    if photo is None:
        return
    if refused := uploads.check_sizes([photo])[1]:
        layout.error(str(refused[0][1]))
        return
    from hwr_core.imaging import limit_size, read_image

    try:
        image = limit_size(read_image(photo.getvalue(), "the photograph"), word_queue.MAX_IMAGE_SIDE)
    except HwrError as error:
        layout.error(str(error))
        return
    cropped = crop.sliders(image, widget)
    if st.button("Read it", key=f"{widget}_read", type="primary", icon=":material/crop:"):
        st.session_state["photo_count"] = number = st.session_state.get("photo_count", 0) + 1
        crop.add_cropped(f"photo-{number}.png", cropped, None)
        models.pool().open(info.folder)
        st.rerun()


def samples(info: CheckpointInfo) -> None:
    reading_widgets.offer_samples(info.folder, 6, "read")


def dataset(info: CheckpointInfo) -> None:
    """Random words of a data set."""
    names = [dataset.name for dataset in list_datasets() if dataset.is_ready and dataset.words]
    if not names:
        layout.empty("photo_library", "No data set yet. Its words would be read here.", "Add one", page="data")
        return
    chosen = st.session_state.get("dataset")
    left, middle, right = st.columns([3, 2, 2], vertical_alignment="bottom")
    with left:
        name = st.selectbox("Data set", names, names.index(chosen) if chosen in names else 0, key="queue_dataset")
    try:
        data = dataset_cache.opened(name).dataset
    except HwrError as error:
        layout.error(str(error))
        return
    totals = {part: len(rows_of(data, part)) for part in (*PARTS, ALL_PARTS)}
    parts = [part for part, total in totals.items() if total]
    with middle:
        default = "test" if totals["test"] >= WORD_COUNTS[0] else ALL_PARTS
        layout.reset_unless_offered(PART, parts, default)
        part = st.selectbox("Part", parts, parts.index(default), key=PART)
    counts = [count for count in WORD_COUNTS if count < totals[part]]
    if totals[part] <= WORD_COUNTS[-1]:
        counts.append(totals[part])
    with right:
        second = min(1, len(counts) - 1)
        layout.reset_unless_offered(NUMBER, counts, counts[second])
        number = st.selectbox("How many", counts, second, key=NUMBER)
    st.button(
        f"Read {wording.count(number, 'word')} of {layout.plain(name)}", key="queue_add", icon=":material/add:",
        on_click=add_from_dataset, args=(name, part, number, info),
    )  # fmt: skip
    if sentence := st.session_state.pop(FAILURE, None):
        layout.error(sentence)
    layout.note("Chosen at random. The transcriptions are in the table below, so that readings can be compared.")


def rows_of(data: DataSet, part: str) -> np.ndarray:
    """The rows of a part, or of all parts; a word that was set aside is in none."""
    return np.concatenate([data.part(name) for name in (PARTS if part == ALL_PARTS else [part])])


@needs(Right.READ, "add words to read", lambda name, part, number, info: name)
def add_from_dataset(name: str, part: str, number: int, info: CheckpointInfo) -> None:
    """The button was pressed: other words each time."""
    try:
        data = dataset_cache.opened(name).dataset
        queued = {word.word_id for word in word_queue.words() if word.source == name}
        rows = [int(row) for row in rows_of(data, part) if str(data.table["word_id"].iloc[row]) not in queued]
        chosen = random.Random(f"{name}{len(queued)}").sample(rows, min(number, len(rows)))
        word_queue.add_words([word_of(data, row) for row in chosen])
    except HwrError as error:
        st.session_state[FAILURE] = str(error)
        return
    if not chosen:
        where = name if part == ALL_PARTS else f"this part of {name}"
        st.session_state[FAILURE] = f"All words of {where} are in the queue already."
    models.pool().open(info.folder)


def word_of(data: DataSet, row: int) -> word_queue.Word:
    """A row of a data set as a word of the queue; one whose image is missing gets the sentence."""
    from hwr_core.imaging import limit_size

    sample = data.sample(row)
    word = word_queue.Word(
        # The content hash: another data set may come back under the same name, with the same word ids.
        f"{data.name}/{data.description['content'][:12]}/{sample.word_id}",
        str(sample.word_id),
        source=data.name,
        word_id=str(sample.word_id),
        transcription=sample.transcription,
        writer=sample.writer or "",
    )
    try:
        word.image = limit_size(data.image(row), word_queue.MAX_IMAGE_SIDE)
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


def inputs(info: CheckpointInfo) -> None:
    """All sources in tabs; the browser requests the camera only when its tab is open."""
    tabs = st.tabs(list(SOURCES), key="read_source", on_change="rerun")
    for tab, draw in zip(tabs, SOURCES.values(), strict=True):
        if tab.open:
            with tab:
                draw(info)


def empty_queue(info: CheckpointInfo) -> None:
    """Nothing to read yet: where images are dropped, and some to try."""
    with st.container(key="read_drop"):
        inputs(info)
    with st.container(key="read_try"):
        if st.session_state.get("read_source") in (None, next(iter(SOURCES))):
            layout.note("No image yet? Try one of these:")
            samples(info)


def problems() -> None:
    """Files that cannot be read, and images beyond the queue's limit."""
    reading_widgets.broken_files(word_queue.broken_words())
    if word_queue.pop_overflow():
        number = wording.count(limits.current().queue_words, "image")
        layout.error(f"The queue holds {number}; the rest was left out. Clear it, or add them as a data set instead.")
