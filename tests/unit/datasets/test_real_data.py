"""The real data sets, where they exist: read in part, since a whole one takes a minute."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from hwr_core.config import CanvasConfig
from hwr_core.datasets.canvas_cache import prepare_all
from hwr_core.datasets.checks import check_texts
from hwr_core.datasets.sources.detect import read_source

REAL = Path(os.environ.get("HWR_REAL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
WORDS = {"iam-words": 29_378, "copiste-words": 35_070, "csafe-words": 11_161, "iam-lines": 4_034}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if words > 10_000 else ()) for name, words in WORDS.items()]
)
def test_read_source_real_zip_has_no_problems(name):
    path = REAL / f"{name}.zip"
    if not path.exists():
        pytest.skip(f"{path} is not here; it is not part of the project")
    listing = read_source(path)
    assert listing.reader == "zip/csv"
    assert len(listing.samples) == WORDS[name]
    assert listing.problems == []
    assert {sample.split for sample in listing.samples} == {"train", "validation"}
    good = check_texts(listing, 64)
    assert len(good) == WORDS[name]
    images = [sample.image for sample in islice(good, 0, None, len(good) // 40)]
    assert all(prepared.canvas is not None for prepared in prepare_all(listing.source, images, CanvasConfig()))
