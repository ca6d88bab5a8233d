"""A training in a real browser: start, reload, a second tab, stop, resume, and its run on the Runs page."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from hwr_core import jobs
from hwr_core.training import speed

TINY = {
    "training.epochs": 500,
    "training.patience": 500,
    "training.batch_size": 16,
    "training.max_words": 48,
    "training.max_validation_words": 16,
    "crnn.channels": "8, 8, 8, 8",
    "crnn.lstm_units": 8,
    "crnn.lstm_layers": 1,
    "canvas.height": 32,
    "canvas.width": 64,
}


def test_training_is_started_followed_in_two_tabs_stopped_resumed_and_deleted(home, fresh_url, visit):
    tab = visit(f"{fresh_url}/train?{urlencode(TINY)}")
    tab.get_by_role("button", name="Use the built-in demo set").click()
    tab.get_by_text("48 training and 16 validation words").wait_for()
    tab.get_by_role("textbox", name="Name").fill("tiny")
    tab.get_by_role("textbox", name="Name").press("Tab")
    tab.get_by_role("button", name="Start training").click()
    tab.get_by_role("button", name="Stop").wait_for()
    assert "run=tiny" in tab.url
    folder = home / "runs" / "tiny"
    assert jobs.is_alive(jobs.read_status(folder))

    tab.reload()
    tab.get_by_role("button", name="Stop").wait_for()
    tab.get_by_text(re.compile(r"epoch \d+ of 500")).first.wait_for()
    # The first epoch has been finished: the page has redrawn itself.
    tab.locator(".st-key-live_curves .js-plotly-plot:visible").first.wait_for()
    tab.locator(".samples .image img").first.wait_for()

    second = visit(f"{fresh_url}/train")  # another session, without the run in the address
    second.get_by_role("button", name="Stop").click()
    second.get_by_role("button", name="Resume").wait_for()
    tab.get_by_role("button", name="Resume").wait_for()  # seen here too, without a reload
    assert jobs.read_status(folder).state == "stopped"
    finished = len((folder / "history.csv").read_text().splitlines()) - 1

    tab.get_by_role("button", name="Resume").click()
    tab.get_by_role("button", name="Stop").wait_for()
    while len((folder / "history.csv").read_text().splitlines()) - 1 <= finished:
        assert jobs.read_status(folder).state == "running"
        tab.wait_for_timeout(500)
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_role("button", name="Resume").wait_for()

    # The buttons are in a fragment, and the page around it has to change.
    for label in ("Set up another training", "Set one up with these settings"):
        tab.get_by_role("button", name="More").click()
        tab.get_by_role("button", name=label).click()
        tab.get_by_role("button", name="Start training").wait_for()
        assert "run=" not in tab.url
        tab.goto(f"{fresh_url}/train?run=tiny")
        tab.get_by_role("button", name="Resume").wait_for()

    tab.get_by_role("link", name="Compare").click()
    tab.get_by_role("heading", name="Runs").wait_for()
    tab.locator(".st-key-runs_loss .js-plotly-plot:visible").first.wait_for()
    tab.get_by_role("tab", name="Notes and files").click()
    for label, ending in (("History", "history.csv"), ("Plots", "plots.zip"), ("Checkpoint", "checkpoint.zip")):
        with tab.expect_download() as download:
            tab.get_by_role("button", name=label).click()
        assert download.value.suggested_filename == f"tiny-{ending}"
        assert download.value.path().stat().st_size > 100
    tab.get_by_role("button", name="Delete …").click()
    tab.get_by_role("dialog").get_by_text("tiny will be deleted").wait_for()
    tab.get_by_role("button", name="Delete tiny").click()
    tab.get_by_text("There is none yet.").wait_for()
    assert not folder.exists()


def test_speed_is_measured_while_the_form_is_open(home, fresh_url, visit):
    tab = visit(f"{fresh_url}/train?{urlencode(TINY)}")
    tab.get_by_role("button", name="Use the built-in demo set").click()
    tab.get_by_text("Measuring the speed on this computer").wait_for()
    tab.get_by_text("48 training and 16 validation words").wait_for()  # known at once
    assert tab.get_by_role("button", name="Start training").is_enabled()
    # No click from here on: the fragment sees the result, and the page shows it.
    tab.get_by_text("From a short measurement on this computer.").wait_for()
    assert tab.get_by_text("Measuring the speed on this computer").count() == 0
    tab.get_by_text(re.compile(r"[\d,]+ parameters")).wait_for()
    tab.locator(".st-key-summary").get_by_text("memory").wait_for()
    while speed.is_measuring():  # its process ends a moment after the result is there
        tab.wait_for_timeout(200)

    tab.get_by_text("Training", exact=True).first.click()  # opens the settings
    epochs = tab.get_by_role("spinbutton", name="Epochs")
    epochs.fill("7")
    epochs.press("Enter")
    tab.get_by_text("for 7 epochs").wait_for()
    assert not speed.is_measuring()  # as quick as before
