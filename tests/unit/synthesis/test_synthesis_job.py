"""Requests for synthetic data sets: the zip, the job that renders and adds it, and errors before the start."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from hwr_core import jobs
from hwr_core.cli.synthesize import main
from hwr_core.datasets import open_dataset
from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis import Face, Mix, SynthesisRequest, find_fonts, generate, job, save_zip

pytest.importorskip("wordfreq")
REQUEST = SynthesisRequest(count=30, languages=("fr", "en"), seed=3, mix=Mix(photo=0.3))


@pytest.fixture
def job_folder(tmp_path: Path, font_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a request for 30 words whose process is not started."""
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HWR_FONTS", str(font_folder))
    monkeypatch.setattr(job, "find_fonts", lambda folder: find_fonts(folder, names=["DejaVuSans", "DejaVuSerif"]))
    monkeypatch.setattr(job.jobs, "launch", lambda module, folder, **_: 0)
    monkeypatch.setattr(job, "PROCESSES", 0)
    monkeypatch.setattr(job, "workers", lambda: 1)
    return job.start_synthesis("made", REQUEST)


def test_job_request_becomes_a_data_set(job_folder: Path) -> None:
    assert job.read_request(job_folder)[0] == REQUEST
    assert job.run_job(job_folder).state == "done"
    status = jobs.read_status(job_folder)
    assert (status.state, status.message) == ("done", "30 synthetic words are ready.")
    faces = job.find_fonts(job.fonts_folder())
    expected = [word.text for word in generate(30, faces, 3, ("fr", "en"), mix=REQUEST.mix)]
    assert open_dataset("made").table["transcription"].tolist() == expected
    with pytest.raises(DataError, match="made already"):
        job.start_synthesis("made", REQUEST)


def test_job_stopped_leaves_no_files(job_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate_and_stop(*values: object, **named: object):
        yield next(iter(generate(*values, **named)))
        jobs.request_stop(job_folder)
        yield from generate(*values, **named)

    monkeypatch.setattr(job, "generate", generate_and_stop)
    assert job.run_job(job_folder).state == "stopped"
    assert jobs.read_status(job_folder).state == "stopped"
    assert list((job_folder / job.UPLOAD).iterdir()) == []


def test_job_damaged_request_and_bug_give_a_message(job_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "generate", lambda *values, **named: 1 / 0)
    assert job.run_job(job_folder).state == "failed"
    assert "could not be made" in jobs.read_status(job_folder).message
    (job_folder / job.REQUEST).write_text("{}")
    assert job.run_job(job_folder).state == "failed"
    assert "holds no request" in jobs.read_status(job_folder).message


def test_start_synthesis_without_fonts_raises_before_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    monkeypatch.setenv("HWR_FONTS", str(tmp_path / "none"))
    with pytest.raises(DataError, match="make fonts"):
        job.start_synthesis("made", REQUEST)
    assert not (tmp_path / "datasets").exists()


def test_fonts_folder_prefers_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HWR_FONTS", raising=False)
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    assert job.fonts_folder() == job.ROOT / "fonts"
    (tmp_path / "fonts").mkdir()
    assert job.fonts_folder() == tmp_path / "fonts"


def test_preview_words_are_of_the_data_set(faces: list[Face]) -> None:
    shown = job.preview(REQUEST, faces, 2)
    words = list(generate(30, faces, 3, ("fr", "en"), mix=REQUEST.mix))
    assert [word.text for word in shown] == [words[0].text, words[24].text]


def test_synthesis_request_invalid_count_raises() -> None:
    for count in (0, 500_001):
        with pytest.raises(ConfigError, match="count must lie"):
            SynthesisRequest(count=count)
    assert 1 <= job.workers() <= 4


def test_save_zip_same_words_give_the_same_bytes(faces: list[Face], tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    for path in (one, two):
        assert save_zip(generate(5, faces), path, name="set") == 5
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("set/words.csv").decode("utf-8"))))
        assert {f"set/{row['image']}" for row in rows} == set(archive.namelist()) - {"set/words.csv"}


def test_command_line_writes_a_zip(font_folder: Path, tmp_path: Path, capsys) -> None:
    options = ["--count", "4", "--fonts", str(font_folder), "--faces", "DejaVuSans"]
    assert main([str(tmp_path / "set.zip"), *options, "--binary", "1", "--photo", "0"]) == 0
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        assert len(archive.namelist()) == 5
    assert main([str(tmp_path / "set.zip"), *options, "--shape", "9"]) == 1
    assert "shape must lie in [0, 2]" in capsys.readouterr().err
