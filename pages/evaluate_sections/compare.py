"""Two models on the same words: which reads more, and which words one reads and the other does not."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from hwr_core import spreadsheet
from hwr_core.evaluation import Comparison, Evaluation
from hwr_core.evaluation.comparison import BOTH, NEITHER, ONLY_A, ONLY_B, verdict
from pages.components import charts, download, layout, wording
from pages.evaluate_sections import metric_charts, worst_words
from pages.evaluate_sections.results import interval_text
from pages.evaluate_sections.worst_words import WordReadings

ORDER = (ONLY_A, ONLY_B, NEITHER, BOTH)


def headline(comparison: Comparison, both: tuple[Evaluation, Evaluation]) -> None:
    """The answer in sentences, and the headline metrics of both models, a row each."""
    first, second = (f"**{layout.plain(evaluation.checkpoint)}**" for evaluation in both)
    st.markdown(verdict(comparison, first, second))
    rows = [
        {
            "Model": evaluation.checkpoint,
            "CER": f"{wording.percent(evaluation.cer.value)} {interval_text(evaluation.cer)}",
            "Words right": f"{wording.percent(evaluation.word_accuracy.value)} "
            f"{interval_text(evaluation.word_accuracy)}",
            "Calibration error": wording.percent(evaluation.reliability.ece),
            "Words/s": f"{evaluation.words_per_second:,.0f}",
        }
        for evaluation in both
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="The headline figures of both models")


def tab(comparison: Comparison, both: tuple[Evaluation, Evaluation]) -> None:
    """Outcomes to browse, and the two error profiles."""
    names = (both[0].checkpoint, both[1].checkpoint)
    labels = {BOTH: "both", ONLY_A: f"only {names[0]}", ONLY_B: f"only {names[1]}", NEITHER: "neither"}
    layout.facts([(wording.count(comparison.counts[outcome]), labels[outcome]) for outcome in (BOTH, *ORDER[:3])])
    layout.note(f"Words read rightly by both, by one only, by neither; {wording.count(comparison.words)} in all.")
    shown = st.segmented_control(
        "Words read rightly by", ORDER, key="outcome", default=ONLY_A, required=True, on_change=worst_words.first_page,
        format_func=lambda outcome: f"{labels[outcome]} · {comparison.counts[outcome]:,}",
    )  # fmt: skip
    rows = comparison.rows[comparison.rows["outcome"] == shown]
    if len(rows):
        distance = (rows["edits_a"] - rows["edits_b"]).abs()
        rows = rows.assign(distance=distance).sort_values("distance", ascending=False, kind="stable")
        worst_words.cards(WordReadings.of_rows(worst_words.page_of(rows, "word"), {"_a": names[0], "_b": names[1]}))
    else:
        layout.note("There is none.")
    _profiles(both, names)
    _downloads(comparison, names)


def _profiles(both: tuple[Evaluation, Evaluation], names: tuple[str, str]) -> None:
    tables = {
        evaluation.checkpoint: metric_charts.group_table(evaluation.length_groups, "length") for evaluation in both
    }
    together = pd.concat([table.assign(reader=name) for name, table in tables.items()], ignore_index=True)
    file = f"{names[0]}-{names[1]}"
    with st.grid(2, min_column_width=340, gap=("small", "medium"), key="compare_profiles"):
        with st.container(gap=None):
            charts.show(metric_charts.lengths(tables), "compare_lengths", f"{file}-lengths", together,
                        alt="Character error rate by length, of both models")  # fmt: skip
        first, second = (metric_charts.group_table(evaluation.writer_groups, "writer") for evaluation in both)
        if len(first) and len(second):
            writers = first.merge(second, on=["writer", "words"], suffixes=("_a", "_b"))
            with st.container(gap=None):
                charts.show(
                    metric_charts.writers_compared(writers, names), "compare_writers", f"{file}-writers", writers,
                    alt="Each writer's error with one model against the other's",
                )  # fmt: skip


def _downloads(comparison: Comparison, names: tuple[str, str]) -> None:
    file = f"{names[0]}-{names[1]}"
    report = {"first": names[0], "second": names[1], **comparison.to_dict()}
    with st.container(horizontal=True, gap="small"):
        download.button(
            "Both readings (CSV)", lambda: spreadsheet.to_csv(comparison.rows), f"{file}.csv",
            "text/csv", key="compare_csv",
        )  # fmt: skip
        download.button(
            "Comparison (JSON)", lambda: json.dumps(report, indent=1).encode("utf-8"), f"{file}.json",
            "application/json", key="compare_json",
        )  # fmt: skip
