"""The Read page in a real browser: from three images to an adapted model; and a server that is killed."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import TIMEOUT_MILLISECONDS, downloaded, running, settled

from hwr_core.corrections import AcceptedWords
from hwr_core.datasets.demo import demo_zip
from hwr_core.recognition import checkpoint

SHIPPED = sorted(checkpoint.SHIPPED.glob("*/model.onnx"))
pytestmark = pytest.mark.skipif(not SHIPPED, reason="no shipped model in models/")
WORDS_TO_ADAPT = 16


def demo_words(number: int) -> list[dict[str, str | bytes]]:
    """Images of the built-in words, as a file chooser takes them."""
    with zipfile.ZipFile(demo_zip()) as archive:
        names = [member for member in sorted(archive.namelist()) if member.endswith(".png")][:number]
        return [{"name": Path(name).name, "mimeType": "image/png", "buffer": archive.read(name)} for name in names]


def zipped(files: list[dict[str, str | bytes]]) -> dict[str, str | bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in files:
            archive.writestr(f"words/{file['name']}", file["buffer"])
    return {"name": "words.zip", "mimeType": "application/zip", "buffer": buffer.getvalue()}


def upload(tab, files, total: int) -> None:
    """Upload files, and wait until the page has the words in its queue, `total` with those that were there."""
    tab.locator("input[type=file]").first.set_input_files(files)
    tab.get_by_text(re.compile(rf"^{total} words?, ")).first.wait_for()
    tab.locator(".word-editor .reading").wait_for()
    settled(tab)


def text_box(tab):
    return tab.get_by_role("textbox", name="You type the beginning, the model the rest")


def reading_of(tab, typed: str) -> str:
    """The reading, once it is the one of what was typed."""
    tab.locator(f'.word-editor .frame[data-typed="{typed}"]').wait_for()
    return "".join(tab.locator(".word-editor .reading .letter").all_text_contents())


def next_word(tab, act: Callable[[], None]) -> None:
    """Do something that changes the current word, and wait for it."""
    before = tab.locator(".word-editor .frame").get_attribute("data-word")
    act()
    tab.locator(f'.word-editor .frame:not([data-word="{before}"])').wait_for()


def test_clear_empties_the_page(fresh_url, visit):
    tab = visit(f"{fresh_url}/read")
    upload(tab, demo_words(3), 3)
    tab.get_by_role("button", name="Clear", exact=True).click()
    tab.get_by_role("button", name="Clear the queue").click()
    tab.locator(".word-editor .reading").wait_for(state="detached")
    settled(tab)
    assert tab.get_by_test_id("stException").count() == 0
    upload(tab, demo_words(2), 2)  # and the page goes on


def test_words_accepted_together_are_taken_back_by_undo(home, fresh_url, visit):
    tab = visit(f"{fresh_url}/read")
    upload(tab, demo_words(4), 4)
    tab.get_by_role("button", name="Accept the sure ones").click()
    tab.get_by_role("slider").last.press("Home")
    settled(tab)
    tab.get_by_role("button", name=re.compile(r"Accept \d+ words?")).click()
    tab.get_by_text("accepted together").wait_for()
    assert AcceptedWords().count() > 0
    tab.keyboard.press("Escape")
    tab.locator(".st-key-bulk_undo_line").get_by_role("button", name="Undo").click()
    tab.get_by_text("4 words, none accepted yet").wait_for()
    settled(tab)
    assert AcceptedWords().count() == 0


def test_three_images_are_read_corrected_accepted_exported_and_adapt_a_model(home, fresh_url, visit):
    tab = visit(f"{fresh_url}/read")
    upload(tab, demo_words(3), 3)

    # One is corrected by its beginning, a keystroke at a time.
    before = reading_of(tab, "")
    beginning = "qu" if not before.startswith("q") else "xy"
    text_box(tab).press_sequentially(beginning, delay=30)
    corrected = reading_of(tab, beginning)
    assert corrected.startswith(beginning)
    assert tab.locator(".word-editor .completion").inner_text() == corrected[len(beginning) :]
    text_box(tab).press("Tab")
    assert text_box(tab).input_value() == corrected
    reading_of(tab, corrected)
    text_box(tab).press("Escape")
    assert reading_of(tab, "") == before
    text_box(tab).press_sequentially(beginning)
    next_word(tab, lambda: text_box(tab).press("Enter"))  # accepted once the reading is there
    assert [word.text.startswith(beginning) for word in AcceptedWords().current()] == [True]

    # An alternative by its key, a word typed whole, the queue walked; then out they go.
    other = tab.locator(".word-editor .alternatives button b").first.inner_text()
    next_word(tab, lambda: text_box(tab).press("Alt+1"))
    assert AcceptedWords().current()[-1].text == other
    text_box(tab).press_sequentially("zebra")
    text_box(tab).press("Shift+Enter")
    tab.get_by_text("3 words, 3 accepted").wait_for()
    next_word(tab, lambda: text_box(tab).press("ArrowDown"))
    tab.get_by_role("button", name="Export", exact=True).first.click()
    body = tab.get_by_test_id("stPopoverBody")
    rows = list(csv.DictReader(io.StringIO(downloaded(tab, "CSV", body)[1].decode("utf-8-sig"))))
    assert [row["text"] for row in rows][1:] == [other, "zebra"]
    assert {row["accepted"] for row in rows} == {"True"}
    assert len(json.loads(downloaded(tab, "JSON", body)[1])) == 3
    assert downloaded(tab, "TXT", body)[1].decode().split("\n")[2] == "zebra"
    tab.keyboard.press("Escape")

    # More of the built-in words as a zip, accepted one after the other, adapt the model.
    tab.get_by_text("Add words").click()
    settled(tab)
    upload(tab, [zipped(demo_words(WORDS_TO_ADAPT + 2)[3:])], WORDS_TO_ADAPT + 2)
    tab.locator(".word-editor").evaluate("editor => { editor.dataset.mark = 'the same' }")
    while AcceptedWords().count() < WORDS_TO_ADAPT:
        next_word(tab, lambda: text_box(tab).press("Enter"))
    settled(tab)
    assert tab.locator(".word-editor").get_attribute("data-mark") == "the same"  # built once: no keystroke is lost
    tab.get_by_text("Adapt to this writer").click()
    tab.get_by_role("button", name=re.compile("Adapt .* with")).click()
    # Under a minute on two quiet cores, starting TensorFlow twice; a busy machine gets more.
    tab.get_by_role("button", name=re.compile("Use this model|Use it all the same")).click(
        timeout=4 * TIMEOUT_MILLISECONDS
    )
    run = next(folder.name for folder in (home / "runs").iterdir() if folder.is_dir())  # next to them lies a lock
    tab.wait_for_url(re.compile(f"reader={run}"))
    settled(tab)
    text_box(tab).press_sequentially("t")
    assert reading_of(tab, "t").startswith("t")  # the new model reads on


def test_accepting_letters_that_the_image_does_not_show_needs_a_second_enter(home, fresh_url, visit):
    tab = visit(f"{fresh_url}/read")
    upload(tab, demo_words(3)[2:], 1)
    text_box(tab).press_sequentially("internationa")  # the model knows how that goes on
    whole = reading_of(tab, "internationa")
    assert whole != "internationa"
    text_box(tab).press("Enter")
    tab.locator(".word-editor .warning:not(:empty)").wait_for()
    assert f"does not show “{whole}”" in tab.locator(".word-editor .warning").inner_text()
    assert AcceptedWords().count() == 0
    text_box(tab).press("Enter")
    tab.get_by_text("1 word, 1 accepted").wait_for()
    assert [word.text for word in AcceptedWords().current()] == [whole]


def test_drawing_by_touch_on_a_small_screen_is_read(fresh_url, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab = context.new_page()
    tab.goto(f"{fresh_url}/read")
    settled(tab)
    tab.get_by_role("tab", name="Draw").click()
    canvas = tab.locator(".pad canvas")
    canvas.wait_for()
    finger = context.new_cdp_session(tab)
    area = canvas.bounding_box()

    def stroke(*points: tuple[int, int]) -> None:
        for kind, touches in (("touchStart", points[:1]), *(("touchMove", [point]) for point in points[1:])):
            at = [{"x": area["x"] + x, "y": area["y"] + y} for x, y in touches]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    stroke((60, 30), (60, 80), (60, 130))
    stroke((40, 60), (60, 60), (85, 60))
    stroke((120, 90), (150, 90), (140, 70), (120, 95), (130, 130), (155, 125))
    stroke((200, 20), (210, 30))
    tab.get_by_role("button", name="Undo stroke").click()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Save as SVG").click()
    assert download.value.path().read_text(encoding="utf-8").count("<path") == 3
    tab.get_by_role("button", name="Read it").click()
    tab.locator(".word-editor .reading").wait_for()
    assert tab.locator(".word-editor .reading .letter").count()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_killed_server_has_lost_no_accepted_word(tmp_path, visit, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("HWR_HOME", str(home))
    with running(home) as (address, process):
        tab = visit(f"{address}/read")
        upload(tab, demo_words(12), 12)
        for _ in range(2):
            next_word(tab, lambda: text_box(tab).press("Enter"))
        one_by_one = [word.text for word in AcceptedWords().current()]
        assert len(one_by_one) == 2  # on the disk as soon as the next word is shown
        settled(tab)
        tab.get_by_role("button", name="Accept the sure ones").click()
        tab.get_by_role("slider").last.press("Home")
        settled(tab)
        tab.get_by_role("button", name=re.compile(r"Accept \d+ words?")).click()
        while AcceptedWords().count() == 2:  # in the middle of accepting the others
            tab.wait_for_timeout(1)
        process.kill()
        process.wait()
        tab.close()
    accepted = AcceptedWords().current()
    assert [word.text for word in accepted[:2]] == one_by_one
    with running(home) as (address, _):
        tab = visit(f"{address}/read")
        tab.get_by_text(f"{len(accepted)} accepted words stored here").wait_for()
    assert len(AcceptedWords().history()) == len(accepted) > 2
