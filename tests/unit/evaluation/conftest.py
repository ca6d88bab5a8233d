"""Words with their readings, and a stand-in recognizer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hwr_core.config import CanvasConfig, CrnnConfig, RunConfig
from hwr_core.evaluation import job
from hwr_core.recognition import Reading
from hwr_core.text import edit_distance

PARTS = {"train": ["tea", "ink", "moon"], "validation": ["sally", "tea", "ink", "on"]}


def readings_of(rows: Sequence[tuple], dataset: str = "letters") -> pd.DataFrame:
    """A table of readings from `(writer, transcription, reading, confidence)` rows."""
    return pd.DataFrame(
        {
            "dataset": dataset,
            "index": np.arange(len(rows)),
            "word_id": [f"w{number}" for number in range(len(rows))],
            "writer": [row[0] for row in rows],
            "transcription": [row[1] for row in rows],
            "reading": [row[2] for row in rows],
            "confidence": [row[3] for row in rows],
            "edits": [edit_distance(row[1], row[2]) for row in rows],
        }
    )


@dataclass
class StandIn:
    """Reads every canvas as "tea", with the more confidence the more ink there is; records its calls."""

    name: str = "steady"
    config: RunConfig = field(
        default_factory=lambda: RunConfig(
            datasets=("words",), model=CrnnConfig(), canvas=CanvasConfig(height=32, width=64)
        )
    )
    calls: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def read_canvases(self, canvases: Sequence[np.ndarray], **options: Any) -> list[Reading]:
        self.calls.append((len(canvases), options))
        return [Reading("tea", float(canvas.mean()) / 255, []) for canvas in canvases]


@pytest.fixture
def table_of() -> Callable[..., pd.DataFrame]:
    return readings_of


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The recognizer that every checkpoint opens as."""
    recognizer = StandIn()
    monkeypatch.setattr(job.Recognizer, "load", staticmethod(lambda folder: recognizer))
    return recognizer


@pytest.fixture
def words(make_dataset: Callable[..., Any]) -> Any:
    """A data set of seven drawn words by two writers, `words`."""
    return make_dataset("words", PARTS)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A folder that looks like a checkpoint with ONNX beside Keras."""
    folder = tmp_path / "steady"
    folder.mkdir()
    config = RunConfig(datasets=("words",), model=CrnnConfig(), canvas=CanvasConfig(height=32, width=64))
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    for name in ("charset.txt", "model.onnx", "model.keras", "card.md"):
        (folder / name).write_text(name)
    return folder
