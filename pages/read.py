"""Read: images of words in, readings out; after each letter that is corrected the rest is read again."""

from __future__ import annotations

import numpy as np
import streamlit as st

from hwr_core.recognition import CheckpointInfo
from pages.components import download, images, layout, reading_widgets, sidebar, word_queue
from pages.read_sections import accept, adapt, add_words, crop, options, queue_table, text_box


def add_panel(info: CheckpointInfo) -> None:
    """More words, in an expander."""
    # A new key with every upload: the new words matter now, so the panel is closed again.
    key = word_queue.widget_key("read_add")
    is_open = not word_queue.readable_words()
    with st.expander("Add words", is_open, icon=":material/add_photo_alternate:", key=key):
        add_words.inputs(info)


def word_tools(word: word_queue.Word, image: np.ndarray, info: CheckpointInfo) -> None:
    """What may be done with the image of the current word, and with how it is read."""
    with st.container(horizontal=True, gap="small", key="word_tools"):
        with st.popover(options.label(), icon=":material/tune:", key="read_options"):
            options.options(info)
        with st.popover("Crop", icon=":material/crop:", key=f"crop_of_{word.id}"):
            crop.panel(word)
        with st.popover("As the model sees it", icon=":material/visibility:", key="read_canvas"):
            images.strip([(reading_widgets.canvas_of(image, info.folder), "", "The ink canvas of the word")])
        if word.svg:
            download.button(
                "Strokes", word.svg, f"{word.name.removesuffix('.png')}.svg", "image/svg+xml", key=f"svg_{word.id}",
                help="The drawing as SVG",
            )  # fmt: skip


def page() -> None:
    layout.page("Read", "What is written? Type the first letters where it is wrong, and the rest is read again.")
    info = sidebar.chosen_model()
    if info is None:
        reading_widgets.no_model()
        return
    options.apply(info)
    if not word_queue.words():
        add_words.empty_queue(info)
        empty_slots(2)
    elif not filled_queue(info):
        return
    adapt.section(info)


def empty_slots(number: int) -> None:
    """Empty places, so that what stands below the empty queue is not where the text box and its buttons come to be.

    The browser would else show the one within the other, faded, until the page is whole.
    """
    for _ in range(number):
        st.empty()


def filled_queue(info: CheckpointInfo) -> bool:
    """The current word and the queue; False where no word can be read, or the model cannot be opened."""
    slot = st.container()
    reading_widgets.decode_images()
    accept.restore_accepted()
    with slot:
        add_panel(info)
    word = word_queue.current()
    if word is None or word.image is None:
        add_words.problems()
        return False
    if not reading_widgets.wait_until_open(info.folder):
        return False
    with st.container(border=True, key="current_word"):
        text_box.current_word(info)
    empty_slots(2)
    word_tools(word, word.image, info)
    with st.container(key="page_hint"):
        reading_widgets.page_hint(word, "Choose Crop, and cut out a word.")
    add_words.problems()
    queue_table.queue(info)
    return True


page()
