"""The Data page in a browser: gallery, filter, one word."""

from __future__ import annotations

import re


def test_gallery_filter_and_word_detail(fresh_url, visit):
    tab = visit(f"{fresh_url}/data")
    tab.get_by_role("button", name="Add the built-in words").click()
    tiles = tab.locator(".st-key-gallery img")
    tiles.nth(35).wait_for()  # they arrive one after the other
    assert tiles.count() == 36

    tab.locator('input[aria-label="Text contains"]').fill("garden")
    tab.wait_for_url(re.compile("contains=garden"))
    tab.wait_for_function("document.querySelectorAll('.st-key-gallery img').length < 36")
    tab.locator(".st-key-gallery").get_by_role("button", name="garden").first.click()
    tab.get_by_text("What the model sees").wait_for()
    tab.get_by_text("Augmented for training").wait_for()
    tab.get_by_role("tab", name="Check report").click()
    tab.get_by_role("tab", name="Charts").click()
    tab.locator(".js-plotly-plot:visible").first.wait_for()
