"""Loss and error by epoch: of one run while it trains, of several in one chart."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd
import plotly.graph_objects as go

from pages.components import charts

# Column of a history -> its label; shares in [0, 1].
MEASURES = {
    "cer": "CER",
    "word_accuracy": "Word accuracy",
    "validation_accuracy": "Next-token accuracy",
}
MIN_LABEL_DISTANCE = 0.075  # between labels at line ends, as a share of the axis


def is_measured(history: pd.DataFrame, column: str) -> bool:
    return column in history and bool(history[column].notna().any())


def measures_of(histories: Iterable[pd.DataFrame]) -> list[str]:
    """The measures that any of the runs has values of."""
    tables = list(histories)
    return [column for column in MEASURES if any(is_measured(table, column) for table in tables)]


def best_epoch(history: pd.DataFrame) -> int | None:
    """The epoch whose weights the checkpoint has: the last one that was the best so far."""
    if "best" not in history:
        return None
    epochs = history.loc[history["best"] == 1, "epoch"]
    return int(epochs.iloc[-1]) if len(epochs) else None


def live(name: str, history: pd.DataFrame, *, log: bool) -> go.Figure:
    """Loss above, error below, on one epoch axis with one hover."""
    figure = go.Figure()
    colour = charts.colour_of(name)
    quiet = charts.QUIET[charts.mode()]
    upper: list[tuple[str, str, list[float]]] = []
    lower: list[tuple[str, str, list[float]]] = []
    for column, text, ink in (("loss", "training", quiet), ("validation_loss", "validation", colour)):
        if is_measured(history, column):
            _line(figure, history, column, text, ink, axis="y", percent=False)
            upper.append((text, ink, _values(history, column, 1)))
    for column, text, ink, dash in (
        ("cer", "CER", colour, "solid"),
        ("word_accuracy", "words right", colour, "dot"),
        ("accuracy", "next token, training", quiet, "solid"),
        ("validation_accuracy", "next token", colour, "dash"),
    ):
        if is_measured(history, column):
            _line(figure, history, column, text, ink, axis="y2", percent=True, dash=dash)
            lower.append((text, ink, _values(history, column, 100)))
    split = 0.5 if lower else 0.0
    figure.update_layout(
        xaxis={"title": {"text": "epoch"}, "anchor": "y2" if lower else "y", **_epochs(history)},
        yaxis={"domain": [split + 0.06 if lower else 0, 1], **_scale(log)},
        hovermode="x unified",
        hoversubplots="axis",
        uirevision=name,
        height=430,
        margin={"l": 8, "r": 110, "t": 28, "b": 8},
        showlegend=False,
    )
    _heading(figure, "Loss", 1.0)
    if lower:
        figure.update_layout(
            yaxis2={"domain": [0, split - 0.08], "anchor": "x", "ticksuffix": " %", "rangemode": "tozero"}
        )
        _heading(figure, "Error and accuracy", split - 0.08)
    _label(figure, history, upper, "y", log=log)
    _label(figure, history, lower, "y2", log=False)
    _mark_best(figure, history, colour)
    return figure


def compared(histories: dict[str, pd.DataFrame], column: str, title: str, *, log: bool = False) -> go.Figure:
    """One measure of several runs, each in its own colour, the best epoch of each marked by a ring."""
    figure = go.Figure()
    percent = column in MEASURES
    factor = 100 if percent else 1
    for name, history in histories.items():
        colour = charts.colour_of(name)
        if column == "validation_loss" and is_measured(history, "loss"):
            training = f"{name}, training"
            _line(figure, history, "loss", training, colour, percent=False, dash="dot", width=1.2)
            figure.data[-1].showlegend = False
        if not is_measured(history, column):
            continue
        _line(figure, history, column, name, colour, percent=percent)
        best = best_epoch(history)
        at_best = history.loc[history["epoch"] == best, column]
        if best is not None and len(at_best) and pd.notna(at_best.iloc[0]):
            figure.add_scatter(
                x=[best],
                y=[factor * at_best.iloc[0]],
                mode="markers",
                marker={"symbol": "circle-open", "size": 11, "color": colour, "line": {"width": 2.5}},
                name=f"{name}, best",
                hoverinfo="skip",
                showlegend=False,
            )
    longest = max(histories.values(), key=len, default=pd.DataFrame())
    figure.update_layout(
        title=title,
        xaxis={"title": {"text": "epoch"}, **_epochs(longest)},
        yaxis={
            "ticksuffix": " %" if percent else "",
            **(_scale(log) if not percent else {"rangemode": "tozero"}),
        },
        uirevision=",".join(histories),
        height=340,
        showlegend=True,
        legend={"orientation": "h", "y": -0.28, "yanchor": "top", "x": 0},
    )
    return figure


def _values(history: pd.DataFrame, column: str, factor: float) -> list[float]:
    return [float(factor * value) for value in history[column]]


def _line(
    figure: go.Figure,
    history: pd.DataFrame,
    column: str,
    name: str,
    colour: str,
    *,
    axis: str = "y",
    percent: bool,
    dash: str = "solid",
    width: float = 2,
) -> None:
    figure.add_scatter(
        x=history["epoch"],
        y=(100 if percent else 1) * history[column],
        name=name,
        yaxis=axis,
        mode="lines" if len(history) > 1 else "markers",  # a line of one point cannot be seen
        line={"color": colour, "dash": dash, "width": width},
        marker={"color": colour, "size": 8},
        hovertemplate="%{y:.1f} %" if percent else "%{y:.3f}",
    )


def _epochs(history: pd.DataFrame) -> dict[str, int | str]:
    """Whole epochs on the axis, also while there are few."""
    last = int(history["epoch"].iloc[-1]) if len(history) else 1
    return {"dtick": 1} if last <= 10 else {"tickformat": "d"}


def _scale(log: bool) -> dict[str, int | str]:
    return {"type": "log", "dtick": "D2"} if log else {"type": "linear", "rangemode": "tozero"}


def _heading(figure: go.Figure, text: str, top: float) -> None:
    figure.add_annotation(
        text=text,
        x=0,
        y=top,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        font={"size": 14, "color": charts.INK[charts.mode()]},
        yshift=6,
    )


def _label(
    figure: go.Figure,
    history: pd.DataFrame,
    lines: list[tuple[str, str, list[float]]],
    axis: str,
    *,
    log: bool,
) -> None:
    """Each line's name at its end, moved apart where two would cover each other."""
    finite = [value for _, _, values in lines for value in values if math.isfinite(value) and (value > 0 or not log)]
    if not finite:
        return

    def position(value: float) -> float:
        return math.log10(value) if log else value

    low, high = (position(min(finite)), position(max(finite))) if log else (0.0, max(finite))
    apart = 2 * MIN_LABEL_DISTANCE * ((high - low) or 1.0)
    ends = []
    for text, colour, values in lines:
        known = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
        if known:
            ends.append((position(known[-1]), text, colour))
    occupied = -math.inf
    for place, text, colour in sorted(ends):
        occupied = max(place, occupied + apart)
        figure.add_annotation(
            x=1,
            xref="paper",
            y=occupied,
            yref=axis,
            text=text,
            font={"color": colour, "size": 12},
            showarrow=False,
            xanchor="left",
            xshift=8,
        )


def _mark_best(figure: go.Figure, history: pd.DataFrame, colour: str) -> None:
    best = best_epoch(history)
    if best is not None and len(history) > 1:
        figure.add_shape(
            type="line",
            x0=best,
            x1=best,
            y0=0,
            y1=1,
            xref="x",
            yref="paper",
            line={"color": colour, "width": 1, "dash": "dot"},
        )
        figure.add_annotation(
            text=f"┊ best: epoch {best}",
            x=1,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="right",
            yanchor="bottom",
            showarrow=False,
            font={"size": 12, "color": colour},
            yshift=6,
        )
