"""Synthetic data sets on order: the zip, the job that makes and adds it, and what is refused at the door."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from hwr_core import jobs
from hwr_core.datasets import open_dataset
from hwr_core.datasets.__main__ import Reporter
from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis import Face, Mix, SynthesisRequest, find_fonts, generate, job, save_zip
from hwr_core.synthesis.__main__ import main

pytest.importorskip("wordfreq")
ORDER = SynthesisRequest(count=30, languages=("fr", "en"), seed=3, mix=Mix(photo=0.3))


@pytest.fixture
def ordered(tmp_path: Path, font_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an order for 30 words, whose process was not started."""
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HWR_FONTS", str(font_folder))
    monkeypatch.setattr(job, "find_fonts", lambda folder: find_fonts(folder, names=["DejaVuSans", "DejaVuSerif"]))
    monkeypatch.setattr(job.jobs, "launch", lambda module, folder: 0)
    monkeypatch.setattr(job, "PROCESSES", 0)
    monkeypatch.setattr(job, "workers", lambda: 1)
    return job.start_synthesis("made", ORDER)


def test_an_order_becomes_a_data_set(ordered: Path) -> None:
    assert job.read_order(ordered)[0] == ORDER
    assert job.run_job(ordered) == 0
    status = jobs.read_status(ordered)
    assert (status.state, status.message) == ("done", "30 synthetic words are ready.")
    faces = job.find_fonts(job.fonts_folder())
    expected = [word.text for word in generate(30, faces, 3, ("fr", "en"), mix=ORDER.mix)]
    assert open_dataset("made").table["transcription"].tolist() == expected
    with pytest.raises(DataError, match="made already"):
        job.start_synthesis("made", ORDER)


def test_a_stopped_job_keeps_nothing(ordered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Reporter):
        def __call__(self, phase: str, step: int, steps: int) -> None:
            if step == 5:
                raise job.StopAskedError

    monkeypatch.setattr(job, "Reporter", Stopped)
    assert job.run_job(ordered) == 1
    assert jobs.read_status(ordered).state == "stopped"
    assert list((ordered / job.UPLOAD).iterdir()) == []


def test_a_damaged_order_and_a_bug_are_told(ordered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "generate", lambda *values, **named: 1 / 0)
    assert job.run_job(ordered) == 1
    assert "could not be made" in jobs.read_status(ordered).message
    (ordered / job.ORDER).write_text("{}")
    assert job.run_job(ordered) == 1
    assert "holds no order" in jobs.read_status(ordered).message


def test_missing_fonts_are_said_before_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    monkeypatch.setenv("HWR_FONTS", str(tmp_path / "none"))
    with pytest.raises(DataError, match="make fonts"):
        job.start_synthesis("made", ORDER)
    assert not (tmp_path / "datasets").exists()


def test_fonts_of_the_workspace_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HWR_FONTS", raising=False)
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    assert job.fonts_folder() == job.ROOT / "fonts"
    (tmp_path / "fonts").mkdir()
    assert job.fonts_folder() == tmp_path / "fonts"


def test_the_preview_is_of_the_data_set(faces: list[Face]) -> None:
    shown = job.preview(ORDER, faces, 2)
    words = list(generate(30, faces, 3, ("fr", "en"), mix=ORDER.mix))
    assert [word.text for word in shown] == [words[0].text, words[24].text]


def test_counts_are_checked() -> None:
    for count in (0, 500_001):
        with pytest.raises(ConfigError, match="count must lie"):
            SynthesisRequest(count=count)
    assert 1 <= job.workers() <= 4


def test_the_same_words_give_the_same_zip(faces: list[Face], tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    for path in (one, two):
        assert save_zip(generate(5, faces), path, name="set") == 5
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("set/words.csv").decode("utf-8"))))
        assert {f"set/{row['image']}" for row in rows} == set(archive.namelist()) - {"set/words.csv"}


def test_the_command_line_writes_a_zip(font_folder: Path, tmp_path: Path, capsys) -> None:
    options = ["--count", "4", "--fonts", str(font_folder), "--faces", "DejaVuSans"]
    assert main([str(tmp_path / "set.zip"), *options, "--binary", "1", "--photo", "0"]) == 0
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        assert len(archive.namelist()) == 5
    assert main([str(tmp_path / "set.zip"), *options, "--shape", "9"]) == 1
    assert "shape must lie in [0, 2]" in capsys.readouterr().err
