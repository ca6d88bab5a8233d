"""The charts of an evaluation; every function takes the table that its download offers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hwr_core.evaluation import Group
from pages.components import charts, wording

BLUE, AMBER, GREEN = charts.COLOURS[:3]
MAX_NAMED_WRITERS = 60  # with names and intervals; more are a plain curve


def shade(light: str, dark: str) -> str:
    return dark if charts.mode() == "dark" else light


def group_table(groups: list[Group], noun: str) -> pd.DataFrame:
    """Groups of an evaluation as a table, shares in [0, 1]."""
    return pd.DataFrame(
        [
            {
                noun: group.name,
                "words": group.words,
                "characters": group.characters,
                "cer": group.cer.value,
                "cer_low": group.cer.low,
                "cer_high": group.cer.high,
                "words_right": group.word_accuracy.value,
                "words_right_low": group.word_accuracy.low,
                "words_right_high": group.word_accuracy.high,
                "confidence": group.confidence,
            }
            for group in groups
        ]
    )


def lengths(tables: dict[str, pd.DataFrame]) -> go.Figure:
    """Error by the length of the word, of one model or of two."""
    figure = go.Figure()
    for (name, table), colour in zip(tables.items(), (BLUE, AMBER), strict=False):
        figure.add_bar(
            name=name,
            x=table["length"],
            y=100 * table["cer"],
            marker_color=colour,
            error_y=_interval(table, "cer"),
            customdata=np.stack([table["words"], 100 * table["words_right"]], axis=1),
            hovertemplate=(
                f"{name}: " if len(tables) > 1 else ""
            ) + "%{y:.1f} % CER, %{customdata[1]:.1f} % of %{customdata[0]:,} words right<extra></extra>",
        )  # fmt: skip
    figure.update_layout(title="CER by length of the word", showlegend=len(tables) > 1, barmode="group")
    figure.update_layout(legend={"y": -0.28, "yanchor": "top"})  # above the bars is the title
    figure.update_xaxes(title="characters", type="category", unifiedhovertitle={"text": "%{x} characters"})
    highest = max(100 * table["cer"].max() for table in tables.values())
    # A handful of one-letter words may have an interval up to 100 %, which would press the rest flat.
    figure.update_yaxes(ticksuffix=" %", rangemode="tozero", range=[0, min(100, max(5, 1.9 * highest))])
    return figure


def _interval(table: pd.DataFrame, name: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": 100 * (table[f"{name}_high"] - table[name]),
        "arrayminus": 100 * (table[name] - table[f"{name}_low"]),
        "color": charts.QUIET[charts.mode()],
        "thickness": 1,
        "width": 2,
    }


def writers(table: pd.DataFrame) -> go.Figure:
    """Error of each writer, the one with the most errors first."""
    few = len(table) <= MAX_NAMED_WRITERS
    figure = go.Figure(
        go.Bar(
            x=charts.as_text(table["writer"]) if few else list(range(1, len(table) + 1)),
            y=100 * table["cer"],
            marker={"color": BLUE, "line": {"width": 0}},
            error_y=_interval(table, "cer") if few else None,
            customdata=np.stack([charts.as_text(table["writer"]), table["words"], 100 * table["words_right"]], axis=1),
            hovertemplate="%{y:.1f} % CER, %{customdata[2]:.1f} % of %{customdata[1]:,} words right<extra></extra>",
        )
    )
    figure.update_layout(title=f"CER of each of {wording.count(len(table), 'writer')}", bargap=0.15 if few else 0)
    if few:
        figure.update_xaxes(title="writer", type="category", tickangle=0 if len(table) <= 8 else -60)
    else:
        figure.update_xaxes(
            title="writers, the most errors first", unifiedhovertitle={"text": "writer %{customdata[0]}"}
        )
    figure.update_yaxes(ticksuffix=" %", rangemode="tozero")
    return figure


def error_kinds(table: pd.DataFrame) -> go.Figure:
    """Wrong words by kind of error."""
    rows = table.iloc[::-1]
    figure = go.Figure(
        go.Bar(
            y=rows["kind"],
            x=rows["words"],
            orientation="h",
            marker_color=BLUE,
            text=[
                f"{words:,} · {wording.percent(share, 0)}"
                for words, share in zip(rows["words"], rows["share"], strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )  # fmt: skip
    figure.update_layout(title="How the wrong words are wrong", hovermode=False)
    figure.update_xaxes(visible=False, range=[0, 1.35 * max(1, int(table["words"].max()))])
    figure.update_yaxes(showgrid=False)
    return figure


def named(character: str) -> str:
    """A character as a label shows it."""
    return {" ": "space", "\u00a0": "hard space"}.get(character, character)


def confusion_matrix(characters: list[str], counts: np.ndarray, written: dict[str, int]) -> go.Figure:
    """Which character (row) is read as which other (column); the diagonal is left blank."""
    names = [named(character) for character in characters]
    shown = counts.astype(float)
    shown[np.eye(len(names), dtype=bool) | (counts == 0)] = np.nan
    totals = np.array([max(1, written.get(character, 0)) for character in characters])
    share = 100 * counts / totals[:, None]
    figure = go.Figure(
        go.Heatmap(
            x=names,
            y=names,
            z=shown,
            customdata=np.stack([share, np.repeat(totals[:, None], len(names), axis=1)], axis=-1),
            colorscale=[[0, shade("#dce7f3", "#243a55")], [0.4, "#4a7fbe"], [1, shade("#16294a", "#d5e4f7")]],
            showscale=False,
            xgap=1,
            ygap=1,
            hoverongaps=False,
            hovertemplate=(
                "“%{y}” read as “%{x}”: %{z:,} times<br>%{customdata[0]:.1f} % of its %{customdata[1]:,}<extra></extra>"
            ),
        )
    )
    more = "lighter" if charts.mode() == "dark" else "darker"
    figure.update_layout(title=f"Characters read as others, {more} is more", hovermode="closest", height=560)
    grid = {"type": "category", "tickangle": 0, "dtick": 1, "ticks": "", "showgrid": False}
    figure.update_xaxes(title="read as", **grid)
    figure.update_yaxes(title="written", autorange="reversed", **grid)
    return figure


def letters(table: pd.DataFrame, title: str) -> go.Figure:
    """How often characters were left out, or added."""
    rows = table.head(12).iloc[::-1]
    figure = go.Figure(
        go.Bar(
            y=[named(character) for character in rows["character"]],
            x=rows["times"],
            orientation="h",
            marker_color=BLUE,
            text=[f"{times:,}" for times in rows["times"]],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    figure.update_layout(title=title, hovermode=False, height=60 + 26 * max(2, len(rows)))
    figure.update_xaxes(visible=False, range=[0, 1.2 * max(1, int(table["times"].max()) if len(table) else 1)])
    figure.update_yaxes(type="category", showgrid=False, dtick=1)
    return figure


def reliability(table: pd.DataFrame) -> go.Figure:
    """How often words of each confidence are right, and how many words have it."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.76, 0.24], vertical_spacing=0.04)
    known = table.dropna(subset=["accuracy"])
    quiet = charts.QUIET[charts.mode()]
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="as it should be", hoverinfo="skip",
        line={"color": quiet, "width": 1, "dash": "dot"}, row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=100 * known["confidence"], y=100 * known["accuracy"], mode="lines+markers", name="measured",
        line={"color": BLUE}, marker={"size": 8, "color": BLUE}, customdata=known["words"],
        hovertemplate="%{x:.0f} % sure: %{y:.0f} % of %{customdata:,} words right<extra></extra>", row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        x=50 * (table["low"] + table["high"]), y=table["words"], width=100 / len(table), name="words",
        marker={"color": GREEN, "line": {"width": 0}}, hovertemplate="%{y:,} words<extra></extra>", row=2, col=1,
    )  # fmt: skip
    figure.add_annotation(
        x=99, y=2, text="dotted: as it should be", showarrow=False, xanchor="right", yanchor="bottom",
        font={"color": quiet, "size": 12}, row=1, col=1,
    )  # fmt: skip
    figure.update_layout(title="Is it right as often as it is sure?", showlegend=False, hovermode="closest", height=360)
    figure.update_xaxes(range=[0, 100], ticksuffix=" %", row=2, col=1, title="how sure it is")
    figure.update_yaxes(range=[0, 104], ticksuffix=" %", title="words right", row=1, col=1)
    figure.update_yaxes(title="words", nticks=3, row=2, col=1)
    return figure


def risk(table: pd.DataFrame, threshold: float) -> go.Figure:
    """Errors that are left among the accepted words, by how many are accepted; the chosen threshold marked."""
    known = table[table["words"] > 0]
    figure = go.Figure(
        go.Scatter(
            x=100 * known["coverage"], y=100 * known["risk"], mode="lines", line={"color": BLUE},
            customdata=100 * known["threshold"],
            hovertemplate="from %{customdata:.0f} % sure on: %{y:.1f} % wrong<extra></extra>",
        )
    )  # fmt: skip
    chosen = known.iloc[[int((known["threshold"] - threshold).abs().argmin())]]
    figure.add_scatter(
        x=100 * chosen["coverage"], y=100 * chosen["risk"], mode="markers", hoverinfo="skip",
        marker={"size": 11, "color": AMBER},
    )  # fmt: skip
    figure.update_layout(title="Errors left when doubtful words go to a person", showlegend=False, height=360)
    figure.update_xaxes(
        title="accepted unseen", ticksuffix=" %", range=[0, 101], unifiedhovertitle={"text": "%{x:.0f} % accepted"}
    )
    figure.update_yaxes(title="of them wrong", ticksuffix=" %", rangemode="tozero")
    return figure


def writers_compared(table: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """Each writer's error with one model against the other's: below the line, the second reads that writer better."""
    high = 100 * max(0.05, table[["cer_a", "cer_b"]].to_numpy().max()) * 1.08
    quiet = charts.QUIET[charts.mode()]
    figure = go.Figure(
        go.Scatter(
            x=[0, high], y=[0, high], mode="lines", hoverinfo="skip", line={"color": quiet, "width": 1, "dash": "dot"}
        )
    )
    figure.add_scatter(
        x=100 * table["cer_a"], y=100 * table["cer_b"], mode="markers",
        marker={"color": BLUE, "size": 9, "opacity": 0.75, "line": {"width": 0}},
        customdata=np.stack([charts.as_text(table["writer"]), table["words"]], axis=1),
        hovertemplate="writer %{customdata[0]}, %{customdata[1]:,} words: %{x:.1f} % and %{y:.1f} %<extra></extra>",
    )  # fmt: skip
    figure.add_annotation(
        x=high, y=0, text=f"{names[1]} reads better", showarrow=False, xanchor="right", yanchor="bottom", yshift=4,
        font={"color": quiet, "size": 12},
    )  # fmt: skip
    figure.update_layout(title="CER of each writer", showlegend=False, hovermode="closest")
    figure.update_xaxes(title=names[0], ticksuffix=" %", range=[0, high])
    figure.update_yaxes(title=names[1], ticksuffix=" %", range=[0, high])
    return figure
