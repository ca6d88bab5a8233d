"""Runs: which one is better, and why?"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from hwr_core import jobs, packages, spreadsheet
from hwr_core.config import RunConfig
from hwr_core.datasets import list_datasets
from hwr_core.errors import HwrError
from hwr_core.training import Run, delete_run, list_runs
from hwr_core.training.run_files import HISTORY_FILE, number_of, read_history, read_samples
from hwr_core.training.setting_values import as_rows
from pages.access import Right, may, needs
from pages.components import charts, download, layout, menu, wording
from pages.train_sections import curves, downloads, live_run, sample_readings

SELECTED = "runs"  # in the address: names with commas between them
MESSAGE, ERROR, TO_DELETE = "runs_message", "runs_error", "runs_delete"  # in the session, until drawn
MAX_VISIBLE_ROWS = 5  # so that the curves are on the same screen
NUMBERS = ("CER", "Word accuracy", "Validation loss", "Best epoch", "Words", "Duration", "Started")


def main() -> None:
    layout.page("Runs", "Which training was better, and why? Choose runs in the table to compare them.")
    if sentence := st.session_state.pop(MESSAGE, None):
        st.toast(layout.message(sentence), icon=":material/check:")
    if sentence := st.session_state.pop(ERROR, None):
        layout.error(sentence)
    runs = list_runs()
    if not runs:
        layout.empty(
            "stacked_line_chart",
            "Every training is listed here with its curves, settings and results. There is none yet.",
            "Train the first one",
            "train",
        )
        return
    overview = table_of(runs)
    selected = choose(runs, overview)
    for run in runs:
        if problem := run.damage:
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


def table_of(runs: list[Run]) -> pd.DataFrame:
    """A row a run, unformatted: shares in [0, 1], seconds, seconds since the epoch."""
    parts = {info.name: info.parts for info in list_datasets()}
    table = pd.DataFrame([row_of(run, parts) for run in runs])
    return table.assign(**{column: pd.to_numeric(table[column]) for column in NUMBERS})


def row_of(run: Run, parts: dict[str, dict[str, int]]) -> dict[str, str | float | None]:
    """One row of the table; `parts` are the words in each part of each data set."""
    status, config, history = run.status, live_run.config_of(run), read_history(run.folder, checked=True)
    best = curves.best_epoch(history)
    best_row = history.loc[history["epoch"] == best].iloc[0] if best is not None else pd.Series(dtype=float)
    return {
        "Name": run.name,
        "State": "damaged" if run.damage else live_run.state_of(run),
        "CER": best_row.get("cer"),
        "Word accuracy": best_row.get("word_accuracy"),
        "Best epoch": best,
        "Epochs": len(history),
        "Model": config.model.name if config else None,
        "Data": ", ".join(config.datasets) if config else None,
        "Started": status.started or None,
        "Duration": float(history["seconds"].sum()) if "seconds" in history and len(history) else None,
        "Words": words_of(config, status, parts) if config else None,
        "Validation loss": best_row.get("validation_loss"),
        "Notes": run.notes,
    }


def words_of(config: RunConfig, status: jobs.Status, parts: dict[str, dict[str, int]]) -> int | None:
    """The number of training words: as the run's status has it, else of its data sets as they are now."""
    words = number_of(status, "words")
    if words is not None:
        return int(words)
    if not all(name in parts for name in config.datasets):
        return None
    total = sum(parts[name].get("train", 0) for name in config.datasets)
    return min(total, config.training.max_words) if config.training.max_words else total


def readable(overview: pd.DataFrame) -> pd.DataFrame:
    """The same for display: percents, lengths of time, local dates."""
    started = pd.to_datetime(overview["Started"], unit="s", utc=True)
    zone = st.context.timezone
    return overview.assign(
        CER=100 * overview["CER"],
        **{"Word accuracy": 100 * overview["Word accuracy"]},
        Started=started.dt.tz_convert(zone) if zone else started,
        Duration=pd.to_timedelta(overview["Duration"].round(), unit="s"),
    )


def choose(runs: list[Run], overview: pd.DataFrame) -> list[Run]:
    """The table with its check boxes; the choice is in the address too."""
    names = [run.name for run in runs]
    chosen_names = [name for name in st.query_params.get(SELECTED, names[0]).split(",") if name in names]
    # Streamlit remembers rows by number, so a table of other runs is another table.
    key = f"runs_table_{hash(tuple(names))}"
    event = st.dataframe(
        readable(overview),
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [names.index(name) for name in chosen_names], "columns": [], "cells": []}
        },
        height=36 * (min(MAX_VISIBLE_ROWS, len(overview)) + 1),
        column_config=columns(),
        placeholder="–",
        alt="Saved runs",
    )
    rows = [row for row in event.selection.rows if row < len(runs)]
    chosen = [runs[row] for row in sorted(rows)]
    st.query_params[SELECTED] = ",".join(run.name for run in chosen)
    return chosen


def columns() -> dict[str, ColumnConfig]:
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
        "Best epoch": column.NumberColumn(format="%d", help="The epoch whose weights the checkpoint has."),
        "Epochs": column.NumberColumn(format="%d", help="Finished ones."),
        "Words": column.NumberColumn(format="localized", help="Training words."),
        "Validation loss": column.NumberColumn(format="%.3f"),
        "Duration": column.NumberColumn(format="localized", help="Time spent in finished epochs."),
        "Started": column.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        "Notes": column.TextColumn(width="large"),
    }


def actions(selected: list[Run]) -> None:
    """The buttons and links for the selection."""
    with st.container(horizontal=True, vertical_alignment="center", key="run_actions"):
        if len(selected) == 1:
            run = selected[0]
            state, is_readable = run.status.state, live_run.config_of(run) is not None
            if run.checkpoint and is_readable:
                layout.link("read", "Read with this", ":material/edit_note:", reader=run.name)
            if state in live_run.START_LABELS and is_readable and live_run.may_change(run):
                label = live_run.START_LABELS[state]
                st.button(label, icon=":material/play_arrow:", key="resume_run", on_click=resume, args=(run,))
            layout.link("train", "Open", ":material/open_in_full:", run=run.name)
            if live_run.is_recording(run):
                layout.link("train", "Watch it again", ":material/replay:", replay=run.name)
        own = [run for run in selected if not run.is_shared]
        if own and may(Right.DELETE):
            st.button(
                "Delete …" if len(own) == 1 else f"Delete {len(own)} runs …",
                icon=":material/delete:",
                key="delete",
                type="tertiary",
                on_click=request_delete,
                args=(own,),
            )
    if names := st.session_state.pop(TO_DELETE, None):
        confirm_delete([run for run in selected if run.name in names])


def resume(run: Run) -> None:
    try:
        st.session_state[MESSAGE] = live_run.resume(run)
    except HwrError as error:
        st.session_state[ERROR] = str(error)


def request_delete(selected: list[Run]) -> None:
    st.session_state[TO_DELETE] = [run.name for run in selected]


@st.dialog("Delete for good?", icon=":material/delete:")
def confirm_delete(selected: list[Run]) -> None:
    names = wording.listed([f"**{layout.plain(run.name)}**" for run in selected])
    st.markdown(f"{names} will be deleted: curves, settings, notes and checkpoint. This cannot be undone.")
    what = layout.plain(selected[0].name) if len(selected) == 1 else f"{len(selected)} runs"
    with st.container(horizontal=True):
        confirmed = st.button(f"Delete {what}", key="delete_now", type="primary", on_click=delete, args=(selected,))
        declined = st.button("Keep", key="delete_not")
    if confirmed or declined:  # closes the dialog
        st.rerun()


@needs(Right.DELETE, "delete runs", lambda selected: ", ".join(run.name for run in selected))
def delete(selected: list[Run]) -> bool:
    """Delete runs; False where none could be."""
    deleted, refused = [], []
    for run in selected:
        try:
            delete_run(run)
            deleted.append(run.name)
        except (HwrError, OSError) as error:
            refused.append(str(error))
    if deleted:
        st.session_state[MESSAGE] = f"Deleted {wording.listed(deleted)}."
    if refused:
        st.session_state[ERROR] = " ".join(refused)
    return bool(deleted)


def histories_of(selected: list[Run]) -> dict[str, pd.DataFrame]:
    histories = {run.name: read_history(run.folder, checked=True) for run in selected}
    return {name: history for name, history in histories.items() if len(history)}


def show_curves(selected: list[Run]) -> None:
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
                format_func=lambda column: curves.MEASURES[column],
                default=measures[0],
                required=True,
                label_visibility="collapsed",
            )
        title = f"{curves.MEASURES[measure]}, validation"
        figure = curves.compared(histories, measure, title)
        charts.show(figure, "runs_measure", f"runs-{measure}", together, alt=f"{title} by epoch of {names}")
    if alone := [name for name, table in histories.items() if not curves.is_measured(table, measure)]:
        layout.note(f"Not measured by {wording.listed(alone)}.")


def show_settings(selected: list[Run]) -> None:
    table = pd.DataFrame({run.name: as_rows(config) for run in selected if (config := live_run.config_of(run))})
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


def show_readings(selected: list[Run]) -> None:
    tables: dict[str, pd.DataFrame] = {}
    epochs: dict[str, int] = {}
    for run in selected:
        rows = read_samples(run.folder, checked=True)
        if len(rows):
            read_epochs = set(rows["epoch"])
            best = curves.best_epoch(read_history(run.folder, checked=True))
            tables[run.name] = rows
            epochs[run.name] = best if best is not None and best in read_epochs else int(max(read_epochs))
    if not tables:
        layout.note("Sample words are read after each finished epoch; these runs have none yet.")
        return
    if without := [run.name for run in selected if run.name not in tables]:
        layout.note(f"No readings yet: {wording.listed(without)}.")
    if sample_readings.side_by_side(tables, epochs):
        layout.note("A few validation words as each run reads them at its best epoch; wrong letters are underlined.")
    else:
        layout.note("These runs have no sample word in common: they learned from different data sets or splits.")


def show_files(selected: list[Run]) -> None:
    overview = table_of(selected)
    download.button(
        "Table as CSV",
        spreadsheet.to_csv(overview),
        "runs.csv",
        "text/csv",
        key="runs_csv",
    )
    for run in selected:
        with st.container(border=True, key=f"files_{run.name}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{layout.plain(run.name)}**", width="content")
                live_run.badge(live_run.state_of(run))
            if run.status.message:
                layout.note(run.status.message)
            if run.is_shared:
                layout.note(run.notes)
            else:
                notes_form(run)
            with st.container(horizontal=True):
                offer_files(run)


def notes_form(run: Run) -> None:
    if not live_run.may_change(run):
        if run.notes:
            layout.note(run.notes)
        return
    with st.form(f"form_{run.name}", border=False):
        st.text_area("Notes", value=run.notes, key=notes_key(run), height=68)
        st.form_submit_button("Save notes", on_click=save_notes, args=(run,), key=f"save_{run.name}")


def notes_key(run: Run) -> str:
    return f"notes_{run.name}"


@needs(Right.ADAPT, "change the notes of a run", lambda run: run.name)
def save_notes(run: Run) -> bool:
    """Save the notes as they were typed; False where that fails."""
    try:
        run.set_notes(st.session_state[notes_key(run)].strip())
    except (HwrError, OSError) as error:
        st.session_state[ERROR] = f"The notes could not be saved: {error}"
        return False
    st.session_state[MESSAGE] = f"Notes of {run.name} saved."
    return True


def offer_files(run: Run) -> None:
    """History, plots and checkpoint, each read or made on request."""
    history_file, checkpoint = run.folder / HISTORY_FILE, run.checkpoint
    if history_file.is_file():
        offer(run, "History", "history.csv", history_file.read_bytes)
    if packages.is_installed("matplotlib") and len(history := read_history(run.folder, checked=True)):
        offer(run, "Plots", "plots.zip", lambda: downloads.plots_zip(history))
    if checkpoint:
        size = wording.size(downloads.size_of(checkpoint) / 1e6)
        offer(run, f"Checkpoint ({size})", "checkpoint.zip", lambda: downloads.zip_of(checkpoint))
    if not history_file.is_file() and not checkpoint:
        layout.note("No files yet: no epoch has been finished.")


def offer(run: Run, label: str, file_name: str, make: Callable[[], bytes]) -> None:
    download.button(
        label,
        make,
        f"{run.name}-{file_name}",
        "text/csv" if file_name.endswith(".csv") else "application/zip",
        key=f"{file_name}_{run.name}",
    )


menu.require()
main()
