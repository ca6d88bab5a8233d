#!/usr/bin/env python
"""Train a ResNet50 on handwriting, and write it to models/backbones for `image_weights: handwriting`.

    python scripts/make_backbone.py --data zips/                 a folder with iam-words.zip; for two cores
    python scripts/make_backbone.py --recipe gpu --data zips/    larger, for a GPU
    python scripts/make_backbone.py --data packed/ --minutes 9   output of `hwr data pack`
    python scripts/make_backbone.py --export-only                the best epoch so far

The stages of scripts/recipes/backbones/RECIPE.json are trained one after the other, as in `hwr ship`. Whatever
ends it, the same command resumes behind the last finished epoch; KERAS_BACKEND=jax uses a GPU.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hwr_core import jobs  # noqa: E402
from hwr_core.cli.ship import STOPPED, add_training_options, train  # noqa: E402
from hwr_core.errors import HwrError  # noqa: E402
from hwr_core.files import write_text  # noqa: E402
from hwr_core.models import backbone_weights  # noqa: E402
from hwr_core.shipping.card import TABLE_HEAD, commit, figures, result_row, sources_text, stage_row  # noqa: E402
from hwr_core.shipping.recipe import Recipe, read_recipe  # noqa: E402

if TYPE_CHECKING:
    import keras

    from hwr_core.evaluation import Evaluation

RECIPES = ROOT / "scripts" / "recipes" / "backbones"


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        recipe = read_recipe(RECIPES / f"{options.recipe}.json")
        if not options.export_only and not train(recipe, options):
            return STOPPED
        if not options.train_only:
            export(recipe, options.backbones / backbone_weights.NAME)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    recipes = sorted(path.stem for path in RECIPES.glob("*.json"))
    parser.add_argument("--recipe", choices=recipes, default="two-cores", help="how it is trained (%(default)s)")
    add_training_options(parser)
    parser.add_argument("--backbones", type=Path, default=backbone_weights.BACKBONES, help="folder of the backbones")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--train-only", action="store_true", help="leave measuring and export to another machine")
    only.add_argument("--export-only", action="store_true", help="measure and write the newest stage")
    return parser


def export(recipe: Recipe, folder: Path) -> Path:
    """Measure the newest stage's best epoch, and write its ResNet50 in half precision with a card."""
    from hwr_core.datasets import open_dataset
    from hwr_core.evaluation import evaluate
    from hwr_core.recognition import Recognizer
    from hwr_core.recognition.checkpoint import load_model
    from hwr_core.shipping.ship import ready_datasets
    from hwr_core.training import list_runs

    runs = {run.name: run for run in list_runs()}
    started = [runs[stage.name] for stage in recipe.stages if stage.name in runs and runs[stage.name].checkpoint]
    if not started:
        raise HwrError(f"No stage of the recipe {recipe.name} has a checkpoint yet. Train at least one epoch.")
    checkpoint, config = started[-1].checkpoint, started[-1].config
    available = ready_datasets()
    results = {}
    for name in recipe.measure:
        if name in available:
            results[name] = evaluate(
                Recognizer.load(checkpoint),
                open_dataset(name),
                "validation",
                read_options={"language": "none"},  # the network alone is measured
                progress=jobs.ProgressLine(),
            )
            print(f"\n{name}: CER {results[name].cer}, words right {results[name].word_accuracy}")
    values = {
        **{name: getattr(config.model, name) for name in ("stage", "shrink")},
        **{name: getattr(config.canvas, name) for name in ("height", "width")},
        "recipe": f"scripts/recipes/backbones/{recipe.name}.json",
        "data": recipe.sources,
        "licence": recipe.licence,
        "teacher": config.teacher,
        "seconds": round(sum(float(run.history["seconds"].sum()) for run in started)),
        "commit": commit(),
        "measured": {name: figures(result) for name, result in results.items()},
    }
    network = load_model(checkpoint).get_layer("backbone").get_layer("resnet50")
    backbone_weights.save(folder, network, values)
    size = (folder / backbone_weights.WEIGHTS_FILE).stat().st_size
    stages = [stage_row(runs.get(stage.name), stage) for stage in recipe.stages]
    write_text(folder / "card.md", card(recipe, values, results, [*stages, size_row(network, size)]))
    print(f"Written: {folder}, {size / 1e6:.1f} MB")
    return folder


def size_row(network: keras.Model, size: int) -> str:
    return f"| parameters | {network.count_params():,}, in half precision {size / 1e6:.1f} MB |"


def card(recipe: Recipe, values: dict[str, Any], results: dict[str, Evaluation], rows: list[str]) -> str:
    lines = [
        f"# {backbone_weights.NAME}",
        "",
        recipe.about,
        "",
        *TABLE_HEAD,
        *(result_row(name, result) for name, result in results.items()),
        "",
        "Readings of its own CTC head, as written, without a language; 95 % intervals by bootstrap over writers. For "
        "`dual` with it see `python benchmarks/dual_branches.py`.",
        "",
        "| | |",
        "|---|---|",
        f"| reaches | {values['stage']}, images of {values['height']} x {values['width']} downsampled "
        f"{values['shrink']} times |",
        f"| data | {sources_text(recipe)} |",
        f"| licence of the weights | **{recipe.licence}** |",
        f"| recipe | `{values['recipe']}`: `python scripts/make_backbone.py --recipe {recipe.name} --data "
        "folder-of-zips` |",
        *rows,
        f"| commit | {values['commit']} |",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
