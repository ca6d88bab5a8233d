"""Rendered words: dark ink on light paper, the same for the same seed, every habit visible."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis import Face, Style, contact_sheet, random_style, render_word
from hwr_core.synthesis.fonts import measure
from hwr_core.synthesis.pen import thicken

HABITS = {
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


def write(text: str, style: Style, seed: int = 0) -> np.ndarray:
    return render_word(text, style.face, style, np.random.default_rng(seed))


def test_a_word_is_dark_on_light_and_tightly_cropped(face: Face) -> None:
    picture = write("Hedge", Style(face=face))
    assert picture.dtype == np.uint8
    assert picture.ndim == 2
    assert picture.min() < 30
    assert np.median(picture) == 255
    ink = np.argwhere(picture < 128)
    free = [*ink.min(axis=0), *(np.array(picture.shape) - 1 - ink.max(axis=0))]
    assert max(free) <= 1 + 0.1 * 64 + 1


@pytest.mark.parametrize("height", [40, 64, 90])
def test_text_height_is_that_of_a_word_with_both_extremes(face: Face, height: int) -> None:
    picture = write("hdplgyAH", Style(face=face, text_height=height, margin=0))
    assert abs(picture.shape[0] - height) <= 5


@pytest.mark.parametrize("name", sorted(HABITS))
def test_every_habit_shows_and_leaves_a_picture(face: Face, name: str) -> None:
    plain = Style(face=face)
    style = replace(plain, **{name: HABITS[name]})
    picture = write("jumpy", style)
    assert picture.dtype == np.uint8
    assert picture.ndim == 2
    assert picture.min() < np.median(picture) - 50
    quiet = write("jumpy", plain)
    assert picture.shape != quiet.shape or (picture != quiet).any()


@pytest.mark.parametrize("setting", ["letters", "pieces", "joined"])
@pytest.mark.parametrize("name", sorted(JITTERS))
def test_jitter_makes_the_same_word_differ(face: Face, name: str, setting: str) -> None:
    style = Style(face=face, setting=setting, margin=0, **{name: JITTERS[name]})
    one, two = write("jumpy", style, 1), write("jumpy", style, 2)
    differ = one.shape != two.shape or (one != two).any()
    only_between_letters = setting == "joined" and name in ("spacing_jitter", "rotation_jitter")
    assert differ != only_between_letters


@pytest.mark.parametrize("seed", range(3))
def test_the_same_chances_give_the_same_picture(face: Face, seed: int) -> None:
    styles = [random_style(face, np.random.default_rng(seed)) for _ in range(2)]
    assert styles[0] == styles[1]
    np.testing.assert_array_equal(write("Quiz?", styles[0], seed), write("Quiz?", styles[1], seed))


def test_random_writers_stay_legible(face: Face) -> None:
    for seed in range(60):
        style = random_style(face, np.random.default_rng(seed))
        picture = write("hand", style, seed)
        assert 15 < picture.shape[0] < 160
        assert float(np.median(picture)) - float(picture.min()) > 60


def test_binary_scans_are_black_and_white(face: Face) -> None:
    style = replace(random_style(face, np.random.default_rng(1)), scan="binary", noise=10)
    assert set(np.unique(write("ink", style))) == {0, 255}


def test_slant_leans_to_the_right(face: Face) -> None:
    upright, leaning = (write("l", Style(face=face, slant=slant, margin=0)) for slant in (0, 30))
    rows = np.argwhere(leaning < 128)
    top, bottom = rows[rows[:, 0] < 10][:, 1].mean(), rows[rows[:, 0] > len(leaning) - 10][:, 1].mean()
    assert top > bottom + 10
    assert leaning.shape[1] > upright.shape[1]


@pytest.mark.parametrize("pixels", [-2.0, -0.6, 0.6, 1.5, 3.0, 4.4])
def test_thicken_adds_so_many_pixels(pixels: float) -> None:
    stroke = np.zeros((40, 60), np.uint8)
    stroke[10:30] = 0
    stroke[:, 25:35] = 255
    width = thicken(stroke, pixels)[20].sum() / 255
    assert width == pytest.approx(10 + pixels, abs=0.15)


def test_full_stops_survive_a_thin_pen(face: Face) -> None:
    for seed, scan in enumerate(("binary", "grey") * 4):
        habits = {"pen": 0.036, "text_height": 44, "blur": 0.7, "noise": 3}
        picture = write("in.", Style(face=face, scan=scan, **habits), seed)
        dark = (picture < 0.75 * np.median(picture)).astype(np.uint8)
        pieces, _, sizes, _ = cv2.connectedComponentsWithStats(dark)
        assert sum(size >= 4 for size in sizes[1:, cv2.CC_STAT_AREA]) == 4, pieces  # dot and stem, n, full stop


def test_the_text_must_be_writable(face: Face) -> None:
    style = Style(face=face)
    with pytest.raises(DataError, match="1 to 60 characters"):
        write("", style)
    with pytest.raises(DataError, match="1 to 60 characters"):
        write("a" * 61, style)
    with pytest.raises(DataError, match=r"'DejaVuSans' cannot write \['漢'\]"):
        write("a漢", style)


@pytest.mark.parametrize(
    "habit",
    [{"setting": "runes"}, {"ruling": "waves"}, {"scan": "colour"}, {"nib": "quill"}, {"ink": 0.0}, {"slant": 60.0}],
)
def test_impossible_habits_are_refused(face: Face, habit: dict) -> None:
    with pytest.raises(ConfigError, match="must"):
        Style(face=face, **habit)


def test_a_joined_face_is_recognised_as_cursive(font_folder) -> None:
    assert not measure(font_folder / "DejaVuSerif.ttf").cursive


def test_contact_sheet(face: Face, tmp_path) -> None:
    picture = write("word", Style(face=face))
    contact_sheet([("été", picture)] * 7, tmp_path / "sheet.png", columns=3, cell=(100, 50))
    assert cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_GRAYSCALE).shape == (150, 300)
    with pytest.raises(DataError, match="needs words"):
        contact_sheet([], tmp_path / "none.png")
