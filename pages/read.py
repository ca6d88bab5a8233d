"""Read: what does it say? Words in, readings out; a corrected letter has the rest read again as it is typed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import images, layout, recognition, word_queue
from pages.read_sections import accept, adapt, add_words, crop, options, queue_table, text_box


def add(info: Any, place: Any) -> None:
    """More words, behind a line that opens."""
    # A new key with every upload: what came is what matters now, so the panel is closed again.
    key = word_queue.widget_key("read_add")
    with place, st.expander("Add words", not word_queue.good(), icon=":material/add_photo_alternate:", key=key):
        add_words.inputs(info)


def closer(word: word_queue.Word, info: Any) -> None:
    """What may be done with the picture of the word under the lamp, and with how it is read."""
    with st.container(horizontal=True, gap="small", key="closer"):
        with st.popover(options.label(), icon=":material/tune:", key="read_options"):
            options.options(info)
        with st.popover("Crop", icon=":material/crop:", key=f"crop_of_{word.id}"):
            crop.panel(word)
        with st.popover("As the reader sees it", icon=":material/visibility:", key="read_canvas"):
            images.strip([(recognition.canvas_of(word.picture, info), "", "The ink canvas of the word")])
        if word.svg:
            st.download_button(
                "Strokes", word.svg, f"{word.name.removesuffix('.png')}.svg", "image/svg+xml", key=f"svg_{word.id}",
                on_click="ignore", icon=":material/download:", help="The drawing as SVG",
            )  # fmt: skip


def page() -> None:
    layout.page("Read", "What does it say? Type the first letters where it is wrong, and the rest is read again.")
    info, _ = recognition.chosen()
    if info is None:
        recognition.no_reader()
        return
    options.hold(info)
    if not word_queue.words():
        add_words.empty_desk(info)
        unlike(2)
    elif not desk_of_words(info):
        return
    adapt.section(info)


def unlike(number: int) -> None:
    """Empty places, so that what stands below the empty desk is not where the workbench and its buttons come to be.

    The browser would else show the one within the other, faded, until the page is whole.
    """
    for _ in range(number):
        st.empty()


def desk_of_words(info: Any) -> bool:
    """The word under the lamp and the queue; False where there is nothing to read, or nobody who could."""
    place = st.container()
    recognition.settle()
    accept.recognise()
    add(info, place)
    word = word_queue.current()
    if word is None:
        add_words.problems()
        return False
    if not recognition.opened(info.folder):
        return False
    with st.container(border=True, key="workbench"):
        text_box.workbench(info)
    unlike(2)
    closer(word, info)
    with st.container(key="read_remark"):
        recognition.lines_of_writing(word, "Choose Crop, and cut out a word.")
    add_words.problems()
    queue_table.queue(info)
    return True


page()
