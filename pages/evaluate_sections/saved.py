"""Evaluations read from the disk once, as long as their files stay the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from hwr_core.evaluation import Comparison, Evaluation, StoredEvaluation, compare, list_evaluations, stored


def evaluation(kept: StoredEvaluation) -> Evaluation:
    """Figures and readings; `DataError` where they are damaged."""
    return _opened(str(kept.folder), kept.measured)


@st.cache_resource(show_spinner=False, max_entries=6)
def _opened(folder: str, stamp: float) -> Evaluation:
    return StoredEvaluation(Path(folder)).evaluation()


def comparison(first: StoredEvaluation, second: StoredEvaluation) -> Comparison:
    return _compared((str(first.folder), first.measured), (str(second.folder), second.measured))


@st.cache_resource(show_spinner=False, max_entries=4)
def _compared(first: tuple[str, float], second: tuple[str, float]) -> Comparison:
    return compare(_opened(*first).readings, _opened(*second).readings)


def overview() -> pd.DataFrame:
    """A row each evaluation that is done, the newest first; shares in [0, 1], seconds since the epoch."""
    rows = []
    for one in list_evaluations():
        found = _row(str(one.folder), one.measured) if one.is_done else None
        if found:
            rows.append({**found, "Up to date": is_current(one)})
    return pd.DataFrame(rows)


def is_current(one: StoredEvaluation) -> bool:
    """Whether the reader, the words and their transcriptions are still what they were."""
    try:
        return stored(one.request).folder == one.folder
    except HwrError:
        return False


@st.cache_data(show_spinner=False, max_entries=512)
def _row(folder: str, stamp: float) -> dict[str, Any] | None:
    try:
        report = StoredEvaluation(Path(folder)).report()
        return {
            "Reader": report["checkpoint"],
            "Data set": report["dataset"],
            "Part": report["split"],
            "Words": report["words"],
            "Writers": report["writers"],
            "CER": report["cer"]["value"],
            "CER low": report["cer"]["low"],
            "CER high": report["cer"]["high"],
            "Words right": report["word_accuracy"]["value"],
            "Words right low": report["word_accuracy"]["low"],
            "Words right high": report["word_accuracy"]["high"],
            "ECE": report["ece"],
            "Words/s": report["words"] / max(report["seconds"], 1e-9),
            "Measured": stamp,
        }
    except (HwrError, KeyError, TypeError):
        return None
