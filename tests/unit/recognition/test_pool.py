"""The pool of open recognizers, with a stub in the place of each."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from hwr_core.errors import CheckpointError, ConfigError
from hwr_core.recognition import Reading, pool
from hwr_core.recognition.options import ReadOptions
from hwr_core.recognition.pool import MAX_OPEN_RECOGNIZERS, ReadingConditions, RecognizerPool, read_calls
from hwr_core.recognition.steps import Steps


class Stub:
    """Reads each image as its only pixel; fails where two threads read at once."""

    def __init__(self) -> None:
        self.is_reading = False

    def read_steps(
        self, images: Sequence[np.ndarray], options: ReadOptions, words_per_step: int
    ) -> Steps[list[Reading]]:
        yield None
        assert not self.is_reading
        self.is_reading = True
        time.sleep(0.01)
        self.is_reading = False
        return [Reading(str(image[0, 0]), 1.0, []) for image in images]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders that were loaded."""
    names: list[str] = []

    def load(folder: Path, on_phase: Callable[[str], None]) -> Stub:
        names.append(folder.name)
        return Stub()

    monkeypatch.setattr(pool, "load_recognizer", load)
    return names


def checkpoint(folder: Path) -> Path:
    folder.mkdir()
    (folder / "model.keras").write_bytes(b"")
    return folder


def images(number: int) -> list[np.ndarray]:
    return [np.full((1, 1), index, np.uint8) for index in range(number)]


def test_pool_read_returns_readings_in_order(loaded: list[str], tmp_path: Path):
    folder = checkpoint(tmp_path / "one")
    readings = RecognizerPool().read(folder, images(4), ["a?", "", "b?", "c"])
    assert [reading.text for reading in readings] == ["0", "1", "2", "3"]


def test_pool_read_of_many_threads_opens_once_and_reads_one_at_a_time(loaded: list[str], tmp_path: Path):
    folder, shared = checkpoint(tmp_path / "one"), RecognizerPool()
    results: list[list[Reading]] = []
    threads = [
        threading.Thread(target=lambda: results.append(shared.read(folder, images(2), ["", ""]))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert loaded == ["one"]


def test_pool_open_drops_the_recognizer_used_longest_ago(loaded: list[str], tmp_path: Path):
    shared = RecognizerPool()
    folders = [checkpoint(tmp_path / f"{number}") for number in range(MAX_OPEN_RECOGNIZERS + 1)]
    for folder in [*folders, folders[-1], folders[0]]:
        shared.open(folder).wait()
    assert loaded == ["0", "1", "2", "0"]


def test_pool_open_of_a_changed_checkpoint_opens_it_again(loaded: list[str], tmp_path: Path):
    folder, shared = checkpoint(tmp_path / "one"), RecognizerPool()
    first = shared.open(folder)
    first.wait()
    os.utime(folder / "model.keras", ns=(1, 1))
    assert shared.open(folder) is not first
    shared.open(folder).wait()
    assert loaded == ["one", "one"]


def test_pool_read_of_a_broken_checkpoint_raises_and_is_tried_again(
    loaded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder, shared = checkpoint(tmp_path / "one"), RecognizerPool()

    def fail(folder: Path, on_phase: object) -> Stub:
        raise CheckpointError("damaged")

    with monkeypatch.context() as patch:
        patch.setattr(pool, "load_recognizer", fail)
        with pytest.raises(CheckpointError, match="damaged"):
            shared.read(folder, images(1), [""])
    assert len(shared.read(folder, images(1), [""])) == 1


def test_pool_wait_reports_phase_and_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    may_open = threading.Event()

    def load(folder: Path, on_phase: Callable[[str], None]) -> Stub:
        on_phase("Opening one")
        may_open.wait(20)
        return Stub()

    def on_wait(phase: str, seconds: float) -> None:
        reports.append((phase, seconds))
        may_open.set()

    monkeypatch.setattr(pool, "load_recognizer", load)
    monkeypatch.setattr(pool, "WAIT_INTERVAL_SECONDS", 0.01)
    reports: list[tuple[str, float]] = []
    RecognizerPool().open(checkpoint(tmp_path / "one")).wait(on_wait)
    assert reports[0][0] == "Opening one"
    assert 0 < reports[0][1] < 20


def test_read_calls_separate_prefixes_and_masks():
    conditions = ReadingConditions("en", capitals=0.5, views=3)
    common = {"language": "en", "capitals": 0.5, "views": 3}
    assert read_calls(["th", "t?e", r"why\?"], conditions) == [
        ([0, 2], {"prefix": ["th", "why?"], **common}),
        ([1], {"mask": ["t?e"], **common}),
    ]


def test_read_calls_under_a_word_list_fit_each_mask():
    calls = read_calls(["t", "t??", "?"], ReadingConditions(words=("tea", "ten", "a")))
    assert [(rows, options.get("prefix"), options["words"]) for rows, options in calls] == [
        ([0], ["t"], ["tea", "ten", "a"]),
        ([1], [""], ["tea", "ten"]),
        ([2], [""], ["a"]),
    ]
    with pytest.raises(ConfigError, match="No word of your list fits"):
        read_calls(["z?"], ReadingConditions(words=("tea",)))
