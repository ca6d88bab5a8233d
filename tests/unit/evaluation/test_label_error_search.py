"""Label errors: found where the recognizer is sure of another word, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwr_core import Recognizer, jobs
from hwr_core.corrections import LabelCorrection
from hwr_core.datasets import open_dataset
from hwr_core.errors import DataError, JobError
from hwr_core.evaluation import label_errors
from hwr_core.files import write_text
from hwr_core.recognition import Reading

FOUR = ("tea", "ink", "moon", "sally")


class Confident:
    """Reads canvases of one grey as the word of that number, at 0.9; with a prefix what begins with it."""

    charset = "abcdefghijklmnopqrstuvwxyz"

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.calls: list[tuple[int, list[str]]] = []

    def read_canvases(self, canvases, prefix="", alternatives=1, capitals=None):
        prefixes = [prefix] * len(canvases) if isinstance(prefix, str) else prefix
        self.calls.append((len(canvases), list(prefixes)))
        return [self._one(int(canvas.max()), prefix) for canvas, prefix in zip(canvases, prefixes, strict=True)]

    def _one(self, number: int, prefix: str) -> Reading:
        if not prefix:
            return Reading(self.words[number], 0.9, [(self.words[number], 0.9)])
        return Reading(prefix + "s", 0.05, [(prefix + "s", 0.05), (prefix, 0.02)])


def canvases(number: int) -> list[np.ndarray]:
    return [np.full((4, 4), index, np.uint8) for index in range(number)]


def test_find_label_errors_disagreement_has_the_probability_of_its_transcription():
    recognizer = Confident(["tea", "ink", "moon"])
    (error,) = label_errors.find_label_errors(recognizer, canvases(3), ["tea", "inch", "moon"])
    assert (error["index"], error["transcription"], error["reading"], error["edits"]) == (1, "inch", "ink", 2)
    assert error["suspicion"] == pytest.approx(0.9 - 0.02)
    assert error["loss"] == pytest.approx(-np.log(0.02))
    assert recognizer.calls == [(3, ["", "", ""]), (1, ["inch"])]


def test_find_label_errors_unknown_characters_are_left_out():
    assert label_errors.find_label_errors(Confident(["tea"]), canvases(1), ["thé"]) == []


@pytest.fixture
def start(crnn_run: Path) -> Path:
    return crnn_run / "checkpoint"


@pytest.fixture
def planted(make_dataset):
    """Drawn words of which one is transcribed as another: the row, and the true word."""
    import csv

    dataset = make_dataset("four", {"train": FOUR * 4, "validation": FOUR})
    source = Path(dataset.source)
    rows = list(csv.reader(source.open(encoding="utf-8")))
    rows[6][1] = "moon"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    from hwr_core.datasets import add_dataset, remove_dataset

    remove_dataset("four")
    add_dataset("four", source, canvas=dataset_canvas())
    return 5, FOUR[5 % 4]


def dataset_canvas():
    from hwr_core.config import CanvasConfig

    return CanvasConfig(height=32, width=64)


def test_search_planted_label_error_is_first_and_fixed_once(start: Path, planted: tuple[int, str]):
    row, truth = planted
    folder = label_errors.search_folder("four")
    write_text(folder / label_errors.REQUEST, f'{{"dataset": "four", "checkpoint": "{start}", "part": "", "most": 0}}')
    status = label_errors.run_job(folder)
    assert status.state == "done", status.message
    table = label_errors.read_label_errors("four")
    assert table is not None
    first = table.iloc[0]
    assert (first["index"], first["transcription"], first["reading"]) == (row, "moon", truth)
    assert table.to_dict("records") == sorted(table.to_dict("records"), key=label_errors.sort_key)
    dataset = open_dataset("four")
    assert row in label_errors.undecided(dataset, table)["index"].tolist()
    dataset.label_corrections.add([LabelCorrection(first["word_id"], "moon", truth)])
    dataset = open_dataset("four")
    assert dataset.table["transcription"].iat[row] == truth
    assert row not in label_errors.undecided(dataset, table)["index"].tolist()
    assert label_errors.last_request("four")["dataset"] == "four"


def test_search_stopped_has_a_partial_result(start: Path, planted, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(label_errors, "BATCH_WORDS", 8)
    folder = label_errors.search_folder("four")
    write_text(
        folder / label_errors.REQUEST, f'{{"dataset": "four", "checkpoint": "{start}", "part": "train", "most": 0}}'
    )
    recognizer = Recognizer.load(start)

    class Stopping:
        config, charset, name = recognizer.config, recognizer.charset, "steady"

        def read_canvases(self, *arguments, **named):
            jobs.request_stop(folder)
            return recognizer.read_canvases(*arguments, **named)

    monkeypatch.setattr(label_errors, "Recognizer", type("Loaded", (), {"load": staticmethod(lambda path: Stopping())}))
    status = label_errors.run_job(folder)
    assert status.state == "stopped"
    table = label_errors.read_label_errors("four")
    assert table is not None
    assert planted[0] in table["index"].tolist()
    assert table["index"].max() < 8


def test_search_unusable_request_fails_with_a_sentence(planted):
    folder = label_errors.search_folder("four")
    write_text(folder / label_errors.REQUEST, '{"dataset": "four", "checkpoint": "nowhere", "part": "", "most": 0}')
    status = label_errors.run_job(folder)
    assert status.state == "failed"
    assert "no checkpoint folder" in status.message
    assert label_errors.read_label_errors("four") is None
    assert label_errors.last_request("other") == {}


@pytest.mark.parametrize(
    "row", ["-1,w,h,train,a,b,0.9,0.1,2.0,0.8,1", "0,w,h,train,a,b,high,0.1,2.0,0.8,1", "0,w,h,train,a,b,inf,0,2,1,1"]
)
def test_read_label_errors_damaged_row_is_a_sentence(planted, row: str):
    path = label_errors.search_folder("four") / label_errors.RESULT
    write_text(path, ",".join(label_errors.COLUMNS) + f"\n{row}\n")
    with pytest.raises(DataError, match="cannot be read"):
        label_errors.read_label_errors("four")


def test_start_search_running_is_refused(planted, monkeypatch: pytest.MonkeyPatch, start: Path):
    launched = []
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "launch", lambda module, folder, **_: launched.append((module, folder.parent.name)))
        label_errors.start_search("four", start, "train", 5)
    assert launched == [("hwr_core.evaluation.label_errors", "four")]
    assert label_errors.last_request("four")["most"] == 5
    status = jobs.begin(label_errors.search_folder("four"), "Reading")
    assert jobs.is_busy(status)
    with pytest.raises(JobError, match="running already"):
        label_errors.start_search("four", start)


HEADER = ",".join(label_errors.COLUMNS)
ROW = "0,w0,anna,train,tea,ink,0.9,0.1,2.3,0.8,3"


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ROW.replace('0.9', 'sure')}\n",
        f"{HEADER}\n{ROW.replace('0.9', '')}\n",
        f"{HEADER}\n{ROW.replace('0.9', 'nan')}\n",
        f"{HEADER}\nfirst{ROW[1:]}\n",
        f"{HEADER}\n{10**30}{ROW[1:]}\n",
        f"{HEADER}\n{ROW[:-1]}\n",
        f"{HEADER}\n{ROW},more,and,more\n{ROW}\n",
        f"index,word_id\n{ROW}\n",
        "",
        "\xff\x00",
    ],
    ids=["text", "empty", "nan", "index", "overflow", "short", "long", "columns", "no-rows", "bytes"],
)
def test_read_label_errors_damaged_raises(home: Path, content: str):
    path = label_errors.search_folder("four") / label_errors.RESULT
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")
    with pytest.raises(DataError, match=r"suspects\.csv cannot be read \(.*Search for label errors again\.") as error:
        label_errors.read_label_errors("four")
    assert "\n" not in str(error.value)
    path.write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    assert label_errors.read_label_errors("four").to_dict("records")[0]["confidence"] == 0.9
