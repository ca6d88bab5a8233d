"""Faces: found, measured, and refused in sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwr_core.errors import DataError
from hwr_core.synthesis import Face, find_fonts
from hwr_core.synthesis.fonts import mask_of, measure, sized


def test_a_face_knows_what_it_can_write(face: Face) -> None:
    assert face.name == "DejaVuSans"
    assert face.can_write("naïve,")
    assert face.can_write("œuf")
    assert not face.can_write("two words")
    assert not face.can_write("")
    assert not face.can_write("漢")


def test_glyphs_that_are_missing_or_empty_do_not_count(font_folder: Path) -> None:
    (symbols,) = find_fonts(font_folder, names=["STIXSizFourSymReg"])
    assert not symbols.can_write("a")
    assert symbols.can_write("(")


def test_fonts_come_in_the_order_of_their_names(font_folder: Path) -> None:
    names = ["DejaVuSans", "DejaVuSerif"]
    assert [face.name for face in find_fonts(font_folder, names=names)] == names


def test_an_empty_folder_says_how_to_get_fonts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No handwriting fonts in .*make fonts"):
        find_fonts(tmp_path)
    with pytest.raises(DataError, match="No handwriting fonts"):
        find_fonts(tmp_path / "absent")


def test_an_unknown_name_is_named(font_folder: Path) -> None:
    with pytest.raises(DataError, match="no face named quill"):
        find_fonts(font_folder, names=["quill"])


def test_a_file_that_is_no_font_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(DataError, match=r"broken\.ttf cannot be opened"):
        find_fonts(tmp_path)


def test_measures_agree_with_the_drawn_letters(face: Face) -> None:
    proportions = measure(face.path)
    ink, _, top = mask_of(sized(face.path, 200), "l")
    stem = (ink[ink.shape[0] // 2] > 127).sum()  # `l` is one upright stroke
    assert proportions.stroke * 200 == pytest.approx(stem, rel=0.25)
    assert proportions.hairline <= proportions.stroke
    assert -top / 200 < proportions.height < 1.2
    assert not proportions.cursive


def test_coverage_is_ink_high(face: Face) -> None:
    ink, left, top = mask_of(sized(face.path, 40), "o")
    assert ink.dtype == np.uint8
    assert ink.ndim == 2
    assert ink.max() == 255
    assert ink[ink.shape[0] // 2, ink.shape[1] // 2] == 0  # the hole in the o
    assert left >= 0 > top
