"""The commands that train and compare image branches of `dual`."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from hwr_core.errors import ConfigError, HwrError
from hwr_core.models import backbone_weights
from hwr_core.shipping.recipe import read_recipe

ROOT = Path(__file__).resolve().parents[3]


def script(path: str):
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def branches():
    return script("benchmarks/dual_branches.py")


@pytest.mark.parametrize("name", ["gpu", "two-cores"])
def test_read_recipe_of_backbones(name):
    recipe = read_recipe(ROOT / "scripts" / "recipes" / "backbones" / f"{name}.json")
    assert recipe.stages[0].config.teacher.startswith("models/reader")
    assert (ROOT / recipe.stages[0].config.teacher / "config.json").is_file()
    assert {stage.config.model.name for stage in recipe.stages} == {"resnet_ctc"}
    assert set(recipe.datasets) <= set(recipe.sources)
    assert len({(stage.config.model, stage.config.canvas) for stage in recipe.stages}) == 1


def test_make_backbone_without_a_checkpoint_raises(tmp_path):
    make_backbone = script("scripts/make_backbone.py")
    with pytest.raises(HwrError, match="has a checkpoint yet"):
        make_backbone.export(read_recipe(make_backbone.RECIPES / "two-cores.json"), tmp_path / "out")


@pytest.mark.slow
def test_make_backbone_trains_and_writes_a_backbone(small_resnet, make_dataset, tmp_path, monkeypatch, capsys):
    """Train, measure, write in half precision with a card; `dual` then uses it."""
    import keras

    from hwr_core.config import CanvasConfig
    from hwr_core.models import resnet

    compiled = keras.Model.compile  # running few steps is quicker than compiling them
    monkeypatch.setattr(keras.Model, "compile", lambda *a, **k: compiled(*a, **{**k, "run_eagerly": True}))
    make_dataset("words", {"train": ["tea", "ink"], "validation": ["tea"]})
    make_backbone = script("scripts/make_backbone.py")
    config = {
        "datasets": ["words"],
        "model": {"name": "resnet_ctc", "stage": "conv3", "units": 8},
        "canvas": {"height": 32, "width": 64},
        "augmentation": {"strength": 0},
        "training": {"epochs": 1, "batch_size": 2, "warmup_steps": 1},
    }
    about = {"about": "Tiny.", "needs": "nothing", "licence": "Apache-2.0", "sources": {"words": "drawn"}}
    recipe = {**about, "measure": ["words"], "stages": [{"name": "tiny-1", "config": config}]}
    (tmp_path / "tiny.json").write_text(json.dumps(recipe))
    monkeypatch.setattr(make_backbone, "RECIPES", tmp_path)
    monkeypatch.setattr(backbone_weights, "BACKBONES", tmp_path / "backbones")
    assert make_backbone.main(["--recipe", "tiny", "--backbones", str(tmp_path / "backbones")]) == 0, (
        capsys.readouterr().err
    )
    config = backbone_weights.read_config()
    assert (config["stage"], config["shrink"], config["licence"]) == ("conv3", 1, "Apache-2.0")
    assert config["measured"]["words"]["words"] == 1
    assert config["seconds"] >= 0
    card = (tmp_path / "backbones" / backbone_weights.NAME / "card.md").read_text()
    assert "| words | 1 of 1 |" in card
    assert "| stage tiny-1 | 1 epochs" in card
    backbone = resnet.resnet50(CanvasConfig(height=32, width=64), "handwriting", stage="conv3")
    assert backbone.output_shape[1:] == (4, 8, 8)


def test_dual_branches_differ_in_weights_only(branches, backbones_folder):
    options = branches.parser().parse_args(["--data", "words", "--words", "9", "--set", "joint_dropout=0.1"])
    random, imagenet = (branches.configuration(name, options) for name in ("none", "imagenet"))
    assert (random.model.image_weights, imagenet.model.image_weights) == ("none", "imagenet")
    assert random.training == imagenet.training
    assert random.training.max_words == 9
    assert random.model.joint_dropout == 0.1
    assert random.model.stage == "conv5"
    for name in ("handwriting", "fine-tuned"):
        with pytest.raises(ConfigError, match="There is no handwriting backbone"):
            branches.configuration(name, options)
    folder = backbones_folder / backbone_weights.NAME
    folder.mkdir(parents=True)
    (folder / backbone_weights.WEIGHTS_FILE).touch()
    (folder / "config.json").write_text(json.dumps({"format_version": 1, "stage": "conv3", "shrink": 2}))
    config = branches.configuration("handwriting", options).model
    assert (config.image_weights, config.stage, config.shrink) == ("handwriting", "conv3", 2)
    assert branches.configuration("none", options).model.stage == "conv3"  # the same for all
