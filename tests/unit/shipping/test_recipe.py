"""Recipes: reading, training stage by stage, resuming; and shipping the result."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hwr_core import jobs
from hwr_core.cli import ship as command
from hwr_core.config import CanvasConfig, read_json
from hwr_core.datasets import list_datasets, remove_dataset
from hwr_core.datasets.pack import pack
from hwr_core.errors import ConfigError, DataError, JobError
from hwr_core.recognition import quantization
from hwr_core.shipping import recipe, ship
from hwr_core.shipping.recipe import read_recipe, run_of, train_recipe
from hwr_core.training import job as job_module
from hwr_core.training import open_run
from hwr_core.training.runs import CONFIG_FILE, runs_folder

RECIPES = Path(__file__).resolve().parents[3] / "scripts" / "recipes"
SMALL = {"height": 32, "width": 64}
NET = {"name": "crnn", "channels": [8, 8, 8, 8], "lstm_units": 16, "lstm_layers": 1}


def values(**changes) -> dict:
    config = {"datasets": ["words"], "model": NET, "canvas": SMALL, "augmentation": {"strength": 0}}
    config["training"] = {"epochs": 1, "batch_size": 8, "warmup_steps": 1}
    second = {**config, "training": {**config["training"], "epochs": 2}}
    return {
        "about": "Tiny.",
        "needs": "nothing",
        "licence": "Apache-2.0",
        "sources": {"words": "drawn"},
        "measure": ["words", "elsewhere"],
        "stages": [{"name": "one", "config": "one.json"}, {"name": "two", "start_from": "one", "config": second}],
        "one": config,
        **changes,
    }


def written(folder: Path, **changes) -> Path:
    loaded = values(**changes)
    (folder / "one.json").write_text(json.dumps(loaded.pop("one")))
    (folder / "tiny.json").write_text(json.dumps(loaded))
    return folder / "tiny.json"


@pytest.mark.parametrize("name", ["reader", "reader-small", "reader-large", "reader-open", "reader-open-large"])
def test_read_recipe_of_every_shipped_model(name):
    loaded = read_recipe(RECIPES / f"{name}.json")
    assert loaded.name == name
    assert set(loaded.datasets) <= set(loaded.sources)
    assert loaded.stages[-1].name.startswith(name)
    assert loaded.synthetic
    for earlier, stage in zip(loaded.stages, loaded.stages[1:], strict=False):
        assert stage.start_from == earlier.name
        assert (stage.config.model, stage.config.canvas) == (earlier.config.model, earlier.config.canvas)
    if name.startswith("reader-open"):  # only licences that require no more than attribution
        assert not [s for s in loaded.stages if "iam-words" in s.config.datasets]
        assert "iam-words" not in loaded.sources
    if name == "reader-small":
        assert loaded.stages[0].config.to_dict() == read_recipe(RECIPES / f"{name}.json").stages[0].config.to_dict()
        assert loaded.stages[-1].config.model.name == "crnn"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stages": []}, "at least one stage"),
        ({"stages": [{"name": "one"}]}, "is no recipe: KeyError 'config'"),
        ({"stages": [{"name": "one", "config": "one.json", "start_from": "two"}]}, "an earlier stage"),
        ({"stages": [{"name": "one", "config": "other.json"}]}, "There is no file"),
        ({"stages": 3}, "is no recipe"),
        ({"int8": "perhaps"}, 'int8 must be true, false or "auto"'),
        ({"synthetic": {"words": 3}}, "Synthetic has no setting 'words'"),
        ({"synthetic": [{"name": "some"}, {"words": 3}]}, "Synthetic has no setting 'words'"),
    ],
)
def test_read_recipe_damaged_raises_one_sentence(tmp_path, changes, words):
    with pytest.raises(ConfigError, match=words) as error:
        read_recipe(written(tmp_path, **changes))
    assert "\n" not in str(error.value)


@pytest.fixture
def instant_training(monkeypatch):
    """`run_training` that is done at once: a checkpoint of one file."""
    done: list[str] = []

    def stand_in(folder: Path, log) -> jobs.Status:
        done.append(folder.name)
        state = "stopped" if (folder / "stop").exists() else "done"
        (folder / "checkpoint").mkdir(exist_ok=True)
        (folder / "checkpoint" / "model.keras").write_bytes(b"")
        status = jobs.Status(state=state)
        jobs.write_status(folder, status)
        return status

    monkeypatch.setattr(job_module, "run_training", stand_in)
    return done


def test_train_recipe_trains_each_stage_once_in_order(make_dataset, tmp_path, monkeypatch, instant_training):
    make_dataset("words", {"train": ["tea", "ink"], "validation": ["so"]})
    tiny = read_recipe(written(tmp_path))
    assert tiny.datasets == ("words",)
    lines: list[str] = []
    assert train_recipe(tiny, lines.append)
    assert instant_training == ["one", "two"]
    assert open_run("two").config.start_from == str(runs_folder() / "one" / "checkpoint")
    assert open_run("two").config.training.epochs == 2
    assert lines == ["Stage 1 of 2: one", "Stage 2 of 2: two"]
    assert train_recipe(tiny, lines.append)
    assert instant_training == ["one", "two"]


def test_train_recipe_stopped_stage_resumes_on_next_call(make_dataset, tmp_path, instant_training):
    make_dataset("words", {"train": ["tea", "ink"], "validation": ["so"]})
    tiny = read_recipe(written(tmp_path))
    (run_of(tiny, tiny.stages[0]).folder / "stop").touch()
    assert not train_recipe(tiny, print)
    (runs_folder() / "one" / "stop").unlink()
    assert train_recipe(tiny, print)
    assert instant_training == ["one", "one", "two"]


def test_train_recipe_continues_from_stored_stages(make_dataset, tmp_path, monkeypatch, instant_training):
    make_dataset("words", {"train": ["one", "two"], "validation": ["two"]})
    monkeypatch.setattr(recipe, "STAGES", tmp_path / "training")
    monkeypatch.setattr(quantization, "halve_keras", lambda path: None)  # the stand-in's weights are empty
    loaded = read_recipe(written(tmp_path))
    assert recipe.store_stages(loaded) == []
    assert train_recipe(loaded, print)
    for stage in ("one", "two"):
        for name in ("config.json", "charset.txt", "checkpoint.json"):
            (runs_folder() / stage / "checkpoint" / name).touch()
        (runs_folder() / stage / "history.csv").touch()
    assert [folder.name for folder in recipe.store_stages(loaded)] == ["one", "two"]
    for stage in ("one", "two"):
        assert (tmp_path / "training" / stage / "history.csv").is_file()
        shutil.rmtree(runs_folder() / stage)
    lines: list[str] = []
    assert train_recipe(loaded, lines.append)
    assert "one was finished elsewhere" in lines[0]
    assert not (runs_folder() / "one").exists()
    assert Path(open_run("two").config.start_from) == tmp_path / "training" / "one"


def test_train_recipe_without_time_trains_nothing(make_dataset, tmp_path, instant_training):
    make_dataset("words", {"train": ["tea", "ink"], "validation": ["so"]})
    assert not train_recipe(read_recipe(written(tmp_path)), print, minutes=1e-9)
    assert instant_training == []


def test_run_of_with_other_settings_raises(make_dataset, tmp_path):
    make_dataset("words", {"train": ["tea", "ink"], "validation": ["so"]})
    tiny = read_recipe(written(tmp_path))
    with pytest.raises(JobError, match="The run one, which two starts from, has no checkpoint"):
        run_of(tiny, tiny.stages[1])
    run = run_of(tiny, tiny.stages[0])
    assert run_of(tiny, tiny.stages[0]).folder == run.folder
    other = replace(run.config, training=replace(run.config.training, epochs=9))
    (run.folder / CONFIG_FILE).write_text(json.dumps(other.to_dict()))
    with pytest.raises(JobError, match="a run one with other settings than the recipe tiny"):
        run_of(tiny, tiny.stages[0])


def test_train_recipe_minutes_over_stops_the_run(make_dataset, tmp_path, monkeypatch):
    make_dataset("words", {"train": ["tea", "ink"], "validation": ["so"]})

    def until_stopped(folder: Path, log) -> jobs.Status:
        while not jobs.stop_requested(folder):
            pass
        return jobs.Status(state="stopped")

    monkeypatch.setattr(job_module, "run_training", until_stopped)
    assert not train_recipe(read_recipe(written(tmp_path)), print, minutes=0.002)


@pytest.mark.slow
def test_ship_trains_measures_and_ships(make_dataset, tmp_path, monkeypatch, capsys):
    import keras

    from hwr_core import Recognizer

    compiled = keras.Model.compile  # running few steps is quicker than compiling them
    monkeypatch.setattr(keras.Model, "compile", lambda *a, **k: compiled(*a, **{**k, "run_eagerly": True}))
    dataset = make_dataset("words", {"train": ["tea", "ink", "moon", "so"] * 4, "validation": ["tea", "so"]})
    pack(dataset, tmp_path / "packed", CanvasConfig(**SMALL))
    remove_dataset("words")
    monkeypatch.setattr(command, "RECIPES", written(tmp_path).parent)
    models = tmp_path / "models"
    line = ["tiny", "--data", str(tmp_path / "packed"), "--models", str(models)]
    assert command.main([*line, "--minutes", "1e-9"]) == command.STOPPED
    assert [info.name for info in list_datasets()] == ["words"]
    assert command.main(line) == 0
    recognizer = Recognizer.load(models / "tiny")
    assert recognizer.config.start_from == ""
    assert (models / "tiny" / "model.onnx").is_file()
    measured = recognizer.summary["measured"]["words"]
    assert measured["words"] == 2
    assert "| words | 2 of 1 |" in recognizer.card
    assert "| stage two | 2 epochs" in recognizer.card
    assert "begun with one" in recognizer.card
    assert recognizer.summary["int8"]["words"] == 2
    assert "| in 8 bits, `model.int8.onnx` | " in recognizer.card
    assert (models / "tiny" / "model.int8.onnx").is_file() == recognizer.summary["int8"]["kept"]
    assert "Shipped" in capsys.readouterr().out
    assert command.main(["tiny", "--ship-only", "--models", str(models)]) == 0  # again
    shutil.rmtree(runs_folder())
    assert command.main(["tiny", "--ship-only", "--models", str(models)]) == 1
    assert command.main(["tiny", "--remake", "--models", str(models)]) == 0  # from the shipped checkpoint
    assert "| stage two | 2 epochs" in Recognizer.load(models / "tiny").card


def test_find_source_in_zips_and_folders(tmp_path):
    (tmp_path / "iam-words.zip").touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "csafe-words.csv").touch()
    sources = [tmp_path / "iam-words.zip", tmp_path / "more"]
    assert ship.find_source("iam-words", sources) == tmp_path / "iam-words.zip"
    assert ship.find_source("csafe-words", sources) == tmp_path / "more" / "csafe-words.csv"
    assert ship.find_source("copiste-words", sources) is None
    with pytest.raises(DataError, match=r"learns from iam-words, csafe-words, copiste-words too\. Give them by --data"):
        ship.gather(read_recipe(RECIPES / "reader-small.json"), [], tmp_path, 1, print)


def test_render_without_fonts_raises(tmp_path, capfd):
    with pytest.raises(DataError, match="make fonts"):
        ship.render(recipe.Synthetic(count=2), tmp_path / "none", 1, print)


def test_recipe_names_leave_out_run_configurations():
    names = ["reader", "reader-large", "reader-open", "reader-open-large", "reader-ppocr", "reader-small"]
    assert command.recipe_names() == names
    assert "stages" not in read_json(RECIPES / "starter.json")
