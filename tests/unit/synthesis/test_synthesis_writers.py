"""Random writers, pens, and the surroundings of a word: thinning, neighbours, crops, cameras."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hwr_core.errors import ConfigError
from hwr_core.imaging import ink_canvas
from hwr_core.synthesis import Face, Mix, Style, random_style, render_word
from hwr_core.synthesis.cropping import NEIGHBOUR_GAP, add_line_neighbour, cut_depths
from hwr_core.synthesis.fonts import font_metrics
from hwr_core.synthesis.letters import has_sound_joins, kerned_advance, small_capitals, split_pieces
from hwr_core.synthesis.pen import thin


def render(text: str, style: Style, seed: int = 0) -> np.ndarray:
    return render_word(text, style.face, style, np.random.default_rng(seed))


def test_thin_keeps_components_and_holes() -> None:
    ink = np.zeros((60, 120), np.uint8)
    cv2.circle(ink, (30, 30), 18, 1, 7)
    cv2.line(ink, (60, 10), (100, 50), 1, 9)
    cv2.circle(ink, (110, 10), 4, 1, -1)
    path = thin(ink)
    assert path.shape == ink.shape
    assert set(np.unique(path)) == {0, 1}
    assert not (path & ~ink & 1).any()
    assert cv2.connectedComponents(path)[0] == cv2.connectedComponents(ink)[0] == 4
    holes = [len(cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]) for mask in (ink, path)]
    assert holes[0] == holes[1]  # the ring is still a ring
    assert cv2.distanceTransform(np.pad(path, 1), cv2.DIST_L2, 5).max() <= 1.5
    for size in range(1, 9):  # full stops survive
        dot = np.pad(np.ones((size, size), np.uint8), 5)
        assert cv2.connectedComponents(thin(dot))[0] == 2
    assert thin(np.zeros((5, 5), np.uint8)).sum() == 0


@pytest.mark.parametrize("pen", [0.04, 0.08])
def test_render_word_ballpoint_width_is_the_same_in_every_face(faces: list[Face], pen: float) -> None:
    for face in faces:
        image = render("lil", Style(face=face, nib="ball", pen=pen, text_height=100))
        row = image[int(image.shape[0] * 0.6)]
        ink = (255 - row.astype(float)).sum() / 255 / 3 / 0.95  # three stems
        assert ink == pytest.approx(100 * pen, abs=1.6)


def test_split_pieces_join_to_the_word() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        pieces = split_pieces("handwriting", rng)
        assert "".join(pieces) == "handwriting"
        assert all(1 <= len(piece) <= 4 for piece in pieces)


def test_kerned_advance_limits_broken_kerning_pairs(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_sound_joins("office", face, 40)
    plain = kerned_advance(face, 40, "s", '"')
    monkeypatch.setattr("hwr_core.synthesis.letters.advance", lambda path, size, text: 1800.0 if '"' in text else 20.0)
    assert kerned_advance(face, 40, "s", '"') <= 20 + 0.3 * 40
    assert plain < 40
    assert not has_sound_joins('s"', face, 40)


@pytest.mark.parametrize("flipped", [False, True])
def test_add_line_neighbour_touches_the_edge_and_stays_clear_of_the_word(face: Face, flipped: bool) -> None:
    style = Style(face=face, text_height=80)
    word = np.zeros((60, 200), np.uint8)
    word[2:58, 5:195] = 255  # ink nearly up to the edges
    for seed in range(12):
        sheet = add_line_neighbour(word, face, style, np.random.default_rng(seed), flipped=flipped)
        sheet = sheet[::-1] if flipped else sheet
        added = sheet.shape[0] - word.shape[0]
        intruder = sheet[: added + 2, :]
        rows = np.flatnonzero((intruder > 40).any(axis=1))
        if rows.size:
            assert rows[0] <= 1
            assert added + 2 - rows[-1] >= NEIGHBOUR_GAP * 80 - 1
        assert np.array_equal(sheet[added + 2 :], (word[::-1] if flipped else word)[2:])


def test_cut_depths_never_cut_accents_or_marks() -> None:
    style = Style(face=None, cut=1.0, text_height=100)  # type: ignore[arg-type]
    depths = [cut_depths(80, 30, "deep", style, np.random.default_rng(seed)) for seed in range(40)]
    assert any(above for above, _ in depths)
    assert any(below for _, below in depths)
    assert max(above for above, _ in depths) <= 12
    for text in ("été", "it", "don't", "naïve"):
        assert all(cut_depths(80, 30, text, style, np.random.default_rng(seed))[0] == 0 for seed in range(40))
    assert all(cut_depths(80, 30, "so,", style, np.random.default_rng(seed))[1] == 0 for seed in range(40))
    assert cut_depths(50, 3, "new", style, np.random.default_rng(0)) == (0, 0)  # small letters are never cut


def test_render_word_strike_out_changes_little(face: Face) -> None:
    style = Style(face=face, pen=0.04)
    plain, struck = render("hello", style), render("hello", replace(style, strike_out=1.0))
    changed = (plain.astype(int) - struck > 60).mean()
    assert plain.shape == struck.shape
    assert 0.005 < changed < 0.25


def test_render_word_photo_is_uneven_but_readable(face: Face) -> None:
    for seed in range(20):
        image = render("light", Style(face=face, scan="photo", paper=220), seed)
        edges = [np.median(image[:, :6]), np.median(image[:, -6:])]
        assert image.max() < 255
        assert (ink_canvas(image) > 110).mean() == pytest.approx(
            (ink_canvas(render("light", Style(face=face), seed)) > 110).mean(), rel=0.45
        )
        if abs(edges[0] - edges[1]) > 15:
            break
    else:
        pytest.fail("no photo of 20 has uneven light")


def test_random_style_zero_mix_turns_effects_off(face: Face) -> None:
    calm = Mix(shape=0, paper=0, scanner=0, intruders=0, strike_outs=0, binary=0, photo=0)
    for seed in range(30):
        style = random_style(face, np.random.default_rng(seed), calm)
        off = ("size_jitter", "tilt", "warp", "paper_texture", "ink_texture", "bleed", "noise", "blur", "jpeg")
        assert all(getattr(style, name) == 0 for name in (*off, "neighbours", "cut", "underline", "strike_out"))
        assert (style.scan, style.ruling) == ("grey", "none")


def test_random_style_mix_capitals_sets_the_share(face: Face) -> None:
    styles = [random_style(face, np.random.default_rng(seed), Mix(capitals=0.5)) for seed in range(400)]
    capital = [style for style in styles if style.capitals != "text"]
    assert len(capital) / 400 == pytest.approx(0.5, abs=0.08)
    assert {style.setting for style in capital} == {"letters"}
    assert sum(style.capitals == "small" for style in capital) / len(capital) == pytest.approx(0.5, abs=0.11)


def test_random_style_cursive_face_has_no_capitals(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    cursive = replace(font_metrics(face.path), cursive=True)
    monkeypatch.setattr("hwr_core.synthesis.writers.font_metrics", lambda path: cursive)
    styles = [random_style(face, np.random.default_rng(seed), Mix(capitals=1)) for seed in range(30)]
    assert {style.capitals for style in styles} == {"text"}


def test_small_capitals_are_lower_than_the_first_letter(face: Face) -> None:
    plain = render("HHHH", Style(face=face, setting="letters", text_height=100))
    small = render("HHHH", Style(face=face, setting="letters", text_height=100, capitals="small"))
    assert small.shape[1] < plain.shape[1]
    rows = [np.flatnonzero((part < 128).any(axis=1)) for part in np.array_split(small, 4, axis=1)]
    first, *_, last = [int(row[-1] - row[0]) for row in rows]
    assert last < 0.92 * first
    assert abs(rows[0][-1] - rows[-1][-1]) <= 4  # they stand on one line
    sizes = small_capitals(list('"TO-DAY'), 100, np.random.default_rng(0))
    assert sizes[:2] == [100, 100]
    assert sizes[3] == 100  # the hyphen
    assert {sizes[index] for index in (2, 4, 5, 6)} == {min(sizes)}


def test_random_style_scan_shares_follow_mix(face: Face) -> None:
    scans = [random_style(face, np.random.default_rng(seed), Mix(binary=0.2, photo=0.5)).scan for seed in range(400)]
    assert scans.count("binary") / 400 == pytest.approx(0.2, abs=0.07)
    assert scans.count("photo") / 400 == pytest.approx(0.5, abs=0.08)


def test_random_style_strong_mix_stays_in_range(face: Face) -> None:
    for seed in range(200):  # Style refuses what is out of range
        random_style(face, np.random.default_rng(seed), Mix(shape=2, paper=2, scanner=2, intruders=2, strike_outs=1))


@pytest.mark.parametrize("wrong", [{"shape": 3}, {"strike_outs": -0.1}, {"binary": 0.7, "photo": 0.6}])
def test_mix_invalid_values_raise(wrong: dict) -> None:
    with pytest.raises(ConfigError, match="Received"):
        Mix(**wrong)
