"""A recipe: the stages of training, one behind the other, that end in a shipped reader.

A recipe is a JSON file: what data it wants, the synthetic words it renders, and its stages. Each stage is a run of
its own; a stage may begin with the weights of an earlier one. Run again, a recipe goes on where it stopped.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwr_core.config import RunConfig, build, read_json, require
from hwr_core.errors import ConfigError, JobError
from hwr_core.files import replace_folder
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, SHIPPED
from hwr_core.training.run import HISTORY_FILE, Run, new_run, runs_folder

Say = Callable[[str], None]
STAGES = SHIPPED / "training"  # checkpoints of finished stages, from which another machine goes on


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """The synthetic words of a recipe: a data set rendered from fonts, the same for the same seed."""

    name: str = "synthetic"
    count: int = 8000
    seed: int = 7
    languages: tuple[str, ...] = ("en", "fr")
    split: str = "train"  # "": by writer, so that some are for validation
    mix: dict[str, float] = field(default_factory=dict)  # what differs from `hwr_core.synthesis.writers.Mix`


@dataclass(frozen=True)
class Stage:
    """A run of the recipe; `start_from` names the earlier stage whose weights it begins with."""

    name: str
    config: RunConfig
    start_from: str = ""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What `read_recipe` makes of a file.

    Attributes:
        name: the shipped checkpoint's.
        about: a sentence or two for the card.
        needs: the machine it is meant for.
        licence: of the weights.
        sources: data set -> what the card says of it.
        measure: data sets whose validation words are read at the end.
        synthetic: the sets of words to render; in the file one such set, or a list of them.
        stages: the runs, in order; the last one's checkpoint is shipped.
        int8: whether it is shipped in 8 bits too: True, False, or `"auto"`: where that is quicker and costs no letters.
    """

    name: str
    about: str
    needs: str
    licence: str
    sources: dict[str, str]
    measure: tuple[str, ...]
    stages: tuple[Stage, ...]
    synthetic: tuple[Synthetic, ...] = ()
    int8: bool | str = "auto"

    @property
    def datasets(self) -> tuple[str, ...]:
        """Every data set that is learned from, but the synthetic ones."""
        rendered = {words.name for words in self.synthetic}
        found = dict.fromkeys(name for stage in self.stages for name in stage.config.datasets)
        return tuple(name for name in found if name not in rendered)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; a stage's `config` is a run's configuration, or the name of a file with one beside the recipe.

    Raises:
        ConfigError: it cannot be read, lacks something, or a stage begins with one that does not come before it.
    """
    values = read_json(path)
    stages: list[Stage] = []
    try:
        for row in values["stages"]:
            config = row["config"]
            config = read_json(path.parent / config) if isinstance(config, str) else config
            earlier, start_from = [stage.name for stage in stages], row.get("start_from", "")
            require(start_from in ("", *earlier), "start_from", start_from, f"an earlier stage: {earlier}")
            stages.append(Stage(row["name"], RunConfig.from_dict(config), start_from))
        synthetic = values.get("synthetic") or []
        synthetic = synthetic if isinstance(synthetic, list) else [synthetic]
        recipe = Recipe(
            name=path.stem,
            about=values["about"],
            needs=values["needs"],
            licence=values["licence"],
            sources=dict(values["sources"]),
            measure=tuple(values["measure"]),
            stages=tuple(stages),
            synthetic=tuple(build(Synthetic, words) for words in synthetic),
            int8=values.get("int8", "auto"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is no recipe: {type(error).__name__} {error}. See scripts/recipes/.") from error
    require(recipe.int8 in (True, False, "auto"), "int8", recipe.int8, 'true, false or "auto"')
    require(bool(stages), "stages", values["stages"], "a list of at least one stage")
    return recipe


def train_recipe(recipe: Recipe, say: Say, minutes: float = 0.0, follow: Any = None) -> bool:
    """Train the stages that are not done yet, or go on with the one that was broken off.

    Args:
        recipe: its data sets must be in the workspace.
        say: takes the log's lines.
        minutes: ask the run to stop after so long, its finished epochs kept; 0 sets no limit.
        follow: `follow(folder)` gives a context in which a stage is trained: a progress bar, say.

    Returns:
        True when all stages are done, False where one was stopped.

    Raises:
        HwrError: a stage cannot be trained, or a run of its name has other settings.
    """
    until = time.monotonic() + 60 * minutes if minutes else None
    for number, stage in enumerate(recipe.stages, start=1):
        if stage is not recipe.stages[-1] and not (runs_folder() / stage.name).exists() and kept_stage(stage.name):
            say(f"Stage {number} of {len(recipe.stages)}: {stage.name} was finished elsewhere")
            continue
        run = run_of(recipe, stage)
        say(f"Stage {number} of {len(recipe.stages)}: {run.name}")
        if run.status.state == "done" and run.checkpoint:
            continue
        if _train(run, say, until, follow) != "done":
            return False
    return True


def _train(run: Run, say: Say, until: float | None, follow: Any) -> str:
    import contextlib
    import threading

    from hwr_core import jobs
    from hwr_core.training.job import run_training

    finished = threading.Event()

    def stop_in_time() -> None:
        if until is not None and not finished.wait(max(0.0, until - time.monotonic())):
            jobs.request_stop(run.folder)

    if until is not None and time.monotonic() >= until:
        return "stopped"
    threading.Thread(target=stop_in_time, daemon=True).start()
    try:
        with follow(run.folder) if follow else contextlib.nullcontext():
            return run_training(run.folder, say).state
    finally:
        finished.set()


def kept_stage(name: str) -> Path | None:
    """The checkpoint of a stage that was finished on another machine, in `STAGES`; None where there is none."""
    folder = STAGES / name
    return folder if (folder / "model.keras").is_file() else None


def keep_stages(recipe: Recipe) -> list[Path]:
    """Copy the checkpoints of the stages that are done here into `STAGES`, in half precision, with their histories."""
    from hwr_core.recognition.quantization import halve_keras

    done = []
    for stage in recipe.stages:
        run = Run(runs_folder() / stage.name)
        if not run.folder.is_dir() or run.status.state != "done" or run.checkpoint is None:
            continue
        target, fresh = STAGES / stage.name, STAGES / f".{stage.name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name in ("config.json", "charset.txt", "checkpoint.json", "model.keras"):
            shutil.copyfile(run.checkpoint / name, fresh / name)
        shutil.copyfile(run.folder / HISTORY_FILE, fresh / HISTORY_FILE)
        halve_keras(fresh / "model.keras")
        replace_folder(fresh, target)
        done.append(target)
    return done


def run_of(recipe: Recipe, stage: Stage) -> Run:
    """The run of a stage: the one that is there, or a new one.

    Raises:
        JobError: a run of its name was made with other settings, or the stage before has no checkpoint.
    """
    config, kept = stage.config, None
    if stage.start_from:
        before = runs_folder() / stage.start_from
        kept = None if before.exists() else kept_stage(stage.start_from)
        config = dataclasses.replace(config, start_from=str(kept or before / CHECKPOINT_FOLDER))
    folder = runs_folder() / stage.name
    if not folder.exists():
        if (
            config.start_from
            and stage.start_from
            and not kept
            and Run(runs_folder() / stage.start_from).checkpoint is None
        ):
            raise JobError(f"The run {stage.start_from}, which {stage.name} begins with, has no checkpoint yet.")
        return new_run(config, stage.name)
    run = Run(folder)
    if dataclasses.replace(run.config, start_from="", notes="") != dataclasses.replace(config, start_from="", notes=""):
        raise JobError(
            f"There is a run {stage.name} with other settings than the recipe {recipe.name} has. "
            "Delete or rename it, and start again."
        )
    return run
