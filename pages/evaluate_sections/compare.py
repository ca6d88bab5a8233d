"""Two readers on the same words: who reads more, which words one reads and the other does not."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from hwr_core.evaluation import Comparison, Evaluation, Interval
from hwr_core.evaluation.comparison import BOTH, NEITHER, ONLY_A, ONLY_B
from pages.components import charts, layout, wording
from pages.evaluate_sections import metric_charts, worst_words
from pages.evaluate_sections.results import around

ORDER = (ONLY_A, ONLY_B, NEITHER, BOTH)


def verdict(found: Comparison, names: tuple[str, str]) -> None:
    """The answer in a sentence."""
    gap = found.accuracy_difference
    if not gap.value:
        first = "Both read the same number of words."
    else:
        better, worse = (names[1], names[0]) if gap.value > 0 else names
        first = f"**{layout.plain(better)}** reads {_points(gap)} more words than {layout.plain(worse)}."
    chance = "under 0.0001" if found.p < 1e-4 else f"{found.p:.4f}".rstrip("0")
    sure = gap.low > 0 or gap.high < 0
    second = (
        "The interval leaves out 0: that is hardly chance." if sure else "That may be chance: the interval holds 0."
    )
    st.markdown(f"{first} {second} McNemar’s test: p = {chance}." if gap.value else first)


def _points(gap: Interval) -> str:
    low, high = sorted((abs(gap.low), abs(gap.high))) if gap.low * gap.high > 0 else (gap.low, gap.high)
    if gap.value < 0 and gap.low * gap.high <= 0:
        low, high = -gap.high, -gap.low
    return f"{100 * abs(gap.value):.1f} points ({100 * low:.1f} to {100 * high:.1f})"


def both_headlines(found: tuple[Evaluation, Evaluation]) -> None:
    """The two headlines, one under the other's columns."""
    rows = [
        {
            "Reader": one.checkpoint,
            "CER": f"{wording.percent(one.cer.value)} {around(one.cer)}",
            "Words right": f"{wording.percent(one.word_accuracy.value)} {around(one.word_accuracy)}",
            "Calibration error": wording.percent(one.reliability.ece),
            "Words/s": f"{one.words_per_second:,.0f}",
        }
        for one in found
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="The headline figures of both readers")


def tab(found: Comparison, both: tuple[Evaluation, Evaluation]) -> None:
    """Outcomes to browse, and the two error profiles."""
    names = (both[0].checkpoint, both[1].checkpoint)
    labels = {
        BOTH: "both",
        ONLY_A: f"only {names[0]}",
        ONLY_B: f"only {names[1]}",
        NEITHER: "neither",
    }
    layout.facts([(wording.count(found.counts[outcome]), f"{labels[outcome]}") for outcome in (BOTH, *ORDER[:3])])
    layout.note(f"Words read rightly by both, by one only, by neither; {wording.count(found.words)} in all.")
    shown = st.segmented_control(
        "Words read rightly by", ORDER, key="outcome", default=ONLY_A, required=True, on_change=worst_words._to_start,
        format_func=lambda outcome: f"{labels[outcome]} · {found.counts[outcome]:,}",
    )  # fmt: skip
    rows = found.rows[found.rows["outcome"] == shown]
    if len(rows):
        rows = rows.assign(apart=(rows["edits_a"] - rows["edits_b"]).abs()).sort_values(
            "apart", ascending=False, kind="stable"
        )
        some = worst_words.page_of(rows.drop(columns="apart"), "beside", "word")
        worst_words.cards([(row, _two(row, names)) for row in some.itertuples()])
    else:
        layout.note("There is none.")
    _profiles(both, names)
    _downloads(found, names)


def _two(row: Any, names: tuple[str, str]) -> list[tuple[str, str, float]]:
    return [(names[0], row.reading_a, row.confidence_a), (names[1], row.reading_b, row.confidence_b)]


def _profiles(both: tuple[Evaluation, Evaluation], names: tuple[str, str]) -> None:
    tables = {one.checkpoint: metric_charts.group_table(one.length_groups, "length") for one in both}
    together = pd.concat([table.assign(reader=name) for name, table in tables.items()], ignore_index=True)
    file = f"{names[0]}-{names[1]}"
    with st.grid(2, min_column_width=340, gap=("small", "medium"), key="beside_profiles"):
        with st.container(gap=None):
            charts.show(metric_charts.lengths(tables), "beside_lengths", f"{file}-lengths", together,
                        alt="Character error rate by length, of both readers")  # fmt: skip
        first, second = (metric_charts.group_table(one.writer_groups, "writer") for one in both)
        if len(first) and len(second):
            hands = first.merge(second, on=["writer", "words"], suffixes=("_a", "_b"))
            with st.container(gap=None):
                charts.show(metric_charts.hands(hands, names), "beside_writers", f"{file}-writers", hands,
                            alt="Each writer's error under one reader against the other's")  # fmt: skip


def _downloads(found: Comparison, names: tuple[str, str]) -> None:
    file = f"{names[0]}-{names[1]}"
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Both readings (CSV)", lambda: found.rows.to_csv(index=False).encode("utf-8"), f"{file}.csv", "text/csv",
            key="beside_csv", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Comparison (JSON)",
            lambda: json.dumps({"first": names[0], "second": names[1], **found.to_dict()}, indent=1).encode("utf-8"),
            f"{file}.json", "application/json", key="beside_json", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
