"""Likely wrong labels: asked for, looked for in a job of its own, listed, and put right in place."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from hwr_core import jobs
from hwr_core.errors import HwrError
from pages.components import layout, models, wording
from pages.data_sections import dataset_cache

ON_A_PAGE = 25
POLL = "1s"
ALL = "all"
AMOUNTS = (0, 300, 1000, 3000, 10_000)
PARTS = ("validation", "train", "test", ALL)
ERROR, LAST, ROUND = "doubts_error", "doubts_last", "doubts_round"
TEXT, ACCEPT, RIGHT, ASIDE = "Transcription", "Accept", "Right", "No word"


def show(name: str, stamp: int, dataset: Any) -> None:
    """The tab."""
    from hwr_core.evaluation import label_errors

    if sentence := st.session_state.pop(ERROR, None):
        layout.error(sentence)
    status = jobs.read_status(label_errors.search_folder(name))
    running = status.state == "running"
    # Drawn in every state: left out, it would go on drawing the page anew when the search has ended.
    st.fragment(run_every=POLL if running else None, key="doubts_follow")(follow)(name, running)
    if running:
        return
    table = label_errors.read_label_errors(name)
    if status.state == "failed":
        layout.error(status.message)
    known = models.available()
    if table is None and not known:
        layout.empty("ink_pen", "A reader finds labels that are likely wrong, and there is none yet.", "Train a reader",
                     page="train", key="doubts_train")  # fmt: skip
        return
    if table is None:
        layout.note("A reader reads the words; those that it is sure are something else than their label come first.")
        ask(name, dataset, known)
    else:
        summary(status, table)
        listed(name, stamp, dataset, label_errors.undecided(dataset, table))
        with st.expander("Look again, or with another reader", key="doubts_more", icon=":material/search:"):
            ask(name, dataset, known)
    fixes(name, dataset)


def ask(name: str, dataset: Any, known: dict[str, Any]) -> None:
    """Which reader, which words, and the button."""
    if not known:
        return
    total = {part: len(dataset) if part == ALL else len(dataset.part(part)) for part in PARTS}
    chosen = st.session_state.get("reader")
    with st.grid(4, min_column_width=150, gap="small", key="doubts_form", vertical_alignment="bottom"):
        reader = st.selectbox("Reader", list(known), key="doubts_reader",
                              index=list(known).index(chosen) if chosen in known else 0)  # fmt: skip
        parts = [part for part in PARTS if total[part]]
        part = st.selectbox("Words of", parts, key="doubts_part",
                            help="A reader may have learned the wrong labels of its own training words.")  # fmt: skip
        amounts = [amount for amount in AMOUNTS if amount < total[part]]
        most = st.selectbox("How many", amounts, key="doubts_most",
                            format_func=lambda amount: wording.count(amount or total[part]))  # fmt: skip
        st.button("Look for wrong labels", key="doubts_start", type="primary", icon=":material/search:",
                  on_click=begin, args=(name, known[reader].folder, "" if part == ALL else part, most))  # fmt: skip


def begin(name: str, checkpoint: Any, part: str, most: int) -> None:
    from hwr_core.evaluation import label_errors

    try:
        label_errors.start_search(name, checkpoint, part, most)
    except (HwrError, OSError) as error:
        st.session_state[ERROR] = str(error)


def follow(name: str, was_running: bool) -> None:
    """The search under way; the whole page once more when it ends."""
    from hwr_core.evaluation import label_errors

    folder = label_errors.search_folder(name)
    status = jobs.read_status(folder)
    if status.state != "running":
        if was_running:
            st.rerun()
        return
    step = f"{wording.count(status.step)} of {wording.count(status.steps)}" if status.steps else ""
    text = " · ".join(filter(None, [status.phase, step, wording.time_left(status.seconds_left)]))
    with st.container(border=True, key="doubts_job", horizontal=True, vertical_alignment="center"):
        st.progress(status.progress, text, width="stretch")
        asked = jobs.stop_requested(folder)
        st.button("Stopping …" if asked else "Stop", key="doubts_stop", icon=":material/stop:", disabled=asked,
                  on_click=jobs.request_stop, args=(folder,), help="What was found so far is kept.")  # fmt: skip


def summary(status: jobs.Status, table: pd.DataFrame) -> None:
    told = status.details
    read = f"{wording.count(told['read'], 'word')} read by {told['reader']}, " if "read" in told else ""
    ended = " (stopped before the end)" if status.state == "stopped" else ""
    layout.note(
        f"{read}{wording.count(len(table))} of them otherwise than labelled{ended}. Those that differ most come first."
    )


def listed(name: str, stamp: int, dataset: Any, table: pd.DataFrame) -> None:
    """The suspects that are still to be judged, filtered, a page at a time."""
    if table.empty:
        layout.empty("verified", "No label is left to look at: all were judged, or none was read otherwise.",
                     key="doubts_none")  # fmt: skip
        return
    found = filtered(table)
    if found.empty:
        layout.empty("search_off", "No word is left by this filter.", "Show all", on_click=reset, key="doubts_all")
        return
    pages = -(-len(found) // ON_A_PAGE)
    if st.session_state.get("doubts_page", 1) > pages:
        st.session_state["doubts_page"] = pages
    page = st.pagination(pages, key="doubts_page", max_visible_pages=5) if pages > 1 else 1
    rows = found.iloc[(page - 1) * ON_A_PAGE : page * ON_A_PAGE].reset_index(drop=True)
    edited = editor(name, stamp, rows, page)
    judged = verdicts(rows, edited)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="doubts_buttons"):
        number = wording.count(len(judged), "label") if judged else "labels"
        st.button(f"Store {number}", key="doubts_store", type="primary", icon=":material/check:", disabled=not judged,
                  on_click=keep, args=(name, judged))  # fmt: skip
        if st.session_state.get(LAST, ("", []))[0] == name:
            st.button("Undo", key="doubts_undo", icon=":material/undo:", on_click=undo_last,
                      help="Takes back what was stored last.")  # fmt: skip
        st.download_button(
            "CSV", lambda: found.to_csv(index=False).encode("utf-8-sig"), f"{name}-likely-wrong.csv", "text/csv",
            key="doubts_csv", icon=":material/download:", type="tertiary", on_click="ignore",
        )  # fmt: skip


def filtered(table: pd.DataFrame) -> pd.DataFrame:
    """The suspects of a writer or a kind."""
    from hwr_core.evaluation.errors import KINDS, kind_of

    kinds = [kind_of(*row) for row in zip(table["transcription"], table["reading"], table["edits"], strict=True)]
    table = table.assign(kind=kinds)
    writers = table["writer"].value_counts()
    hands = [writer for writer in writers.index if writer]
    for key, options in (("doubts_writer", hands), ("doubts_kind", KINDS)):
        if st.session_state.get(key) not in ("", *options):
            st.session_state[key] = ""
    with st.grid(3, min_column_width=150, gap="small", key="doubts_filters", vertical_alignment="bottom"):
        writer = st.selectbox(
            "Writer", ["", *hands], key="doubts_writer", disabled=not hands,
            format_func=lambda hand: f"{hand} · {writers[hand]}" if hand else f"All {len(hands):,}",
        )  # fmt: skip
        kind = st.selectbox(
            "Difference", ["", *KINDS], key="doubts_kind",
            format_func=lambda kind: f"{kind.capitalize()} · {kinds.count(kind)}" if kind else "Any",
        )  # fmt: skip
        st.text_input("Your name", key="doubts_who", persist_state="session", placeholder="optional",
                      help="Kept with each label that you change.")  # fmt: skip
    return table[((table["writer"] == writer) | (not writer)) & ((table["kind"] == kind) | (not kind))]


def reset() -> None:
    st.session_state["doubts_writer"] = st.session_state["doubts_kind"] = ""


def editor(name: str, stamp: int, rows: pd.DataFrame, page: int) -> pd.DataFrame:
    """The table: the transcription to be typed over, or a box to be ticked."""
    frame = pd.DataFrame(
        {
            "Picture": [picture(name, stamp, index) for index in rows["index"]],
            TEXT: rows["transcription"],
            "Reader says": rows["reading"],
            "Sure": 100 * rows["confidence"],
            ACCEPT: False,
            RIGHT: False,
            ASIDE: False,
            "Writer": rows["writer"],
        }
    )
    layout.note(
        f"{ACCEPT}: the label becomes what the reader says. {RIGHT}: the label stays. {ASIDE}: the picture is set "
        "aside. Or type over a transcription."
    )
    column = st.column_config
    again = st.session_state.get(ROUND, 0)
    return st.data_editor(
        frame, key=f"doubts_table_{name}_{stamp}_{page}_{again}", hide_index=True, row_height=64,
        disabled=["Picture", "Reader says", "Sure", "Writer"], height=min(64 * len(frame) + 40, 460),
        column_config={
            "Picture": column.ImageColumn(width="medium"),
            TEXT: column.TextColumn(required=True, help="Type over it what the picture says."),
            "Sure": column.NumberColumn(format="%.0f %%", width=70, help="How sure the reader is of its reading."),
            ACCEPT: column.CheckboxColumn(width=90, help="Accept the reading: the label becomes what the reader says."),
            RIGHT: column.CheckboxColumn(width=80, help="The label stays, and is not asked about again."),
            ASIDE: column.CheckboxColumn(width=95, help="No word, or none to be told: set aside, in no part."),
        },
    )  # fmt: skip


def picture(name: str, stamp: int, index: int) -> str | None:
    try:
        return dataset_cache.thumbnail(name, stamp, int(index))
    except HwrError:
        return None


def verdicts(rows: pd.DataFrame, edited: pd.DataFrame) -> list[Any]:
    """What was judged in the table, as fixes; a typed transcription goes before the boxes."""
    from hwr_core.corrections import LabelCorrection

    found = []
    for row, now in zip(rows.to_dict("records"), edited.to_dict("records"), strict=True):
        text = now[TEXT].strip() if isinstance(now[TEXT], str) else ""  # emptied cells are no text
        typed = bool(text) and text != row["transcription"]
        after, verdict = (text, "corrected") if typed else (row["reading"], "corrected")
        if not typed and not (now[ACCEPT] and row["reading"]):
            if not (now[RIGHT] or now[ASIDE]):
                continue
            verdict = "right" if now[RIGHT] else "set aside"
        found.append(
            LabelCorrection(
                row["word_id"], row["transcription"], after, verdict, row["reading"], float(row["confidence"])
            )
        )
    return found


def keep(name: str, judged: list[Any]) -> None:
    """A button's callback: store the verdicts, with who and which reader."""
    from hwr_core.corrections import LabelCorrections
    from hwr_core.evaluation import label_errors

    reader = str(jobs.read_status(label_errors.search_folder(name)).details.get("reader", ""))
    try:
        LabelCorrections(name).add(judged, checkpoint=reader, who=st.session_state.get("doubts_who") or "")
    except HwrError as error:
        st.session_state[ERROR] = str(error)
        return
    st.session_state[LAST] = (name, [fix.word_id for fix in judged])
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.toast(f"{wording.count(len(judged), 'label')} stored; your files are not changed.", icon=":material/check:")


def undo_last() -> None:
    take_back(*st.session_state.pop(LAST, ("", [])))


def take_back(name: str, word_ids: list[str]) -> None:
    """A button's callback: these words say again what they said before."""
    from hwr_core.corrections import LabelCorrections

    try:
        number = LabelCorrections(name).undo(word_ids) if word_ids else 0
    except HwrError as error:
        st.session_state[ERROR] = str(error)
        return
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.toast(f"{wording.count(number, 'label')} taken back.", icon=":material/undo:")


def fixes(name: str, dataset: Any) -> None:
    """Every verdict that stands, and the button that takes chosen ones back."""
    standing = dataset.fixes.current()
    if not standing:
        return
    table = pd.DataFrame(
        [(fix.word_id, fix.before, fix.after, fix.verdict, fix.reading) for fix in standing.values()],
        columns=["Word", "Before", "Now", "Verdict", "Reader said"],
    )
    with st.expander(f"{wording.count(len(table), 'label')} judged", key="doubts_fixes", icon=":material/edit_note:"):
        chosen = st.dataframe(table, key=f"doubts_standing_{name}_{len(table)}", hide_index=True, on_select="rerun",
                              selection_mode="multi-row", alt="Labels that were judged")  # fmt: skip
        picked = table["Word"].iloc[chosen.selection.rows].tolist()
        with st.container(horizontal=True, gap="small"):
            st.button("Take back the selected" if picked else "Take back: select rows", key="doubts_take_back",
                      icon=":material/undo:", disabled=not picked, on_click=take_back, args=(name, picked))  # fmt: skip
            st.download_button("CSV", table.to_csv(index=False).encode("utf-8-sig"), f"{name}-label-fixes.csv",
                               "text/csv", key="doubts_fixes_csv", type="tertiary", icon=":material/download:",
                               on_click="ignore")  # fmt: skip
