"""8 bits are used where they are quicker and lose little, and only there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hwr_core.errors import DataError
from hwr_core.evaluation import quantization_check
from hwr_core.evaluation.quantization_check import check_int8
from hwr_core.recognition.checkpoint import SHIPPED
from hwr_core.recognition.onnx_export import INT8_FILE

SHIPPED_CHECKPOINT = SHIPPED / "reader-small"


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(shutil.copytree(SHIPPED_CHECKPOINT, tmp_path / "checkpoint"))


@pytest.fixture
def dataset(make_dataset, monkeypatch):
    def shipped(folder: Path, canvases) -> None:
        assert len(canvases) == 3
        shutil.copy(SHIPPED_CHECKPOINT / INT8_FILE, folder)

    monkeypatch.setattr(quantization_check, "write_int8", shipped)
    return make_dataset("words", {"train": ["tea", "ink", "moon"], "validation": ["so", "minimum", "the"] * 10})


def test_check_int8_auto_keeps_what_is_quicker_and_loses_little(folder, dataset):
    result = check_int8(folder, [dataset], [dataset], tolerance=1.0)
    assert result.kept == (result.milliseconds[1] < result.milliseconds[0]) == (folder / INT8_FILE).is_file()
    assert result.words == 30
    assert all(0 <= rate < 2 for rate in result.cer)
    assert f"{result.words} validation words" in str(result)


def test_check_int8_beyond_the_tolerance_is_deleted(folder, dataset):
    result = check_int8(folder, [dataset], [dataset], tolerance=-2.0, max_words=8)
    assert not result.kept
    assert result.words == 8
    assert str(result).startswith("not kept")
    assert not (folder / INT8_FILE).is_file()


def test_check_int8_mode_overrides_the_measurement(folder, dataset):
    assert check_int8(folder, [dataset], [dataset], mode=True, tolerance=-2.0).kept
    assert (folder / INT8_FILE).is_file()
    assert check_int8(folder, [dataset], [dataset], mode=False) is None
    assert not (folder / INT8_FILE).is_file()


def test_check_int8_without_words_is_refused(folder, dataset):
    with pytest.raises(DataError, match="8 bits need training words"):
        check_int8(folder, [], [dataset])
    assert not (folder / INT8_FILE).is_file()
