"""Plots of a run's history: loss and accuracy by epoch, for reports and for the download of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hwr_core.errors import DataError
from hwr_core.files import replacing

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

# Column of the history -> legend, colour (Okabe and Ito's, safe for colour blindness), line style.
LOSS = {"loss": ("training", "#0072B2", "-"), "validation_loss": ("validation", "#D55E00", "-")}
ACCURACY = {
    "cer": ("CER", "#D55E00", "-"),
    "word_accuracy": ("word accuracy", "#009E73", "-"),
    "accuracy": ("next token, training", "#0072B2", "--"),
    "validation_accuracy": ("next token, validation", "#0072B2", "-"),
}


def save_plots(history: pandas.DataFrame, folder: Path) -> list[Path]:
    """Draw a run's history into `folder`.

    Args:
        history: a row each epoch, as in a run's `history.csv`; rates are shares in [0, 1].
        folder: where `loss.png` and `accuracy.png` go; made if it is not there, older ones are replaced.

    Returns:
        The files written: a plot without values is left out, so an empty history gives `[]`.

    Raises:
        DataError: the history has no column `epoch`, or `folder` cannot be written.
    """
    if "epoch" not in history.columns:
        columns = ", ".join(map(str, history.columns))
        raise DataError(f"A history needs a column 'epoch' to be drawn. Columns found: {columns}.")
    plots = [
        _save(history, LOSS, 1.0, "Loss", folder / "loss.png"),
        _save(history, ACCURACY, 100.0, "% of characters, words or tokens", folder / "accuracy.png"),
    ]
    return [path for path in plots if path is not None]


def _save(
    history: pandas.DataFrame, curves: dict[str, tuple[str, str, str]], scale: float, unit: str, path: Path
) -> Path | None:
    present = [name for name in curves if name in history.columns and history[name].notna().any()]
    if not present:
        return None
    # No pyplot: its global state is shared by every thread of a server.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    marker = "o" if len(history) == 1 else ""  # a line of one point is invisible
    for name in present:
        label, colour, style = curves[name]
        axes.plot(history["epoch"], scale * history[name], style, color=colour, label=label, marker=marker)
    _mark_best(axes, history)
    axes.set_xlabel("Epoch")
    axes.set_ylabel(unit)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    try:
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png")
    except OSError as error:
        raise DataError(
            f"The plot {path} cannot be written: {error.strerror or error}. Choose another folder."
        ) from error
    return path


def _mark_best(axes: Axes, history: pandas.DataFrame) -> None:
    """A thin line at the epoch whose weights are in the checkpoint: the last one flagged in the column `best`."""
    if "best" not in history.columns:
        return
    epochs = history.loc[history["best"] == 1, "epoch"]
    if len(epochs):
        axes.axvline(
            epochs.iloc[-1],
            color="#888888",
            linewidth=1,
            linestyle=":",
            label=f"best: epoch {epochs.iloc[-1]:.0f}",
        )
