"""The words that were read wrongly, a page at a time: picture, truth, reading, and how sure the reader was."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from hwr_core.evaluation import Evaluation, worst_words
from hwr_core.evaluation.errors import KINDS, ORDERS, kind_of
from pages.components import layout, wording
from pages.train_sections.sample_readings import marked, picture

ON_A_PAGE = 12
EVERYBODY, EVERY_KIND = "", ""
LABELS = {"most wrong": "Most wrong first", "most certain": "Most certain first"}
# Cards of one width that fold; the writing is what the eye meets first.
STYLE = """<style>
.words { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15.5rem), 1fr)); gap: 1rem 1.25rem; }
.words article { display: flex; flex-direction: column; gap: 0.2rem; min-width: 0; }
.words .picture { min-height: 62px; display: flex; align-items: center; overflow: hidden; padding: 1px; }
.words .text { font-family: "Source Serif", "Source Serif 4", serif; font-size: 1.15rem; line-height: 1.3;
  overflow-wrap: anywhere; }
.words .who { font-size: 0.75rem; opacity: 0.72; min-width: 4.5rem; display: inline-block; padding-right: 0.5rem; }
.words .about { font-size: 0.8rem; opacity: 0.72; }
.words mark { background: none; color: inherit; text-decoration: underline wavy 1px; text-underline-offset: 3px;
  text-decoration-color: color-mix(in srgb, currentColor 55%, transparent); }
.words .gap { opacity: 0.6; }
.words .nothing { opacity: 0.55; font-style: italic; font-size: 0.9rem; }
.words .right::after { content: " ✓"; opacity: 0.55; font-size: 0.85em; }
</style>"""


def browser(found: Evaluation, key: str) -> None:
    """Filters, the page of words, and the pages' numbers."""
    chosen = filtered(found, key)
    if not len(chosen):
        if not (found.readings["edits"] > 0).any():
            layout.empty("verified", "Every word was read rightly: there is nothing to show.", key=f"{key}_none")
        else:
            layout.empty("search_off", "No wrong word is left by this filter.", "Show all wrong words",
                         on_click=reset, key=f"{key}_all")  # fmt: skip
        return
    rows = page_of(chosen, key, "wrong word")
    cards([(row, [("", row.reading, row.confidence)]) for row in rows.itertuples()])
    download(chosen, f"{found.checkpoint}-{found.dataset}-wrong", f"{key}_csv")


def filtered(found: Evaluation, key: str) -> pd.DataFrame:
    """The wrong words that the filters leave, in their order."""
    hands = {group.name: group for group in found.writer_groups}
    with st.grid(3, min_column_width=180, gap="small", key=f"{key}_filters", vertical_alignment="bottom"):
        _keep("worst_writer", [EVERYBODY, *hands])
        writer = st.selectbox(
            "Writer", [EVERYBODY, *hands], key="worst_writer", disabled=not hands, on_change=_to_start,
            format_func=lambda name: f"{name} · {wording.percent(hands[name].cer.value)} CER" if name else "All",
            help="The hardest hands come first.",
        )  # fmt: skip
        _keep("worst_kind", [EVERY_KIND, *KINDS])
        kind = st.selectbox(
            "Kind of error", [EVERY_KIND, *KINDS], key="worst_kind", on_change=_to_start,
            format_func=lambda kind: f"{kind.capitalize()} · {found.kinds.get(kind, 0):,}" if kind else "Any",
        )  # fmt: skip
        order = st.selectbox(
            "SynthesisRequest", ORDERS, key="worst_order", format_func=LABELS.get, on_change=_to_start,
            help="The most certain errors are those that no threshold on the confidence would catch.",
        )  # fmt: skip
    return _wrong(found, writer.rpartition("/")[2] if len(found.dataset_groups) > 1 else writer, kind, order)


def _wrong(found: Evaluation, writer: str, kind: str, order: str) -> pd.DataFrame:
    rows = worst_words(found.readings, writer, order)
    kinds = [kind_of(row.transcription, row.reading, row.edits) for row in rows.itertuples()]
    rows = rows.assign(kind=pd.Series(kinds, index=rows.index, dtype="str"))
    return rows[rows["kind"] == kind] if kind else rows


def _keep(key: str, options: list[str]) -> None:
    if st.session_state.get(key, options[0]) not in options:
        st.session_state[key] = options[0]


def _to_start() -> None:
    st.session_state["words_page"] = 1


def reset() -> None:
    st.session_state["worst_writer"] = EVERYBODY
    st.session_state["worst_kind"] = EVERY_KIND
    _to_start()


def page_of(rows: pd.DataFrame, key: str, noun: str) -> pd.DataFrame:
    """The rows of the chosen page, its number above."""
    pages = -(-len(rows) // ON_A_PAGE)
    if st.session_state.get("words_page", 1) > pages:
        st.session_state["words_page"] = pages
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<p class="studio-note">{escape(wording.count(len(rows), noun))}</p>', width="content")
        page = st.pagination(pages, key="words_page", max_visible_pages=5) if pages > 1 else 1
    return rows.iloc[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]


def cards(items: list[tuple]) -> None:
    """Words as cards: `(row, [(reader, reading, confidence), ...])` each."""
    body = "".join(_card(row, readings) for row, readings in items)
    st.html(f'{STYLE}<div class="words">{body}</div>')


def _card(row, readings: list[tuple[str, str, float]]) -> str:
    truth = f'<div class="text"><span class="who">written</span>{escape(row.transcription)}</div>'
    lines = "".join(
        f'<div class="text" title="{escape(wording.sure(sure), quote=True)}"><span class="who">{escape(name) or "read"}'
        f"</span>{marked(row.transcription, text)}</div>"
        for name, text, sure in readings
    )
    sure = " · ".join(wording.sure(confidence) for _, _, confidence in readings)
    about = " · ".join(filter(None, [sure, f"writer {row.writer}" if row.writer else ""]))
    shown = picture(row.dataset, int(row.index), row.transcription)
    return (
        f'<article><div class="picture">{shown}</div>{truth}{lines}<div class="about">{escape(about)}</div></article>'
    )


def download(rows: pd.DataFrame, name: str, key: str) -> None:
    st.download_button(
        "These words as CSV", lambda: rows.to_csv(index=False).encode("utf-8"), f"{name}.csv", "text/csv", key=key,
        icon=":material/download:", type="tertiary", on_click="ignore",
    )  # fmt: skip
