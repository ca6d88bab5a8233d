"""The words that were read wrongly, a page at a time: image, transcription, reading, confidence."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd
import streamlit as st

from hwr_core import spreadsheet
from hwr_core.evaluation import Evaluation, worst_words
from hwr_core.evaluation.errors import KINDS, ORDERS
from pages.components import download, layout, wording
from pages.train_sections.sample_readings import image_html, marked, reading_style

WORDS_PER_PAGE = 12
PAGE, WRITER, KIND = "words_page", "worst_writer", "worst_kind"
ALL_WRITERS, ALL_KINDS = "", ""
LABELS = {"most wrong": "Most wrong first", "most certain": "Most certain first"}
# Cards of one width that fold; the image comes first.
STYLE = f"""<style>
{reading_style("words")}
.words {{ display: grid; gap: 1rem 1.25rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 15.5rem), 1fr)); }}
.words article {{ display: flex; flex-direction: column; gap: 0.2rem; min-width: 0; }}
.words .image {{ min-height: 62px; display: flex; align-items: center; overflow: hidden; padding: 1px; }}
.words .text {{ font-size: 1.15rem; }}
.words .who {{ font-size: 0.75rem; opacity: 0.72; min-width: 4.5rem; display: inline-block; padding-right: 0.5rem; }}
.words .about {{ font-size: 0.8rem; opacity: 0.72; }}
</style>"""


@dataclass(frozen=True)
class WordReadings:
    """A word of a data set, and how models read it: name (empty where there is one only), reading, confidence."""

    dataset: str
    index: int
    writer: str
    transcription: str
    readings: list[tuple[str, str, float]]

    @classmethod
    def of_rows(cls, rows: pd.DataFrame, models: dict[str, str]) -> list[WordReadings]:
        """From rows of readings; `models` maps a suffix of the columns "reading" and "confidence" to a model's name."""
        words = []
        for row in rows.to_dict("records"):
            readings = [(name, row[f"reading{end}"], row[f"confidence{end}"]) for end, name in models.items()]
            words.append(cls(row["dataset"], int(row["index"]), row["writer"], row["transcription"], readings))
        return words


def browser(evaluation: Evaluation, key: str) -> None:
    """Filters, a page of words, and the page numbers."""
    chosen = filtered(evaluation, key)
    if not len(chosen):
        if not (evaluation.readings["edits"] > 0).any():
            layout.empty("verified", "Every word was read rightly: there is nothing to show.", key=f"{key}_none")
        else:
            layout.empty("search_off", "No wrong word is left by this filter.", "Show all wrong words",
                         on_click=reset, key=f"{key}_all")  # fmt: skip
        return
    cards(WordReadings.of_rows(page_of(chosen, "wrong word"), {"": ""}))
    download.button(
        "These words as CSV", lambda: spreadsheet.to_csv(chosen),
        f"{evaluation.checkpoint}-{evaluation.dataset}-wrong.csv", "text/csv", key=f"{key}_csv", type="tertiary",
    )  # fmt: skip


def filtered(evaluation: Evaluation, key: str) -> pd.DataFrame:
    """The wrong words that the filters leave, in the chosen order."""
    writers = {group.name: group for group in evaluation.writer_groups}
    with st.grid(3, min_column_width=180, gap="small", key=f"{key}_filters", vertical_alignment="bottom"):
        layout.reset_unless_offered(WRITER, [ALL_WRITERS, *writers])
        writer = st.selectbox(
            "Writer", [ALL_WRITERS, *writers], key=WRITER, disabled=not writers, on_change=first_page,
            format_func=lambda name: f"{name} · {wording.percent(writers[name].cer.value)} CER" if name else "All",
            help="The writers with the most errors come first.",
        )  # fmt: skip
        layout.reset_unless_offered(KIND, [ALL_KINDS, *KINDS])
        kind = st.selectbox(
            "Kind of error", [ALL_KINDS, *KINDS], key=KIND, on_change=first_page,
            format_func=lambda kind: f"{kind.capitalize()} · {evaluation.kinds.get(kind, 0):,}" if kind else "Any",
        )  # fmt: skip
        order = st.selectbox(
            "Order", ORDERS, key="worst_order", format_func=lambda order: LABELS[order], on_change=first_page,
            help="The most certain errors are those that no threshold on the confidence would catch.",
        )  # fmt: skip
    if len(evaluation.dataset_groups) > 1:  # named by data set and writer
        writer = writer.rpartition("/")[2]
    return worst_words(evaluation.readings, writer, order, kind)


def first_page() -> None:
    st.session_state[PAGE] = 1


def reset() -> None:
    st.session_state[WRITER] = ALL_WRITERS
    st.session_state[KIND] = ALL_KINDS
    first_page()


def page_of(rows: pd.DataFrame, noun: str) -> pd.DataFrame:
    """The rows of the chosen page, below their number and the page numbers."""
    pages = -(-len(rows) // WORDS_PER_PAGE)
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = pages
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<p class="studio-note">{escape(wording.count(len(rows), noun))}</p>', width="content")
        page = st.pagination(pages, key=PAGE, max_visible_pages=5) if pages > 1 else 1
    return rows.iloc[(page - 1) * WORDS_PER_PAGE : page * WORDS_PER_PAGE]


def cards(words: list[WordReadings]) -> None:
    st.html(f'{STYLE}<div class="words">{"".join(map(_card, words))}</div>')


def _card(word: WordReadings) -> str:
    lines = "".join(
        f'<div class="text" title="{escape(wording.sure(confidence), quote=True)}"><span class="who">'
        f"{escape(name) or 'read'}</span>{marked(word.transcription, text)}</div>"
        for name, text, confidence in word.readings
    )
    parts = [wording.sure(confidence) for _, _, confidence in word.readings]
    about = " · ".join([*parts, *([f"writer {word.writer}"] if word.writer else [])])
    return (
        f'<article><div class="image">{image_html(word.dataset, word.index, word.transcription)}</div>'
        f'<div class="text"><span class="who">written</span>{escape(word.transcription)}</div>{lines}'
        f'<div class="about">{escape(about)}</div></article>'
    )
