"""The app in a real browser: open the pages, read a word, train, reload, stop."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from conftest import settled

from hwr_core import jobs
from hwr_core.datasets.demo import demo_zip

ROOT = Path(__file__).resolve().parents[2]
SHIPPED_MODEL = ROOT / "models" / "reader-small" / "model.onnx"
CUT_LABELS = """[...document.querySelectorAll('[data-testid=stMain] button p')]
    .filter(label => label.scrollWidth > label.clientWidth + 1).map(label => label.innerText)"""
COLOURS = """[...document.querySelectorAll('[data-testid=stBaseButton-primary]:enabled p')]
    .map(label => [getComputedStyle(label).color, getComputedStyle(label.closest('button')).backgroundColor])"""
MIN_CONTRAST = 4.5  # of text, WCAG 2.2 AA


def contrast(first: str, second: str) -> float:
    """The contrast of two colours as CSS computes them, `rgb(R, G, B)`; in [1, 21]."""

    def luminance(colour: str) -> float:
        channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def heading(page, text: str) -> None:
    page.get_by_role("heading", name=text, exact=True).first.wait_for()


def assert_no_errors(page) -> None:
    """No error box, no traceback."""
    assert page.get_by_text("Traceback").count() == 0
    assert page.get_by_test_id("stException").count() == 0


def test_sidebar_opens_every_page(page, app_url):
    page.goto(app_url)
    heading(page, "Handwriting Studio")
    for name in ("Data", "Train", "Runs", "Evaluate", "Read"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        heading(page, name)
        assert_no_errors(page)


def test_deep_link_opens_its_page(page, app_url):
    page.goto(f"{app_url}/runs")
    heading(page, "Runs")
    assert page.get_by_test_id("stSidebarNav").get_by_role("link").count() == 6
    assert_no_errors(page)


def test_no_page_is_wider_than_a_phone_and_button_labels_are_whole_and_legible(visit, app_url):
    tab = visit(app_url, width=390, height=844, color_scheme="dark")
    for address in ("", "data", "train", "runs", "evaluate", "read"):
        tab.goto(f"{app_url}/{address}")
        settled(tab)
        assert tab.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390, address
        assert tab.evaluate(CUT_LABELS) == [], address
        assert all(contrast(*colours) >= MIN_CONTRAST for colours in tab.evaluate(COLOURS)), address


@pytest.mark.skipif(not SHIPPED_MODEL.is_file(), reason="no shipped model in models/")
def test_upload_is_read_and_a_broken_file_shows_its_sentence(page, app_url):
    with zipfile.ZipFile(demo_zip()) as archive:
        name = next(member for member in sorted(archive.namelist()) if member.endswith(".png"))
        image = archive.read(name)
    page.goto(f"{app_url}/read")
    heading(page, "Read")
    page.locator("input[type=file]").first.set_input_files(
        [
            {"name": "word.png", "mimeType": "image/png", "buffer": image},
            {"name": "broken.png", "mimeType": "image/png", "buffer": b"no image"},
        ]
    )
    page.locator(".word-editor .reading").wait_for()
    assert page.locator(".word-editor .reading").inner_text().strip()
    page.get_by_text("that can be read").first.wait_for()
    assert_no_errors(page)


def test_training_survives_a_reload_and_can_be_stopped(page, app_url, app_home):
    page.goto(f"{app_url}/train")
    heading(page, "Train")
    page.get_by_role("button", name="Use the built-in demo set").click()
    start = page.get_by_role("button", name="Start training")
    start.wait_for()
    start.click()
    stop = page.get_by_role("button", name="Stop", exact=True)
    stop.wait_for()
    page.reload()
    stop = page.get_by_role("button", name="Stop", exact=True)
    stop.wait_for()
    (run,) = (app_home / "runs").glob("*/config.json")
    assert jobs.is_alive(jobs.read_status(run.parent))
    stop.click()
    page.get_by_role("button", name="Resume").wait_for()
    assert jobs.read_status(run.parent).state == "stopped"
    assert_no_errors(page)
