"""Train a shipped model by its recipe, measure it, and write it to models/NAME with its card.

    hwr ship reader-small --data zips/            a folder with iam-words.zip and so on
    hwr ship reader --data iam-words.zip csafe-words.zip copiste-words.zip
    hwr ship reader --data packed/ --minutes 9    output of `hwr data pack`
    hwr ship reader-ppocr --data zips/ --minutes 50 --keep    finished stages into models/training
    hwr ship reader --ship-only                   the stages are done: measure and write
    hwr ship reader --remake                      the shipped one: smaller files, measured again

The stages of scripts/recipes/NAME.json are trained one after the other. Whatever ends it, the same command resumes
behind the last finished epoch. KERAS_BACKEND=jax uses a GPU where there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hwr_core import jobs
from hwr_core.config import read_json
from hwr_core.errors import HwrError
from hwr_core.shipping.recipe import Recipe, read_recipe, store_stages, train_recipe
from hwr_core.shipping.ship import gather, ship
from hwr_core.training.job import log_line

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "scripts" / "recipes"
STOPPED = 3  # exit status: --minutes are over before the end


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        recipe = read_recipe(RECIPES / f"{options.name}.json")
        trained = options.ship_only or options.remake or train(recipe, options)
        if options.keep:
            for folder in store_stages(recipe):
                print(f"Stored: {folder}")
        if not trained:
            return STOPPED
        if not options.train_only:
            ship(recipe, options.models, log_line, jobs.ProgressLine(), remake=options.remake)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def train(recipe: Recipe, options: argparse.Namespace) -> bool:
    """Gather the data and train the stages by the options of `add_training_options`; False where it was stopped."""
    gather(recipe, options.data, options.fonts, options.workers, log_line, jobs.ProgressLine())
    done = train_recipe(recipe, log_line, options.minutes)
    if not done:
        print("Stopped; the same command resumes behind the last finished epoch.")
    return done


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hwr ship", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=recipe_names(), help="the recipe")
    add_training_options(parser)
    parser.add_argument(
        "--keep", action="store_true", help="copy the finished stages into models/training, for another machine"
    )
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder of the shipped models")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--train-only", action="store_true", help="leave measuring and shipping to another machine")
    only.add_argument("--ship-only", action="store_true", help="the stages are done: measure and write")
    only.add_argument("--remake", action="store_true", help="write the shipped checkpoint's files again, and measure")
    return parser


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Options of every command that trains a recipe."""
    parser.add_argument(
        "--data", type=Path, nargs="+", default=[], help="zips, CSV files, folders of zips, or packed data sets"
    )
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after this time; 0 trains to the end")
    parser.add_argument("--fonts", type=Path, default=ROOT / "fonts", help="for synthetic words: see make fonts")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that render words")


def recipe_names() -> list[str]:
    return sorted(path.stem for path in RECIPES.glob("*.json") if "stages" in read_json(path))
