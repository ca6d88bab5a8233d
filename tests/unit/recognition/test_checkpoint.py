"""Checkpoint folders: atomic writes, listing, errors."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from hwr_core import Recognizer
from hwr_core.config import RunConfig
from hwr_core.errors import CheckpointError
from hwr_core.recognition import checkpoint, list_checkpoints
from hwr_core.recognition.checkpoint import load_model, load_network, read_about, save_checkpoint
from hwr_core.text import Charset, Tokens


@pytest.fixture
def folder(crnn_run, tmp_path) -> Path:
    shutil.copytree(crnn_run / "checkpoint", tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.slow
class TestRealCheckpoint:
    def test_files_of_a_checkpoint(self, crnn_run, dual_run, seq2seq_run):
        common = {"config.json", "model.keras", "checkpoint.json"}
        assert {path.name for path in (crnn_run / "checkpoint").iterdir()} == {*common, "charset.txt", "model.onnx"}
        assert {path.name for path in (dual_run / "checkpoint").iterdir()} == {*common, "tokens.txt"}
        files = {path.name for path in (seq2seq_run / "checkpoint").iterdir()}
        assert files == {*common, "charset.txt", "model.onnx", "decoder.onnx"}
        about = json.loads((crnn_run / "checkpoint" / "checkpoint.json").read_text())
        assert about["checkpoint_version"] == checkpoint.CHECKPOINT_VERSION
        assert {"hwr_core", "keras", "epoch", "cer", "word_accuracy", "words"} <= set(about)

    def test_load_model_has_no_optimizer(self, crnn_run):
        assert getattr(load_model(crnn_run / "checkpoint"), "optimizer", None) is None

    @pytest.mark.parametrize("name", ["config.json", "checkpoint.json", "model.keras", "charset.txt"])
    def test_load_missing_file_raises(self, folder, name):
        (folder / name).unlink()
        with pytest.raises(CheckpointError, match=name):
            Recognizer.load(folder)

    @pytest.mark.parametrize("name", ["config.json", "checkpoint.json", "charset.txt", "model.onnx"])
    def test_load_damaged_file_raises(self, folder, name):
        (folder / name).write_bytes(b"\xff\x00 damaged")
        with pytest.raises(CheckpointError) as error:
            Recognizer.load(folder)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("size", [0, 100, 5000])
    def test_load_truncated_network_raises(self, folder, size):
        (folder / "model.onnx").unlink()
        data = (folder / "model.keras").read_bytes()
        (folder / "model.keras").write_bytes(data[:size])
        with pytest.raises(CheckpointError, match=r"model\.keras is damaged or was written by another version"):
            Recognizer.load(folder)

    def test_load_other_version_raises(self, folder):
        values = json.loads((folder / "checkpoint.json").read_text())
        (folder / "checkpoint.json").write_text(json.dumps({**values, "checkpoint_version": 99}))
        with pytest.raises(CheckpointError, match="has checkpoint version 99, this program reads 1"):
            Recognizer.load(folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "checkpoint.json").write_text(json.dumps(values))
        (folder / "config.json").write_text(json.dumps({**config, "format_version": 7}))
        with pytest.raises(CheckpointError, match=r"cannot be used\. This configuration has format 7"):
            Recognizer.load(folder)

    @pytest.mark.parametrize("with_onnx", [True, False])
    def test_load_charset_of_another_network_raises(self, folder, with_onnx):
        if not with_onnx:
            (folder / "model.onnx").unlink()
        Charset("abc").save(folder / "charset.txt")
        with pytest.raises(CheckpointError, match="does not fit together"):
            Recognizer.load(folder)

    def test_load_network_without_onnx_runtime_is_keras(self, folder, monkeypatch):
        monkeypatch.setattr(checkpoint, "find_spec", lambda name: None)
        assert type(load_network(folder)).__name__ == "Functional"

    def test_card_is_read(self, folder):
        (folder / "card.md").write_text("# Über\n", encoding="utf-8")
        assert Recognizer.load(str(folder)).card == "# Über\n"


def test_load_missing_folder_raises(tmp_path):
    with pytest.raises(CheckpointError, match="There is no checkpoint folder"):
        Recognizer.load(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="There is no checkpoint folder"):
        Recognizer.load(tmp_path / "file")


class StandInModel:
    def __init__(self, text: str) -> None:
        self.text = text

    def save(self, path: Path) -> None:
        path.write_text(self.text)


@pytest.mark.slow
class TestSaving:
    CONFIG = RunConfig(datasets=("demo",))

    def save(self, folder: Path, text: str, alphabet: Charset | Tokens | None = None, **figures: object) -> None:
        save_checkpoint(folder, StandInModel(text), self.CONFIG, alphabet or Charset("ab"), figures)  # type: ignore[arg-type]

    def test_save_checkpoint_round_trip(self, tmp_path):
        self.save(tmp_path / "deep" / "best", "one", cer=0.25)
        config, alphabet, summary = read_about(tmp_path / "deep" / "best")
        assert config == self.CONFIG
        assert alphabet == Charset("ab")
        assert summary["cer"] == 0.25

    def test_save_checkpoint_replaces_the_folder(self, tmp_path):
        self.save(tmp_path / "best", "one")
        (tmp_path / "best" / "model.onnx").write_text("of one")
        self.save(tmp_path / "best", "two")
        assert (tmp_path / "best" / "model.keras").read_text() == "two"
        assert not (tmp_path / "best" / "model.onnx").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["best"]

    def test_save_checkpoint_failure_leaves_the_old_one(self, tmp_path, monkeypatch):
        self.save(tmp_path / "best", "one")

        def full(model: StandInModel, path: Path) -> None:
            path.write_text("half")
            raise OSError("no space")

        with monkeypatch.context() as patch:
            patch.setattr(StandInModel, "save", full)
            with pytest.raises(OSError, match="no space"):
                self.save(tmp_path / "best", "two")
        assert (tmp_path / "best" / "model.keras").read_text() == "one"
        self.save(tmp_path / "best", "three")
        assert (tmp_path / "best" / "model.keras").read_text() == "three"
        assert [path.name for path in tmp_path.iterdir()] == ["best"]


def plain_checkpoint(folder: Path, model: str = "crnn", age: float = 0.0) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model": {"name": model}}))
    (folder / "checkpoint.json").write_text('{"cer": 0.5}')
    (folder / "model.keras").write_text("")
    stamp = (folder / "model.keras").stat().st_mtime - age
    os.utime(folder / "model.keras", (stamp, stamp))


def test_list_checkpoints_shipped_then_runs_newest_first(home, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "shipped")
    assert list_checkpoints() == []
    plain_checkpoint(tmp_path / "shipped" / "b")
    plain_checkpoint(tmp_path / "shipped" / "a", "dual")
    plain_checkpoint(home / "runs" / "old" / "checkpoint", age=100)
    plain_checkpoint(home / "runs" / "new" / "checkpoint")
    for name, content in (("damaged", "{"), ("nameless", "{}"), ("listed", '{"model": []}')):
        plain_checkpoint(home / "runs" / name / "checkpoint")
        (home / "runs" / name / "checkpoint" / "config.json").write_text(content)
    (home / "runs" / "empty" / "checkpoint").mkdir(parents=True)
    found = list_checkpoints()
    assert [(info.kind, info.name, info.model_name) for info in found] == [
        ("shipped", "a", "dual"),
        ("shipped", "b", "crnn"),
        ("run", "new", "crnn"),
        ("run", "old", "crnn"),
    ]
    assert found[0].summary == {"cer": 0.5}
    assert found[2].folder == home / "runs" / "new" / "checkpoint"
