"""Counts of a data set's words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hwr_core.datasets.statistics import dataset_statistics, size_histogram

TABLE = pd.DataFrame(
    {
        "word_id": ["a", "b", "c", "d"],
        "transcription": ["tea", "eat", "it", "it"],
        "writer": ["w1", "w1", "w2", ""],
        "split": ["train", "train", "test", ""],
        "width": [40, 50, 60, 300],
        "height": [20, 20, 30, 40],
    }
)


def test_dataset_statistics_count_every_word():
    counted = dataset_statistics(TABLE)
    assert counted.lengths.to_dict("list") == {"letters": [2, 3], "words": [2, 2]}
    assert counted.characters.set_index("character")["times"].to_dict() == {"t": 4, "e": 2, "a": 2, "i": 2}
    assert counted.writers.to_dict("list") == {"writer": ["w1", "w2"], "words": [2, 1]}
    assert counted.splits.to_dict("list") == {"split": ["train", "test"], "words": [2, 1], "writers": [1, 1]}
    assert counted.sizes["words"].sum() == 4


def test_size_histogram_counts_the_largest_in_the_last_bin():
    widths, heights = np.r_[np.full(990, 50.0), np.full(10, 9_000.0)], np.full(1000, 20.0)
    sizes = size_histogram(widths, heights)
    assert sizes["words"].sum() == 1000
    assert sizes["width"].max() < np.percentile(widths, 99)


def test_dataset_statistics_empty_table_is_empty():
    counted = dataset_statistics(TABLE[:0])
    assert all(len(getattr(counted, name)) == 0 for name in ("lengths", "characters", "writers", "splits", "sizes"))


def test_dataset_statistics_unknown_writers_are_not_counted():
    counted = dataset_statistics(TABLE.assign(writer=""))
    assert counted.writers.empty
    assert counted.splits["writers"].tolist() == [0, 0]
