"""The Read page in a browser, beyond the text box: where words come from, the queue, accepted words, adaptation."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest
from conftest import TIMEOUT_MILLISECONDS, choose, click_table, downloaded, settled

from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import demo_dataset
from hwr_core.recognition import checkpoint

SHIPPED = checkpoint.SHIPPED / "reader-small" / "model.onnx"
pytestmark = pytest.mark.skipif(not SHIPPED.is_file(), reason="no shipped model in models/")
WORDS_TO_ADAPT = 16


@pytest.fixture(scope="module")
def read_url(module_url: str) -> str:
    """The module's server with the built-in words in its workspace."""
    demo_dataset()
    return module_url


@pytest.fixture(autouse=True)
def no_accepted_words(module_home) -> None:
    AcceptedWords().delete()


def current(tab) -> str:
    """The id of the current word."""
    tab.locator(".word-editor .reading").wait_for()
    return tab.locator(".word-editor .frame").get_attribute("data-word")


def other_word(tab, before: str) -> str:
    """Wait until another word is the current one."""
    tab.locator(f'.word-editor .frame:not([data-word="{before}"])').wait_for()
    settled(tab)
    return current(tab)


def add_words(tab, number: int, part: str) -> None:
    """Words of the built-in data set, from the tab "Data set"."""
    tab.get_by_role("tab", name="Data set").click()
    settled(tab)
    for label, option in (("Part", part), ("How many", str(number))):
        choose(tab, label, option)
    tab.get_by_role("button", name=f"Read {number} words of demo").click()
    tab.get_by_text(re.compile(rf"^{number} words, ")).first.wait_for()
    tab.get_by_text(re.compile(rf"^Read \d+ of {number} words")).wait_for(state="detached")
    settled(tab)


def box(tab):
    return tab.get_by_role("textbox", name="You type the beginning, the model the rest")


def test_sample_read_on_home_goes_on_to_the_queue(read_url, visit):
    tab = visit(f"{read_url}/?reader=reader-small")
    tab.get_by_role("button", name="Read sample 3").click()
    tab.locator(".st-key-home_reading .studio-reading").wait_for()
    read = tab.locator(".st-key-home_reading .studio-reading").inner_text()
    tab.get_by_role("button", name="Correct it, or read more").click()
    first = current(tab)
    assert "".join(tab.locator(".word-editor .reading .letter").all_text_contents()) == read

    tab.get_by_text("Add words").click()
    tab.get_by_role("tab", name="Samples").click()
    tab.get_by_role("button", name="Read sample 1").click()
    second = other_word(tab, first)
    tab.get_by_text("2 words, none accepted yet").wait_for()
    tab.get_by_role("button", name="The word before").click()
    assert other_word(tab, second) == first
    tab.get_by_role("button", name="Skip, the next word").click()
    assert other_word(tab, first) == second

    # A part of the image takes its place in the queue.
    tab.get_by_role("button", name="Crop", exact=True).click()
    tab.get_by_role("slider", name=re.compile("left to right — end")).press("ArrowLeft")
    settled(tab)
    tab.get_by_role("button", name="Read this part").click()
    other_word(tab, second)
    tab.get_by_text(re.compile(r"-cut\.png")).first.wait_for()
    tab.get_by_text("2 words, none accepted yet").wait_for()

    # The options change how it is read, and their button says so.
    tab.get_by_role("button", name="Options", exact=True).click()
    tab.get_by_role("textbox", name="Only these words").fill("harbour\nlemon")
    tab.get_by_role("textbox", name="Only these words").press("Control+Enter")
    tab.get_by_role("button", name="Options · 2 words").wait_for()
    settled(tab)
    assert "".join(tab.locator(".word-editor .reading .letter").all_text_contents()) in ("harbour", "lemon")


def test_queue_is_paged_ordered_and_exported(read_url, visit):
    tab = visit(f"{read_url}/read?reader=reader-small&dataset=demo")
    add_words(tab, 250, "train")
    tab.get_by_text("1 to 100 of 250").wait_for()
    assert tab.get_by_role("button", name="Earlier").is_disabled()
    tab.get_by_role("button", name="Later").click()
    tab.get_by_text("101 to 200 of 250").wait_for()
    first = current(tab)
    settled(tab)
    table = tab.get_by_test_id("stDataFrame").first
    place = tab.get_by_text("101 of 250", exact=True)
    click_table(lambda: table.click(position={"x": 18, "y": 60}), place)  # the first row's check box
    chosen = other_word(tab, first)
    tab.get_by_text("101 to 200 of 250").wait_for()  # the table has stayed on its page
    tab.get_by_role("button", name="Later").click()
    tab.get_by_text("201 to 250 of 250").wait_for()
    settled(tab)
    assert tab.get_by_role("button", name="Later").is_disabled()
    tab.get_by_role("button", name="Earlier").click()
    tab.get_by_text("101 to 200 of 250").wait_for()
    settled(tab)
    tab.get_by_text("Least certain first").click()
    other_word(tab, chosen)
    tab.get_by_text("1 of 250", exact=True).wait_for()  # the least certain is the current word

    tab.get_by_role("button", name="Export", exact=True).first.click()
    body = tab.get_by_test_id("stPopoverBody")
    body.get_by_text("Accepted", exact=True).click()
    body.get_by_text("None has been accepted yet.").wait_for()
    body.get_by_text("All words", exact=True).click()
    body.get_by_role("button", name="CSV", exact=True).wait_for()
    settled(tab)
    name, content = downloaded(tab, "CSV", body)
    assert name == "readings.csv"
    assert len(list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))) == 250
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="Clear", exact=True).click()
    tab.get_by_role("button", name="Clear the queue").click()
    tab.locator(".word-editor").wait_for(state="detached")


def test_two_visitors_keep_their_own_filters_queues_and_current_words(read_url, visit):
    first, second = (visit(f"{read_url}/data?dataset=demo") for _ in range(2))
    first.locator('input[aria-label="Text contains"]').fill("garden")
    first.wait_for_url(re.compile("contains=garden"))
    settled(first)
    second.reload()
    settled(second)
    assert second.locator('input[aria-label="Text contains"]').input_value() == ""
    second.locator(".st-key-gallery img").nth(35).wait_for()

    for tab in (first, second):
        tab.goto(f"{read_url}/read?reader=reader-small&dataset=demo")
        settled(tab)
    add_words(first, 10, "test")
    assert second.locator(".word-editor").count() == 0
    add_words(second, 10, "test")  # the same words: they are drawn alike for each visitor
    assert current(first) == current(second)
    unmoved = current(second)
    box(first).press("Enter")
    moved = other_word(first, unmoved)
    first.get_by_text("10 words, 1 accepted").wait_for()
    box(second).press_sequentially("t")
    second.locator('.word-editor .frame[data-typed="t"]').wait_for()
    settled(second)
    assert current(second) == unmoved
    second.get_by_text("10 words, none accepted yet").wait_for()
    assert current(first) == moved
    assert AcceptedWords().count() == 1

    # Accepted words are the workspace's: the other visitor may take the last one back, and both pages stay sound.
    second.get_by_text("Least certain first").click()
    second.get_by_text("1 accepted word stored here").wait_for()
    second.get_by_role("button", name="Take back the last").click()
    second.get_by_text("Words that you accept are stored here").wait_for()
    assert AcceptedWords().count() == 0
    box(first).press("Enter")
    other_word(first, moved)
    assert AcceptedWords().count() == 1


def test_accepted_words_are_taken_back_and_exported(read_url, visit):
    tab = visit(f"{read_url}/read?reader=reader-small&dataset=demo")
    add_words(tab, 10, "test")
    first = current(tab)
    box(tab).press("Enter")
    second = other_word(tab, first)
    box(tab).press("Enter")
    other_word(tab, second)
    tab.get_by_text("10 words, 2 accepted").wait_for()
    tab.get_by_role("button", name="Take back the last").click()
    tab.get_by_text("10 words, 1 accepted").wait_for()
    settled(tab)
    assert current(tab) == second  # open again, and the current one
    tab.get_by_text("1 accepted word stored here").wait_for()
    assert AcceptedWords().count() == 1
    name, content = downloaded(tab, "Export", tab.locator(".st-key-accepted_line"))
    assert name == "my-corrections.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sum(member.endswith(".png") for member in archive.namelist()) == 1
    tab.get_by_role("link", name="Look at them").click()
    tab.locator(".st-key-gallery img").first.wait_for()
    settled(tab)
    assert tab.locator(".st-key-gallery img").count() == 1


def test_camera_and_drawing_end_in_the_queue(read_url, visit):
    tab = visit(f"{read_url}/read?reader=reader-small")
    tab.get_by_role("tab", name="Camera").click()
    tab.locator("video").wait_for()
    tab.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    tab.get_by_role("button", name="Take Photo").click()
    tab.get_by_role("button", name="Read it").click()
    photo = current(tab)
    tab.get_by_text("photo-1.png").first.wait_for()

    tab.get_by_text("Add words").click()
    tab.get_by_role("tab", name="Draw").click()
    canvas = tab.locator(".pad canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    area = canvas.bounding_box()
    tab.mouse.move(area["x"] + 60, area["y"] + 30)
    tab.mouse.down()
    tab.mouse.move(area["x"] + 60, area["y"] + 130, steps=8)
    tab.mouse.up()
    tab.get_by_role("button", name="Read it").click()
    other_word(tab, photo)
    tab.get_by_text("2 words, none accepted yet").wait_for()
    name, content = downloaded(tab, "Strokes")
    assert name.endswith(".svg")
    assert content.count(b"<path") == 1
    tab.get_by_role("button", name="Export", exact=True).first.click()
    name, content = downloaded(tab, "Drawings (SVG)", tab.get_by_test_id("stPopoverBody"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 1


def test_writer_is_named_and_an_adaptation_started_stopped_and_dismissed(read_url, visit):
    dataset = demo_dataset()
    for row in range(WORDS_TO_ADAPT):
        AcceptedWords().accept(dataset.image(row), str(dataset.table["transcription"].iloc[row]))
    tab = visit(f"{read_url}/read?reader=reader-small")
    tab.get_by_text("Adapt to this writer").click()
    name = tab.get_by_role("textbox", name="Who is the writer?")
    name.fill("Anna")
    name.press("Enter")
    rename = tab.get_by_role("button", name=f"Name the {WORDS_TO_ADAPT} words without a name Anna")
    rename.click()
    rename.wait_for(state="detached")
    assert AcceptedWords().writers() == {"Anna": WORDS_TO_ADAPT}

    tab.get_by_role("button", name=f"Adapt reader-small with {WORDS_TO_ADAPT} words").click()
    stop = tab.get_by_role("button", name="Stop", exact=True)
    stop.wait_for()
    tab.locator(".st-key-sidebar_training").wait_for()
    stop.click()
    tab.get_by_text("It was stopped, and nothing has changed.").wait_for(timeout=2 * TIMEOUT_MILLISECONDS)
    settled(tab)
    tab.get_by_role("button", name="Dismiss").click()
    tab.get_by_text("It was stopped, and nothing has changed.").wait_for(state="detached")
    tab.get_by_role("button", name=f"Adapt reader-small with {WORDS_TO_ADAPT} words").wait_for()
