"""The Evaluate page in a browser: measure, look at the errors, compare two models, measure again, remove."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from conftest import choose, copy_run, downloaded, settled

from hwr_core.datasets import demo_dataset
from hwr_core.evaluation import list_evaluations
from hwr_core.recognition import checkpoint

SHIPPED = sorted(checkpoint.SHIPPED.glob("*/model.onnx"))
pytestmark = pytest.mark.skipif(not SHIPPED, reason="no shipped model in models/")
WORDS = 100


@pytest.fixture(scope="module")
def evaluate_url(module_url: str, module_home) -> str:
    """The module's server with the built-in words and a run in its workspace."""
    demo_dataset()
    copy_run(module_home, "tiny")
    return module_url


def done() -> list[str]:
    """The models whose evaluation is done."""
    return sorted(target.request.name for target in list_evaluations() if target.is_done)


def test_model_is_measured_its_errors_filtered_and_its_figures_downloaded(evaluate_url, visit):
    tab = visit(f"{evaluate_url}/evaluate?dataset=demo&reader=reader-small&most={WORDS}")
    tab.get_by_role("button", name="Evaluate", exact=True).click()
    tab.get_by_role("tab", name="Wrong words").click()  # the page has drawn itself anew when the figures came
    tab.locator(".words article img").first.wait_for()
    assert tab.get_by_text("CER").first.is_visible()
    settled(tab)
    wrong = tab.locator(".words article").count()

    # A kind of error that no word has; the button takes the filter back.
    name, content = downloaded(tab, "These words as CSV")
    assert name == "reader-small-demo-wrong.csv"
    assert len(list(csv.DictReader(io.StringIO(content.decode())))) >= wrong
    choose(tab, "Kind of error", re.compile(" · 0$"))
    tab.get_by_text("No wrong word is left by this filter.").wait_for()
    tab.get_by_role("button", name="Show all wrong words").click()
    tab.locator(".words article img").first.wait_for()
    settled(tab)
    assert tab.locator(".words article").count() == wrong

    tab.get_by_role("tab", name="Confidence").click()
    tab.locator(".js-plotly-plot:visible").first.wait_for()
    tab.get_by_role("tab", name="Files").click()
    name, content = downloaded(tab, "Figures (JSON)")
    assert name == "reader-small-demo-validation.json"
    assert json.loads(content)["words"] == WORDS
    name, content = downloaded(tab, "Every reading (CSV)")
    assert len(list(csv.DictReader(io.StringIO(content.decode())))) == WORDS
    name, content = downloaded(tab, "Table (Markdown)")
    assert name.endswith(".md")
    assert content.startswith(b"|") or b"\n|" in content


def test_two_models_are_compared_and_the_figures_of_one_measured_again_and_removed(evaluate_url, visit):
    tab = visit(f"{evaluate_url}/evaluate?dataset=demo&reader=reader-small&most={WORDS}&against=tiny")
    tab.get_by_role("button", name="Evaluate").click()
    tab.get_by_text("more words than").wait_for()
    settled(tab)
    assert set(done()) == {"reader-small", "tiny"}
    name, content = downloaded(tab, "Both readings (CSV)")
    assert name == "reader-small-tiny.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == WORDS
    _, content = downloaded(tab, "Comparison (JSON)")
    assert json.loads(content)["first"] == "reader-small"
    shown = tab.locator(".words article").first.inner_text()
    tab.get_by_text(re.compile(r"^neither · ")).click()
    tab.wait_for_function("shown => document.querySelector('.words article')?.innerText !== shown", arg=shown)

    # What names the models stands apart from the chart's title.
    chart = tab.locator(".st-key-compare_lengths")
    chart.locator(".legendtext").first.wait_for()
    title, legend = chart.locator(".gtitle").bounding_box(), chart.locator(".legend").bounding_box()
    assert legend["y"] >= title["y"] + title["height"]

    tab.goto(f"{evaluate_url}/evaluate?dataset=demo&reader=tiny&most={WORDS}")
    settled(tab)
    tab.get_by_role("tab", name="Files").click()
    settled(tab)
    before = measured("tiny")
    tab.get_by_role("button", name="Measure again").click()
    tab.get_by_text(" · ").first.wait_for()
    while measured("tiny") == before:
        tab.wait_for_timeout(200)
    settled(tab)
    tab.get_by_role("tab", name="Files").click()
    tab.get_by_role("button", name="Remove these figures").click()
    tab.get_by_role("button", name="Remove", exact=True).click()
    tab.get_by_role("button", name="Evaluate", exact=True).wait_for()  # it can be measured once more
    assert done() == ["reader-small"]
    tab.get_by_text("Measured so far").wait_for()
    name, content = downloaded(tab, "CSV")
    assert name == "evaluations.csv"
    assert [row["Reader"] for row in csv.DictReader(io.StringIO(content.decode()))] == ["reader-small"]


def measured(model: str) -> float:
    """When a model was measured, in seconds since the epoch."""
    return max(target.measured for target in list_evaluations() if target.request.name == model)
