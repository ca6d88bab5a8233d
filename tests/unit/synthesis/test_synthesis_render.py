"""Rendered words: dark ink on light paper, deterministic, every style field visible."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis import Face, Style, contact_sheet, random_style, render_word
from hwr_core.synthesis.fonts import font_metrics
from hwr_core.synthesis.pen import thicken

STYLE_FIELDS = {
    "text_height": 90,
    "setting": "letters",
    "stretch": 1.5,
    "letter_spacing": 0.2,
    "slant": 20.0,
    "tilt": 8.0,
    "pen": 0.2,
    "warp": 0.03,
    "ink": 0.5,
    "ink_texture": 0.8,
    "paper": 200,
    "paper_texture": 0.8,
    "ruling": "line",
    "underline": 1.0,
    "neighbours": 1.0,
    "strike_out": 1.0,
    "bleed": 1.0,
    "nib": "ball",
    "scan": "binary",
    "noise": 12.0,
    "blur": 1.5,
    "jpeg": 30,
    "margin": 0.4,
}
JITTERS = {"spacing_jitter": 0.1, "baseline_jitter": 0.1, "size_jitter": 0.2, "rotation_jitter": 10.0}


def render(text: str, style: Style, seed: int = 0) -> np.ndarray:
    return render_word(text, style.face, style, np.random.default_rng(seed))


def test_render_word_is_dark_on_light_and_tightly_cropped(face: Face) -> None:
    image = render("Hedge", Style(face=face))
    assert image.dtype == np.uint8
    assert image.ndim == 2
    assert image.min() < 30
    assert np.median(image) == 255
    ink = np.argwhere(image < 128)
    free = [*ink.min(axis=0), *(np.array(image.shape) - 1 - ink.max(axis=0))]
    assert max(free) <= 1 + 0.1 * 64 + 1


@pytest.mark.parametrize("height", [40, 64, 90])
def test_render_word_text_height_spans_ascender_to_descender(face: Face, height: int) -> None:
    image = render("hdplgyAH", Style(face=face, text_height=height, margin=0))
    assert abs(image.shape[0] - height) <= 5


@pytest.mark.parametrize("name", sorted(STYLE_FIELDS))
def test_render_word_every_style_field_changes_the_image(face: Face, name: str) -> None:
    plain = Style(face=face)
    style = replace(plain, **{name: STYLE_FIELDS[name]})
    image = render("jumpy", style)
    assert image.dtype == np.uint8
    assert image.ndim == 2
    assert image.min() < np.median(image) - 50
    plain_image = render("jumpy", plain)
    assert image.shape != plain_image.shape or (image != plain_image).any()


@pytest.mark.parametrize("setting", ["letters", "pieces", "joined"])
@pytest.mark.parametrize("name", sorted(JITTERS))
def test_render_word_jitter_makes_repetitions_differ(face: Face, name: str, setting: str) -> None:
    style = Style(face=face, setting=setting, margin=0, **{name: JITTERS[name]})
    one, two = render("jumpy", style, 1), render("jumpy", style, 2)
    differ = one.shape != two.shape or (one != two).any()
    only_between_letters = setting == "joined" and name in ("spacing_jitter", "rotation_jitter")
    assert differ != only_between_letters


@pytest.mark.parametrize("seed", range(3))
def test_render_word_same_generator_state_gives_the_same_image(face: Face, seed: int) -> None:
    styles = [random_style(face, np.random.default_rng(seed)) for _ in range(2)]
    assert styles[0] == styles[1]
    np.testing.assert_array_equal(render("Quiz?", styles[0], seed), render("Quiz?", styles[1], seed))


def test_random_style_gives_legible_words(face: Face) -> None:
    for seed in range(60):
        style = random_style(face, np.random.default_rng(seed))
        image = render("hand", style, seed)
        assert 15 < image.shape[0] < 160
        assert float(np.median(image)) - float(image.min()) > 60


def test_render_word_binary_scan_is_black_and_white(face: Face) -> None:
    style = replace(random_style(face, np.random.default_rng(1)), scan="binary", noise=10)
    assert set(np.unique(render("ink", style))) == {0, 255}


def test_render_word_positive_slant_leans_right(face: Face) -> None:
    upright, slanted = (render("l", Style(face=face, slant=slant, margin=0)) for slant in (0, 30))
    rows = np.argwhere(slanted < 128)
    top, bottom = rows[rows[:, 0] < 10][:, 1].mean(), rows[rows[:, 0] > len(slanted) - 10][:, 1].mean()
    assert top > bottom + 10
    assert slanted.shape[1] > upright.shape[1]


@pytest.mark.parametrize("pixels", [-2.0, -0.6, 0.6, 1.5, 3.0, 4.4])
def test_thicken_changes_stroke_width_by_pixels(pixels: float) -> None:
    stroke = np.zeros((40, 60), np.uint8)
    stroke[10:30] = 0
    stroke[:, 25:35] = 255
    width = thicken(stroke, pixels)[20].sum() / 255
    assert width == pytest.approx(10 + pixels, abs=0.15)


def test_render_word_thin_pen_leaves_full_stops(face: Face) -> None:
    for seed, scan in enumerate(("binary", "grey") * 4):
        fields = {"pen": 0.036, "text_height": 44, "blur": 0.7, "noise": 3}
        image = render("in.", Style(face=face, scan=scan, **fields), seed)
        dark = (image < 0.75 * np.median(image)).astype(np.uint8)
        pieces, _, sizes, _ = cv2.connectedComponentsWithStats(dark)
        assert sum(size >= 4 for size in sizes[1:, cv2.CC_STAT_AREA]) == 4, pieces  # dot and stem, n, full stop


def test_render_word_unwritable_text_raises(face: Face) -> None:
    style = Style(face=face)
    with pytest.raises(DataError, match="1 to 60 characters"):
        render("", style)
    with pytest.raises(DataError, match="1 to 60 characters"):
        render("a" * 61, style)
    with pytest.raises(DataError, match=r"'DejaVuSans' cannot write \['漢'\]"):
        render("a漢", style)


@pytest.mark.parametrize(
    "fields",
    [{"setting": "runes"}, {"ruling": "waves"}, {"scan": "colour"}, {"nib": "quill"}, {"ink": 0.0}, {"slant": 60.0}],
)
def test_style_invalid_field_raises(face: Face, fields: dict) -> None:
    with pytest.raises(ConfigError, match="must"):
        Style(face=face, **fields)


def test_font_metrics_print_face_is_not_cursive(font_folder) -> None:
    assert not font_metrics(font_folder / "DejaVuSerif.ttf").cursive


def test_contact_sheet_has_rows_of_cells(face: Face, tmp_path) -> None:
    image = render("word", Style(face=face))
    contact_sheet([("été", image)] * 7, tmp_path / "sheet.png", columns=3, cell=(100, 50))
    assert cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_GRAYSCALE).shape == (150, 300)
    with pytest.raises(DataError, match="needs words"):
        contact_sheet([], tmp_path / "none.png")
