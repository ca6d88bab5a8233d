"""The built-in demo set: complete, small, writer-independent, with attribution."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwr_core import synthesis
from hwr_core.datasets.demo import demo_zip
from hwr_core.errors import DataError


@pytest.fixture(scope="module")
def archive():
    with zipfile.ZipFile(demo_zip()) as opened:
        yield opened


@pytest.fixture(scope="module")
def rows(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read("demo/words.csv").decode("utf-8"))))


def test_demo_zip_size_is_below_six_megabytes() -> None:
    assert demo_zip().stat().st_size < 6_000_000


def test_demo_table_is_complete_and_names_every_image(archive: zipfile.ZipFile, rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == ["word_id", "transcription", "image", "writer", "form", "split"]
    assert 1400 <= len(rows) <= 1700
    assert len({row["word_id"] for row in rows}) == len(rows)
    assert all(row["transcription"].strip() == row["transcription"] != "" for row in rows)
    images = {name for name in archive.namelist() if name.endswith(".png")}
    assert images == {f"demo/{row['image']}" for row in rows}


def test_demo_split_is_writer_independent(rows: list[dict[str, str]]) -> None:
    parts, words = defaultdict(set), Counter(row["split"] for row in rows)
    for row in rows:
        parts[row["writer"]].add(row["split"])
    assert len(parts) >= 44
    assert all(len(of_writer) == 1 for of_writer in parts.values())
    assert set(words) == {"train", "validation", "test"}
    assert words["train"] / len(rows) == pytest.approx(0.7, abs=0.05)


def test_demo_images_open_and_are_dark_on_light(archive: zipfile.ZipFile, rows: list[dict[str, str]]) -> None:
    for row in rows:
        image = Image.open(io.BytesIO(archive.read(f"demo/{row['image']}")))
        assert image.mode == "L"
        pixels = np.asarray(image)
        assert 10 <= pixels.shape[0] <= 200
        assert np.percentile(pixels, 90) - pixels.min() > 50, row


def test_demo_attribution_names_every_face(archive: zipfile.ZipFile, rows: list[dict[str, str]]) -> None:
    text = archive.read("demo/ATTRIBUTION.md").decode("utf-8")
    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| w")}
    faces = set()
    for writer in {row["writer"] for row in rows}:
        _, _, face, licence, statement, source, _ = lines[writer].split("|")
        assert licence.strip() in ("OFL-1.1", "Apache-2.0")
        assert statement.strip()
        assert f"@fontsource/{face.strip()} " in source
        faces.add(face)
    assert len(faces) == len({row["writer"] for row in rows})


def test_demo_zip_missing_archive_raises_with_instructions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("hwr_core.datasets.demo.DEMO_FILE", tmp_path / "demo-words.zip")
    with pytest.raises(DataError, match=r"demo-words\.zip is missing .*make fonts"):
        demo_zip()


def test_synthesis_import_does_not_load_opencv() -> None:
    code = "import sys, hwr_core.datasets.demo as d; d.demo_zip(); print('cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_synthesis_public_names_exist() -> None:
    assert all(getattr(synthesis, name) for name in synthesis.__all__)
    with pytest.raises(AttributeError, match="no attribute 'quill'"):
        _ = synthesis.quill
