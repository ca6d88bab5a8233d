"""The words of a data set: a page of images at a time, filtered; only shown images are decoded."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from hwr_core.datasets.word_filter import WordFilter
from hwr_core.errors import HwrError
from pages.components import images, layout, wording
from pages.data_sections import dataset_cache
from pages.data_sections.dataset_cache import OpenDataset

WORDS_PER_PAGE = 36
ANY = "Any"
LENGTHS = {ANY: None, "1 to 3": (1, 3), "4 to 6": (4, 6), "7 to 9": (7, 9), "10 and more": (10, 10_000)}


def filters(opened: OpenDataset) -> None:
    """The row of filters; `current` reads them."""
    writers, splits = dataset_cache.choices(opened)
    with st.grid(5, min_column_width=150, gap="small", key="gallery_filters", vertical_alignment="bottom"):
        st.text_input(
            "Text contains", key="contains", type="search", live="300ms", bind="query-params", on_change=_to_start,
            placeholder="any text", help="Small letters match capitals too; a capital matches only itself.",
        )  # fmt: skip
        st.selectbox(
            "Writer", ["", *writers], key="writer", bind="query-params", on_change=_to_start,
            format_func=lambda value: value or f"All {len(writers):,}", disabled=not writers,
        )  # fmt: skip
        st.selectbox(
            "Split", ["", *splits], key="split", bind="query-params", on_change=_to_start,
            format_func=lambda value: value or "All", help="Train, validation and test share no writer.",
        )  # fmt: skip
        st.selectbox("Letters", list(LENGTHS), key="length", bind="query-params", on_change=_to_start)
        st.toggle(
            "Flagged only", key="flagged", bind="query-params", on_change=_to_start,
            disabled=not dataset_cache.flagged_words(opened),
            help="Words that were kept, but that look odd to the check.",
        )  # fmt: skip


def current(opened: OpenDataset) -> WordFilter:
    """The filter, also while its widgets are not on the page."""
    values = st.session_state
    writers, splits = dataset_cache.choices(opened)
    writer, split = values.get("writer"), values.get("split")
    return WordFilter(
        writer=writer if writer in writers else "",
        split=split if split in splits else "",
        contains=values.get("contains") or "",
        lengths=LENGTHS.get(values.get("length") or ANY),
        flagged=bool(values.get("flagged")),
    )


def _to_start() -> None:
    st.session_state["gallery_page"] = 1


def reset() -> None:
    """Show everything again."""
    values = {"contains": "", "writer": "", "split": "", "length": ANY, "flagged": False}
    for key, value in values.items():
        st.session_state[key] = value
    _to_start()


def show(opened: OpenDataset, on_word: Callable[[int], None]) -> None:
    """Filters, a page of images, and the page numbers; `on_word(row)` is called when a word is clicked."""
    filters(opened)
    rows = dataset_cache.matching_rows(opened, current(opened))
    if not len(rows):
        layout.empty("search_off", "No word matches this filter.", "Show all words", on_click=reset, key="show_all")
        return
    pages = -(-len(rows) // WORDS_PER_PAGE)
    if st.session_state.get("gallery_page", 1) > pages:
        st.session_state["gallery_page"] = pages
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<p class="studio-note">{escape(wording.count(len(rows), "word"))}</p>', width="content")
        page = st.pagination(pages, key="gallery_page", max_visible_pages=5, bind="query-params") if pages > 1 else 1
    table, flagged = opened.dataset.table, dataset_cache.flagged_words(opened)
    with st.grid(min_column_width=118, gap=("small", "small"), key="gallery", vertical_alignment="bottom"):
        for row in rows[(page - 1) * WORDS_PER_PAGE : page * WORDS_PER_PAGE].tolist():
            text, word_id = str(table["transcription"].iat[row]), str(table["word_id"].iat[row])
            with st.container(gap=None, key=f"tile_{row}"):
                st.html(tile(opened, row, text))
                st.button(
                    layout.plain(text) + (" :material/flag:" if word_id in flagged else ""),
                    key=f"word_{row}",
                    type="tertiary",
                    on_click=on_word,
                    args=(row,),
                    help=layout.message(flagged.get(word_id, "Show this word")),
                )


def tile(opened: OpenDataset, row: int, transcription: str) -> str:
    """The HTML of one image, or the reason why there is none."""
    try:
        return images.tile(dataset_cache.thumbnail(opened.dataset, row), f"Handwriting: {transcription}")
    except HwrError as error:
        return f'<p class="studio-note">{escape(str(error))}</p>'
