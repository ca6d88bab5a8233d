#!/usr/bin/env python
"""Train the shipped starter and lay it into models/starter with its card.

    make train IAM=path/to/iam-words.zip

Synthetic words are rendered, both data sets are added, and the run of scripts/recipes/starter.json is trained or,
where it was interrupted, resumed. It takes an hour and a half on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hwr_core import jobs  # noqa: E402
from hwr_core.config import RunConfig, read_json  # noqa: E402
from hwr_core.errors import HwrError  # noqa: E402

NAME = "starter"
SYNTHETIC = ["--count", "8000", "--seed", "7", "--languages", "en", "fr", "--split", "train"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iam", type=Path, required=True, help="zip, folder or CSV of IAM words with their writers")
    parser.add_argument("--card-only", action="store_true", help="the run is done: measure it and write the card")
    options = parser.parse_args()
    try:
        if not options.card_only:
            train(options.iam)
        ship()
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def train(iam: Path) -> None:
    from hwr_core.data import add_dataset, list_datasets
    from hwr_core.training import list_runs, new_run
    from hwr_core.training.work import work

    have = {info.name for info in list_datasets()}
    if "iam-words" not in have:
        add_dataset("iam-words", iam, progress=show)
    if "synthetic" not in have:
        folder = jobs.home() / ".cache" / "synthetic"
        if not folder.exists():
            subprocess.run([sys.executable, "-m", "hwr_core.synthesis", str(folder), *SYNTHETIC], check=True, cwd=ROOT)
        add_dataset("synthetic", folder, progress=show)
    runs = {run.name: run for run in list_runs()}
    run = runs.get(NAME) or new_run(RunConfig.from_dict(read_json(ROOT / "scripts" / "recipes" / "starter.json")), NAME)
    work(run.folder)


def ship() -> None:
    from hwr_core.data import resolve
    from hwr_core.evaluation import evaluate
    from hwr_core.inference import Recognizer
    from hwr_core.training import open_run

    run = open_run(NAME)
    if run.checkpoint is None:
        raise HwrError("The run has no checkpoint yet. Train at least one epoch.")
    target = ROOT / "models" / NAME
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(run.checkpoint, target)
    result = evaluate(Recognizer.load(target), resolve("iam-words"), "validation", progress=show)
    print(f"\n{result.table()}")
    about = read_json(target / "checkpoint.json")
    about["measured"] = {name: value for name, value in result.to_dict().items() if name != "seconds"}
    jobs.write_text(target / "checkpoint.json", json.dumps(about, indent=1))
    jobs.write_text(target / "card.md", card(run, result, about))


def card(run, result, about) -> str:
    history = run.history
    config = run.config
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return f"""# {NAME}

A small `{config.model.name}` that reads English handwritten words, trained on two cores so that the studio reads
the minute it starts. Larger words, other scripts and damaged scans are beyond it.

| | |
|---|---|
| **validation** | {result.words:,} words of {result.writers} unseen writers, as written |
| CER | {result.cer} |
| words right | {result.word_accuracy} |
| intervals | 95 %, bootstrap over writers |
| protocol | beam search (width 16) without lexicon or language model; best path gave {100 * about["cer"]:.1f} % CER |
| data | IAM Handwriting Database, 494 forms cut into words, 26,863 training words; 8,000 synthetic words |
| licence of the data | IAM: non-commercial research; the synthetic words: fonts under OFL-1.1 and Apache-2.0 |
| licence of the weights | **non-commercial research**, as IAM's terms ask |
| recipe | `scripts/recipes/starter.json`, `make train IAM=iam-words.zip` |
| commit | {commit or "unknown"} |
| epochs | {len(history)} run, epoch {about["epoch"]} kept (lowest validation CER) |
| time | {history["seconds"].sum():,.0f} s on two shared cores |
| parameters | {sum(p.stat().st_size for p in [run.checkpoint / "model.keras"]) / 2**20:.1f} MB as float32 |
"""


def show(phase: str, step: int, steps: int) -> None:
    if sys.stderr.isatty() and steps:
        print(f"\r{phase} {step:,}/{steps:,} ", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
