"""What came of teaching a hand: its figures, and the words that were held back."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.components import wording


def figures(taught: Any) -> None:
    """Before and after, on this hand and on others."""
    rows = [
        {
            "Read": what,
            "Words": was.words,
            "Right before": wording.percent(was.word_accuracy, 0),
            "Right after": wording.percent(now.word_accuracy, 0),
            "CER before": wording.percent(was.cer),
            "CER after": wording.percent(now.cer),
        }
        for what, was, now in (
            ("this hand, held back", taught.before, taught.after),
            ("other hands", taught.others_before, taught.others_after),
        )
    ]
    st.dataframe(pd.DataFrame(rows), key="teach_figures", hide_index=True, alt="How words were read before and after")


def readings(name: str, taught: Any) -> None:
    """Each word held back: what it says, what was read before and after."""
    table = pd.DataFrame(taught.readings)
    table["right"] = table["after"] == table["transcription"]
    st.dataframe(
        table, key="teach_readings", hide_index=True, height=220,
        column_order=["transcription", "before", "after", "right"],
        column_config={
            "transcription": "It says", "before": "Read before", "after": "Read after",
            "right": st.column_config.CheckboxColumn("Right now", width="small"),
        },
        alt="The words held back, read before and after",
    )  # fmt: skip
    st.download_button(
        "CSV", table.to_csv(index=False).encode("utf-8"), f"{name}-held-back.csv", "text/csv", key="teach_csv",
        type="tertiary", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
