"""Packed data sets: nothing lost, pieces of the given size, damage raises one sentence."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from hwr_core.cli.data import main
from hwr_core.config import CanvasConfig
from hwr_core.datasets import add_dataset, list_datasets, open_dataset, remove_dataset
from hwr_core.datasets import pack as packing
from hwr_core.datasets.pack import pack, unpack
from hwr_core.errors import DataError

SMALL = CanvasConfig(height=32, width=128)


@pytest.fixture
def dataset(make, monkeypatch):
    monkeypatch.setattr(packing, "CHUNK", 10)
    return add_dataset("letters", make.writers(), canvas=SMALL)


def pieces(dataset, folder):
    """Every chunk a file of its own."""
    return pack(dataset, folder, SMALL, piece_mb=0.0)


def test_unpack_is_equal_to_the_packed(dataset, tmp_path):
    before = np.array(dataset.canvases(SMALL))
    files = pieces(dataset, tmp_path / "packed")
    assert [path.name for path in files] == [f"letters-{i:03d}.npz" for i in range(len(files))]
    assert len(files) == 5  # the tables, and 36 words in tens
    remove_dataset("letters")
    assert unpack(tmp_path / "packed") == ["letters"]
    again = open_dataset("letters")
    pd.testing.assert_frame_equal(again.table, dataset.table)
    assert again.description == dataset.description
    assert np.array_equal(again.canvases(SMALL), before)
    assert [path for path in again.folder.parent.iterdir() if path.name.startswith(".")] == []


def test_pack_small_data_set_is_one_file(dataset, tmp_path):
    (tmp_path / "letters-007.npz").write_bytes(b"of an earlier packing")
    assert [path.name for path in pack(dataset, tmp_path, SMALL)] == ["letters-000.npz"]
    assert [path.name for path in tmp_path.glob("*.npz")] == ["letters-000.npz"]
    assert unpack(tmp_path) == ["letters"]  # it exists already


def test_unpack_other_data_set_of_the_name_raises(dataset, make, tmp_path):
    pack(dataset, tmp_path / "packed", SMALL)
    remove_dataset("letters")
    add_dataset("letters", make.writers(3), canvas=SMALL)
    with pytest.raises(DataError, match="another data set letters"):
        unpack(tmp_path / "packed")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: (folder / "letters-002.npz").unlink(), r"letters-002\.npz is missing"),
        (lambda folder: (folder / "letters-001.npz").write_bytes(b"nothing"), "is no piece of a packed data set"),
        (lambda folder: shutil.copy(folder / "letters-002.npz", folder / "letters-001.npz"), "holds piece 2, not 1"),
        (lambda folder: [path.unlink() for path in folder.iterdir()], "There is no packed data set"),
    ],
)
def test_unpack_damaged_or_missing_piece_raises(dataset, tmp_path, damage, sentence):
    folder = tmp_path / "packed"
    pieces(dataset, folder)
    remove_dataset("letters")
    damage(folder)
    with pytest.raises(DataError, match=sentence) as error:
        unpack(folder)
    assert "\n" not in str(error.value)
    assert list_datasets() == []


def test_unpack_too_few_words_raises(dataset, tmp_path):
    files = pieces(dataset, tmp_path)
    with np.load(files[2]) as piece:
        arrays = dict(piece)
    about = json.loads(str(arrays["about"])) | {"last": True}
    np.savez(files[2], **{**arrays, "about": np.array(json.dumps(about))})
    remove_dataset("letters")
    with pytest.raises(DataError, match="holds 20 of 36 words"):
        unpack(tmp_path)


def test_pack_and_unpack_commands(make, tmp_path, capsys):
    dataset = add_dataset("letters", make.writers())
    assert main(["pack", str(tmp_path / "packed"), "letters"]) == 0
    assert "letters: 1 files" in capsys.readouterr().out
    remove_dataset("letters")
    assert main(["unpack", str(tmp_path / "packed")]) == 0
    assert "Ready: letters" in capsys.readouterr().out
    assert len(open_dataset("letters")) == len(dataset)
    assert main(["pack", str(tmp_path), "nothing"]) == 1
