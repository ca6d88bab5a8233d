"""In a real browser: a reader measured, labels looked through and fixed, synthetic words made."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest

from hwr_core.corrections import LabelCorrections
from hwr_core.datasets import add_dataset, open_dataset
from hwr_core.recognition import checkpoint
from hwr_core.synthesis import demo_zip

SHIPPED = sorted(checkpoint.SHIPPED.glob("*/model.onnx"))
pytestmark = pytest.mark.skipif(not SHIPPED, reason="no shipped reader in models/")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of `fresh_url`, with the built-in words; its only font is one that every machine has."""
    fonts = tmp_path / "home" / "fonts"
    fonts.mkdir(parents=True)
    (fonts / "hand.ttf").symlink_to(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HWR_FONTS", raising=False)
    add_dataset("demo", demo_zip())
    return tmp_path / "home"


def test_a_reader_is_measured_and_its_worst_words_are_browsed(home: Path, fresh_url: str, visit):
    tab = visit(f"{fresh_url}/evaluate?dataset=demo&most=100")
    tab.get_by_role("button", name="Evaluate", exact=True).click()
    tab.get_by_role("tab", name="Wrong words").click()
    tab.locator(".words article img").first.wait_for()
    assert tab.get_by_text("CER").first.is_visible()
    tab.get_by_role("tab", name="Certainty").click()
    tab.locator(".js-plotly-plot:visible").first.wait_for()


def test_labels_are_looked_through_and_a_fix_is_taken_back(home: Path, fresh_url: str, visit):
    tab = visit(f"{fresh_url}/data?dataset=demo&data_tab=Likely+wrong+labels")
    tab.get_by_role("button", name="Look for wrong labels").click()
    tab.get_by_text("otherwise than labelled").wait_for()
    table = tab.get_by_test_id("stDataFrame").first
    table.wait_for()
    tab.wait_for_timeout(1000)  # it is drawn on a canvas: nothing says when it takes clicks, nor keys
    table.dblclick(position={"x": 260, "y": 70})  # the first word's transcription
    cell = tab.locator("#portal textarea, #portal input").first
    cell.wait_for()
    tab.wait_for_timeout(300)
    cell.fill("mended")
    tab.wait_for_timeout(300)
    cell.press("Enter")
    tab.get_by_role("button", name="Store 1 label").click()
    tab.get_by_text("1 label judged").first.wait_for()
    assert [fix.after for fix in LabelCorrections("demo").current().values()] == ["mended"]
    assert (open_dataset("demo").table["transcription"] == "mended").sum() == 1
    tab.get_by_role("button", name="Undo").click()
    tab.get_by_text("1 label judged").first.wait_for(state="hidden")
    assert not LabelCorrections("demo").current()


def test_synthetic_words_are_made(home: Path, fresh_url: str, visit):
    pytest.importorskip("wordfreq")
    tab = visit(f"{fresh_url}/data")
    tab.get_by_role("button", name="Make synthetic words").click()
    tab.locator(".studio-sheet img").first.wait_for()
    count = tab.get_by_role("spinbutton", name="Words")
    count.fill("30")
    count.press("Enter")
    tab.get_by_text("30 words: about").wait_for()
    tab.get_by_role("button", name="Make data set").click()
    tab.get_by_text("is here: 30 words").wait_for()
    tab.locator(".st-key-gallery img").first.wait_for()
