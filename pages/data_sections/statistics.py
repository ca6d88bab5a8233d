"""Charts of a data set's words."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components import charts, wording
from pages.data_sections import dataset_cache
from pages.data_sections.dataset_cache import OpenDataset

MAX_CHARACTERS_SHOWN = 40


def show(opened: OpenDataset) -> None:
    name, counted = opened.dataset.name, dataset_cache.statistics(opened)
    with st.grid(2, min_column_width=340, gap=("small", "medium"), key="figures"):
        for key, draw in (("splits", splits), ("lengths", lengths), ("writers", writers), ("sizes", sizes)):
            data = getattr(counted, key)
            with st.container(gap=None):
                charts.show(draw(data), f"chart_{key}", f"{name}-{key}", data)
    charts.show(characters(counted.characters), "chart_characters", f"{name}-characters", counted.characters)


def splits(data: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    for part, colour in zip(("test", "validation", "train"), reversed(charts.COLOURS[:3]), strict=True):
        row = data[data["split"] == part]
        if row.empty:
            continue
        count, people = int(row["words"].iloc[0]), int(row["writers"].iloc[0])
        figure.add_bar(
            y=[part],
            x=[count],
            orientation="h",
            marker_color=colour,
            text=", ".join([wording.count(count, "word"), *[wording.count(people, "writer")] * bool(people)]),
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    title = "Splits, no writer in two of them" if data["writers"].any() else "Splits"
    figure.update_layout(title=title, showlegend=False, hovermode=False)
    longest = int(data["words"].max()) if len(data) else 1
    figure.update_xaxes(visible=False, range=[0, 1.9 * longest])  # space for the text after the longest bar
    figure.update_yaxes(showgrid=False)
    return figure


def lengths(data: pd.DataFrame) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            x=data["letters"],
            y=data["words"],
            marker_color=charts.COLOURS[0],
            hovertemplate="%{y:,} words<extra></extra>",
        )
    )
    figure.update_layout(title="Letters in a word")
    figure.update_xaxes(title="letters", ticksuffix="", dtick=max(1, len(data) // 12), hoverformat="d")
    figure.update_yaxes(tickformat=",")
    return figure


def writers(data: pd.DataFrame) -> go.Figure:
    if data.empty:
        figure = go.Figure()
        figure.add_annotation(text="The data set names no writers.", showarrow=False)
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
    else:
        figure = go.Figure(
            go.Bar(
                x=list(range(1, len(data) + 1)),
                y=data["words"],
                customdata=charts.as_text(data["writer"]),
                marker={"color": charts.COLOURS[0], "line": {"width": 0}},
                hovertemplate="writer %{customdata}: %{y:,} words<extra></extra>",
            )
        )
        figure.update_layout(bargap=0.15 if len(data) < 80 else 0)
        figure.update_xaxes(title="writers, by number of words", showspikes=False, unifiedhovertitle={"text": " "})
        figure.update_yaxes(tickformat=",")
    title = f"Words of each of {wording.count(len(data), 'writer')}" if len(data) else "Words of each writer"
    figure.update_layout(title=title, hovermode="x")
    return figure


def sizes(data: pd.DataFrame) -> go.Figure:
    grid = data.pivot_table(index="height", columns="width", values="words", aggfunc="sum")
    dark = charts.mode() == "dark"
    scale = [[0, "#26384f" if dark else "#d6e2f0"], [0.4, "#4a7fbe"], [1, "#cfe0f5" if dark else "#16294a"]]
    figure = go.Figure(
        go.Heatmap(
            x=grid.columns,
            y=grid.index,
            z=grid.to_numpy(),
            colorscale=scale,
            showscale=False,
            hoverongaps=False,
            hovertemplate="about %{x:.0f} x %{y:.0f} pixels: %{z:,} words<extra></extra>",
        )
    )
    title = f"Sizes of the images, {'lighter' if dark else 'darker'} is more"
    figure.update_layout(title=title, hovermode="closest")
    figure.update_xaxes(title="width, pixels", rangemode="tozero")
    figure.update_yaxes(title="height, pixels", rangemode="tozero", showgrid=False)
    return figure


def characters(data: pd.DataFrame) -> go.Figure:
    shown = data.head(MAX_CHARACTERS_SHOWN)
    names = ["space" if character == " " else character for character in shown["character"]]
    figure = go.Figure(
        go.Bar(x=names, y=shown["times"], marker_color=charts.COLOURS[0], hovertemplate="%{y:,} times<extra></extra>")
    )
    prefix = f"The commonest {len(shown)} of " if len(data) > len(shown) else ""
    figure.update_layout(title=f"{prefix}{wording.count(len(data), 'character')}")
    figure.update_xaxes(type="category", tickangle=0, dtick=1, ticks="")
    figure.update_yaxes(type="log", tickformat=",", dtick=1, title="times, logarithmic")
    return figure
