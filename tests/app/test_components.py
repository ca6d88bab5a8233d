"""Components of the pages: numbers in words, colours of runs, images, escaping, the theme."""

from __future__ import annotations

import io
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from visiting import ROOT

from pages.components import charts, images, layout, models, wording


def test_models_quality_of_a_shipped_model_is_that_with_languages():
    sets = {
        "iam": {"cer": {"value": 0.04}, "characters": 300, "words": 60},
        "other": {"cer": {"value": 0.08}, "characters": 100, "words": 20},
    }
    shipped = SimpleNamespace(summary={"cer": 0.2, "words": 9, "measured_with_languages": sets})
    assert models.cer(shipped) == pytest.approx(0.05)
    assert models.quality(shipped) == "5.0 % CER on 80 words of writers it never saw"
    assert models.quality(SimpleNamespace(summary={"cer": 0.2, "words": 3000})) == (
        "20.0 % CER when it was trained, on 3,000 words"
    )
    assert models.quality(SimpleNamespace(summary={})) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.3, "under 1 s"), (7, "7 s"), (59.7, "1 min"), (80, "1 min 20 s"), (3600, "1 h"), (3665, "1 h 1 min"),
     (90_000, "1 d 1 h"), (None, "–"), (float("nan"), "–"), (-1, "–")],
)  # fmt: skip
def test_wording_duration(seconds: float | None, text: str):
    assert wording.duration(seconds) == text


def test_wording_numbers():
    assert wording.percent(0.065) == "6.5 %"
    assert wording.percent(None) == "–"
    assert wording.percent(float("nan")) == "–"
    assert wording.count(26863, "word") == "26,863 words"
    assert wording.count(1, "word") == "1 word"
    assert wording.count(2, "reading left", "readings left") == "2 readings left"
    assert wording.time_left(80) == "1 min 20 s left"
    assert wording.time_left(None) == ""
    assert wording.size(0.4) == "400 KB"
    assert wording.size(1536) == "1.5 GB"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("confidence", "text"),
    [(0.93, "93 % sure"), (1.0, "99 % sure"), (0.001, "under 1 % sure"), (0.0, "not sure at all")],
)
def test_wording_sure_never_is_100(confidence: float, text: str):
    assert wording.sure(confidence) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "just now"), (50, "1 min ago"), (720, "12 min ago"), (7300, "2 hours ago"), (90_000, "1 day ago")],
)
def test_wording_ago(seconds: float, text: str):
    assert wording.ago(time.time() - seconds) == text


def test_wording_ago_of_nothing_is_a_dash():
    assert wording.ago(None) == "–"
    assert wording.ago(0) == "–"


def test_charts_colour_of_a_run_stays(workspace: Path):
    st.session_state.pop(charts.RUN_COLOURS, None)
    for name in ("one", "two", "three"):
        (workspace / "runs" / name).mkdir(parents=True)
    colours = {name: charts.colour_of(name) for name in ("three", "one", "new", "two")}
    assert len(set(colours.values())) == 4
    assert set(colours.values()) <= set(charts.COLOURS)
    assert {name: charts.colour_of(name) for name in colours} == colours
    st.session_state.pop(charts.RUN_COLOURS, None)


def test_images_as_png_keeps_the_aspect():
    image = np.full((100, 1000), 200, np.uint8)
    image[40:60] = 0
    back = np.asarray(Image.open(io.BytesIO(images.as_png(image))))
    assert np.array_equal(back, image)
    small = Image.open(io.BytesIO(images.as_png(image, longest=300)))
    assert small.size == (300, 30)


def test_texts_of_files_are_escaped():
    assert '<img src="x" alt="&quot;&gt;&lt;b&gt;' in images.tile("x", '"><b>')
    assert layout.plain("*a_b*[c]") == r"\*a\_b\*\[c\]"


def test_theme_has_enough_contrast_in_light_and_dark():
    import tomllib

    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
    for shade in ("light", "dark"):
        colours = theme[shade]
        assert contrast(colours["textColor"], colours["backgroundColor"]) > 10
        assert contrast(colours["linkColor"], colours["backgroundColor"]) > 4.5
        assert contrast(colours["primaryColor"], colours["backgroundColor"]) > 4.5
        for colour in charts.COLOURS:
            assert contrast(colour, colours["backgroundColor"]) > 2.3, (shade, colour)


def contrast(first: str, second: str) -> float:
    """WCAG's contrast of two colours, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
