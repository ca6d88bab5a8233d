"""The main job in a real browser: look around, have a word read, train, reload, stop."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from hwr_core import jobs
from hwr_core.synthesis import demo_zip

ROOT = Path(__file__).resolve().parents[2]
READER = ROOT / "models" / "reader-small" / "model.onnx"


def heading(page, text: str) -> None:
    page.get_by_role("heading", name=text, exact=True).first.wait_for()


def calm(page) -> None:
    """No error box, no traceback."""
    assert page.get_by_text("Traceback").count() == 0
    assert page.get_by_test_id("stException").count() == 0


def test_every_page_opens_from_the_sidebar(page, app_url):
    page.goto(app_url)
    heading(page, "Handwriting Studio")
    for name in ("Data", "Train", "Runs", "Evaluate", "Read"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        heading(page, name)
        calm(page)


def test_a_deep_link_opens_its_page(page, app_url):
    page.goto(f"{app_url}/runs")
    heading(page, "Runs")
    assert page.get_by_test_id("stSidebarNav").get_by_role("link").count() == 6
    calm(page)


@pytest.mark.skipif(not READER.is_file(), reason="no shipped reader in models/")
def test_an_uploaded_word_is_read(page, app_url):
    with zipfile.ZipFile(demo_zip()) as archive:
        name = next(member for member in sorted(archive.namelist()) if member.endswith(".png"))
        picture = archive.read(name)
    page.goto(f"{app_url}/read")
    heading(page, "Read")
    page.locator("input[type=file]").first.set_input_files(
        [
            {"name": "word.png", "mimeType": "image/png", "buffer": picture},
            {"name": "broken.png", "mimeType": "image/png", "buffer": b"no picture"},
        ]
    )
    page.locator(".bench .reading").wait_for()
    assert page.locator(".bench .reading").inner_text().strip()
    page.get_by_text("this is no picture that can be read").first.wait_for()
    calm(page)


def test_a_training_survives_a_reload_and_can_be_stopped(page, app_url, app_home):
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
    calm(page)
