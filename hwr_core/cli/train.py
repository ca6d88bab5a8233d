"""Train a recognizer from the command line.

    hwr train --data words.csv --images pictures/ --model crnn --epochs 20
    hwr train --config scripts/recipes/starter.json --name starter

Model, tokenizer, history and the plots of loss and accuracy (PNG) are in runs/NAME/. Ctrl-C stops after the step;
the same command with --resume NAME goes on behind the last finished epoch.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any

from hwr_core import jobs
from hwr_core.config import (
    MODEL_CONFIGS,
    AugmentationConfig,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
    read_json,
)
from hwr_core.errors import HwrError
from hwr_core.files import JsonObject

GROUPS = {"training": TrainingConfig, "canvas": CanvasConfig, "augmentation": AugmentationConfig}


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return train(options)
    except HwrError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="hwr train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", action="append", default=[], help="CSV, folder, zip or data set name; may be repeated")
    made.add_argument("--images", type=Path, help="folder of the CSV's images (default: the CSV's own)")
    made.add_argument("--model", choices=tuple(MODEL_CONFIGS), default="crnn")
    made.add_argument("--name", help="the run's name")
    made.add_argument("--resume", metavar="NAME", help="go on with this run")
    made.add_argument(
        "--start-from",
        type=Path,
        help="a checkpoint folder to go on from; its network and canvas are taken over (of seq2seq the encoder)",
    )
    made.add_argument("--config", type=Path, help="a run's configuration (JSON); the other options change it")
    made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the model")
    for group, kind in GROUPS.items():
        section = made.add_argument_group(group)
        for spec in dataclasses.fields(kind):
            flag = f"--{spec.name.replace('_', '-')}" if group == "training" else f"--{group}-{spec.name}"
            kind_of = type(spec.default)
            section.add_argument(
                flag,
                dest=f"{group}.{spec.name}",
                type=kind_of,
                help=f"{spec.metadata['help']} ({spec.default})",
            )
    return made


def configuration(options: argparse.Namespace) -> RunConfig:
    values: JsonObject = read_json(options.config) if options.config else {"model": {"name": options.model}}
    if options.data:
        values["datasets"] = options.data
    if not values.get("datasets"):
        raise HwrError("Say what to train on: --data words.csv (or a folder, a zip, or the name of a data set).")
    if options.start_from:
        values["start_from"] = str(options.start_from.resolve())
        if not options.config:
            take_over(values, read_json(options.start_from / "config.json"))
    for name, value in vars(options).items():
        group, _, setting = name.partition(".")
        if setting and value is not None:
            values.setdefault(group, {})[setting] = value
    for item in options.set:
        name, _, text = item.partition("=")
        values["model"][name] = parsed(text)
    return RunConfig.from_dict(values)


def take_over(values: JsonObject, start: JsonObject) -> None:
    """Give a run the canvas and the network of the checkpoint that it starts from; `seq2seq` takes its encoder."""
    begun = RunConfig.from_dict(start)
    values["canvas"] = dataclasses.asdict(begun.canvas)
    if begun.model.name == values["model"]["name"]:
        values["model"] = dataclasses.asdict(begun.model)
    elif values["model"]["name"] == "seq2seq" and isinstance(begun.model, CrnnConfig | CnnTransformerConfig):
        values["model"].update(Seq2SeqConfig.encoder_settings(begun.model))


def parsed(text: str) -> Any:
    """A setting's value as typed: true or false, a number, a comma-separated list of whole numbers, or text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return [int(part) for part in text.split(",")] if "," in text else text


def train(options: argparse.Namespace) -> int:
    from hwr_core.datasets import add_dataset, list_datasets, open_or_add
    from hwr_core.training import new_run, open_run
    from hwr_core.training.job import run_training
    from hwr_core.training.plots import save_plots

    line = jobs.ProgressLine()
    if options.resume:
        run = open_run(options.resume)
    else:
        config = configuration(options)
        for source in config.datasets:
            if options.images:
                name = Path(source).stem
                if name not in {info.name for info in list_datasets()}:
                    add_dataset(name, Path(source), image_root=options.images, progress=line)
                config = dataclasses.replace(
                    config, datasets=tuple(name if other == source else other for other in config.datasets)
                )
            else:
                open_or_add(source, progress=line)
        line.clear()
        run = new_run(config, options.name)
    print(f"\nRun {run.name} in {run.folder}")
    with Bar(run.folder):
        status = run_training(run.folder)
    for path in save_plots(run.history, run.folder):
        print(f"wrote {path}")
    if run.checkpoint:
        print(f"checkpoint: {run.checkpoint}")
    return 0 if status.state in ("done", "stopped") else 1


class Bar:
    """A progress bar of the run's status on the terminal, drawn from the files that the app reads too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Bar:
        import signal
        import threading

        signal.signal(signal.SIGINT, lambda *_: jobs.request_stop(self.folder))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)
        if sys.stderr.isatty():
            self._thread.start()
        return self

    def _draw(self) -> None:
        while not self._done.wait(0.5):
            status = jobs.read_status(self.folder)
            details = status.details
            filled = round(30 * status.progress)
            left = f", {status.seconds_left / 60:.0f} min left" if status.seconds_left else ""
            epoch = f"epoch {details['epoch']}/{details['epochs']} " if "epoch" in details else ""
            line = f"{epoch}{status.phase} [{'#' * filled}{'.' * (30 - filled)}] {status.step}/{status.steps}{left}"
            print(f"\r{line[:100]:<100}", end="\r", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        self._done.set()
