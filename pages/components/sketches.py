"""Small pictures for the cards of the Home page: words of the built-in data set, and curves of runs."""

from __future__ import annotations

import base64
from html import escape

import pandas as pd
import streamlit as st

from hwr_core.training import Run
from hwr_core.training.run_files import read_history
from pages.components import charts, images
from pages.components.sample_words import SampleWord

WIDTH, HEIGHT = 240, 72  # of a sketch of curves, in its own units
MARGIN = 4


def words(samples: list[SampleWord]) -> None:
    """Words as they were written."""
    tags = "".join(
        f'<img src="{images.file_uri(sample.data)}" alt="Handwriting: {escape(sample.transcription, quote=True)}">'
        for sample in samples
    )
    if tags:
        st.html(f'<div class="studio-sketch words">{tags}</div>')


def reading(sample: SampleWord) -> None:
    """A word as it was written, and what it says."""
    uri, text = images.file_uri(sample.data), escape(sample.transcription, quote=True)
    st.html(
        f'<div class="studio-sketch reading"><img src="{uri}" alt="Handwriting: {text}">'
        f'<span aria-hidden="true">→</span><span class="text">{text}</span></div>'
    )


def curves(runs: list[Run], name: str) -> None:
    """The error of each run by epoch, in its colour; nothing before the second epoch."""
    lines = []
    for run in runs:
        values = _errors(read_history(run.folder, checked=True))
        if len(values) > 1:
            lines.append((run.name, values))
    if not lines:
        return
    paths = "".join(
        f'<polyline points="{points(values)}" fill="none" stroke="{charts.colour_of(run)}" stroke-width="2.5" '
        'stroke-linejoin="round" stroke-linecap="round" vector-effect="non-scaling-stroke"/>'
        for run, values in lines
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f"{paths}</svg>"
    )
    uri = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
    alt = f"{name}: error by epoch of {', '.join(run for run, _ in lines)}"
    st.html(f'<div class="studio-sketch"><img class="curves" src="{uri}" alt="{escape(alt, quote=True)}"></div>')


def points(values: list[float]) -> str:
    """The points of a line of shares in [0, 1], the first at the left; 1 and more at the top.

    Example:
        >>> points([1.0, 0.0])
        '4.0,4.0 236.0,68.0'
    """
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    height = HEIGHT - 2 * MARGIN
    return " ".join(
        f"{MARGIN + index * step:.1f},{MARGIN + (1 - min(1.0, max(0.0, value))) * height:.1f}"
        for index, value in enumerate(values)
    )


def _errors(history: pd.DataFrame) -> list[float]:
    return [float(value) for value in history["cer"].dropna()] if "cer" in history else []
