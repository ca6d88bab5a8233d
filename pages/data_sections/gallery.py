"""The words themselves: a page of pictures at a time, filtered; only what is shown is decoded."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from hwr_core.errors import HwrError
from pages.components import images, layout, wording
from pages.data_sections import dataset_cache

ON_A_PAGE = 36
FLAGGED = "Flagged only"


def filters(name: str, stamp: int) -> dataset_cache.Filter:
    """The row of filters."""
    writers, splits = dataset_cache.choices(name, stamp)
    with st.grid(5, min_column_width=150, gap="small", key="gallery_filters", vertical_alignment="bottom"):
        contains = st.text_input(
            "Text contains", key="contains", type="search", live="300ms", bind="query-params", on_change=_to_start,
            placeholder="any text", help="Small letters find capitals too; a capital finds only itself.",
        )  # fmt: skip
        writer = st.selectbox(
            "Writer", ["", *writers], key="writer", bind="query-params", on_change=_to_start,
            format_func=lambda value: value or f"All {len(writers):,}", disabled=not writers,
        )  # fmt: skip
        split = st.selectbox(
            "Split", ["", *splits], key="split", bind="query-params", on_change=_to_start,
            format_func=lambda value: value or "All", help="Train, validation and test share no writer.",
        )  # fmt: skip
        length = st.selectbox(
            "Letters", list(dataset_cache.LENGTHS), key="length", bind="query-params", on_change=_to_start,
        )  # fmt: skip
        only = st.toggle(
            FLAGGED, key="flagged", bind="query-params", on_change=_to_start,
            disabled=not dataset_cache.flagged(name, stamp),
            help="Words that were kept, but that the check found odd.",
        )  # fmt: skip
    return dataset_cache.Filter(writer or "", split or "", contains or "", length or dataset_cache.ANY, bool(only))


def current(name: str, stamp: int) -> dataset_cache.Filter:
    """The filter as it was left, when its widgets are not on the page."""
    state = st.session_state
    writers, splits = dataset_cache.choices(name, stamp)
    writer, split = state.get("writer"), state.get("split")
    return dataset_cache.Filter(
        writer if writer in writers else "",
        split if split in splits else "",
        state.get("contains") or "",
        state.get("length") or dataset_cache.ANY,
        bool(state.get("flagged")),
    )


def _to_start() -> None:
    st.session_state["gallery_page"] = 1


def reset() -> None:
    """Show everything again."""
    for key, value in (
        ("contains", ""),
        ("writer", ""),
        ("split", ""),
        ("length", dataset_cache.ANY),
        ("flagged", False),
    ):
        st.session_state[key] = value
    _to_start()


def show(name: str, stamp: int, choose: Callable[[int], None]) -> None:
    """Filters, the page of pictures, and the pages' numbers; `choose(index)` is called when a word is clicked."""
    wanted = filters(name, stamp)
    found = dataset_cache.matching(name, stamp, wanted)
    if not len(found):
        layout.empty("search_off", "No word is left by this filter.", "Show all words", on_click=reset, key="show_all")
        return
    pages = -(-len(found) // ON_A_PAGE)
    if st.session_state.get("gallery_page", 1) > pages:
        st.session_state["gallery_page"] = pages
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<p class="studio-note">{escape(wording.count(len(found), "word"))}</p>', width="content")
        page = st.pagination(pages, key="gallery_page", max_visible_pages=5, bind="query-params") if pages > 1 else 1
    dataset = dataset_cache.opened(name, stamp)
    odd = dataset_cache.flagged(name, stamp)
    with st.grid(min_column_width=118, gap=("small", "small"), key="gallery", vertical_alignment="bottom"):
        for index in found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE].tolist():
            row = dataset.table.iloc[index]
            with st.container(gap=None, key=f"tile_{index}"):
                st.html(tile(name, stamp, index, row["transcription"]))
                st.button(
                    layout.plain(row["transcription"]) + (" :material/flag:" if row["word_id"] in odd else ""),
                    key=f"word_{index}",
                    type="tertiary",
                    on_click=choose,
                    args=(index,),
                    help=odd.get(row["word_id"], "Look at it closely"),
                )


def tile(name: str, stamp: int, index: int, transcription: str) -> str:
    """One picture of the gallery, or why there is none."""
    try:
        uri = dataset_cache.thumbnail(name, stamp, index)
    except HwrError as error:
        return f'<p class="studio-note">{escape(str(error))}</p>'
    return images.tile(uri, f"Handwriting: {transcription}")
