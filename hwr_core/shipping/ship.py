"""From a recipe's data to a shipped checkpoint: gather data sets, then shrink, quantize, calibrate and measure."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hwr_core import jobs
from hwr_core.config import RunConfig, read_json
from hwr_core.datasets import DataSet, add_dataset, list_datasets, open_dataset
from hwr_core.errors import DataError, HwrError
from hwr_core.evaluation.fit_calibration import READING_MODES, CalibrationResult, calibrate
from hwr_core.evaluation.metrics import Evaluation, evaluate
from hwr_core.evaluation.quantization_check import QuantizationResult, check_int8
from hwr_core.files import replace_folder, write_text
from hwr_core.recognition import Recognizer
from hwr_core.shipping.card import ROOT, figures, write_card
from hwr_core.shipping.recipe import Recipe, Synthetic
from hwr_core.training.runs import open_run
from hwr_core.workspace import home

Log = Callable[[str], None]


def gather(
    recipe: Recipe,
    sources: Sequence[Path],
    fonts: Path,
    workers: int,
    log: Log,
    on_progress: jobs.OnProgress | None = None,
) -> None:
    """Add every data set of the recipe to the workspace, and render its synthetic words.

    Args:
        recipe: its data sets.
        sources: zips, CSV files, folders of them, or packed data sets.
        fonts: folder, for synthetic words.
        workers: processes that render.
        log: takes the log's lines.
        on_progress: called with a phase, a step and the number of steps.

    Raises:
        DataError: a data set or the fonts are missing.
    """
    from hwr_core.datasets.pack import unpack

    for source in sources:
        if source.is_dir() and any(source.glob("*-000.npz")):
            unpack(source, on_progress)
    available = ready_datasets()
    for name in dict.fromkeys((*recipe.datasets, *recipe.measure)):
        path = find_source(name, sources)
        if name not in available and path:
            log(f"Adding {name}")
            add_dataset(name, path, progress=on_progress)
            available.add(name)
    missing = [name for name in recipe.datasets if name not in available]
    if missing:
        raise DataError(f"The recipe {recipe.name} learns from {', '.join(missing)} too. Give them by --data.")
    for words in recipe.synthetic:
        if words.name not in available:
            render(words, fonts, workers, log, on_progress)


def ready_datasets() -> set[str]:
    return {info.name for info in list_datasets() if info.is_ready}


def find_source(name: str, sources: Iterable[Path]) -> Path | None:
    """The file of a data set among zips, CSV files and folders of them."""
    for source in sources:
        if source.stem == name:
            return source
        for suffix in (".zip", ".csv", ""):
            if source.is_dir() and (source / f"{name}{suffix}").exists():
                return source / f"{name}{suffix}"
    return None


def render(words: Synthetic, fonts: Path, workers: int, log: Log, on_progress: jobs.OnProgress | None = None) -> None:
    """Render synthetic words and add them as a data set.

    Raises:
        DataError: they cannot be rendered.
    """
    folder = home() / ".cache" / words.name
    if not (folder / "words.csv").is_file():
        log(f"Rendering {words.count:,} words")
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "hwr_core.cli", "synthesize", str(folder), "--count", str(words.count)]
        command += ["--seed", str(words.seed), "--languages", *words.languages, "--fonts", str(fonts.resolve())]
        for setting, value in words.mix.items():
            command += [f"--{setting.replace('_', '-')}", str(value)]
        command += ["--workers", str(workers), *(["--split", words.split] if words.split else [])]
        if subprocess.run(command, check=False, cwd=ROOT).returncode:
            raise DataError(f"The synthetic words could not be rendered. Fonts are looked for in {fonts}: make fonts.")
    add_dataset(words.name, folder, progress=on_progress)


def ship(
    recipe: Recipe, models: Path, log: Log, on_progress: jobs.OnProgress | None = None, *, remake: bool = False
) -> Path:
    """Write the last stage's checkpoint (or the shipped one again) to `models/NAME`, with its measured card.

    Args:
        recipe: its name is the checkpoint's.
        models: the folder of shipped checkpoints.
        log: takes the log's lines.
        on_progress: called with a phase, a step and the number of steps.
        remake: take the shipped checkpoint.

    Returns:
        The checkpoint's folder.

    Raises:
        HwrError: there is no checkpoint yet.
    """
    target, fresh = models / recipe.name, models / f".{recipe.name}.new"
    source = target if remake else open_run(recipe.stages[-1].name).checkpoint
    if source is None or not (source / "config.json").is_file():
        raise HwrError(f"There is no checkpoint of {recipe.name} to ship yet. Train at least one epoch.")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh)
    is_halved = halve_weights(fresh, recipe.stages[-1].config.model.name)
    available = ready_datasets()
    datasets = [open_dataset(name) for name in recipe.measure if name in available]
    training_sets = [open_dataset(name) for name in recipe.datasets if name in available]
    int8 = quantize(fresh, training_sets, datasets, recipe.int8, log, on_progress)  # before confidences are fitted
    if is_halved:
        halve_onnx_file(fresh, log)
    calibration: list[CalibrationResult] = []
    try:
        calibration = calibrate(fresh, datasets, progress=on_progress) if datasets else []
    except DataError as error:  # too few words: it is shipped all the same
        log(f"Confidences are not calibrated. {error}")
    results = measure(fresh, datasets, log, on_progress)
    summary = read_json(fresh / "checkpoint.json")
    summary["measured"] = {name: figures(modes["none"]) for name, modes in results.items()}
    summary["measured_with_languages"] = {
        name: figures(modes["language"]) for name, modes in results.items() if "language" in modes
    }
    summary["int8"] = None if int8 is None else dataclasses.asdict(int8)
    write_text(fresh / "checkpoint.json", json.dumps(summary, indent=1))
    config = read_json(fresh / "config.json")
    config["start_from"] = ""  # a path of the machine that trained
    RunConfig.from_dict(config)
    write_text(fresh / "config.json", json.dumps(config, indent=1, ensure_ascii=False))
    write_text(fresh / "card.md", write_card(recipe, results, calibration, summary, fresh, int8))
    replace_folder(fresh, target)
    log(f"Shipped: {target}")
    return target


def measure(
    folder: Path, datasets: Sequence[DataSet], log: Log, on_progress: jobs.OnProgress | None = None
) -> dict[str, dict[str, Evaluation]]:
    """Data set -> reading mode -> the checkpoint's evaluation on its validation words."""
    results: dict[str, dict[str, Evaluation]] = {}
    for dataset in datasets:
        recognizer = Recognizer.load(folder)
        modes = READING_MODES if recognizer.model_name != "dual" else {"none": "none"}
        results[dataset.name] = {
            mode: evaluate(recognizer, dataset, "validation", read_options={"language": language}, progress=on_progress)
            for mode, language in modes.items()
        }
        for mode, result in results[dataset.name].items():
            log(f"{dataset.name}, {mode}: CER {result.cer}, words right {result.word_accuracy}")
    return results


def halve_weights(folder: Path, model: str) -> bool:
    """Bring the weights to half precision and export them to ONNX; unchanged where this machine cannot export.

    Returns:
        Whether the weights are halved.
    """
    from hwr_core.recognition.checkpoint import load_model
    from hwr_core.recognition.onnx_export import ONNX_FILE, export_onnx
    from hwr_core.recognition.quantization import halve_keras

    weights = folder / "model.keras"
    full_precision = weights.read_bytes()
    halve_keras(weights)
    if model != "dual" and export_onnx(load_model(folder), folder) is None and (folder / ONNX_FILE).is_file():
        weights.write_bytes(full_precision)  # Keras and ONNX must give the same readings
        return False
    return True


def halve_onnx_file(folder: Path, log: Log) -> None:
    """Bring `model.onnx` to half precision; after quantization, which needs full precision."""
    from hwr_core.recognition.onnx_export import ONNX_FILE
    from hwr_core.recognition.quantization import halve_onnx

    try:
        if (folder / ONNX_FILE).is_file():
            halve_onnx(folder / ONNX_FILE)
    except HwrError as error:
        log(f"{ONNX_FILE} keeps its size. {error}")


def quantize(
    folder: Path,
    training_sets: Sequence[DataSet],
    validation_sets: Sequence[DataSet],
    mode: bool | str,
    log: Log,
    on_progress: jobs.OnProgress | None = None,
) -> QuantizationResult | None:
    """Write `model.int8.onnx` where `check_int8` decides for it; its metrics, or None where it was not tried."""
    try:
        result = check_int8(folder, training_sets, validation_sets, mode=mode, progress=on_progress)
    except HwrError as error:
        log(f"8 bits were not tried. {error}")
        return None
    if result:
        log(f"8 bits: {result}")
    return result
