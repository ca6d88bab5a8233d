"""A few words of the built-in demo set, to try a model on."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass

import streamlit as st

from hwr_core.errors import DataError

MAX_SAMPLES = 6


@dataclass(frozen=True)
class SampleWord:
    name: str
    transcription: str
    data: bytes


@st.cache_resource(show_spinner=False, max_entries=1)
def sample_words() -> list[SampleWord]:
    """Words of writers that no shipped model was trained on, one a writer; empty where the demo set is missing."""
    from hwr_core.datasets.demo import demo_zip

    try:
        path = demo_zip()
        with zipfile.ZipFile(path) as archive:
            listing = next(name for name in archive.namelist() if name.endswith("words.csv"))
            rows = list(csv.DictReader(io.TextIOWrapper(archive.open(listing), "utf-8", newline="")))
            folder = listing.rpartition("/")[0]
            names = set(archive.namelist())
            chosen: dict[str, dict[str, str]] = {}
            for row in rows:
                if row["split"] != "train" and 5 <= len(row["transcription"]) <= 9 and row["transcription"].isalpha():
                    chosen.setdefault(row["writer"], row)
            words = []
            for row in list(chosen.values())[:MAX_SAMPLES]:
                image = row["image"] if row["image"] in names else f"{folder}/{row['image']}"
                words.append(SampleWord(f"{row['word_id']}.png", row["transcription"], archive.read(image)))
            return words
    except (DataError, OSError, KeyError, StopIteration, zipfile.BadZipFile):
        return []
