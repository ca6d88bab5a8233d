"""Words in a real browser: the gallery filtered and walked, one word up close, a reading corrected and kept."""

from __future__ import annotations

import csv
import re
import zipfile

import pytest

from hwr_core.inference import checkpoint
from hwr_core.synthesis import demo_zip

SHIPPED = sorted(checkpoint.SHIPPED.glob("*/model.onnx"))


def test_the_gallery_is_filtered_and_a_word_looked_at_closely(fresh_url, visit):
    tab = visit(f"{fresh_url}/data")
    tab.get_by_role("button", name="Add the built-in words").click()
    tiles = tab.locator(".st-key-gallery img")
    tiles.first.wait_for()
    assert tiles.count() == 36

    tab.locator('input[aria-label="Text contains"]').fill("garden")
    tab.wait_for_url(re.compile("contains=garden"))
    tab.wait_for_function("document.querySelectorAll('.st-key-gallery img').length < 36")
    tab.locator(".st-key-gallery").get_by_role("button", name="garden").first.click()
    tab.get_by_text("On the way to the reader").wait_for()
    tab.get_by_text("As training shows it").wait_for()
    tab.get_by_role("tab", name="Check report").click()
    tab.get_by_role("tab", name="Charts").click()
    tab.locator(".js-plotly-plot:visible").first.wait_for()


@pytest.mark.skipif(not SHIPPED, reason="no shipped reader in models/")
def test_a_reading_is_corrected_by_its_beginning_and_exported(app_url, visit):
    with zipfile.ZipFile(demo_zip()) as archive:
        names = [member for member in sorted(archive.namelist()) if member.endswith(".png")][:2]
        pictures = [archive.read(name) for name in names]
    tab = visit(f"{app_url}/read", width=390, height=844)
    tab.locator("input[type=file]").first.set_input_files(
        [{"name": f"{i}.png", "mimeType": "image/png", "buffer": picture} for i, picture in enumerate(pictures)]
    )
    reading = tab.locator(".studio-reading").first
    reading.wait_for()
    before = reading.inner_text().strip()
    beginning = "x" if not before.startswith("x") else "q"
    tab.get_by_role("textbox", name="You type the beginning, the reader the rest").fill(beginning)
    tab.wait_for_function(
        "start => document.querySelector('.studio-reading').innerText.trim().startsWith(start)", arg=beginning
    )
    corrected = reading.inner_text().strip()
    tab.locator(".st-key-decide").get_by_role("button", name="Accept").first.click()
    tab.get_by_text("1 accepted").first.wait_for()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="CSV", exact=True).click()
    with open(download.value.path(), newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert corrected in {value for row in rows for value in row.values()}
