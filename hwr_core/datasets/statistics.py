"""Counts of a data set's words by length, character, writer, part and image size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hwr_core.datasets.sample import PARTS

SIZE_BINS = 32
MIN_SIZE_RANGE_PIXELS = 8.0


@dataclass(frozen=True)
class DatasetStatistics:
    """Tables of counts.

    Attributes:
        lengths: columns letters, words; by letters.
        characters: columns character, times; the commonest first.
        writers: columns writer, words; most words first; words without a writer are left out.
        splits: columns split, words, writers (those that are named); in the order of `PARTS`.
        sizes: columns width, height, words: centres of `SIZE_BINS` x `SIZE_BINS` bins in pixels, without empty ones.
    """

    lengths: pd.DataFrame
    characters: pd.DataFrame
    writers: pd.DataFrame
    splits: pd.DataFrame
    sizes: pd.DataFrame


def dataset_statistics(table: pd.DataFrame) -> DatasetStatistics:
    """Count the words of a data set's table: columns word_id, transcription, writer, split, width, height."""
    text = table["transcription"]
    lengths = text.str.len().value_counts().sort_index()
    characters = pd.Series(list("".join(text))).value_counts()
    table = table.assign(writer=table["writer"].replace("", None))  # an unknown writer is none
    writers = table["writer"].value_counts()
    splits = table.groupby("split", observed=True).agg(words=("word_id", "size"), writers=("writer", "nunique"))
    return DatasetStatistics(
        lengths=pd.DataFrame({"letters": lengths.index, "words": lengths.to_numpy()}),
        characters=pd.DataFrame({"character": characters.index, "times": characters.to_numpy()}),
        writers=pd.DataFrame({"writer": writers.index, "words": writers.to_numpy()}),
        splits=splits.reindex([part for part in PARTS if part in splits.index]).reset_index(),
        sizes=size_histogram(table["width"].to_numpy(float), table["height"].to_numpy(float)),
    )


def size_histogram(widths: np.ndarray, heights: np.ndarray, bins: int = SIZE_BINS) -> pd.DataFrame:
    """Number of images by width and height; sizes above the 99th percentile count in the last bin."""
    if not len(widths):
        return pd.DataFrame({"width": [], "height": [], "words": []})
    max_width = max(MIN_SIZE_RANGE_PIXELS, np.percentile(widths, 99))
    max_height = max(MIN_SIZE_RANGE_PIXELS, np.percentile(heights, 99))
    counts, x, y = np.histogram2d(
        np.minimum(widths, max_width),
        np.minimum(heights, max_height),
        bins=bins,
        range=((0, max_width), (0, max_height)),
    )
    columns, rows = np.nonzero(counts)
    return pd.DataFrame(
        {
            "width": ((x[1:] + x[:-1]) / 2)[columns].round(1),
            "height": ((y[1:] + y[:-1]) / 2)[rows].round(1),
            "words": counts[columns, rows].astype(int),
        }
    )
