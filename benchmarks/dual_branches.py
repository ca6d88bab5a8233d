#!/usr/bin/env python
"""`dual` with each image branch on the same words, read free-running as the app reads it.

    python benchmarks/dual_branches.py --data iam-words --words 10000
    python benchmarks/dual_branches.py --branches none handwriting --words 5000 --epochs 20 --set joint_units=256

A branch is ResNet50 with random weights (`none`), ImageNet's (`imagenet`, where they can be downloaded), those of
handwriting (`handwriting`, where models/backbones has them), or the last of these fine-tuned from a stage on
(`fine-tuned`: the frozen run's checkpoint goes on with that stage trained too). All see the same stage and size.
Each is a run of the workspace, named by its settings; finished runs are not trained again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hwr_core import jobs  # noqa: E402
from hwr_core.cli.train import Bar, parsed  # noqa: E402
from hwr_core.config import DualConfig, RunConfig, TrainingConfig, build  # noqa: E402
from hwr_core.errors import ConfigError, HwrError, WeightsError  # noqa: E402
from hwr_core.models import backbone_weights  # noqa: E402

BRANCHES = ("none", "imagenet", "handwriting", "fine-tuned")
NAMES = {
    "none": "random, frozen",
    "imagenet": "ImageNet, frozen",
    "handwriting": "handwriting, frozen",
    "fine-tuned": "handwriting, fine-tuned",
}
HEAD = ["| image branch | trained on | CER | words right | next token right | seconds |", "|---|---|---|---|---|---|"]


def main() -> int:
    options = parser().parse_args()
    lines = [*HEAD]
    results: dict[str, Any] = {}
    for branch in options.branches:
        try:
            results[branch] = measured(branch, options)
            lines.append(row(branch, results[branch], options))
        except (ConfigError, WeightsError) as error:  # not available here
            results[branch] = {"not_measured": str(error)}
            lines.append(f"| {NAMES[branch]} | | not measured here: {error} | | | |")
        except HwrError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"\n{lines[-1]}", flush=True)
    print("\n" + "\n".join(lines))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="iam-words", help="a data set's name, or a CSV, folder or zip")
    parser.add_argument("--also", nargs="*", default=[], help="more data sets to train on")
    parser.add_argument("--words", type=int, default=10_000, help="training words, drawn at random; 0 takes all")
    parser.add_argument("--validation-words", type=int, default=0, help="drawn at random; 0 takes all")
    parser.add_argument("--branches", nargs="+", choices=BRANCHES, default=BRANCHES)
    parser.add_argument("--stage", choices=("conv3", "conv4", "conv5"), help="default: the handwriting backbone's")
    parser.add_argument("--shrink", type=int, help="default: the handwriting backbone's")
    parser.add_argument("--fine-tune-from", default="", help="first stage trained (default: the last one used)")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--fine-tune-epochs", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of dual")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    return parser


def configuration(branch: str, options: argparse.Namespace) -> RunConfig:
    """The configuration of a branch.

    Raises:
        ConfigError: the handwriting backbone is missing or does not reach the stage.
    """
    backbone = backbone_weights.read_config() if backbone_weights.is_available() else {"stage": "conv5", "shrink": 1}
    stage, shrink = options.stage or backbone["stage"], options.shrink or backbone["shrink"]
    if branch in ("handwriting", "fine-tuned"):
        backbone_weights.check(stage)
    weights = "handwriting" if branch == "fine-tuned" else branch
    settings = dict(item.split("=", 1) for item in options.set)
    values = {name: parsed(text) for name, text in settings.items()}
    model = build(DualConfig, {"image_weights": weights, "stage": stage, "shrink": shrink, **values})
    training = TrainingConfig(
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        max_words=options.words,
        max_validation_words=500,
        seed=options.seed,
    )
    config = RunConfig(
        datasets=(options.data, *options.also), validate_on=(options.data,), model=model, training=training
    )
    if branch != "fine-tuned":
        return config
    frozen = run_of("handwriting", options)
    return dataclasses.replace(
        config,
        model=dataclasses.replace(model, fine_tune_from=options.fine_tune_from or stage),
        training=dataclasses.replace(
            training, epochs=options.fine_tune_epochs, learning_rate=options.learning_rate / 10
        ),
        start_from=str(frozen.checkpoint),
    )


def run_of(branch: str, options: argparse.Namespace) -> Any:
    """The finished run of a branch, trained now if it does not exist yet."""
    from hwr_core.training import new_run
    from hwr_core.training.job import run_training
    from hwr_core.training.runs import Run, runs_folder

    config = configuration(branch, options)
    name = f"dual-{branch}-{config.model.stage}-{options.words}-{options.seed}"
    run = Run(runs_folder() / name)
    if not run.folder.exists():
        run = new_run(config, name)
    elif run.config != config:
        raise HwrError(f"There is a run {name} with other settings. Delete it, or give another --seed.")
    if run.status.state != "done":
        with Bar(run.folder):
            if run_training(run.folder).state != "done":
                raise HwrError(f"{name} was stopped. The same command resumes it.")
    return run


def measured(branch: str, options: argparse.Namespace) -> dict[str, Any]:
    from hwr_core.datasets import open_or_add
    from hwr_core.evaluation import evaluate
    from hwr_core.recognition import Recognizer

    run = run_of(branch, options)
    result = evaluate(
        Recognizer.load(run.checkpoint),
        open_or_add(options.data),
        "validation",
        max_words=options.validation_words,
        progress=jobs.ProgressLine(),
    )
    training = {"run": run.name, "seconds_of_training": float(run.history["seconds"].sum()), **run.best}
    return {
        **result.to_dict(),
        "training": training,
        "cer_text": str(result.cer),
        "right_text": str(result.word_accuracy),
    }


def row(branch: str, result: dict[str, Any], options: argparse.Namespace) -> str:
    words = f"{options.words:,} words" if options.words else "all words"
    training = result["training"]
    return (
        f"| {NAMES[branch]} | {words}, epoch {training['epoch']} | {result['cer_text']} | {result['right_text']} | "
        f"{training['validation_accuracy']:.1%} | {training['seconds_of_training']:,.0f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
