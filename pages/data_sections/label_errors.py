"""Likely wrong labels: searched by a model in a job of its own, listed, and corrected in place."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from hwr_core import jobs, spreadsheet
from hwr_core.corrections import LabelCorrection, LabelCorrections
from hwr_core.corrections.verdicts import Decision, correction_of
from hwr_core.datasets import PARTS, DataSet
from hwr_core.errors import HwrError
from hwr_core.evaluation import label_errors
from hwr_core.evaluation.errors import KINDS, kind_of
from hwr_core.recognition import CheckpointInfo
from pages.access import Right, may, needs, visitors
from pages.components import download, layout, models, progress_card, wording
from pages.data_sections import dataset_cache
from pages.data_sections.dataset_cache import OpenDataset
from pages.data_sections.state import state

ROWS_PER_PAGE = 25
ROW_HEIGHT_PIXELS, MAX_TABLE_HEIGHT_PIXELS = 64, 460
ALL = "all"
WORD_COUNTS = (0, 300, 1000, 3000, 10_000)  # 0: all
SEARCHED_PARTS = ("validation", "train", "test", ALL)  # the models' own training words come later
IMAGE, TEXT, READING, CONFIDENCE, WRITER = "Image", "Transcription", "Model reads", "Sure", "Writer"
ACCEPT, RIGHT, SET_ASIDE = "Accept", "Right", "No word"


def show(opened: OpenDataset) -> None:
    """The tab."""
    dataset = opened.dataset
    if sentence := state().pop_label_error():
        layout.error(sentence)
    folder = label_errors.search_folder(dataset.name)
    status = jobs.read_status(folder)
    progress_card.follow(
        lambda: [jobs.read_status(folder).state],
        lambda: search_progress(dataset.name, folder),
        seconds=1.0,
        key="doubts_follow",
    )
    if status.state == "running":
        return
    if not may(Right.CORRECT):
        layout.not_open(Right.CORRECT)
        return
    table: pd.DataFrame | None = None
    try:
        table = label_errors.read_label_errors(dataset.name)
    except HwrError as error:
        layout.error(str(error))
    if status.state == "failed":
        layout.error(status.message)
    known = models.available()
    if table is None and not known:
        layout.empty("ink_pen", "A model finds labels that are likely wrong, and there is none yet.", "Train a model",
                     page="train", key="doubts_train")  # fmt: skip
        return
    if table is None:
        layout.note("A model reads the words. Those that it is sure differ from their label come first.")
        search_form(dataset, known)
    else:
        summary(status, table)
        review(opened, label_errors.undecided(dataset, table))
        with st.expander("Search again, or with another model", key="doubts_more", icon=":material/search:"):
            search_form(dataset, known)
    decided(dataset)


def search_form(dataset: DataSet, known: dict[str, CheckpointInfo]) -> None:
    """The model, the words, and the button."""
    if not known:
        return
    totals = {part: len(dataset.part(part)) for part in PARTS} | {ALL: len(dataset)}
    chosen = st.session_state.get("reader")
    with st.grid(4, min_column_width=150, gap="small", key="doubts_form", vertical_alignment="bottom"):
        model = st.selectbox("Model", list(known), key="doubts_reader",
                             index=list(known).index(chosen) if chosen in known else 0)  # fmt: skip
        part = st.selectbox("Words of", [part for part in SEARCHED_PARTS if totals[part]], key="doubts_part",
                            help="A model may have learned the wrong labels of its own training words.")  # fmt: skip
        counts = [count for count in WORD_COUNTS if count < totals[part]]
        max_words = st.selectbox("How many", counts, key="doubts_most",
                                 format_func=lambda count: wording.count(count or totals[part]))  # fmt: skip
        st.button(
            "Look for wrong labels", key="doubts_start", type="primary", icon=":material/search:", on_click=start,
            args=(dataset.name, known[model].folder, "" if part == ALL else part, max_words),
        )  # fmt: skip


@needs(Right.CORRECT, "search label errors", lambda name, checkpoint, part, max_words: name)
def start(name: str, checkpoint: Path, part: str, max_words: int) -> bool:
    """A button's callback; False where it fails."""
    try:
        visitors.check_quota(0)
        label_errors.start_search(name, checkpoint, part, max_words)
    except (HwrError, OSError) as error:
        state().label_error = str(error)
        return False
    return True


@needs(Right.CORRECT, "stop a search for label errors", lambda name: name)
def stop(name: str) -> None:
    """A button's callback."""
    jobs.request_stop(label_errors.search_folder(name))


def search_progress(name: str, folder: Path) -> None:
    status = jobs.read_status(folder)
    if status.state != "running":
        return
    with st.container(border=True, key="doubts_job", horizontal=True, vertical_alignment="center"):
        st.progress(status.progress, wording.job_status(status), width="stretch")
        if may(Right.CORRECT):
            progress_card.stop_button(
                folder, stop, name, key="doubts_stop", help_text="The label errors so far are kept."
            )


def summary(status: jobs.Status, table: pd.DataFrame) -> None:
    details = status.details
    read = f"{wording.count(details['read'], 'word')} read by {details['reader']}, " if "read" in details else ""
    stopped = " (stopped before the end)" if status.state == "stopped" else ""
    layout.note(
        f"{read}{wording.count(len(table))} of them not as labelled{stopped}. Those that differ most come first."
    )


def review(opened: OpenDataset, table: pd.DataFrame) -> None:
    """The label errors without a verdict, filtered, a page at a time."""
    name = opened.dataset.name
    if table.empty:
        layout.empty("verified", "No label is left to look at: all have a verdict, or none was read otherwise.",
                     key="doubts_none")  # fmt: skip
        return
    matching = filtered(table)
    if matching.empty:
        layout.empty("search_off", "No word matches this filter.", "Show all", on_click=reset, key="doubts_all")
        return
    pages = -(-len(matching) // ROWS_PER_PAGE)
    if st.session_state.get("doubts_page", 1) > pages:
        st.session_state["doubts_page"] = pages
    page = st.pagination(pages, key="doubts_page", max_visible_pages=5) if pages > 1 else 1
    rows = matching.iloc[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE].reset_index(drop=True)
    corrections = corrections_of(rows, editor(opened, rows, page))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="doubts_buttons"):
        number = wording.count(len(corrections), "label") if corrections else "labels"
        st.button(f"Store {number}", key="doubts_store", type="primary", icon=":material/check:",
                  disabled=not corrections, on_click=store, args=(name, corrections))  # fmt: skip
        if state().stored_for == name:
            st.button("Undo", key="doubts_undo", icon=":material/undo:", on_click=undo_last,
                      help="Undoes what was stored last.")  # fmt: skip
        download.button(
            "CSV", lambda: spreadsheet.to_csv(matching, with_mark=True), f"{name}-likely-wrong.csv", "text/csv",
            key="doubts_csv", type="tertiary",
        )  # fmt: skip


def filtered(table: pd.DataFrame) -> pd.DataFrame:
    """The label errors of a writer or a kind."""
    kinds = [kind_of(*row) for row in zip(table["transcription"], table["reading"], table["edits"], strict=True)]
    table = table.assign(kind=kinds)
    counts = table["writer"].value_counts()
    writers = [writer for writer in counts.index if writer]
    for key, options in (("doubts_writer", writers), ("doubts_kind", KINDS)):
        if st.session_state.get(key) not in ("", *options):
            st.session_state[key] = ""
    with st.grid(3, min_column_width=150, gap="small", key="doubts_filters", vertical_alignment="bottom"):
        writer = st.selectbox(
            "Writer", ["", *writers], key="doubts_writer", disabled=not writers,
            format_func=lambda writer: f"{writer} · {counts[writer]}" if writer else f"All {len(writers):,}",
        )  # fmt: skip
        kind = st.selectbox(
            "Difference", ["", *KINDS], key="doubts_kind",
            format_func=lambda kind: f"{kind.capitalize()} · {kinds.count(kind)}" if kind else "Any",
        )  # fmt: skip
        st.text_input("Your name", key="doubts_who", persist_state="session", placeholder="optional",
                      help="Stored with each label that you change.")  # fmt: skip
    return table[((table["writer"] == writer) | (not writer)) & ((table["kind"] == kind) | (not kind))]


def reset() -> None:
    st.session_state["doubts_writer"] = st.session_state["doubts_kind"] = ""


def editor(opened: OpenDataset, rows: pd.DataFrame, page: int) -> pd.DataFrame:
    """The table as edited: a transcription typed over, or a mark set."""
    frame = pd.DataFrame(
        {
            IMAGE: [thumbnail(opened.dataset, row) for row in rows["index"]],
            TEXT: rows["transcription"],
            READING: rows["reading"],
            CONFIDENCE: 100 * rows["confidence"],
            ACCEPT: False,
            RIGHT: False,
            SET_ASIDE: False,
            WRITER: rows["writer"],
        }
    )
    layout.note(
        f"{ACCEPT}: the label becomes what the model reads. {RIGHT}: the label stays. {SET_ASIDE}: the image is set "
        "aside. Or type over a transcription."
    )
    column = st.column_config
    return st.data_editor(
        frame, key=f"doubts_table_{hash(opened.version)}_{page}_{state().table_round}", hide_index=True,
        row_height=ROW_HEIGHT_PIXELS, disabled=[IMAGE, READING, CONFIDENCE, WRITER],
        height=min(ROW_HEIGHT_PIXELS * len(frame) + 40, MAX_TABLE_HEIGHT_PIXELS),
        column_config={
            IMAGE: column.ImageColumn(width="medium"),
            TEXT: column.TextColumn(required=True, help="Type what the image says."),
            CONFIDENCE: column.NumberColumn(format="%.0f %%", width=70, help="How sure the model is of its reading."),
            ACCEPT: column.CheckboxColumn(width=90, help="The label becomes what the model reads."),
            RIGHT: column.CheckboxColumn(width=80, help="The label stays, and is not listed again."),
            SET_ASIDE: column.CheckboxColumn(width=95, help="No word, or not legible: set aside, in no part."),
        },
    )  # fmt: skip


def thumbnail(dataset: DataSet, row: int) -> str | None:
    try:
        return dataset_cache.thumbnail(dataset, int(row))
    except HwrError:
        return None


def corrections_of(rows: pd.DataFrame, edited: pd.DataFrame) -> list[LabelCorrection]:
    """The verdicts in the edited table."""
    corrections = [
        correction_of(
            row["word_id"], row["transcription"], row["reading"], float(row["confidence"]),
            Decision(text=new[TEXT], accept=new[ACCEPT], right=new[RIGHT], set_aside=new[SET_ASIDE]),
        )
        for row, new in zip(rows.to_dict("records"), edited.to_dict("records"), strict=True)
    ]  # fmt: skip
    return [correction for correction in corrections if correction is not None]


@needs(Right.CORRECT, "correct labels", lambda name, corrections: f"{name}, {wording.count(len(corrections), 'label')}")
def store(name: str, corrections: list[LabelCorrection]) -> bool:
    """A button's callback: store verdicts with the person's name and the model; False where that fails."""
    model = str(jobs.read_status(label_errors.search_folder(name)).details.get("reader", ""))
    try:
        LabelCorrections(name).add(corrections, checkpoint=model, who=st.session_state.get("doubts_who") or "")
    except HwrError as error:
        state().label_error = str(error)
        return False
    state().stored_for, state().stored_ids = name, [correction.word_id for correction in corrections]
    state().table_round += 1
    st.toast(f"{wording.count(len(corrections), 'label')} stored; your files are not changed.", icon=":material/check:")
    return True


def undo_last() -> None:
    """A button's callback."""
    undo(state().stored_for, state().stored_ids)
    state().stored_for, state().stored_ids = "", []


@needs(Right.CORRECT, "undo corrected labels", lambda name, word_ids: name)
def undo(name: str, word_ids: list[str]) -> bool:
    """A button's callback: these words get their earlier transcriptions back; False where that fails."""
    try:
        number = LabelCorrections(name).undo(word_ids) if word_ids else 0
    except HwrError as error:
        state().label_error = str(error)
        return False
    state().table_round += 1
    st.toast(f"{wording.count(number, 'label')} undone.", icon=":material/undo:")
    return True


def decided(dataset: DataSet) -> None:
    """The verdicts that stand, and the button that undoes selected ones."""
    current = dataset.label_corrections.current()
    if not current:
        return
    table = pd.DataFrame(
        [(fix.word_id, fix.before, fix.after, fix.verdict, fix.reading) for fix in current.values()],
        columns=["Word", "Before", "Now", "Verdict", "Model read"],
    )
    with st.expander(f"{wording.count(len(table), 'label')} decided", key="doubts_fixes", icon=":material/edit_note:"):
        event = st.dataframe(table, key=f"doubts_standing_{dataset.name}_{len(table)}", hide_index=True,
                             on_select="rerun", selection_mode="multi-row", alt="Labels with a verdict")  # fmt: skip
        selected = table["Word"].iloc[event.selection.rows].tolist()
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Undo the selected" if selected else "Undo: select rows", key="doubts_take_back",
                icon=":material/undo:", disabled=not selected, on_click=undo, args=(dataset.name, selected),
            )  # fmt: skip
            download.button(
                "CSV", spreadsheet.to_csv(table, with_mark=True), f"{dataset.name}-label-fixes.csv", "text/csv",
                key="doubts_fixes_csv", type="tertiary",
            )  # fmt: skip
