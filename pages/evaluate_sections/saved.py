"""Evaluations read from the disk once, as long as their files stay the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from hwr_core.evaluation import Comparison, Evaluation, StoredEvaluation, compare, list_evaluations, stored
from hwr_core.recognition.options import AUTO


def evaluation(target: StoredEvaluation) -> Evaluation:
    """Metrics and readings; `DataError` where they are damaged."""
    return _evaluation(str(target.folder), target.measured)


@st.cache_resource(show_spinner=False, max_entries=6)
def _evaluation(folder: str, measured: float) -> Evaluation:
    return StoredEvaluation(Path(folder)).evaluation()


def comparison(first: StoredEvaluation, second: StoredEvaluation) -> Comparison:
    return _comparison((str(first.folder), first.measured), (str(second.folder), second.measured))


@st.cache_resource(show_spinner=False, max_entries=4)
def _comparison(first: tuple[str, float], second: tuple[str, float]) -> Comparison:
    return compare(_evaluation(*first).readings, _evaluation(*second).readings)


def overview() -> pd.DataFrame:
    """A row an evaluation that is done, the newest first; shares in [0, 1], seconds since the epoch."""
    rows = []
    for target in list_evaluations():
        row = _row(str(target.folder), target.measured) if target.is_done else None
        if row:
            rows.append({**row, "Language": language_of(target), "Up to date": is_current(target)})
    return pd.DataFrame(rows)


def language_of(target: StoredEvaluation) -> str:
    """The language that the words were read with: `auto` by default, `none` where the images alone counted."""
    try:
        return str(target.request.read_options.get("language", AUTO))
    except HwrError:
        return ""


def is_current(target: StoredEvaluation) -> bool:
    """Whether the model, the words and their transcriptions are still what they were."""
    try:
        return stored(target.request).folder == target.folder
    except HwrError:
        return False


@st.cache_data(show_spinner=False, max_entries=512)
def _row(folder: str, measured: float) -> dict[str, str | float] | None:
    try:
        report = StoredEvaluation(Path(folder)).report()
        return {
            "Reader": report["checkpoint"],  # a column of the download: its name stays
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
            "Measured": measured,
        }
    except (HwrError, KeyError, TypeError):
        return None
