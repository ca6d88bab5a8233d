"""The app run without a browser, in a workspace of its own, with a stub recognizer."""

from __future__ import annotations

import csv
import functools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from visiting import ROOT, StubRecognizer, png

if TYPE_CHECKING:
    from hwr_core.config import RunConfig

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # as `streamlit run` does


@pytest.fixture(scope="session", autouse=True)
def one_component_scan() -> Iterator[None]:
    """Installed packages are searched for Streamlit components once, as on a server; AppTest searches in every test.

    The search took half of the tests' time. Streamlit has no public setting for it.
    """
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """Configurations whose speed the Train page began to measure; no process is started."""
    from hwr_core.training import speed

    configs: list[RunConfig] = []
    monkeypatch.setattr(speed, "start_measurement", configs.append)
    return configs


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty workspace without any model, shipped or trained."""
    import streamlit as st

    from hwr_core import limits
    from hwr_core.recognition import checkpoint
    from hwr_core.workspace import set_home_resolver

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HWR_HOME", str(home))
    monkeypatch.setenv("HWR_MODE", "local")
    monkeypatch.setenv("HWR_EXAMPLES", "")  # the runs of the repository would be in every list
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "no-models")
    st.cache_data.clear()
    st.cache_resource.clear()
    yield home
    limits.use(None)  # a mode may have set others
    set_home_resolver(None)
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def recognizer(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> StubRecognizer:
    """The run "steady" of the workspace, read by a stub that imports nothing."""
    from hwr_core.config import CrnnConfig, RunConfig
    from hwr_core.recognition import pool

    folder = workspace / "runs" / "steady" / "checkpoint"
    folder.mkdir(parents=True)
    config = RunConfig(datasets=("demo",), model=CrnnConfig())
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    (folder.parent / "config.json").write_text(json.dumps(config.to_dict()))
    (folder / "checkpoint.json").write_text(json.dumps({"cer": 0.065, "words": 2515}))
    (folder / "model.keras").write_bytes(b"opened by the stub")
    stub = StubRecognizer()
    monkeypatch.setattr(pool, "load_recognizer", lambda folder, on_phase: stub)
    return stub


@pytest.fixture
def word_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a CSV and its images; `header` may name the columns otherwise."""

    def make(
        number: int = 40, header: Sequence[str] = ("word_id", "transcription", "image", "writer", "split")
    ) -> Path:
        folder = tmp_path / "words"
        folder.mkdir()
        parts = ("train", "train", "validation", "test")
        texts = ("because", "of", "the", "Garden", "museum", "weather", "a", "it's")
        with (folder / "words.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(header)
            for index in range(number):
                text = texts[index % len(texts)]
                writer = index % 8
                rows.writerow([f"w{index:03d}", text, f"w{index:03d}.png", f"hand{writer}", parts[writer % 4]])
                (folder / f"w{index:03d}.png").write_bytes(png(text, (120 + 2 * index, 60)))
            rows.writerow(["gone", "lost", "gone.png", "hand0", "train"])
            rows.writerow(["wide", "wide", "wide.png", "hand0", "train"])
        (folder / "wide.png").write_bytes(png("wide", (3000, 60)))
        return folder

    return make


@pytest.fixture
def words_added(workspace: Path, word_folder: Callable[..., Path]) -> str:
    """A data set of 41 words, one of them flagged, one row left out; returns its name."""
    from hwr_core.datasets import add_dataset

    add_dataset("letters", word_folder() / "words.csv", processes=0)
    return "letters"
