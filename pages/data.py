"""Data: which words are here, are they sound?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from hwr_core.datasets import list_datasets, refresh
from hwr_core.errors import HwrError
from pages.components import layout, sidebar, wording
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

WORDS, CHARTS, REPORT, DOUBTS, CLOSE, ABOUT = (
    "Words", "Charts", "Check report", "Likely wrong labels", "One word", "About",
)  # fmt: skip


def head(names: list[str]) -> None:
    """The data sets to choose from, where there are several."""
    if len(names) > 1:
        st.session_state["data_choice"] = sidebar.chosen_dataset()
        st.pills("Data set", names, key="data_choice", label_visibility="collapsed", required=True, on_change=chose)


def chose() -> None:
    if st.session_state.get("data_choice"):
        st.session_state["dataset"] = st.session_state["data_choice"]


def open_form() -> None:
    st.session_state["adding"], st.session_state[synthesize.OPEN] = True, False


def look_closer(index: int) -> None:
    """A word was clicked: show it up close."""
    st.query_params["word"] = str(index)
    st.session_state["data_tab"] = CLOSE


def nothing_yet() -> None:
    layout.empty(
        "photo_library",
        "No words yet. The built-in set has about 1,500 words in more than 40 made-up hands: enough to look around.",
        "Add the built-in words",
        on_click=add_dataset.add_demo,
        key="add_demo",
    )
    with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
        st.button("Add your own data set", key="data_add", icon=":material/add:", on_click=open_form)
        make_button()


def make_button() -> None:
    st.button(
        "Make synthetic words", key="data_make", icon=":material/auto_awesome:", on_click=synthesize.show_form,
        help="A data set of your own making: languages, number and looks as you choose.",
    )  # fmt: skip


def shown(name: str) -> None:
    """One data set."""
    stamp = dataset_cache.stamp(name)
    try:
        with st.spinner(f"Opening {name}", show_time=True):
            dataset = dataset_cache.opened(name, stamp)
    except HwrError as error:
        layout.error(str(error))
        return
    writers, _ = dataset_cache.choices(name, stamp)
    problems, fixed = len(dataset.report), len(dataset.fixed)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="data_head"):
        layout.facts(
            [
                (wording.count(len(dataset)), "word" if len(dataset) == 1 else "words"),
                (wording.count(len(writers)), "writer" if len(writers) == 1 else "writers"),
                (wording.count(problems), "problem" if problems == 1 else "problems"),
                *([(wording.count(fixed), "label fixed" if fixed == 1 else "labels fixed")] if fixed else []),
            ]
        )
        if not st.session_state.get("adding") and not st.session_state.get(synthesize.OPEN):
            with st.container(horizontal=True, gap="small", width="content"):
                make_button()
                st.button("Add a data set", key="data_add", icon=":material/add:", on_click=open_form)
    parts = {
        WORDS: words_tab, CHARTS: charts_tab, REPORT: report_tab, DOUBTS: label_errors.show, CLOSE: close_tab,
        ABOUT: about_tab,
    }  # fmt: skip
    tabs = st.tabs(list(parts), key="data_tab", on_change="rerun", bind="query-params")
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw(name, stamp, dataset)


def words_tab(name: str, stamp: int, dataset: Any) -> None:
    gallery.show(name, stamp, look_closer)


def charts_tab(name: str, stamp: int, dataset: Any) -> None:
    statistics.show(name, stamp)


def report_tab(name: str, stamp: int, dataset: Any) -> None:
    check_report.show(dataset)


def close_tab(name: str, stamp: int, dataset: Any) -> None:
    order = dataset_cache.matching(name, stamp, gallery.current(name, stamp))
    asked = st.query_params.get("word", "")
    index = int(asked) if asked.isdecimal() else int(order[0]) if len(order) else 0
    word_detail.show(dataset, min(index, len(dataset) - 1), order, look_closer)


def about_tab(name: str, stamp: int, dataset: Any) -> None:
    info = next((info for info in list_datasets() if info.name == name), None)
    kinds = {"csv": "a CSV and its pictures", "iam": "the IAM database", "folder": "a folder of named pictures"}
    kind = str(dataset.reader)
    kind = kinds.get(kind.removeprefix("zip/"), kind) + (", zipped" if kind.startswith("zip") else "")
    st.markdown(f"Read as {kind}, from `{dataset.source}`" + (f", {wording.ago(info.created)}." if info else "."))
    for note in dataset.notes:
        st.markdown(f"- {layout.plain(note)}")
    if dataset.fixed:
        corrected = wording.count(len(dataset.fixed), "transcription")
        st.markdown(f"- {corrected} corrected or set aside in the studio; your files are not changed.")
        st.button("See them, or take them back", key="about_fixes", icon=":material/undo:", on_click=see_fixes)
    with st.popover("Remove this data set", icon=":material/delete:", key="data_remove"):
        st.markdown(
            f"Remove **{layout.plain(name)}**, {wording.count(len(dataset), 'word')}? What the studio prepared of it "
            "goes, uploaded files too; files elsewhere on this machine stay."
        )
        st.button(
            f"Remove {layout.plain(name)}",
            key="data_remove_yes",
            type="primary",
            on_click=add_dataset.forget,
            args=(name,),
        )


def see_fixes() -> None:
    st.session_state["data_tab"] = DOUBTS


def arrived(name: str) -> None:
    """A data set has just been added: what came, and what to know of it."""
    info = next((info for info in list_datasets() if info.name == name), None)
    if info is not None:
        odd = f"; the check found {wording.count(info.problems, 'problem')}" if info.problems else ", all of them sound"
        st.success(
            f"**{layout.plain(name)}** is here: {wording.count(info.words, 'word')}{odd}.", icon=":material/check:"
        )
        layout.link("train", "Train a reader on it", ":material/model_training:")


def take_over_corrections() -> None:
    """Words that were accepted since are taken into their data set, my-corrections."""
    try:
        with st.spinner("Taking over accepted words", show_time=True):
            changed = refresh()
    except HwrError as error:
        layout.error(str(error))
        return
    if changed:
        st.rerun()  # the sidebar has listed the data sets already


def page() -> None:
    layout.page("Data", "Which words are here, are they sound?")
    take_over_corrections()
    names = [info.name for info in list_datasets() if info.is_ready]
    head(names)
    failed = st.session_state.pop("add_failed", None)
    if failed:
        layout.error(failed)
    add_dataset.follow()
    come = add_dataset.arrival()
    if come:
        arrived(come)
    if st.session_state.get("adding"):
        add_dataset.form()
    if st.session_state.get(synthesize.OPEN):
        synthesize.form()
    if names:
        name = sidebar.chosen_dataset()
        shown(name if name in names else names[0])
    elif not any(st.session_state.get(key) for key in ("adding", synthesize.OPEN)) and not add_dataset.unfinished():
        nothing_yet()


page()
