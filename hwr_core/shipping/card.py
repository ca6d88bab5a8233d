"""The card of a shipped checkpoint: measured results, sources and licence, as Markdown."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hwr_core.evaluation.fit_calibration import CalibrationResult, markdown_table
from hwr_core.evaluation.metrics import Evaluation
from hwr_core.evaluation.quantization_check import QuantizationResult
from hwr_core.files import JsonObject
from hwr_core.shipping.recipe import Recipe, Stage
from hwr_core.training.runs import Run, list_runs

ROOT = Path(__file__).resolve().parents[2]
MODE_SUFFIXES = {"none": "", "language": ", with languages"}
TABLE_HEAD = ["| validation | words, unseen writers | CER | words right |", "|---|---|---|---|"]


def write_card(
    recipe: Recipe,
    results: Mapping[str, Mapping[str, Evaluation]],
    calibration: Sequence[CalibrationResult],
    summary: Mapping[str, Any],
    folder: Path,
    int8: QuantizationResult | None = None,
) -> str:
    """The card's text.

    Args:
        recipe: of the checkpoint.
        results: data set -> reading mode -> its evaluation.
        calibration: expected calibration errors.
        summary: of `checkpoint.json`.
        folder: the checkpoint; the card of an earlier one has the rows of its stages, which may be trained elsewhere.
        int8: of `model.int8.onnx`, where it was tried.
    """
    from hwr_core.recognition.checkpoint import load_model

    runs = {run.name: run for run in list_runs()}
    earlier = folder / "card.md"
    lines = earlier.read_text("utf-8").splitlines() if earlier.is_file() else []
    stages = [line for line in lines if line.startswith("| stage ")]
    measured = [
        result_row(f"{name}{MODE_SUFFIXES[mode]}", result)
        for name, modes in results.items()
        for mode, result in modes.items()
    ]
    return "\n".join(
        [
            f"# {recipe.name}",
            "",
            recipe.about,
            "",
            *TABLE_HEAD,
            *measured,
            "",
            "As written (case, accents and punctuation count), each writer's words read together; 95 % intervals by",
            "bootstrap over writers. The first row of each set is read letter by letter, without any word list; the",
            "second with the languages in models/language.",
            "",
            *markdown_table(calibration),
            "",
            "Expected calibration error, 15 bins: how far confidences are from the share of words that are right.",
            "",
            "| | |",
            "|---|---|",
            f"| data | {sources_text(recipe)} |",
            f"| licence of the weights | **{recipe.licence}** |",
            f"| recipe | `scripts/recipes/{recipe.name}.json`, `make train-{recipe.name} DATA=folder-of-zips` |",
            *(stages or [stage_row(runs.get(stage.name), stage) for stage in recipe.stages]),
            f"| weights | epoch {summary['epoch']} of the last stage (lowest validation CER) |",
            *([f"| in 8 bits, `model.int8.onnx` | {int8} |"] if int8 else []),
            f"| parameters | {load_model(folder).count_params():,} |",
            f"| commit | {commit()} |",
            "",
        ]
    )


def result_row(title: str, result: Evaluation) -> str:
    """A row under `TABLE_HEAD`."""
    return f"| {title} | {result.words:,} of {result.writers} | {result.cer} | {result.word_accuracy} |"


def sources_text(recipe: Recipe) -> str:
    return "; ".join(f"{name}: {text}" for name, text in recipe.sources.items())


def stage_row(run: Run | None, stage: Stage) -> str:
    start = f", begun with {stage.start_from}" if stage.start_from else ""
    if run is None or not len(run.history):
        return f"| stage {stage.name} | trained elsewhere{start} |"
    history = run.history
    return f"| stage {stage.name} | {len(history)} epochs, {history['seconds'].sum():,.0f} s{start} |"


def figures(result: Evaluation) -> JsonObject:
    """An evaluation as it is stored with a checkpoint."""
    return {name: value for name, value in result.to_dict().items() if name not in ("seconds", "checkpoint")}


def commit() -> str:
    """The commit that is checked out."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
