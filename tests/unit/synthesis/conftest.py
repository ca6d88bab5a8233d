"""Fixtures: DejaVu faces, which Matplotlib bundles; no downloads."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest

from hwr_core.synthesis import Face, find_fonts


@pytest.fixture(scope="session")
def font_folder() -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@pytest.fixture(scope="session")
def face(font_folder: Path) -> Face:
    return find_fonts(font_folder, names=["DejaVuSans"])[0]


@pytest.fixture(scope="session")
def faces(font_folder: Path) -> list[Face]:
    return find_fonts(font_folder, names=["DejaVuSans", "DejaVuSerif", "DejaVuSansMono"])
