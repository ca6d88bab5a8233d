"""Evaluate: how well does a model read writers that it has not learned from?"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from hwr_core import spreadsheet
from hwr_core.datasets import list_datasets
from hwr_core.errors import HwrError
from hwr_core.evaluation import Evaluation
from pages.access import Right, may
from pages.components import download, layout, models, wording
from pages.evaluate_sections import compare, progress, request_form, results, saved, worst_words
from pages.evaluate_sections.request_form import Target

COMPARISON, ERRORS, LETTERS, CONFIDENCE, WORDS, FILES, MEASURED = (
    "Side by side", "Errors", "Letters", "Confidence", "Wrong words", "Files", "All measured",
)  # fmt: skip


def main() -> None:
    layout.page("Evaluate", "How well does a model read writers that it has not learned from?")
    known = models.available()
    infos = {info.name: info for info in list_datasets() if info.is_ready and any(info.parts.values())}
    if not known:
        request_form.no_model()
        return
    if not infos:
        request_form.no_dataset()
        return
    if sentence := st.session_state.pop(request_form.ERROR, None):
        layout.error(sentence)
    try:
        targets = request_form.form(known, infos)
    except HwrError as error:
        layout.error(str(error))
        return
    progress.draw(targets)
    offer_missing(targets)
    evaluations = [read_evaluation(target) for target in targets]
    if evaluations[0] is None:
        if len(saved.overview()):
            layout.section("Measured so far")
            all_measured()
    elif len(evaluations) == 2 and evaluations[1] is not None:
        show_two(targets, (evaluations[0], evaluations[1]))
    else:
        show_one(targets[0], evaluations[0])


def offer_missing(targets: list[Target]) -> None:
    """Why evaluations have failed, and the button for those that are neither done nor running."""
    ended = [target for target in targets if target.stored.status.state != "running"]
    for target in ended:
        progress.failure(target)
    missing = [target for target in ended if not target.stored.is_done]
    if missing:
        try:
            with st.container(border=True, key="evaluate_offer"):
                request_form.offer(missing)
        except HwrError as error:
            layout.error(str(error))


def read_evaluation(target: Target) -> Evaluation | None:
    """The evaluation, or None where it is not done or damaged."""
    if not target.stored.is_done:
        return None
    try:
        return saved.evaluation(target.stored)
    except HwrError as error:
        layout.error(str(error), target.model)
        if may(Right.EVALUATE):
            st.button(
                "Measure again",
                key=f"again_{target.stored.folder.name}",
                icon=":material/refresh:",
                on_click=request_form.begin,
                args=([target],),
                disabled=target.stored.status.state == "running",
            )
        return None


def show_one(target: Target, evaluation: Evaluation) -> None:
    results.headline(evaluation)
    results.remarks(evaluation, target)
    tabs(
        {
            ERRORS: lambda: results.errors_tab(evaluation),
            LETTERS: lambda: results.letters_tab(evaluation),
            CONFIDENCE: lambda: results.confidence_tab(evaluation),
            WORDS: lambda: worst_words.browser(evaluation, "worst"),
            FILES: lambda: results.files_tab(evaluation, target),
            MEASURED: all_measured,
        }
    )


def show_two(targets: list[Target], both: tuple[Evaluation, Evaluation]) -> None:
    """Two models: the comparison first; the other tabs show the first model's figures."""
    first, name = both[0], both[0].checkpoint
    try:
        comparison = saved.comparison(targets[0].stored, targets[1].stored)
    except HwrError as error:
        layout.error(str(error))
        show_one(targets[0], first)
        return
    compare.headline(comparison, both)
    tabs(
        {
            COMPARISON: lambda: compare.tab(comparison, both),
            f"{ERRORS} of {name}": lambda: results.errors_tab(first),
            f"{LETTERS} of {name}": lambda: results.letters_tab(first),
            f"{CONFIDENCE} of {name}": lambda: results.confidence_tab(first),
            MEASURED: all_measured,
        }
    )


def tabs(contents: dict[str, Callable[[], None]]) -> None:
    shown = st.tabs(list(contents), key="evaluate_tab", on_change="rerun")
    for tab, draw in zip(shown, contents.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def all_measured() -> None:
    """Every evaluation of the workspace, a row each."""
    table = saved.overview()
    if table.empty:
        layout.note("Nothing has been measured yet.")
        return
    st.dataframe(readable(table), hide_index=True, column_config=columns(), alt="Everything that has been measured")
    download.button(
        "CSV", spreadsheet.to_csv(table), "evaluations.csv", "text/csv", key="measured_csv", type="tertiary"
    )  # fmt: skip


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The same for display."""
    when = pd.to_datetime(table["Measured"], unit="s", utc=True)
    zone = st.context.timezone
    return pd.DataFrame(
        {
            "Model": table["Reader"],
            **{name: table[name] for name in ("Data set", "Part", "Language", "Words", "Writers")},
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


def columns() -> dict[str, ColumnConfig]:
    column = st.column_config
    return {
        "Model": column.TextColumn(pinned=True),
        "Language": column.TextColumn(help="Whose words count as likely; none: the image alone counts."),
        "Words": column.NumberColumn(format="localized"),
        "CER": column.NumberColumn(format="%.1f %%", help="Character errors; less is better."),
        "Words right": column.NumberColumn(format="%.1f %%"),
        "ECE": column.NumberColumn(
            format="%.1f %%", help="Calibration error: how far the confidence is from how often it is right."
        ),
        "Words/s": column.NumberColumn(format="%.0f"),
        "Up to date": column.CheckboxColumn(
            help="The model, the words and their transcriptions are still what they were."
        ),
        "Measured": column.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    }


main()
