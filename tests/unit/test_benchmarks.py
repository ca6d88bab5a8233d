"""`make bench`: models in both reading modes, absent peers are named, and ratios are to RapidOCR."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hwr_core.recognition.checkpoint import SHIPPED

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
MODEL = SHIPPED / "reader-small"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_run", BENCHMARKS / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_run"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bench_run"]


@pytest.fixture
def images(tmp_path, draw) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for index, word in enumerate(("tea", "minimum", "the")):
        Image.fromarray(np.asarray(draw(word), np.uint8)).save(folder / f"{index:05d}.png")
    return folder


def test_run_peer_of_a_model_measures_both_reading_modes(bench, images):
    letters, languages, *_ = bench.peers_of([MODEL], sys.executable)
    assert (letters.title, languages.title) == ("reader-small, letters", "reader-small, languages")
    result = bench.run_peer(languages, images)
    assert len(result["texts"]) == 3
    assert result["cold"] > 0 < result["single"]
    assert result["batch"] > 0 < result["memory"]
    assert not result["tensorflow"]
    assert set(bench.run_peer(letters, images, "--cold")) == {"cold", "memory", "tensorflow"}


def test_run_peer_of_an_absent_peer_returns_none(bench, images, capsys):
    assert bench.run_peer(bench.Peer("nobody", ("no-such-checkpoint",)), images) is None
    assert "nobody" in capsys.readouterr().err
    assert bench.measured([bench.Peer("nobody", ("no-such-checkpoint",))], images, 1) == {}


def test_main_writes_results_with_ratios_to_rapidocr(bench, tmp_path, monkeypatch, make_dataset):
    dataset = make_dataset("words", {"train": ["tea"], "validation": ["so", "the"]})
    calls: list[str] = []
    machine = bench.machine()
    monkeypatch.setattr(bench, "machine", lambda: machine)  # it may call `uname`

    def stand_in(command, **_):
        name = "python" if command[1] == "-c" else command[2]
        calls.append(name)
        if name == "tesseract":
            return SimpleNamespace(returncode=1, stdout="", stderr="no tesseract")
        single = {"rapidocr": 0.02, "python": 0}.get(name, 0.005 if "--languages" in command else 0.004)
        result = {"texts": ["so", "thc"], "single": single, "batch": 1 / (single or 1), "cold": 0.3, "memory": 90.0}
        text = "0.01" if name == "python" else json.dumps({**result, "tensorflow": name == "rapidocr"})
        return SimpleNamespace(returncode=0, stdout=f"noise\n{text}\n", stderr="")

    monkeypatch.setattr(subprocess, "run", stand_in)
    out = tmp_path / "results.md"
    bench.main(["--data", dataset.name, "--readers", str(MODEL), "--rounds", "2", "--out", str(out)])
    text = out.read_text()
    assert machine in text
    assert time_in(text)
    assert "| reader-small, letters | 20.0 %" in text
    assert "| 4.0 ms | 5.00 | 250 words/s | 5.00 | 0.30 s | 90 MB |" in text
    assert "| 5.0 ms | 4.00 | 200 words/s | 4.00 |" in text
    assert "| 20.0 ms | 1.00 | 50 words/s | 1.00 |" in text
    assert "Not installed here or failed: tesseract" in text
    assert "TensorFlow was loaded by rapidocr" in text
    assert calls.count("tesseract") == 1  # once absent, not called again
    assert calls.count("rapidocr") == 2 + bench.COLD_STARTS


def time_in(text: str) -> bool:
    return pd.Timestamp(text.splitlines()[2].split(",")[0]).year > 2000
