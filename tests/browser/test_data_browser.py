"""The Data page in a browser: gallery, one word, adding and making data sets, labels corrected and undone."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib
import pytest
from conftest import choose, click_table, downloaded, settled

from hwr_core.corrections import LabelCorrections
from hwr_core.datasets import demo_dataset, list_datasets, open_dataset
from hwr_core.evaluation import label_errors
from hwr_core.evaluation.errors import kind_of
from hwr_core.imaging.image_io import encode_png
from hwr_core.recognition import checkpoint

SHIPPED = sorted(checkpoint.SHIPPED.glob("*/model.onnx"))
WORDS_PER_PAGE = 36
VARIATIONS = "[...document.querySelectorAll('.studio-strip img')].slice(-6).map(image => image.src)"


@pytest.fixture(scope="module")
def words_url(module_url: str) -> str:
    """The module's server with the built-in words in its workspace."""
    demo_dataset()
    return module_url


def tiles(tab):
    return tab.locator(".st-key-gallery img")


def shown_word(tab) -> str:
    return tab.locator(".st-key-closer_head .studio-reading").inner_text()


def sources(tab, selector: str) -> list[str]:
    """The addresses of the images in a part of the page."""
    return tab.locator(f"{selector} img").evaluate_all("images => images.map(image => image.src)")


def add_list(tab, listing: Path, images: Path) -> None:
    """Fill the form with the paths of a CSV and its images, and press Add."""
    fill_path(tab, "or its path on this machine", listing)
    fill_path(tab, "Folder of the images", images)
    tab.get_by_role("button", name="Add", exact=True).click()


def fill_path(tab, label: str, path: Path) -> None:
    box = tab.get_by_role("textbox", name=label)
    box.fill(str(path))
    box.press("Enter")
    settled(tab)


def test_built_in_words_are_added_filtered_and_shown_again(module_url, visit):
    tab = visit(f"{module_url}/data")
    tab.get_by_role("button", name="Add the built-in words").click()
    tiles(tab).nth(WORDS_PER_PAGE - 1).wait_for()  # they arrive one after the other
    assert tiles(tab).count() == WORDS_PER_PAGE

    tab.locator('input[aria-label="Text contains"]').fill("zzzz")
    tab.get_by_text("No word matches this filter.").wait_for()
    tab.get_by_role("button", name="Show all words").click()
    tiles(tab).nth(WORDS_PER_PAGE - 1).wait_for()
    assert tab.locator('input[aria-label="Text contains"]').input_value() == ""
    assert "contains=" not in tab.url

    first = tab.locator(".st-key-gallery button").first.inner_text()
    tab.get_by_role("button", name="Page 2", exact=True).click()
    tab.wait_for_url(re.compile("gallery_page=2"))
    settled(tab)
    assert tab.locator(".st-key-gallery button").first.inner_text() != first


def test_one_word_is_walked_augmented_again_and_read(words_url, visit):
    tab = visit(f"{words_url}/data?dataset=demo&contains=garden")
    tab.locator(".st-key-gallery").get_by_role("button", name="garden").first.click()
    tab.get_by_text("What the model sees").wait_for()
    settled(tab)
    first = tab.url
    tab.get_by_role("button", name="Next").click()
    tab.wait_for_url(lambda address: address != first)
    settled(tab)
    assert "garden" in shown_word(tab).lower()  # the next of those that were filtered
    tab.get_by_role("button", name="Back").click()
    tab.wait_for_url(first)
    settled(tab)

    before = sources(tab, ".studio-strip")
    tab.get_by_role("button", name="Again").click()
    tab.wait_for_function(f"before => {VARIATIONS}[5] !== before", arg=before[-1])
    settled(tab)
    after = sources(tab, ".studio-strip")
    assert len(after) == len(before)
    unchanged = [old == new for old, new in zip(before, after, strict=True)]
    assert unchanged == [True] * (len(before) - 6) + [False] * 6  # the steps stay, the variations change
    tab.get_by_role("slider", name="Strength").press("Home")
    tab.wait_for_function(f"new Set({VARIATIONS}).size === 1")  # strength 0: the canvas itself, six times

    tab.get_by_role("tab", name="Charts").click()
    tab.locator(".js-plotly-plot:visible").first.wait_for()
    settled(tab)
    name, content = downloaded(tab, "CSV", tab.locator(".st-key-chart_splits_csv"))
    assert (name, content.splitlines()[0]) == ("demo-splits.csv", b"split,words,writers")
    tab.get_by_role("tab", name="Check report").click()
    tab.get_by_text("words are sound").wait_for()
    if not SHIPPED:
        return
    tab.get_by_role("tab", name="One word").click()
    tab.get_by_role("button", name="Read this word").click()
    tab.locator(".word-editor .reading").wait_for()
    assert "/read" in tab.url


def test_data_sets_are_added_dismissed_and_removed(words_url, visit, tmp_path):
    tab = visit(f"{words_url}/data?dataset=demo")
    tab.get_by_role("button", name="Add a data set").click()
    tab.get_by_role("button", name="Close", exact=True).click()
    tab.get_by_role("button", name="Add a data set").wait_for()  # the form is gone, the button is back
    assert tab.locator(".st-key-add_form").count() == 0
    tab.get_by_role("button", name="Add a data set").click()

    # A list whose images are missing fails, with a report; the message can be dismissed.
    listing = tmp_path / "lost.csv"
    listing.write_text("word_id,transcription\na01,lost\na02,gone\n", encoding="utf-8")
    add_list(tab, listing, tmp_path)
    card = tab.locator(".st-key-job_lost")
    card.get_by_role("button", name="Dismiss").wait_for()
    assert card.get_by_test_id("stAlert").inner_text().strip()
    if card.get_by_role("button", name="Check report (CSV)").count():
        name, content = downloaded(tab, "Check report (CSV)", card)
        assert name == "lost-check.csv"
        assert b"a01" in content
    card.get_by_role("button", name="Dismiss").click()
    tab.get_by_text("lost was removed.").wait_for()
    card.wait_for(state="detached")
    assert [info.name for info in list_datasets()] == ["demo"]

    # Words whose images are there are added; of a row without an image the report tells.
    dataset, images = demo_dataset(), tmp_path / "images"
    images.mkdir()
    rows = ["word_id, transcription"]
    for row in range(4):
        word = dataset.table.iloc[row]
        rows.append(f"{word['word_id']}, own{row}")
        (images / f"{word['word_id']}.png").write_bytes(encode_png(dataset.image(row)))
    listing = tmp_path / "own.csv"
    listing.write_text("\n".join([*rows, "absent, absent"]), encoding="utf-8")
    tab.get_by_role("button", name="Add a data set").click()
    tab.locator(".st-key-add_form input[type=file]").set_input_files(listing)
    tab.get_by_text("an uploaded CSV has none next to it").wait_for()
    fill_path(tab, "Folder of the images", images)
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.get_by_text("is here: 4 words").wait_for()
    tab.locator(".st-key-gallery").get_by_role("button", name="own3").wait_for()
    tab.get_by_role("tab", name="Check report").click()
    tab.get_by_text("1 row left out").wait_for()
    name, content = downloaded(tab, "Check report (CSV)")
    assert name == "own-check.csv"
    assert b"absent" in content

    tab.get_by_role("tab", name="About").click()
    tab.get_by_role("button", name="Remove this data set").click()
    tab.get_by_role("button", name="Remove own").click()
    tab.get_by_text("1,543").first.wait_for()  # the other one is shown
    settled(tab)
    assert [info.name for info in list_datasets()] == ["demo"]


@pytest.mark.skipif(not SHIPPED, reason="no shipped model in models/")
def test_labels_are_filtered_stored_and_undone_in_both_ways(words_url, visit):
    tab = visit(f"{words_url}/data?dataset=demo&data_tab=Likely+wrong+labels&reader=reader-small")
    tab.get_by_role("button", name="Look for wrong labels").click()
    tab.get_by_text("not as labelled").wait_for()
    settled(tab)
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.get_by_text("Search again, or with another model").click()
    again = tab.get_by_role("button", name="Look for wrong labels").locator("p")
    again.wait_for()
    assert again.evaluate("label => label.scrollWidth <= label.clientWidth + 1")  # whole on a phone, too
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.get_by_text("Search again, or with another model").click()
    found = label_errors.read_label_errors("demo")

    # A writer and a kind of difference that no word has both; the filter is taken back.
    writer, kind = unmatched_filter(found)
    choose(tab, "Writer", re.compile(rf"^{re.escape(writer)} · "))
    choose(tab, "Difference", re.compile(rf"^{kind.capitalize()} · "))
    tab.get_by_text("No word matches this filter.").wait_for()
    tab.get_by_role("button", name="Show all", exact=True).click()
    table = tab.get_by_test_id("stDataFrame").first
    table.wait_for()
    name, content = downloaded(tab, "CSV", tab.locator(".st-key-doubts_csv"))
    assert name == "demo-likely-wrong.csv"
    assert len(content.splitlines()) == len(found) + 1

    type_over_first_label(tab, "mended")
    tab.get_by_role("button", name="Store 1 label").click()
    tab.get_by_text("1 label decided").first.wait_for()
    assert [fix.after for fix in LabelCorrections("demo").current().values()] == ["mended"]
    assert (open_dataset("demo").table["transcription"] == "mended").sum() == 1
    tab.get_by_text("label fixed").first.wait_for()  # the head of the page has it
    tab.get_by_role("button", name="Undo", exact=True).click()
    tab.get_by_text("1 label decided").first.wait_for(state="detached")
    assert not LabelCorrections("demo").current()

    type_over_first_label(tab, "mended")
    tab.get_by_role("button", name="Store 1 label").click()
    tab.get_by_text("1 label decided").first.click()
    settled(tab)
    decided = tab.locator(".st-key-doubts_fixes").get_by_test_id("stDataFrame")
    undo = tab.get_by_role("button", name="Undo the selected")
    click_table(lambda: decided.click(position={"x": 18, "y": 52}), undo)  # the first row's check box
    undo.click()
    tab.get_by_text("1 label decided").first.wait_for(state="detached")
    settled(tab)
    assert not LabelCorrections("demo").current()
    assert (open_dataset("demo").table["transcription"] == "mended").sum() == 0


def unmatched_filter(found) -> tuple[str, str]:
    """A writer and a kind of difference that are in the table, but not together."""
    kinds = [kind_of(*row) for row in zip(found["transcription"], found["reading"], found["edits"], strict=True)]
    pairs = set(zip(found["writer"], kinds, strict=True))
    return next((writer, kind) for writer in found["writer"] for kind in kinds if (writer, kind) not in pairs)


def type_over_first_label(tab, text: str) -> None:
    table = tab.get_by_test_id("stDataFrame").first
    cell = tab.locator("#portal textarea, #portal input").first
    settled(tab)
    click_table(lambda: table.dblclick(position={"x": 260, "y": 70}), cell)  # the first word's transcription
    tab.wait_for_timeout(300)
    cell.fill(text)
    tab.wait_for_timeout(300)
    cell.press("Enter")


def test_synthetic_words_are_sampled_anew_and_made(words_url, module_home, visit):
    pytest.importorskip("wordfreq")
    fonts = module_home / "fonts"
    fonts.mkdir()
    (fonts / "handwriting.ttf").symlink_to(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    tab = visit(f"{words_url}/data?dataset=demo")
    tab.get_by_role("button", name="Make synthetic words").click()
    tab.locator(".studio-sheet img").first.wait_for()
    settled(tab)
    before = sources(tab, ".studio-sheet")
    tab.get_by_role("button", name="Other samples").click()
    tab.wait_for_function("before => document.querySelector('.studio-sheet img')?.src !== before", arg=before[0])
    settled(tab)
    assert not set(before) & set(sources(tab, ".studio-sheet"))
    tab.get_by_role("button", name="Close", exact=True).click()
    tab.locator(".st-key-make_form").wait_for(state="detached")
    tab.get_by_role("button", name="Make synthetic words").click()
    tab.locator(".studio-sheet img").first.wait_for()
    count = tab.get_by_role("spinbutton", name="Words")
    count.fill("30")
    count.press("Enter")
    tab.get_by_text("30 words: about").wait_for()
    tab.get_by_role("button", name="Make data set").click()
    tab.get_by_text("is here: 30 words").wait_for()
    tiles(tab).first.wait_for()
    assert tab.locator(".st-key-make_form").count() == 0
