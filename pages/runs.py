"""Runs: which one is better, and why?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from hwr_core.config import RunConfig
from hwr_core.datasets import list_datasets
from hwr_core.errors import HwrError
from hwr_core.training import delete_run, list_runs, start
from pages.components import charts, layout, menu, wording
from pages.train_sections import curves, live_run, sample_readings, settings
from pages.train_sections import downloads as files

SELECTED = "runs"  # in the address: names with commas between them
MOST_ROWS = 5  # seen at once, so that the curves stand on the same screen


def main() -> None:
    layout.page("Runs", "Which training was better, and why? Choose runs in the table to lay them over each other.")
    if sentence := st.session_state.pop("runs_message", None):
        st.toast(sentence, icon=":material/check:")
    if sentence := st.session_state.pop("runs_error", None):
        layout.error(sentence)
    runs = list_runs()
    if not runs:
        layout.empty(
            "stacked_line_chart",
            "Every training is kept here with its curves, settings and figures. There is none yet.",
            "Train the first one",
            "train",
        )
        return
    overview = table_of(runs)
    selected = choose(runs, overview)
    for run in selected:
        if problem := live_run.damage(run):
            layout.error(problem, run.name)
    if not selected:
        layout.note("Tick one run to see its curves, several to compare them.")
        return
    actions(selected)
    tabs = st.tabs(["Curves", "Settings", "Readings", "Notes and files"], key="runs_tabs", on_change="rerun")
    for tab, show in zip(tabs, (show_curves, show_settings, show_readings, show_files), strict=True):
        if tab.open:
            with tab:
                show(selected)


@st.cache_data(max_entries=256, show_spinner=False)
def figures(_run: Any, folder: str, stamp: int) -> dict[str, Any]:
    """What the table says of a run's history; read again only when the file of this time stamp has changed."""
    history = curves.history_of(_run)
    best = curves.best_epoch(history)
    row = history.loc[history["epoch"] == best].iloc[0] if best is not None else pd.Series(dtype=float)
    return {
        "Epochs": len(history),
        "Best epoch": best,
        "CER": row.get("cer"),
        "Word accuracy": row.get("word_accuracy"),
        "Validation loss": row.get("validation_loss"),
        "Duration": float(history["seconds"].sum()) if "seconds" in history and len(history) else None,
    }


def figures_of(run: Any) -> dict[str, Any]:
    try:
        stamp = (run.folder / "history.csv").stat().st_mtime_ns
    except OSError:
        stamp = 0
    return figures(run, str(run.folder), stamp)


def table_of(runs: list[Any]) -> pd.DataFrame:
    """A row each run, figures as figures: shares in [0, 1], seconds, seconds since the epoch."""
    rows = []
    parts = {info.name: info.parts for info in list_datasets()}
    for run in runs:
        status = run.status
        found = figures_of(run)
        config = None if live_run.damage(run) else run.config
        rows.append(
            {
                "Name": run.name,
                "State": status.state if config else "damaged",
                "CER": found["CER"],
                "Word accuracy": found["Word accuracy"],
                "Best epoch": found["Best epoch"],
                "Epochs": found["Epochs"],
                "Model": config.model.name if config else None,
                "Data": ", ".join(config.datasets) if config else None,
                "Started": status.started or None,
                "Duration": found["Duration"],
                "Words": words_of(config, status, parts) if config else None,
                "Validation loss": found["Validation loss"],
                "Notes": run.notes,
            }
        )
    table = pd.DataFrame(rows)
    for column in ("CER", "Word accuracy", "Validation loss", "Best epoch", "Words", "Duration", "Started"):
        table[column] = pd.to_numeric(table[column])
    return table


def words_of(config: RunConfig, status: Any, parts: dict[str, dict[str, int]]) -> int | None:
    """Words learned from: what the run says of itself, else what its data sets hold now."""
    if "words" in status.details:
        return int(status.details["words"])
    if not all(name in parts for name in config.datasets):
        return None
    total = sum(parts[name].get("train", 0) for name in config.datasets)
    return min(total, config.training.max_words) if config.training.max_words else total


def readable(overview: pd.DataFrame) -> pd.DataFrame:
    """The same as people read it: percents, lengths of time, local dates."""
    started = pd.to_datetime(overview["Started"], unit="s", utc=True)
    zone = st.context.timezone
    return overview.assign(
        CER=100 * overview["CER"],
        **{"Word accuracy": 100 * overview["Word accuracy"]},
        Started=started.dt.tz_convert(zone) if zone else started,
        Duration=pd.to_timedelta(overview["Duration"].round(), unit="s"),
    )


def choose(runs: list[Any], overview: pd.DataFrame) -> list[Any]:
    """The table with its tick boxes; the choice is in the address too."""
    names = [run.name for run in runs]
    asked = [name for name in st.query_params.get(SELECTED, names[0]).split(",") if name in names]
    # The rows are remembered by place, so a table of other runs is another table.
    key = f"runs_table_{hash(tuple(names))}"
    event = st.dataframe(
        readable(overview),
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [names.index(name) for name in asked], "columns": [], "cells": []}},
        height=36 * (min(MOST_ROWS, len(overview)) + 1),
        column_config=columns(),
        placeholder="–",
        alt="Saved runs",
    )
    rows = [row for row in event.selection.rows if row < len(runs)]
    chosen = [runs[row] for row in sorted(rows)]
    st.query_params[SELECTED] = ",".join(run.name for run in chosen)
    return chosen


def columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "Name": column.TextColumn(pinned=True),
        "CER": column.NumberColumn(
            format="%.1f %%",
            help="Character errors on the validation words, at the best epoch; less is better.",
        ),
        "Word accuracy": column.NumberColumn(
            format="%.1f %%", help="Share of validation words read without any error, at the best epoch."
        ),
        "Best epoch": column.NumberColumn(format="%d", help="The epoch whose weights are kept."),
        "Epochs": column.NumberColumn(format="%d", help="Finished ones."),
        "Words": column.NumberColumn(format="localized", help="Words learned from."),
        "Validation loss": column.NumberColumn(format="%.3f"),
        "Duration": column.NumberColumn(format="localized", help="Time spent in finished epochs."),
        "Started": column.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        "Notes": column.TextColumn(width="large"),
    }


def actions(selected: list[Any]) -> None:
    """What can be done with the selection."""
    with st.container(horizontal=True, vertical_alignment="center", key="run_actions"):
        if len(selected) == 1:
            run = selected[0]
            if run.checkpoint and not live_run.damage(run):
                live_run.page_link("read", "Read with this", ":material/edit_note:", reader=run.name)
            if run.status.state in ("stopped", "failed", "waiting") and not live_run.damage(run):
                verb = {"stopped": "Resume", "failed": "Try again", "waiting": "Start"}[run.status.state]
                st.button(verb, icon=":material/play_arrow:", key="resume_run", on_click=resume, args=(run,))
            live_run.page_link("train", "Open", ":material/open_in_full:", run=run.name)
        st.button(
            "Delete …" if len(selected) == 1 else f"Delete {len(selected)} runs …",
            icon=":material/delete:",
            key="delete",
            type="tertiary",
            on_click=ask_to_delete,
            args=(selected,),
        )
    if asked := st.session_state.pop("runs_delete", None):
        confirm_delete([run for run in selected if run.name in asked])


def resume(run: Any) -> None:
    try:
        start(run)
    except HwrError as error:
        st.session_state["runs_error"] = str(error)
    else:
        st.session_state["runs_message"] = f"{run.name} is training."


def ask_to_delete(selected: list[Any]) -> None:
    st.session_state["runs_delete"] = [run.name for run in selected]


@st.dialog("Delete for good?", icon=":material/delete:")
def confirm_delete(selected: list[Any]) -> None:
    names = wording.listed([f"**{live_run.plain(run.name)}**" for run in selected])
    st.markdown(f"{names} will be deleted: curves, settings, notes and checkpoint. This cannot be undone.")
    what = selected[0].name if len(selected) == 1 else f"{len(selected)} runs"
    with st.container(horizontal=True):
        gone = st.button(f"Delete {what}", key="delete_now", type="primary", on_click=delete, args=(selected,))
        kept = st.button("Keep", key="delete_not")
    if gone or kept:  # closes the dialog
        st.rerun()


def delete(selected: list[Any]) -> None:
    gone, refused = [], []
    for run in selected:
        try:
            delete_run(run)
            gone.append(run.name)
        except (HwrError, OSError) as error:
            refused.append(str(error))
    if gone:
        st.session_state["runs_message"] = f"Deleted {wording.listed(gone)}."
    if refused:
        st.session_state["runs_error"] = " ".join(refused)


def histories_of(selected: list[Any]) -> dict[str, pd.DataFrame]:
    found = {run.name: curves.history_of(run) for run in selected}
    return {name: history for name, history in found.items() if len(history)}


def show_curves(selected: list[Any]) -> None:
    histories = histories_of(selected)
    if not histories:
        layout.note("No epoch has been finished yet: there are no curves.")
        return
    if without := [run.name for run in selected if run.name not in histories]:
        layout.note(f"No finished epoch yet: {wording.listed(without)}.")
    left, right = st.columns(2, gap="large")
    together = pd.concat([table.assign(run=name) for name, table in histories.items()], ignore_index=True)
    together = together[["run", *(column for column in together if column != "run")]]
    names = wording.listed(list(histories))
    with left:
        log = st.toggle("Logarithmic loss", key="runs_log")
        figure = curves.compared(histories, "validation_loss", "Loss: validation, training dotted", log=log)
        charts.show(figure, "runs_loss", "runs-loss", together, alt=f"Loss by epoch of {names}", download=False)
    with right:
        measures = curves.measures_of(histories.values())
        if not measures:
            layout.note("These runs measured their loss only.")
            return
        measure = measures[0]
        if len(measures) > 1:
            measure = st.segmented_control(
                "Measure",
                measures,
                key="measure",
                format_func=curves.MEASURES.get,
                default=measures[0],
                required=True,
                label_visibility="collapsed",
            )
        title = f"{curves.MEASURES[measure]}, validation"
        figure = curves.compared(histories, measure, title)
        charts.show(figure, "runs_measure", f"runs-{measure}", together, alt=f"{title} by epoch of {names}")
    if alone := [name for name, table in histories.items() if not curves.measured(table, measure)]:
        layout.note(f"Not measured by {wording.listed(alone)}.")


def show_settings(selected: list[Any]) -> None:
    table = pd.DataFrame({run.name: settings.flat(run.config) for run in selected if not live_run.damage(run)})
    if table.empty:
        return
    table.index.name = "setting"
    table = table.fillna("–")
    several = len(selected) > 1
    everything = st.toggle("Show all settings", key="all_settings", value=not several) if several else True
    if not everything:
        differing = table[table.nunique(axis=1) > 1]
        if differing.empty:
            layout.note("These runs have the same settings.")
            return
        layout.note(f"{wording.count(len(differing), 'setting')} of {len(table)} differ.")
        table = differing
    st.dataframe(table.reset_index(), hide_index=True, alt="Settings of the selected runs", height="auto")


def show_readings(selected: list[Any]) -> None:
    tables, epochs = {}, {}
    for run in selected:
        rows = sample_readings.samples_of(run)
        if len(rows):
            known = set(rows["epoch"])
            best = curves.best_epoch(histories_of([run]).get(run.name, pd.DataFrame()))
            tables[run.name] = rows
            epochs[run.name] = best if best in known else int(max(known))
    if not tables:
        layout.note("Sample words are read after each finished epoch; these runs have none yet.")
        return
    if without := [run.name for run in selected if run.name not in tables]:
        layout.note(f"No readings yet: {wording.listed(without)}.")
    if sample_readings.side_by_side(tables, epochs):
        layout.note("A few validation words as each run reads them at its best epoch; wrong letters are underlined.")
    else:
        layout.note("These runs have no sample word in common: they learned from different data sets or splits.")


def show_files(selected: list[Any]) -> None:
    overview = table_of(selected)
    st.download_button(
        "Table as CSV",
        overview.to_csv(index=False).encode("utf-8"),
        "runs.csv",
        "text/csv",
        key="runs_csv",
        icon=":material/download:",
        on_click="ignore",
    )
    for run in selected:
        with st.container(border=True, key=f"files_{run.name}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{live_run.plain(run.name)}**", width="content")
                live_run.badge(run.status.state)
            if run.status.message:
                layout.note(run.status.message)
            notes_form(run)
            with st.container(horizontal=True):
                downloads(run)


def notes_form(run: Any) -> None:
    key = f"notes_{run.name}"

    def save() -> None:
        try:
            run.set_notes(st.session_state[key].strip())
        except (HwrError, OSError) as error:
            st.session_state["runs_error"] = f"The notes could not be saved: {error}"
        else:
            st.session_state["runs_message"] = f"Notes of {run.name} saved."

    with st.form(f"form_{run.name}", border=False):
        st.text_area("Notes", value=run.notes, key=key, height=68)
        st.form_submit_button("Save notes", on_click=save, key=f"save_{run.name}")


def downloads(run: Any) -> None:
    """History, plots and checkpoint, each read or made only when it is asked for."""
    has_history = (run.folder / "history.csv").is_file()
    if has_history:
        offer(run, "History", "history.csv", (run.folder / "history.csv").read_bytes)
        offer(run, "Plots", "plots.zip", lambda: files.plots_zip(curves.history_of(run)))
    if run.checkpoint:
        megabytes = files.size_of(run.checkpoint) / 1e6
        offer(run, f"Checkpoint ({wording.size(megabytes)})", "checkpoint.zip", lambda: files.zip_of(run.checkpoint))
    if not has_history and not run.checkpoint:
        layout.note("No files yet: no epoch has been finished.")


def offer(run: Any, label: str, file_name: str, make: Callable[[], bytes]) -> None:
    st.download_button(
        label,
        make,
        f"{run.name}-{file_name}",
        "text/csv" if file_name.endswith(".csv") else "application/zip",
        key=f"{file_name}_{run.name}",
        icon=":material/download:",
        on_click="ignore",
    )


menu.require()
main()
