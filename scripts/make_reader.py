#!/usr/bin/env python
"""Train a shipped reader by its recipe, measure it, and lay it into models/NAME with its card.

    python scripts/make_reader.py reader-small --data zips/            a folder with iam-words.zip and so on
    python scripts/make_reader.py reader --data iam-words.zip csafe-words.zip copiste-words.zip
    python scripts/make_reader.py reader --data packed/ --minutes 9    what `python -m hwr_core.datasets pack` wrote
    python scripts/make_reader.py reader-ppocr --data zips/ --minutes 50 --keep    finished stages into models/training
    python scripts/make_reader.py reader --ship-only                   the stages are done: measure and lay out
    python scripts/make_reader.py reader --remake                      what is shipped: smaller files, measured anew

The stages of scripts/recipes/NAME.json are trained one behind the other. Whatever ends it, the same command goes on
behind the last finished epoch. Under KERAS_BACKEND=jax a GPU is used where there is one.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hwr_core import jobs  # noqa: E402
from hwr_core.config import RunConfig, read_json  # noqa: E402
from hwr_core.errors import DataError, HwrError  # noqa: E402
from hwr_core.files import replace_folder  # noqa: E402
from hwr_core.shipping.recipe import Recipe, Synthetic, keep_stages, read_recipe, train_recipe  # noqa: E402
from hwr_core.training.job import log_line  # noqa: E402

RECIPES = ROOT / "scripts" / "recipes"
STOPPED = 3  # exit status: trained as long as asked, not to the end


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        recipe = read_recipe(RECIPES / f"{options.name}.json")
        trained = options.ship_only or options.remake or train(recipe, options)
        if options.keep:
            for folder in keep_stages(recipe):
                print(f"Kept: {folder}")
        if not trained:
            return STOPPED
        if not options.train_only:
            ship(recipe, options.models, options.remake)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def train(recipe: Recipe, options: argparse.Namespace) -> bool:
    """Bring the data together and train the stages, as `training_options` have it; False where that was stopped."""
    gather(recipe, options.data, options.fonts, options.workers)
    done = train_recipe(recipe, log_line, options.minutes)
    if not done:
        print("Stopped; the same command goes on behind the last finished epoch.")
    return done


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("name", choices=recipe_names(), help="the recipe")
    training_options(made)
    made.add_argument(
        "--keep", action="store_true", help="copy the finished stages into models/training: another machine goes on"
    )
    made.add_argument("--models", type=Path, default=ROOT / "models", help="where the reader is laid")
    only = made.add_mutually_exclusive_group()
    only.add_argument("--train-only", action="store_true", help="leave measuring and shipping to another machine")
    only.add_argument("--ship-only", action="store_true", help="the stages are done: measure and lay out")
    only.add_argument(
        "--remake", action="store_true", help="make the files of the shipped checkpoint anew, and measure"
    )
    return made


def training_options(made: argparse.ArgumentParser) -> None:
    """What every command that trains a recipe can be told."""
    made.add_argument(
        "--data", type=Path, nargs="+", default=[], help="zips, CSV files, folders of zips, or packed data sets"
    )
    made.add_argument("--minutes", type=float, default=0.0, help="stop after so long; 0 trains to the end")
    made.add_argument("--fonts", type=Path, default=ROOT / "fonts", help="for synthetic words: see make fonts")
    made.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that render words")


def recipe_names() -> list[str]:
    return sorted(path.stem for path in RECIPES.glob("*.json") if "stages" in read_json(path))


def gather(recipe: Recipe, sources: Iterable[Path], fonts: Path, workers: int) -> None:
    """Bring every data set of the recipe into the workspace, and render its synthetic words."""
    from hwr_core.datasets import add_dataset, list_datasets
    from hwr_core.datasets.pack import unpack

    wanted = dict.fromkeys((*recipe.datasets, *recipe.measure))
    for source in sources:
        if source.is_dir() and any(source.glob("*-000.npz")):
            unpack(source, show)
    have = {info.name for info in list_datasets() if info.is_ready}
    for name in wanted:
        path = find(name, sources)
        if name not in have and path:
            log_line(f"Adding {name}")
            add_dataset(name, path, progress=show)
            have.add(name)
    missing = [name for name in recipe.datasets if name not in have]
    if missing:
        raise DataError(f"The recipe {recipe.name} learns from {', '.join(missing)} too. Give them by --data.")
    for words in recipe.synthetic:
        if words.name not in have:
            render(words, fonts, workers)


def find(name: str, sources: Iterable[Path]) -> Path | None:
    """The file of a data set among zips, CSV files and folders of them."""
    for source in sources:
        if source.stem == name:
            return source
        for suffix in (".zip", ".csv", ""):
            if source.is_dir() and (source / f"{name}{suffix}").exists():
                return source / f"{name}{suffix}"
    return None


def render(wanted: Synthetic, fonts: Path, workers: int) -> None:
    from hwr_core.datasets import add_dataset

    folder = jobs.home() / ".cache" / wanted.name
    if not (folder / "words.csv").is_file():
        log_line(f"Rendering {wanted.count:,} words")
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "hwr_core.synthesis", str(folder), "--count", str(wanted.count)]
        command += ["--seed", str(wanted.seed), "--languages", *wanted.languages, "--fonts", str(fonts.resolve())]
        for setting, value in wanted.mix.items():
            command += [f"--{setting.replace('_', '-')}", str(value)]
        command += ["--workers", str(workers), *(["--split", wanted.split] if wanted.split else [])]
        if subprocess.run(command, check=False, cwd=ROOT).returncode:
            raise DataError(f"The synthetic words could not be rendered. Fonts are looked for in {fonts}: make fonts.")
    add_dataset(wanted.name, folder, progress=show)


def ship(recipe: Recipe, models: Path, remake: bool = False) -> Path:
    """Lay the last stage's checkpoint (or the shipped one) into models/NAME, measure it there, and write its card."""
    from hwr_core.datasets import list_datasets, open_dataset
    from hwr_core.evaluation import evaluate
    from hwr_core.evaluation.fit_calibration import READING_MODES, calibrate
    from hwr_core.recognition import Recognizer
    from hwr_core.training import open_run

    target, fresh = models / recipe.name, models / f".{recipe.name}.new"
    source = target if remake else open_run(recipe.stages[-1].name).checkpoint
    if source is None or not (source / "config.json").is_file():
        raise HwrError(f"There is no checkpoint of {recipe.name} to ship yet. Train at least one epoch.")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh)
    is_halved = make_smaller(fresh, recipe.stages[-1].config.model.name)
    have = {info.name for info in list_datasets() if info.is_ready}
    datasets = [open_dataset(name) for name in recipe.measure if name in have]
    learned = [open_dataset(name) for name in recipe.datasets if name in have]
    eight_bits = in_eight_bits(fresh, learned, datasets, recipe.int8)
    if is_halved:
        halve_file(fresh)
    worths = []
    try:
        worths = calibrate(fresh, datasets, progress=show) if datasets else []
    except DataError as error:  # too few words: the reader is shipped all the same
        print(f"Confidences stay as the network says them. {error}")
    results: dict[str, dict[str, Any]] = {}
    for dataset in datasets:
        reader = Recognizer.load(fresh)
        ways = READING_MODES if reader.model_name != "dual" else {"none": "none"}
        results[dataset.name] = {
            way: evaluate(reader, dataset, "validation", read_options={"language": language}, progress=show)
            for way, language in ways.items()
        }
        for way, result in results[dataset.name].items():
            print(f"\n{dataset.name}, {way}: CER {result.cer}, words right {result.word_accuracy}")
    about = read_json(fresh / "checkpoint.json")
    about["measured"] = {name: figures(ways["none"]) for name, ways in results.items()}
    about["measured_with_languages"] = {
        name: figures(ways["language"]) for name, ways in results.items() if "language" in ways
    }
    about["int8"] = None if eight_bits is None else dataclasses.asdict(eight_bits)
    jobs.write_text(fresh / "checkpoint.json", json.dumps(about, indent=1))
    config = read_json(fresh / "config.json")
    config["start_from"] = ""  # a path of the machine that trained
    RunConfig.from_dict(config)
    jobs.write_text(fresh / "config.json", json.dumps(config, indent=1, ensure_ascii=False))
    jobs.write_text(fresh / "card.md", card(recipe, results, worths, about, fresh, eight_bits))
    replace_folder(fresh, target)
    print(f"Shipped: {target}")
    return target


def make_smaller(folder: Path, model: str) -> bool:
    """Weights in half precision, and ONNX made of those: where this machine can make it, else both stay as they are.

    Returns:
        Whether the weights are halved.
    """
    from hwr_core.recognition.checkpoint import load_model
    from hwr_core.recognition.onnx_export import ONNX_FILE, export_onnx
    from hwr_core.recognition.quantization import halve_keras

    weights = folder / "model.keras"
    whole = weights.read_bytes()
    halve_keras(weights)
    if model != "dual" and export_onnx(load_model(folder), folder) is None and (folder / ONNX_FILE).is_file():
        weights.write_bytes(whole)  # the two are to say the same
        return False
    return True


def halve_file(folder: Path) -> None:
    """`model.onnx` at half its size, behind the 8 bits, which are made of whole weights."""
    from hwr_core.recognition.onnx_export import ONNX_FILE
    from hwr_core.recognition.quantization import halve_onnx

    try:
        if (folder / ONNX_FILE).is_file():
            halve_onnx(folder / ONNX_FILE)
    except HwrError as error:
        print(f"{ONNX_FILE} keeps its size. {error}")


def in_eight_bits(folder: Path, learned: list[Any], measured: list[Any], wish: bool | str) -> Any:
    """`model.int8.onnx` where it pays, and its figures: before confidences are fitted."""
    from hwr_core.evaluation.quantization_check import check_int8

    try:
        found = check_int8(folder, learned, measured, wish=wish, progress=show)
    except HwrError as error:
        print(f"8 bits were not tried. {error}")
        return None
    if found:
        print(f"8 bits: {found}")
    return found


def figures(result: Any) -> dict[str, Any]:
    return {name: value for name, value in result.to_dict().items() if name not in ("seconds", "checkpoint")}


def card(
    recipe: Recipe,
    results: dict[str, dict[str, Any]],
    worths: list[Any],
    about: dict[str, Any],
    folder: Path,
    eight_bits: Any = None,
) -> str:
    from hwr_core.evaluation.fit_calibration import lines
    from hwr_core.recognition.checkpoint import load_model
    from hwr_core.training import list_runs

    runs = {run.name: run for run in list_runs()}
    written = folder / "card.md"  # of a shipped checkpoint: it knows how its stages were trained
    before = written.read_text("utf-8").splitlines() if written.is_file() else []
    known = [line for line in before if line.startswith("| stage ")]
    stages = known or [stage_row(runs.get(stage.name), stage) for stage in recipe.stages]
    suffix = {"none": "", "language": ", with languages"}
    measured = [
        f"| {name}{suffix[way]} | {r.words:,} of {r.writers} | {r.cer} | {r.word_accuracy} |"
        for name, ways in results.items()
        for way, r in ways.items()
    ]
    sources = "; ".join(f"{name}: {text}" for name, text in recipe.sources.items())
    return "\n".join(
        [
            f"# {recipe.name}",
            "",
            recipe.about,
            "",
            "| validation | words, unseen writers | CER | words right |",
            "|---|---|---|---|",
            *measured,
            "",
            "As written (case, accents and punctuation count), each writer's words read together; 95 % intervals by",
            "bootstrap over writers. The first row of each set is read letter by letter, without any word list; the",
            "second with the languages in models/language.",
            "",
            *lines(worths),
            "",
            "Expected calibration error, 15 bins: how far confidences are from the share of words that are right.",
            "",
            "| | |",
            "|---|---|",
            f"| data | {sources} |",
            f"| licence of the weights | **{recipe.licence}** |",
            f"| recipe | `scripts/recipes/{recipe.name}.json`, `make train-{recipe.name} DATA=folder-of-zips` |",
            *stages,
            f"| kept | epoch {about['epoch']} of the last stage (lowest validation CER) |",
            *([f"| in 8 bits, `model.int8.onnx` | {eight_bits} |"] if eight_bits else []),
            f"| parameters | {load_model(folder).count_params():,} |",
            f"| commit | {commit()} |",
            "",
        ]
    )


def commit() -> str:
    """The commit that is checked out."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def stage_row(run: Any, stage: Any) -> str:
    begun = f", begun with {stage.start_from}" if stage.start_from else ""
    if run is None or not len(run.history):
        return f"| stage {stage.name} | trained elsewhere{begun} |"
    history = run.history
    return f"| stage {stage.name} | {len(history)} epochs, {history['seconds'].sum():,.0f} s{begun} |"


def show(phase: str, step: int, steps: int) -> None:
    if sys.stderr.isatty() and steps:
        print(f"\r{phase} {step:,}/{steps:,} ", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
