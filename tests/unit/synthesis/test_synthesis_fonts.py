"""Fonts: search, metrics, masks and errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwr_core.errors import DataError
from hwr_core.synthesis import Face, find_fonts
from hwr_core.synthesis.fonts import font_metrics, load_font, text_mask


def test_face_can_write_only_its_characters(face: Face) -> None:
    assert face.name == "DejaVuSans"
    assert face.can_write("naïve,")
    assert face.can_write("œuf")
    assert not face.can_write("two words")
    assert not face.can_write("")
    assert not face.can_write("漢")


def test_face_characters_exclude_missing_and_empty_glyphs(font_folder: Path) -> None:
    (symbols,) = find_fonts(font_folder, names=["STIXSizFourSymReg"])
    assert not symbols.can_write("a")
    assert symbols.can_write("(")


def test_find_fonts_names_returns_faces_in_that_order(font_folder: Path) -> None:
    names = ["DejaVuSans", "DejaVuSerif"]
    assert [face.name for face in find_fonts(font_folder, names=names)] == names


def test_find_fonts_empty_folder_raises_with_instructions(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No handwriting fonts in .*make fonts"):
        find_fonts(tmp_path)
    with pytest.raises(DataError, match="No handwriting fonts"):
        find_fonts(tmp_path / "absent")


def test_find_fonts_unknown_name_raises(font_folder: Path) -> None:
    with pytest.raises(DataError, match="no face named quill"):
        find_fonts(font_folder, names=["quill"])


def test_find_fonts_invalid_file_raises(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(DataError, match=r"broken\.ttf cannot be opened"):
        find_fonts(tmp_path)


def test_font_metrics_agree_with_rendered_letters(face: Face) -> None:
    proportions = font_metrics(face.path)
    ink, _, top = text_mask(load_font(face.path, 200), "l")
    stem = (ink[ink.shape[0] // 2] > 127).sum()  # `l` is one upright stroke
    assert proportions.stroke * 200 == pytest.approx(stem, rel=0.25)
    assert proportions.hairline <= proportions.stroke
    assert -top / 200 < proportions.height < 1.2
    assert not proportions.cursive


def test_text_mask_is_255_where_ink_is(face: Face) -> None:
    ink, left, top = text_mask(load_font(face.path, 40), "o")
    assert ink.dtype == np.uint8
    assert ink.ndim == 2
    assert ink.max() == 255
    assert ink[ink.shape[0] // 2, ink.shape[1] // 2] == 0  # the hole in the o
    assert left >= 0 > top
