"""The result of an adaptation: its metrics, and the words that were held back."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from hwr_core import spreadsheet
from hwr_core.adaptation import AdaptationResult
from pages.components import download, wording


def metrics_table(result: AdaptationResult) -> None:
    """Before and after, for this writer and for others."""
    rows = [
        {
            "Words of": writers,
            "Words": before.words,
            "Right before": wording.percent(before.word_accuracy, 0),
            "Right after": wording.percent(after.word_accuracy, 0),
            "CER before": wording.percent(before.cer),
            "CER after": wording.percent(after.cer),
        }
        for writers, before, after in (
            ("this writer, held back", result.before, result.after),
            ("other writers", result.others_before, result.others_after),
        )
    ]
    st.dataframe(pd.DataFrame(rows), key="adapt_metrics", hide_index=True, alt="How words were read before and after")


def held_back_table(name: str, result: AdaptationResult) -> None:
    """Each word held back: its transcription, its readings before and after; with a download."""
    table = pd.DataFrame(result.readings)
    table["right"] = table["after"] == table["transcription"]
    st.dataframe(
        table, key="adapt_readings", hide_index=True, height=220,
        column_order=["transcription", "before", "after", "right"],
        column_config={
            "transcription": "Transcription", "before": "Read before", "after": "Read after",
            "right": st.column_config.CheckboxColumn("Right now", width="small"),
        },
        alt="The words held back, read before and after",
    )  # fmt: skip
    download.button(
        "CSV", spreadsheet.to_csv(table), f"{name}-held-back.csv", "text/csv", key="adapt_csv", type="tertiary"
    )  # fmt: skip
