"""The Runs page in a browser: notes, downloads, a run resumed, runs deleted or kept."""

from __future__ import annotations

import csv
import io
import json

from conftest import copy_run, downloaded, settled

from hwr_core import jobs
from hwr_core.datasets import demo_dataset


def test_notes_are_saved_tables_downloaded_and_runs_kept_or_deleted(module_home, module_url, visit):
    demo_dataset()
    for name in ("first", "second"):
        copy_run(module_home, name)
    tab = visit(f"{module_url}/runs?runs=first,second")
    tab.get_by_role("tab", name="Notes and files").click()
    notes = tab.get_by_role("textbox", name="Notes").first
    notes.fill("wider canvas")
    tab.get_by_role("button", name="Save notes").first.click()
    tab.get_by_text("saved.").first.wait_for()
    settled(tab)
    name, content = downloaded(tab, "Table as CSV")
    rows = {row["Name"]: row for row in csv.DictReader(io.StringIO(content.decode()))}
    assert name == "runs.csv"
    assert sorted(rows) == ["first", "second"]
    assert sorted(row["Notes"] for row in rows.values()) == ["", "wider canvas"]

    tab.get_by_role("tab", name="Curves").click()
    tab.locator(".st-key-runs_loss .js-plotly-plot:visible").wait_for()
    settled(tab)
    name, content = downloaded(tab, "CSV")
    assert name == "runs-cer.csv"
    assert {row["run"] for row in csv.DictReader(io.StringIO(content.decode()))} == {"first", "second"}

    tab.get_by_role("button", name="Delete 2 runs …").click()
    tab.get_by_role("dialog").get_by_text("cannot be undone").wait_for()
    tab.get_by_role("button", name="Keep", exact=True).click()
    tab.get_by_role("dialog").wait_for(state="detached")
    settled(tab)
    assert (module_home / "runs" / "first").is_dir()
    tab.get_by_role("button", name="Delete 2 runs …").click()
    tab.get_by_role("button", name="Delete 2 runs", exact=True).click()
    tab.get_by_role("dialog").wait_for(state="detached")
    settled(tab)
    assert [path.parent.name for path in (module_home / "runs").glob("*/config.json")] == []
    tab.get_by_text("There is none yet.").wait_for()


def test_stopped_run_is_resumed_and_cannot_be_deleted_while_it_trains(module_home, module_url, visit):
    demo_dataset()
    stopped = copy_run(module_home, "third", state="stopped", message="Stopped.")
    config = json.loads((stopped / "config.json").read_text())
    config["training"] |= {"epochs": 500, "patience": 500, "max_words": 48, "max_validation_words": 16}
    (stopped / "config.json").write_text(json.dumps(config))

    tab = visit(f"{module_url}/runs?runs=third")
    tab.get_by_role("button", name="Resume").click()
    tab.get_by_text("third is training.").wait_for()
    tab.locator(".st-key-sidebar_training").get_by_text("third").wait_for()  # seen on every page
    settled(tab)
    assert tab.get_by_role("button", name="Resume").count() == 0
    assert jobs.is_alive(jobs.read_status(stopped))
    tab.get_by_role("button", name="Delete …").click()
    tab.get_by_role("button", name="Delete third").click()
    tab.get_by_text("third is training. Stop it before deleting it.").wait_for()
    assert stopped.is_dir()
    tab.get_by_role("link", name="Open", exact=True).click()
    stop = tab.get_by_role("button", name="Stop", exact=True)
    stop.wait_for()
    settled(tab)
    stop.click()
    tab.get_by_role("button", name="Resume").wait_for()
    assert jobs.read_status(stopped).state == "stopped"
    tab.locator(".st-key-sidebar_training").wait_for(state="detached")
