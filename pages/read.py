"""Read: what does it say? Words in, readings out; a corrected letter has the rest read again as it is typed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.reading import asking, box, cropping, keeping, listing, sources, teaching
from pages.shared import bench, desk, layout, pictures


def add(info: Any, place: Any) -> None:
    """More words, behind a line that opens."""
    # A new key with every upload: what came is what matters now, so the panel is closed again.
    key = desk.widget_key("read_add")
    with place, st.expander("Add words", not desk.good(), icon=":material/add_photo_alternate:", key=key):
        sources.inputs(info)


def closer(word: desk.Word, info: Any) -> None:
    """What may be done with the picture of the word under the lamp, and with how it is read."""
    with st.container(horizontal=True, gap="small", key="closer"):
        with st.popover(asking.label(), icon=":material/tune:", key="read_options"):
            asking.options(info)
        with st.popover("Crop", icon=":material/crop:", key=f"crop_of_{word.id}"):
            cropping.panel(word)
        with st.popover("As the reader sees it", icon=":material/visibility:", key="read_canvas"):
            pictures.strip([(bench.canvas_of(word.picture, info), "", "The ink canvas of the word")])
        if word.svg:
            st.download_button(
                "Strokes", word.svg, f"{word.name.removesuffix('.png')}.svg", "image/svg+xml", key=f"svg_{word.id}",
                on_click="ignore", icon=":material/download:", help="The drawing as SVG",
            )  # fmt: skip


def page() -> None:
    layout.page("Read", "What does it say? Type the first letters where it is wrong, and the rest is read again.")
    info, _ = bench.chosen()
    if info is None:
        bench.no_reader()
        return
    asking.hold(info)
    if not desk.words():
        sources.empty_desk(info)
        unlike(2)
    elif not desk_of_words(info):
        return
    teaching.section(info)


def unlike(number: int) -> None:
    """Empty places, so that what stands below the empty desk is not where the workbench and its buttons come to be.

    The browser would else show the one within the other, faded, until the page is whole.
    """
    for _ in range(number):
        st.empty()


def desk_of_words(info: Any) -> bool:
    """The word under the lamp and the queue; False where there is nothing to read, or nobody who could."""
    place = st.container()
    bench.settle()
    keeping.recognise()
    add(info, place)
    word = desk.current()
    if word is None:
        sources.problems()
        return False
    if not bench.opened(info.folder):
        return False
    with st.container(border=True, key="workbench"):
        box.workbench(info)
    unlike(2)
    closer(word, info)
    with st.container(key="read_remark"):
        bench.lines_of_writing(word, "Choose Crop, and cut out a word.")
    sources.problems()
    listing.queue(info)
    return True


page()
