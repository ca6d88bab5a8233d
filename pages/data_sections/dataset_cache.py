"""Data sets kept open between clicks, and which of their words a filter leaves; quick at 115,000 words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.components import images

ANY = "Any"
LENGTHS = {ANY: (0, 10_000), "1 to 3": (1, 3), "4 to 6": (4, 6), "7 to 9": (7, 9), "10 and more": (10, 10_000)}
KEPT = "kept"  # how the severity of a problem begins whose word stays in the set


@dataclass(frozen=True)
class Filter:
    """What the gallery shows; the default is everything."""

    writer: str = ""
    split: str = ""
    contains: str = ""
    length: str = ANY
    flagged: bool = False


def stamp(name: str) -> int:
    """Changes when the data set does, or a correction of its transcriptions."""
    from hwr_core.corrections import LabelCorrections
    from hwr_core.datasets import dataset_folder
    from hwr_core.errors import HwrError

    try:
        return hash(((dataset_folder(name) / "dataset.json").stat().st_mtime_ns, LabelCorrections(name).revision()))
    except (OSError, HwrError):
        return 0


@st.cache_resource(show_spinner=False, max_entries=3)
def opened(name: str, stamp: int) -> Any:
    """The data set: its table in memory, its pictures on the disk."""
    from hwr_core.datasets import open_dataset

    return open_dataset(name)


@st.cache_data(show_spinner=False, max_entries=8)
def choices(name: str, stamp: int) -> tuple[list[str], list[str]]:
    """The writers and the splits that a filter can choose."""
    table = opened(name, stamp).table
    writers = sorted(writer for writer in table["writer"].dropna().unique() if writer)
    present = set(table["split"].unique())
    return writers, [part for part in ("train", "validation", "test") if part in present]


@st.cache_data(show_spinner=False, max_entries=32)
def matching(name: str, stamp: int, wanted: Filter) -> np.ndarray:
    """The rows that the filter leaves, as indices."""
    dataset = opened(name, stamp)
    table = dataset.table
    keep = np.ones(len(table), bool)
    if wanted.writer:
        keep &= (table["writer"] == wanted.writer).to_numpy()
    if wanted.split:
        keep &= (table["split"] == wanted.split).to_numpy()
    if wanted.contains:
        # Small letters find both; a capital finds only itself.
        exact = wanted.contains != wanted.contains.lower()
        keep &= table["transcription"].str.contains(wanted.contains, case=exact, regex=False).to_numpy(bool)
    if wanted.length != ANY:
        shortest, longest = LENGTHS[wanted.length]
        keep &= table["transcription"].str.len().between(shortest, longest).to_numpy()
    if wanted.flagged:
        keep &= table["word_id"].isin(flagged(name, stamp)).to_numpy()
    return np.flatnonzero(keep).astype(np.int32)


@st.cache_data(show_spinner=False, max_entries=8)
def flagged(name: str, stamp: int) -> dict[str, str]:
    """Words that stay in the set but deserve a look: id -> why."""
    report = opened(name, stamp).report
    kept = report[report["severity"].str.startswith(KEPT)]
    return dict(zip(kept["word_id"].astype(str), kept["reason"], strict=True))


@st.cache_data(show_spinner=False, max_entries=2000)
def thumbnail(name: str, stamp: int, index: int) -> str:
    """One picture as an address for a list; the sentence of the error where the file has gone."""
    picture = opened(name, stamp).picture(index)
    return images.as_uri(picture, 320)


@st.cache_data(show_spinner=False, max_entries=16)
def described(name: str, stamp: int) -> dict[str, pd.DataFrame]:
    """The figures that the charts draw, counted once."""
    table = opened(name, stamp).table
    text = table["transcription"]
    lengths = text.str.len().value_counts().sort_index()
    letters = pd.Series(list("".join(text))).value_counts()
    writers = table[table["writer"].fillna("") != ""]["writer"].value_counts()
    splits = table.groupby("split", observed=True).agg(words=("word_id", "size"), writers=("writer", "nunique"))
    splits = splits.reindex([part for part in ("train", "validation", "test") if part in splits.index])
    return {
        "lengths": pd.DataFrame({"letters": lengths.index, "words": lengths.to_numpy()}),
        "characters": pd.DataFrame({"character": letters.index, "times": letters.to_numpy()}),
        "writers": pd.DataFrame({"writer": writers.index, "words": writers.to_numpy()}),
        "splits": splits.reset_index(),
        "sizes": _sizes(table),
    }


def _sizes(table: pd.DataFrame, bins: int = 32) -> pd.DataFrame:
    """How many pictures there are of each width and height, in cells; the largest hundredth is gathered at the edge."""
    if table.empty:
        return pd.DataFrame({"width": [], "height": [], "words": []})
    width, height = table["width"].to_numpy(float), table["height"].to_numpy(float)
    wide, high = max(8.0, np.percentile(width, 99)), max(8.0, np.percentile(height, 99))
    counts, x, y = np.histogram2d(
        np.minimum(width, wide), np.minimum(height, high), bins=bins, range=((0, wide), (0, high))
    )
    columns, rows = np.nonzero(counts)
    middle_x, middle_y = (x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2
    return pd.DataFrame(
        {
            "width": middle_x[columns].round(1),
            "height": middle_y[rows].round(1),
            "words": counts[columns, rows].astype(int),
        }
    )
