"""Evaluate: how well does a reader read hands that it has not learned from?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from hwr_core.datasets import list_datasets
from hwr_core.errors import HwrError
from hwr_core.evaluation import Evaluation
from pages.components import layout, models, wording
from pages.evaluate_sections import compare, progress, request_form, results, saved, worst_words

BESIDE, ERRORS, LETTERS, CERTAINTY, WORDS, FILES, MEASURED = (
    "Side by side", "Errors", "Letters", "Certainty", "Wrong words", "Files", "All measured",
)  # fmt: skip


def main() -> None:
    layout.page("Evaluate", "How well does a reader read hands that it has not learned from?")
    known = models.available()
    infos = {info.name: info for info in list_datasets() if info.is_ready and sum(info.parts.values())}
    if not known:
        request_form.nothing_to_read_with()
        return
    if not infos:
        request_form.nothing_to_read()
        return
    if sentence := st.session_state.pop(request_form.ERROR, None):
        layout.error(sentence)
    try:
        asked = request_form.form(known, infos)
    except HwrError as error:
        layout.error(str(error))
        return
    under_way(asked)
    found = [opened(one) for one in asked]
    if len(asked) == 2 and all(found):
        two(asked, found)
    elif found[0] is not None:
        one_alone(asked[0], found[0])
    else:
        alone()


def under_way(asked: list[request_form.Constraints]) -> None:
    """What runs, what has failed, and the button for what has not been measured yet."""
    progress.draw(asked)
    missing = []
    for one in asked:
        state = one.kept.status.state
        if state != "running":
            progress.ended_badly(one)
            if not one.kept.is_done:
                missing.append(one)
    if missing:
        try:
            with st.container(border=True, key="evaluate_offer"):
                request_form.offer(missing)
        except HwrError as error:
            layout.error(str(error))


def opened(one: request_form.Constraints) -> Evaluation | None:
    """What was measured, or None where there is nothing, or nothing that can be read."""
    if not one.kept.is_done:
        return None
    try:
        return saved.evaluation(one.kept)
    except HwrError as error:
        layout.error(str(error), layout.plain(one.reader))
        st.button(
            "Measure again",
            key=f"again_{one.kept.folder.name}",
            icon=":material/refresh:",
            on_click=request_form.begin,
            args=([one],),
            disabled=one.kept.status.state == "running",
        )
        return None


def one_alone(one: request_form.Constraints, found: Evaluation) -> None:
    results.headline(found)
    results.remarks(found, one)
    tabs(
        {
            ERRORS: lambda: results.errors_tab(found),
            LETTERS: lambda: results.letters_tab(found),
            CERTAINTY: lambda: results.certainty_tab(found),
            WORDS: lambda: worst_words.browser(found, "worst"),
            FILES: lambda: results.files_tab(found, one),
            MEASURED: all_measured,
        }
    )


def two(asked: list[request_form.Constraints], found: list[Evaluation]) -> None:
    """Two readers: the verdict first; the other tabs show the first reader's figures."""
    both = (found[0], found[1])
    try:
        compared = saved.comparison(asked[0].kept, asked[1].kept)
    except HwrError as error:
        layout.error(str(error))
        one_alone(asked[0], found[0])
        return
    compare.verdict(compared, (both[0].checkpoint, both[1].checkpoint))
    compare.both_headlines(both)
    name = both[0].checkpoint
    tabs(
        {
            BESIDE: lambda: compare.tab(compared, both),
            f"{ERRORS} of {name}": lambda: results.errors_tab(both[0]),
            f"{LETTERS} of {name}": lambda: results.letters_tab(both[0]),
            f"{CERTAINTY} of {name}": lambda: results.certainty_tab(both[0]),
            MEASURED: all_measured,
        }
    )


def tabs(parts: dict) -> None:
    shown = st.tabs(list(parts), key="evaluate_tab", on_change="rerun")
    for tab, draw in zip(shown, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def alone() -> None:
    """Nothing measured of this choice: what has been measured otherwise is shown below."""
    if len(saved.overview()):
        layout.section("Measured so far")
        all_measured()


def all_measured() -> None:
    """Every evaluation that is kept, one row each."""
    table = saved.overview()
    if table.empty:
        layout.note("Nothing has been measured yet.")
        return
    st.dataframe(readable(table), hide_index=True, column_config=columns(), alt="Everything that has been measured")
    st.download_button(
        "CSV", table.to_csv(index=False).encode("utf-8"), "evaluations.csv", "text/csv", key="measured_csv",
        icon=":material/download:", type="tertiary", on_click="ignore",
    )  # fmt: skip


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The same as people read it."""
    when = pd.to_datetime(table["Measured"], unit="s", utc=True)
    zone = st.context.timezone
    return pd.DataFrame(
        {
            **{name: table[name] for name in ("Reader", "Data set", "Part", "Words", "Writers")},
            "CER": 100 * table["CER"],
            "CER, 95 %": [spread(*pair) for pair in zip(table["CER low"], table["CER high"], strict=True)],
            "Words right": 100 * table["Words right"],
            "Words right, 95 %": [
                spread(*pair) for pair in zip(table["Words right low"], table["Words right high"], strict=True)
            ],
            "ECE": 100 * table["ECE"],
            "Words/s": table["Words/s"],
            "Up to date": table["Up to date"],
            "Measured": when.dt.tz_convert(zone) if zone else when,
        }
    )


def spread(low: float, high: float) -> str:
    return f"{100 * low:.1f}-{wording.percent(high)}"


def columns() -> dict:
    column = st.column_config
    return {
        "Reader": column.TextColumn(pinned=True),
        "Words": column.NumberColumn(format="localized"),
        "CER": column.NumberColumn(format="%.1f %%", help="Character errors; less is better."),
        "Words right": column.NumberColumn(format="%.1f %%"),
        "ECE": column.NumberColumn(
            format="%.1f %%", help="Calibration error: how far the confidence is from how often it is right."
        ),
        "Words/s": column.NumberColumn(format="%.0f"),
        "Up to date": column.CheckboxColumn(
            help="The reader, the words and their transcriptions are still what they were."
        ),
        "Measured": column.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    }


main()
