"""Words in a real browser: the gallery filtered and walked, one word up close."""

from __future__ import annotations

import re


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
