"""Open data sets and what is computed from them, cached between clicks and shared by all visitors.

So that nobody gets what is another's, the keys hold folders or hashes of contents, never names alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from hwr_core.corrections import LabelCorrections
from hwr_core.datasets import DataSet, dataset_folder, open_dataset, word_filter
from hwr_core.datasets.dataset import read_description
from hwr_core.datasets.statistics import DatasetStatistics, dataset_statistics
from pages.components import images

THUMBNAIL_PIXELS = 320  # longest side


@dataclass(frozen=True)
class OpenDataset:
    """A data set and its version, which changes with its words, its images and the corrections of its labels."""

    dataset: DataSet
    version: str


def _version(opened: OpenDataset) -> str:
    return opened.version


VERSION_ONLY: dict[str | type[Any], Callable[[Any], Any]] = {OpenDataset: _version}


def opened(name: str) -> OpenDataset:
    """The data set as it is now.

    Raises:
        HwrError: it is missing or damaged.
    """
    folder = dataset_folder(name)
    description = read_description(folder)
    corrections = LabelCorrections(name)
    # Visitors with corrections of their own see a data set of their own; without any, a shared one is open once.
    revision = f"{corrections.path} {revision}" if (revision := corrections.revision()) else ""
    return _opened(name, f"{folder} {description['content']} {description['created']} {revision}")


@st.cache_resource(show_spinner=False, max_entries=8)
def _opened(name: str, version: str) -> OpenDataset:
    return OpenDataset(open_dataset(name), version)


@st.cache_data(show_spinner=False, max_entries=8, hash_funcs=VERSION_ONLY)
def choices(opened: OpenDataset) -> tuple[list[str], list[str]]:
    """The writers and the parts that a filter can choose."""
    return word_filter.writers_of(opened.dataset), word_filter.parts_of(opened.dataset)


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=VERSION_ONLY)
def matching_rows(opened: OpenDataset, chosen: word_filter.WordFilter) -> np.ndarray:
    """The rows that match a filter."""
    return word_filter.matching_rows(opened.dataset, chosen)


@st.cache_data(show_spinner=False, max_entries=8, hash_funcs=VERSION_ONLY)
def flagged_words(opened: OpenDataset) -> dict[str, str]:
    """Word id -> reason, of the words that the check found odd."""
    return word_filter.flagged_words(opened.dataset)


@st.cache_data(show_spinner=False, max_entries=16, hash_funcs=VERSION_ONLY)
def statistics(opened: OpenDataset) -> DatasetStatistics:
    return dataset_statistics(opened.dataset.table)


def thumbnail(dataset: DataSet, row: int) -> str:
    """A word's image as an address for a list.

    Raises:
        HwrError: the image file is missing or damaged.
    """
    return _thumbnail(dataset.description["content"], row, dataset)


@st.cache_data(show_spinner=False, max_entries=2000)
def _thumbnail(content: str, row: int, _dataset: DataSet) -> str:
    """Cached by the content hash of all images: names and word ids may come back with other images."""
    return images.as_uri(_dataset.image(row), THUMBNAIL_PIXELS)
