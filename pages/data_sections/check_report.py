"""The check report: what was left out, what was kept but deserves a look, each with its row and reason."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.components import layout, wording

MOST_ROWS = 5_000  # shown; the download has all


def show(dataset: Any) -> None:
    report: pd.DataFrame = dataset.report
    if report.empty:
        st.success(f"All {wording.count(len(dataset), 'word')} are sound.", icon=":material/check:")
        return
    out = report["severity"] == "left out"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        layout.note(
            f"{wording.count(int(out.sum()), 'row')} left out, {wording.count(int((~out).sum()), 'word')} kept that "
            "deserve a look. Your files are not changed."
        )
        st.download_button(
            "Check report (CSV)", dataset.report_csv, f"{dataset.name}-check.csv", "text/csv", key="report_csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    counts = report.groupby(["problem", "severity"], observed=True).size().reset_index(name="rows")
    counts = counts.sort_values("rows", ascending=False)
    chosen = st.pills(
        "Problem",
        counts["problem"].unique().tolist(),
        format_func=lambda problem: f"{problem} · {counts[counts['problem'] == problem]['rows'].sum():,}",
        key="report_problem",
        help="Shows the rows of one problem only.",
    )
    shown = report if chosen is None else report[report["problem"] == chosen]
    if len(shown) > MOST_ROWS:
        layout.note(f"The first {MOST_ROWS:,} of {len(shown):,} rows; the download has all.")
    st.dataframe(
        shown.head(MOST_ROWS),
        key="report_table",
        hide_index=True,
        column_order=["row", "word_id", "problem", "reason", "severity", "image"],
        column_config={
            "row": st.column_config.NumberColumn("Row", width="small", format="%d"),
            "word_id": "Word",
            "problem": "Problem",
            "reason": st.column_config.TextColumn("Why", width="large"),
            "severity": "What happened",
            "image": "Picture",
        },
        alt="Check report: a problem a row",
    )
