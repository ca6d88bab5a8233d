"""The check report: rows that were left out, and words that were kept but look odd, with reasons."""

from __future__ import annotations

import streamlit as st

from hwr_core.datasets import DataSet
from pages.components import download, layout, wording

MAX_ROWS_SHOWN = 5_000  # the download has all


def show(dataset: DataSet) -> None:
    report = dataset.report
    if report.empty:
        st.success(f"All {wording.count(len(dataset), 'word')} are sound.", icon=":material/check:")
        return
    left_out = int((report["severity"] == "left out").sum())
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        layout.note(
            f"{wording.count(left_out, 'row')} left out, {wording.count(len(report) - left_out, 'word')} kept that "
            "deserve a look. Your files are not changed."
        )
        download.button(
            "Check report (CSV)", dataset.report_csv, f"{dataset.name}-check.csv", "text/csv", key="report_csv",
        )  # fmt: skip
    counts = dataset.counts
    problem = st.pills(
        "Problem",
        list(counts),
        format_func=lambda problem: f"{layout.plain(problem)} · {counts[problem]:,}",
        key="report_problem",
        help="Shows the rows of one problem only.",
    )
    rows = report if problem is None else report[report["problem"] == problem]
    if len(rows) > MAX_ROWS_SHOWN:
        layout.note(f"The first {MAX_ROWS_SHOWN:,} of {len(rows):,} rows; the download has all.")
    st.dataframe(
        rows.head(MAX_ROWS_SHOWN),
        key="report_table",
        hide_index=True,
        column_order=["row", "word_id", "problem", "reason", "severity", "image"],
        column_config={
            "row": st.column_config.NumberColumn("Row", width="small", format="%d"),
            "word_id": "Word",
            "problem": "Problem",
            "reason": st.column_config.TextColumn("Why", width="large"),
            "severity": "What happened",
            "image": "Image",
        },
        alt="Check report: a problem a row",
    )
