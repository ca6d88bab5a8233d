"""The Data page: words, statistics, check report and label errors of a data set; adding and making data sets."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from hwr_core.datasets import list_datasets, refresh
from hwr_core.errors import HwrError
from pages.access import Right, may, refusal
from pages.components import built_in_words, layout, sidebar, wording
from pages.data_sections import (
    add_dataset,
    check_report,
    dataset_cache,
    gallery,
    label_errors,
    statistics,
    synthesize,
    word_detail,
)
from pages.data_sections.dataset_cache import OpenDataset
from pages.data_sections.state import open_form, state

WORDS, CHARTS, REPORT, LABEL_ERRORS, WORD, ABOUT = (
    "Words", "Charts", "Check report", "Likely wrong labels", "One word", "About",
)  # fmt: skip
MAX_ROW_DIGITS = 12  # of a row's number in the address
SOURCE_KINDS = {"csv": "a CSV and its images", "iam": "the IAM database", "folder": "a folder of named images"}


def dataset_choice(names: list[str]) -> None:
    """The data sets, where there are several; the choice is the sidebar's."""
    if len(names) > 1:
        st.session_state["data_choice"] = sidebar.chosen_dataset()
        st.pills("Data set", names, key="data_choice", label_visibility="collapsed", required=True, on_change=on_choice)


def on_choice() -> None:
    if st.session_state.get("data_choice"):
        st.session_state["dataset"] = st.session_state["data_choice"]


def show_word(row: int) -> None:
    """A word was clicked."""
    st.query_params["word"] = str(row)
    st.session_state["data_tab"] = WORD


def add_button(label: str) -> None:
    if may(Right.ADD_DATA):
        st.button(label, key="data_add", icon=":material/add:", on_click=open_form, args=("add",))


def make_button() -> None:
    if may(Right.ADD_DATA):
        st.button(
            "Make synthetic words", key="data_make", icon=":material/auto_awesome:", on_click=open_form,
            args=("synthesize",), help="A data set with the languages, number and looks that you choose.",
        )  # fmt: skip


def empty() -> None:
    if not may(Right.ADD_DATA):
        layout.empty("photo_library", f"No words yet. {refusal(Right.ADD_DATA)}")
        return
    layout.empty(
        "photo_library",
        "No words yet. The built-in set has about 1,500 words by over 40 synthetic writers: enough to look around.",
        "Add the built-in words",
        on_click=add_dataset.add_demo,
        key="add_demo",
    )
    with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
        add_button("Add your own data set")
        make_button()


def show_dataset(name: str) -> None:
    try:
        with st.spinner(f"Opening {layout.plain(name)}", show_time=True):
            opened = dataset_cache.opened(name)
    except HwrError as error:
        layout.error(str(error))
        return
    head(opened)
    tabs = {
        WORDS: lambda: gallery.show(opened, show_word),
        CHARTS: lambda: statistics.show(opened),
        REPORT: lambda: check_report.show(opened.dataset),
        LABEL_ERRORS: lambda: label_errors.show(opened),
        WORD: lambda: word_tab(opened),
        ABOUT: lambda: about_tab(opened),
    }
    drawn = st.tabs(list(tabs), key="data_tab", on_change="rerun", bind="query-params")
    for tab, draw in zip(drawn, tabs.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def head(opened: OpenDataset) -> None:
    """Counts, and the buttons for further data sets."""
    dataset = opened.dataset
    writers, _ = dataset_cache.choices(opened)
    problems, corrected = len(dataset.report), len(dataset.corrected_ids)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="data_head"):
        layout.facts(
            [
                (wording.count(len(dataset)), "word" if len(dataset) == 1 else "words"),
                (wording.count(len(writers)), "writer" if len(writers) == 1 else "writers"),
                (wording.count(problems), "problem" if problems == 1 else "problems"),
                *([(wording.count(corrected), "label fixed" if corrected == 1 else "labels fixed")] * bool(corrected)),
            ]
        )
        if opened.dataset.is_shared:
            layout.example_mark()
        if not state().form and may(Right.ADD_DATA):
            with st.container(horizontal=True, gap="small", width="content"):
                make_button()
                add_button("Add a data set")


def word_tab(opened: OpenDataset) -> None:
    order = dataset_cache.matching_rows(opened, gallery.current(opened))
    linked = st.query_params.get("word", "")
    is_row = linked.isdecimal() and len(linked) <= MAX_ROW_DIGITS
    row = int(linked) if is_row else int(order[0]) if len(order) else 0
    word_detail.show(opened.dataset, min(row, len(opened.dataset) - 1), order, show_word)


def about_tab(opened: OpenDataset) -> None:
    dataset = opened.dataset
    kind = SOURCE_KINDS.get(dataset.reader.removeprefix("zip/"), dataset.reader)
    kind += ", zipped" if dataset.reader.startswith("zip") else ""
    source = dataset.source if may(Right.SERVER_PATHS) else Path(dataset.source).name
    origin = f"{layout.message(kind)}, from {layout.message(source)}"
    st.markdown(f"Read as {origin}, {wording.ago(dataset.description['created'])}.")
    for note in dataset.notes:
        st.markdown(f"- {layout.plain(note)}")
    if dataset.corrected_ids:
        corrected = wording.count(len(dataset.corrected_ids), "transcription")
        st.markdown(f"- {corrected} corrected or set aside in the studio; your files are not changed.")
        st.button("See them, or undo them", key="about_fixes", icon=":material/undo:", on_click=show_label_errors)
    if dataset.is_shared:
        layout.note("An example: everyone who uses this studio sees it, and nobody changes it.")
        return
    if not may(Right.DELETE):
        layout.not_open(Right.DELETE)
        return
    with st.popover("Remove this data set", icon=":material/delete:", key="data_remove"):
        st.markdown(
            f"Remove **{layout.plain(dataset.name)}**, {wording.count(len(dataset), 'word')}? The studio deletes what "
            "it prepared, and uploaded files; files elsewhere on this machine stay."
        )
        st.button(
            f"Remove {layout.plain(dataset.name)}", key="data_remove_yes", type="primary",
            on_click=add_dataset.remove, args=(dataset.name,),
        )  # fmt: skip


def show_label_errors() -> None:
    st.session_state["data_tab"] = LABEL_ERRORS


def arrival(name: str) -> None:
    """A data set has just been added."""
    info = next((info for info in list_datasets() if info.name == name), None)
    if info is not None:
        check = (
            f"; the check found {wording.count(info.problems, 'problem')}" if info.problems else ", all of them sound"
        )
        st.success(
            f"**{layout.plain(name)}** is here: {wording.count(info.words, 'word')}{check}.", icon=":material/check:"
        )
        layout.link("train", "Train a model on it", ":material/model_training:")


def refresh_accepted_words() -> None:
    """Bring the data set of accepted words, my-corrections, up to date."""
    try:
        with st.spinner("Updating the accepted words", show_time=True):
            changed = refresh()
    except HwrError as error:
        layout.error(str(error))
        return
    if changed:
        st.rerun()  # the sidebar has listed the data sets already


def page() -> None:
    layout.page("Data", "Which words are here, are they sound?")
    refresh_accepted_words()
    names = [info.name for info in list_datasets() if info.is_ready]
    dataset_choice(names)
    if failure := state().pop_error():
        layout.error(failure)
    add_dataset.follow()
    if arrived := add_dataset.arrived():
        arrival(arrived)
    form = state().form if may(Right.ADD_DATA) else ""
    if form == "add":
        add_dataset.form()
    elif form == "synthesize":
        synthesize.form()
    if names and not may(Right.ADD_DATA):
        layout.not_open(Right.ADD_DATA)
    if names:
        name = sidebar.chosen_dataset()
        show_dataset(name if name in names else names[0])
    elif not form and not add_dataset.unfinished() and not built_in_words.wait():
        empty()


page()
