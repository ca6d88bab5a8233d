"""The plots of a run: real PNG files, of what the history holds."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest

from hwr_core.errors import DataError
from hwr_core.training import plots

CRNN = pd.DataFrame(
    {
        "epoch": [1, 2, 3, 4],
        "loss": [20.0, 12.0, 8.0, 6.0],
        "validation_loss": [18.0, 11.0, 9.0, 9.5],
        "cer": [0.9, 0.5, 0.3, 0.32],
        "word_accuracy": [0.0, 0.2, 0.5, 0.48],
        "best": [1, 1, 1, 0],
    }
)


def ink_pixels(path, hex_colour: str) -> int:
    """Number of pixels drawn in about this colour."""
    image = cv2.imread(str(path)).astype(int)
    blue_green_red = [int(hex_colour[i : i + 2], 16) for i in (5, 3, 1)]
    return int((np.abs(image - blue_green_red).max(axis=2) < 12).sum())


def test_save_plots_of_crnn_draws_loss_and_accuracy(tmp_path):
    paths = plots.save_plots(CRNN, tmp_path / "plots")
    assert [path.name for path in paths] == ["loss.png", "accuracy.png"]
    assert cv2.imread(str(paths[0])).shape == (675, 1200, 3)
    for column, path in (("loss", paths[0]), ("validation_loss", paths[0])):
        assert ink_pixels(path, plots.LOSS[column][1]) > 500, column
    for column in ("cer", "word_accuracy"):
        assert ink_pixels(paths[1], plots.ACCURACY[column][1]) > 500, column
    assert ink_pixels(paths[1], plots.ACCURACY["accuracy"][1]) == 0  # crnn has no next-token accuracy
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["accuracy.png", "loss.png"]


def test_save_plots_of_dual_adds_next_token_accuracy(tmp_path):
    history = CRNN.assign(accuracy=[0.2, 0.4, 0.5, 0.6], validation_accuracy=[0.2, 0.3, 0.4, 0.4])
    accuracy = plots.save_plots(history, tmp_path)[1]
    assert ink_pixels(accuracy, plots.ACCURACY["accuracy"][1]) > 500


def test_save_plots_marks_the_best_epoch(tmp_path):
    marked = plots.save_plots(CRNN, tmp_path / "marked")[0]
    plain = plots.save_plots(CRNN.drop(columns="best"), tmp_path / "plain")[0]
    assert ink_pixels(marked, "#888888") > ink_pixels(plain, "#888888") + 100


def test_save_plots_one_epoch_draws_markers_and_skips_empty_columns(tmp_path):
    one = CRNN.head(1).assign(cer=np.nan, word_accuracy=np.nan)
    paths = plots.save_plots(one, tmp_path)
    assert [path.name for path in paths] == ["loss.png"]
    assert ink_pixels(paths[0], plots.LOSS["loss"][1]) > 20


def test_save_plots_without_epochs_returns_nothing(tmp_path):
    assert plots.save_plots(CRNN.head(0), tmp_path / "plots") == []
    assert not (tmp_path / "plots").exists()


def test_save_plots_of_another_table_raises(tmp_path):
    with pytest.raises(DataError, match=r"column 'epoch'.*word_id, reason"):
        plots.save_plots(pd.DataFrame({"word_id": ["a"], "reason": ["b"]}), tmp_path)


def test_save_plots_to_an_unwritable_folder_raises(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match=r"cannot be written"):
        plots.save_plots(CRNN, tmp_path / "file")


def test_save_plots_replaces_older_plots(tmp_path):
    first = plots.save_plots(CRNN.head(2), tmp_path)[0].read_bytes()
    assert plots.save_plots(CRNN, tmp_path)[0].read_bytes() != first
