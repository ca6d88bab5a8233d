"""In a browser: a model evaluated, labels corrected, synthetic words made."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest

from hwr_core.corrections import LabelCorrections
from hwr_core.datasets import add_dataset, open_dataset
from hwr_core.datasets.demo import demo_zip
from hwr_core.recognition import checkpoint

SHIPPED = sorted(checkpoint.SHIPPED.glob("*/model.onnx"))
pytestmark = pytest.mark.skipif(not SHIPPED, reason="no shipped model in models/")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of `fresh_url`, with the built-in words and the font that Matplotlib bundles."""
    fonts = tmp_path / "home" / "fonts"
    fonts.mkdir(parents=True)
    (fonts / "handwriting.ttf").symlink_to(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HWR_FONTS", raising=False)
    add_dataset("demo", demo_zip())
    return tmp_path / "home"


def test_evaluation_of_a_model_shows_metrics_and_worst_words(home: Path, fresh_url: str, visit):
    tab = visit(f"{fresh_url}/evaluate?dataset=demo&most=100")
    tab.get_by_role("button", name="Evaluate", exact=True).click()
    tab.get_by_role("tab", name="Wrong words").click()
    tab.locator(".words article img").first.wait_for()
    assert tab.get_by_text("CER").first.is_visible()
    tab.get_by_role("tab", name="Confidence").click()
    tab.locator(".js-plotly-plot:visible").first.wait_for()


def test_label_error_is_corrected_and_undone(home: Path, fresh_url: str, visit):
    tab = visit(f"{fresh_url}/data?dataset=demo&data_tab=Likely+wrong+labels")
    tab.get_by_role("button", name="Look for wrong labels").click()
    tab.get_by_text("not as labelled").wait_for()
    table = tab.get_by_test_id("stDataFrame").first
    table.wait_for()
    tab.wait_for_timeout(1000)  # drawn on a canvas: no event tells when it takes clicks and keys
    table.dblclick(position={"x": 260, "y": 70})  # the first word's transcription
    cell = tab.locator("#portal textarea, #portal input").first
    cell.wait_for()
    tab.wait_for_timeout(300)
    cell.fill("mended")
    tab.wait_for_timeout(300)
    cell.press("Enter")
    tab.get_by_role("button", name="Store 1 label").click()
    tab.get_by_text("1 label decided").first.wait_for()
    assert [fix.after for fix in LabelCorrections("demo").current().values()] == ["mended"]
    assert (open_dataset("demo").table["transcription"] == "mended").sum() == 1
    tab.get_by_role("button", name="Undo").click()
    tab.get_by_text("1 label decided").first.wait_for(state="hidden")
    assert not LabelCorrections("demo").current()


def test_synthetic_data_set_is_made(home: Path, fresh_url: str, visit):
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
