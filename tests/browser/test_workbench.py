"""The workbench in a real browser: from three pictures to a taught reader; and a server that is killed."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PATIENCE, running, settled

from hwr_core import jobs
from hwr_core.corrections import AcceptedWords
from hwr_core.recognition import checkpoint
from hwr_core.synthesis import demo_zip

SHIPPED = sorted(checkpoint.SHIPPED.glob("*/model.onnx"))
pytestmark = pytest.mark.skipif(not SHIPPED, reason="no shipped reader in models/")
TO_TEACH = 16


def demo_words(number: int) -> list[dict[str, str | bytes]]:
    """Pictures of the built-in words, as a file chooser takes them."""
    with zipfile.ZipFile(demo_zip()) as archive:
        names = [member for member in sorted(archive.namelist()) if member.endswith(".png")][:number]
        return [{"name": Path(name).name, "mimeType": "image/png", "buffer": archive.read(name)} for name in names]


def zipped(files: list[dict[str, str | bytes]]) -> dict[str, str | bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in files:
            archive.writestr(f"words/{file['name']}", file["buffer"])
    return {"name": "words.zip", "mimeType": "application/zip", "buffer": buffer.getvalue()}


def upload(tab, files) -> None:
    tab.locator("input[type=file]").first.set_input_files(files)
    tab.locator(".bench .reading").wait_for()
    settled(tab)


def box(tab):
    return tab.get_by_role("textbox", name="You type the beginning, the reader the rest")


def answered(tab, typed: str) -> str:
    """The reading, once it is the answer to what was typed."""
    tab.locator(f'.bench .frame[data-answers="{typed}"]').wait_for()
    return "".join(tab.locator(".bench .reading .letter").all_text_contents())


def next_word(tab, act: Callable[[], None]) -> None:
    """Do something that brings another word under the lamp."""
    before = tab.locator(".bench .frame").get_attribute("data-word")
    act()
    tab.locator(f'.bench .frame:not([data-word="{before}"])').wait_for()


def downloaded(tab, label: str) -> bytes:
    with tab.expect_download() as download:
        tab.get_by_test_id("stPopoverBody").get_by_role("button", name=label, exact=True).click()
    return download.value.path().read_bytes()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of `fresh_url`; whatever learns in it ends with the test."""
    home = tmp_path / "home"
    monkeypatch.setenv("HWR_HOME", str(home))
    yield home
    for folder in (home / "runs").glob("*"):
        status = jobs.read_status(folder)
        if jobs.is_alive(status):
            os.kill(status.pid, signal.SIGKILL)


def test_clear_the_desk_empties_the_page(fresh_url, visit):
    tab = visit(f"{fresh_url}/read")
    upload(tab, demo_words(3))
    tab.get_by_role("button", name="Clear", exact=True).click()
    tab.get_by_role("button", name="Clear the desk").click()
    tab.locator(".bench .reading").wait_for(state="detached")
    settled(tab)
    assert tab.get_by_test_id("stException").count() == 0
    upload(tab, demo_words(2))  # and the page goes on


def test_three_pictures_are_read_corrected_accepted_exported_and_teach_a_reader(home, fresh_url, visit):
    tab = visit(f"{fresh_url}/read")
    upload(tab, demo_words(3))

    # One is corrected by its beginning, a keystroke at a time.
    before = answered(tab, "")
    beginning = "qu" if not before.startswith("q") else "xy"
    box(tab).press_sequentially(beginning, delay=30)
    corrected = answered(tab, beginning)
    assert corrected.startswith(beginning)
    assert tab.locator(".bench .rest").inner_text() == corrected[len(beginning) :]
    box(tab).press("Tab")
    assert box(tab).input_value() == corrected
    answered(tab, corrected)
    box(tab).press("Escape")
    assert answered(tab, "") == before
    box(tab).press_sequentially(beginning)
    next_word(tab, lambda: box(tab).press("Enter"))  # accepted once the answer is there
    assert [word.text.startswith(beginning) for word in AcceptedWords().current()] == [True]

    # An alternative by its key, a word typed whole, the queue walked; then out they go.
    other = tab.locator(".bench .others button b").first.inner_text()
    next_word(tab, lambda: box(tab).press("Alt+1"))
    assert AcceptedWords().current()[-1].text == other
    box(tab).press_sequentially("zebra")
    box(tab).press("Shift+Enter")
    tab.get_by_text("3 words, 3 accepted").wait_for()
    next_word(tab, lambda: box(tab).press("ArrowDown"))
    tab.get_by_role("button", name="Export", exact=True).first.click()
    rows = list(csv.DictReader(io.StringIO(downloaded(tab, "CSV").decode("utf-8-sig"))))
    assert [row["text"] for row in rows][1:] == [other, "zebra"]
    assert {row["accepted"] for row in rows} == {"True"}
    assert len(json.loads(downloaded(tab, "JSON"))) == 3
    assert downloaded(tab, "TXT").decode().split("\n")[2] == "zebra"
    tab.keyboard.press("Escape")

    # More of the built-in words as a zip, accepted one after the other, teach the reader.
    tab.get_by_text("Add words").click()
    settled(tab)
    upload(tab, [zipped(demo_words(TO_TEACH + 2)[3:])])
    tab.locator(".bench").evaluate("bench => { bench.dataset.mark = 'the same' }")
    while AcceptedWords().count() < TO_TEACH:
        next_word(tab, lambda: box(tab).press("Enter"))
    settled(tab)
    assert tab.locator(".bench").get_attribute("data-mark") == "the same"  # built once: no keystroke is lost
    tab.get_by_text("Teach it this hand").click()
    tab.get_by_role("button", name=re.compile("Teach .* with")).click()
    # Under a minute on two quiet cores, starting TensorFlow twice; a busy machine gets more.
    tab.get_by_role("button", name=re.compile("Use this reader|Use it all the same")).click(timeout=4 * PATIENCE)
    run = next(folder.name for folder in (home / "runs").iterdir() if folder.is_dir())  # beside them lies a lock
    tab.wait_for_url(re.compile(f"reader={run}"))
    settled(tab)
    box(tab).press_sequentially("t")
    assert answered(tab, "t").startswith("t")  # the new reader reads on


def test_letters_that_the_picture_does_not_show_are_asked_about(home, fresh_url, visit):
    tab = visit(f"{fresh_url}/read")
    upload(tab, demo_words(3)[2:])
    box(tab).press_sequentially("internationa")  # the reader knows how that goes on
    whole = answered(tab, "internationa")
    assert whole != "internationa"
    box(tab).press("Enter")
    tab.locator(".bench .doubted:not(:empty)").wait_for()
    assert f"does not show “{whole}”" in tab.locator(".bench .doubted").inner_text()
    assert AcceptedWords().count() == 0
    box(tab).press("Enter")
    tab.get_by_text("1 word, 1 accepted").wait_for()
    assert [word.text for word in AcceptedWords().current()] == [whole]


def test_a_word_is_drawn_with_a_finger_on_a_small_screen(fresh_url, browser):
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
        for kind, some in (("touchStart", points[:1]), *(("touchMove", [point]) for point in points[1:])):
            at = [{"x": area["x"] + x, "y": area["y"] + y} for x, y in some]
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
    tab.locator(".bench .reading").wait_for()
    assert tab.locator(".bench .reading .letter").count()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_a_killed_server_has_lost_no_accepted_word(tmp_path, visit, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("HWR_HOME", str(home))
    with running(home) as (address, process):
        tab = visit(f"{address}/read")
        upload(tab, demo_words(12))
        for _ in range(2):
            next_word(tab, lambda: box(tab).press("Enter"))
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
    kept = AcceptedWords().current()
    assert [word.text for word in kept[:2]] == one_by_one
    with running(home) as (address, _):
        tab = visit(f"{address}/read")
        tab.get_by_text(f"{len(kept)} accepted words kept on this machine").wait_for()
    assert len(AcceptedWords().history()) == len(kept) > 2
