"""8 bits are kept where they pay, and only there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hwr_core.errors import DataError
from hwr_core.evaluation import quantization_check
from hwr_core.evaluation.quantization_check import check_int8
from hwr_core.recognition.checkpoint import SHIPPED
from hwr_core.recognition.onnx_export import INT8_FILE

SHIPPED_READER = SHIPPED / "reader-small"


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(shutil.copytree(SHIPPED_READER, tmp_path / "reader"))


@pytest.fixture
def dataset(make_dataset, monkeypatch):
    def shipped(folder: Path, canvases) -> None:
        assert len(canvases) == 3
        shutil.copy(SHIPPED_READER / INT8_FILE, folder)

    monkeypatch.setattr(quantization_check, "write_int8", shipped)
    return make_dataset("words", {"train": ["tea", "ink", "moon"], "validation": ["so", "minimum", "the"] * 10})


def test_auto_keeps_what_is_quicker_and_loses_little(folder, dataset):
    found = check_int8(folder, [dataset], [dataset], tolerance=1.0)
    assert found.kept == (found.milliseconds[1] < found.milliseconds[0]) == (folder / INT8_FILE).is_file()
    assert found.words == 30
    assert all(0 <= rate < 2 for rate in found.cer)
    assert f"{found.words} validation words" in str(found)


def test_what_loses_more_than_the_tolerance_is_deleted(folder, dataset):
    found = check_int8(folder, [dataset], [dataset], tolerance=-2.0, most=8)
    assert not found.kept
    assert found.words == 8
    assert str(found).startswith("not kept")
    assert not (folder / INT8_FILE).is_file()


def test_a_wish_is_a_command(folder, dataset):
    assert check_int8(folder, [dataset], [dataset], wish=True, tolerance=-2.0).kept
    assert (folder / INT8_FILE).is_file()
    assert check_int8(folder, [dataset], [dataset], wish=False) is None
    assert not (folder / INT8_FILE).is_file()


def test_without_words_it_is_not_tried(folder, dataset):
    with pytest.raises(DataError, match="8 bits need training words"):
        check_int8(folder, [], [dataset])
    assert not (folder / INT8_FILE).is_file()
