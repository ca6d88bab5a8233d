"""One Plotly template for every chart, light and dark; one colour for one run, everywhere."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st

from hwr_core import spreadsheet
from pages.components.download import button as download_button

# Safe for colour-blind eyes and legible on paper and on dark: blue, amber, green, mauve, sky, brown, lavender, grey.
# Red stands for errors.
COLOURS = ("#2f6db0", "#d98a00", "#148a6a", "#b85c9e", "#4fa8d8", "#8a6434", "#8d7fc7", "#77746c")
INK = {"light": "#1f1e1b", "dark": "#ece8df"}
QUIET = {"light": "#6b675e", "dark": "#a8a398"}
GRID = {"light": "#e6e1d5", "dark": "#34322d"}
PAPER = {"light": "#fffefa", "dark": "#22211d"}
FONT = '"Source Sans", "Source Sans 3", sans-serif'
HEIGHT = 300
RUN_COLOURS = "run_colours"  # session key: run name -> colour


def mode() -> str:
    """How the browser shows the app: light or dark."""
    return "dark" if getattr(st.context.theme, "type", None) == "dark" else "light"


def template() -> str:
    """The name of the Plotly template for the theme that is shown; registered on first use."""
    name = f"studio-{mode()}"
    if name not in pio.templates:
        pio.templates[name] = _template(mode())
    return name


def _template(shade: str) -> go.layout.Template:
    axis = {
        "showgrid": False,
        "zeroline": False,
        "linecolor": GRID[shade],
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": GRID[shade],
        "tickfont": {"color": QUIET[shade], "size": 12},
        "title": {"font": {"color": QUIET[shade], "size": 13}, "standoff": 8},
        "automargin": True,
    }
    layout = go.Layout(
        font={"family": FONT, "size": 13, "color": INK[shade]},
        title={"font": {"size": 15, "color": INK[shade]}, "x": 0, "xanchor": "left", "xref": "paper", "pad": {"b": 8}},
        colorway=list(COLOURS),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        hovermode="x unified",
        hoverlabel={
            "bgcolor": PAPER[shade],
            "bordercolor": GRID[shade],
            "font": {"family": FONT, "size": 13, "color": INK[shade]},
        },
        xaxis=axis,
        yaxis={**axis, "showgrid": True, "gridcolor": GRID[shade], "showline": False, "ticks": ""},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
        bargap=0.12,
        dragmode=False,
    )
    layout.modebar = {
        "bgcolor": "rgba(0,0,0,0)",
        "color": QUIET[shade],
        "activecolor": INK[shade],
        "orientation": "h",
    }
    return go.layout.Template(layout=layout, data={"scatter": [go.Scatter(line={"width": 2})]})


def colour_of(name: str) -> str:
    """The colour of a run: the same on every page, as long as the session lasts.

    Runs are given the colours in the order in which they were made, so that neighbours in time, which are the
    ones that people compare, never share one until all eight are used.
    """
    colours: dict[str, str] = st.session_state.setdefault(RUN_COLOURS, {})
    if not colours:
        from hwr_core.training import list_runs

        for run in reversed(list_runs()):
            colours.setdefault(run.name, COLOURS[len(colours) % len(COLOURS)])
    return colours.setdefault(name, COLOURS[len(colours) % len(COLOURS)])


def as_text(names: pd.Series) -> pd.Series:
    """Names from outside as Plotly shows them as they are: it takes some HTML for markup, links among it."""
    return names.astype("str").str.replace("&", "&amp;").str.replace("<", "&lt;")


def label_ends(figure: go.Figure) -> go.Figure:
    """Write each line's name at its last point, in its colour, instead of a legend."""
    for trace in figure.data:
        x, y = list(trace.x or []), list(trace.y or [])
        known = [index for index, value in enumerate(y) if not pd.isna(value)]
        if trace.name and known:
            figure.add_annotation(
                x=x[known[-1]],
                y=y[known[-1]],
                text=trace.name,
                font={"color": trace.line.color or INK[mode()], "size": 12},
                showarrow=False,
                xanchor="left",
                xshift=6,
            )
    figure.update_layout(showlegend=False, margin_r=96)
    return figure


def show(
    figure: go.Figure, key: str, file_name: str, data: pd.DataFrame, *, alt: str = "", download: bool = True
) -> None:
    """Draw a chart at the width it has, with its data as CSV below and itself as PNG on its corner.

    Args:
        figure: the chart; it gets the studio's template.
        key: names the chart and, with `_csv` behind it, its download.
        file_name: of the downloads, without ending.
        data: what is drawn, as a table.
        alt: what the chart shows, for people who do not see it; the title by default.
        download: False leaves out the CSV button, where a table next to it has one.
    """
    figure.update_layout(template=template(), height=figure.layout.height or HEIGHT)
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": file_name, "format": "png", "scale": 2},
        "responsive": True,
    }
    title = figure.layout.title.text or file_name
    st.plotly_chart(figure, width="stretch", theme=None, key=key, config=config, alt=alt or title)
    if download:
        download_button(
            "CSV",
            spreadsheet.to_csv(data),
            f"{file_name}.csv",
            "text/csv",
            key=f"{key}_csv",
            type="tertiary",
            help=f"The numbers behind “{title}”; the camera on the chart's corner saves it as PNG.",
        )
