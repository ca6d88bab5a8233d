"""The models of the workspace, and the pool that keeps them open between readings."""

from __future__ import annotations

import streamlit as st

from hwr_core.files import JsonObject
from hwr_core.recognition import CheckpointInfo, list_checkpoints
from hwr_core.recognition.pool import RecognizerPool
from pages.components import wording


@st.cache_resource(show_spinner=False)
def pool() -> RecognizerPool:
    """The server's pool, shared by all sessions."""
    return RecognizerPool()


def available() -> dict[str, CheckpointInfo]:
    """Every model by the name that an address carries: the shipped ones first, then runs, newest first."""
    known: dict[str, CheckpointInfo] = {}
    for info in list_checkpoints():
        known[info.name if info.name not in known else f"{info.kind}-{info.name}"] = info
    return known


def cer(info: CheckpointInfo) -> float | None:
    """The character error rate: of a shipped model as it reads, with languages; else as training measured it."""
    measured = _measured(info)
    if measured:
        characters = sum(dataset["characters"] for dataset in measured)
        return sum(dataset["cer"]["value"] * dataset["characters"] for dataset in measured) / characters
    value = info.summary.get("cer")
    return float(value) if isinstance(value, (int, float)) else None


def quality(info: CheckpointInfo) -> str:
    """The character error rate and the words it was measured on, for a caption; empty where it was not measured."""
    value, measured = cer(info), _measured(info)
    if value is None:
        return ""
    if measured:
        number = sum(dataset["words"] for dataset in measured)
        return f"{wording.percent(value)} CER on {number:,} words of writers it never saw"
    number = info.summary.get("words")
    return f"{wording.percent(value)} CER when it was trained" + (f", on {number:,} words" if number else "")


def _measured(info: CheckpointInfo) -> list[JsonObject]:
    """The metrics that shipping wrote into the checkpoint, one table a data set."""
    return list(info.summary.get("measured_with_languages", {}).values())


def waiting_label(phase: str, seconds: float) -> str:
    """What the page shows while a model is being opened."""
    return f"{phase} ({wording.duration(seconds)} so far)"
