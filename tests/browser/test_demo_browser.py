"""A stranger at a public link of an empty server: data, a training, saved runs and a reading, a click from Home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import server, settled

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def demo_url(browser, tmp_path_factory) -> Iterator[str]:
    """The address of a server in demo mode with the examples of the repository."""
    home = tmp_path_factory.mktemp("demo")
    with server(home, HWR_MODE="demo", HWR_EXAMPLES=str(ROOT / "examples")) as address:
        yield address


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_demo_visitor_sees_data_runs_replay_and_reading(demo_url, visit, tmp_path, width, height):
    def picture(tab, name: str) -> None:
        settled(tab)
        tab.screenshot(path=tmp_path / f"{name}-{width}.png")

    tab = visit(demo_url, width=width, height=height)
    tab.get_by_role("link", name="Browse the words").wait_for()  # drawn when the built-in words are there
    assert tab.locator(".studio-sketch img").count() >= 4
    picture(tab, "home")
    tab.get_by_role("link", name="Browse the words").click()
    tab.get_by_text("1,543").first.wait_for()
    tab.locator(".paper.tile img").first.wait_for()
    picture(tab, "data")

    tab.goto(demo_url)
    tab.get_by_role("link", name="Compare their curves").click()
    tab.locator(".st-key-runs_loss .js-plotly-plot:visible").first.wait_for()
    picture(tab, "runs")

    tab.goto(demo_url)
    tab.get_by_role("link", name="Watch it learn").click()
    tab.get_by_text("A recorded training, replayed").wait_for()
    tab.get_by_text(re.compile(r"epoch \d+ of \d+")).first.wait_for()
    tab.locator(".st-key-live_curves .js-plotly-plot:visible").first.wait_for()
    picture(tab, "replay")
    assert tab.get_by_role("button", name="Start training").count() == 0
    tab.get_by_text("All 16 epochs done").wait_for()
    tab.get_by_role("button", name="Again").click()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_role("button", name="Go on").click()
    tab.get_by_text("All 16 epochs done").wait_for()

    tab.goto(f"{demo_url}/read")
    draw_word(tab)
    tab.locator(".word-editor .reading").wait_for()
    assert tab.locator(".word-editor .reading").inner_text().strip()
    picture(tab, "read")


def draw_word(tab) -> None:
    """Draw the strokes of "ill" on the pad of the Read page, and have them read."""
    tab.get_by_role("tab", name="Draw").click()
    canvas = tab.locator(".pad canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for x, top in ((0.2, 0.5), (0.3, 0.25), (0.4, 0.25)):
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + top * box["height"])
        tab.mouse.down()
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + 0.75 * box["height"], steps=8)
        tab.mouse.up()
    tab.get_by_role("button", name="Read it").click()
