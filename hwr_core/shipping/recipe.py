"""A recipe: consecutive stages of training that end in a shipped checkpoint.

A recipe is a JSON file: its data sets, the synthetic words it renders, and its stages. Each stage is a run; a stage
may start from the weights of an earlier one. Run again, a recipe resumes where it stopped.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from hwr_core.config import RunConfig, build, read_json, require
from hwr_core.errors import ConfigError, JobError
from hwr_core.files import replace_folder
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, SHIPPED
from hwr_core.training.run_files import HISTORY_FILE
from hwr_core.training.runs import Run, new_run, runs_folder

Log = Callable[[str], None]
StageContext = Callable[[Path], AbstractContextManager[object]]
STAGES = SHIPPED / "training"  # checkpoints of finished stages, from which another machine continues


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """The synthetic words of a recipe: a data set rendered from fonts, the same for the same seed."""

    name: str = "synthetic"
    count: int = 8000
    seed: int = 7
    languages: tuple[str, ...] = ("en", "fr")
    split: str = "train"  # "": by writer, with some for validation
    mix: dict[str, float] = field(default_factory=dict)  # differences from `hwr_core.synthesis.writers.Mix`


@dataclass(frozen=True)
class Stage:
    """A run of the recipe; `start_from` names the earlier stage whose weights it starts from."""

    name: str
    config: RunConfig
    start_from: str = ""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe, read by `read_recipe`.

    Attributes:
        name: the shipped checkpoint's.
        about: a description for the card.
        needs: the machine it is meant for.
        licence: of the weights.
        sources: data set -> its description on the card.
        measure: data sets that are evaluated at the end, on their validation words.
        synthetic: the data sets to render; in the file one, or a list.
        stages: the runs, in order; the last one's checkpoint is shipped.
        int8: whether it is quantized to 8 bits too: True, False, or `"auto"`: where that is quicker and adds no errors.
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
        """Every data set of the stages, without the synthetic ones."""
        rendered = {words.name for words in self.synthetic}
        names = dict.fromkeys(name for stage in self.stages for name in stage.config.datasets)
        return tuple(name for name in names if name not in rendered)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; a stage's `config` is a run's configuration, or the name of a file in its folder.

    Raises:
        ConfigError: it cannot be read, lacks something, or a stage starts from one that does not come before it.
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


def train_recipe(recipe: Recipe, log: Log, minutes: float = 0.0, during: StageContext | None = None) -> bool:
    """Train the stages that are not done yet, resuming an interrupted one.

    Args:
        recipe: its data sets must be in the workspace.
        log: takes the log's lines.
        minutes: after which the run is stopped, its finished epochs stay; 0 sets no limit.
        during: makes a context from the run's folder in which a stage is trained: a progress bar, for example.

    Returns:
        True when all stages are done, False where one was stopped.

    Raises:
        HwrError: a stage cannot be trained, or a run of its name has other settings.
    """
    until = time.monotonic() + 60 * minutes if minutes else None
    for number, stage in enumerate(recipe.stages, start=1):
        if stage is not recipe.stages[-1] and not (runs_folder() / stage.name).exists() and stored_stage(stage.name):
            log(f"Stage {number} of {len(recipe.stages)}: {stage.name} was finished elsewhere")
            continue
        run = run_of(recipe, stage)
        log(f"Stage {number} of {len(recipe.stages)}: {run.name}")
        if run.status.state == "done" and run.checkpoint:
            continue
        if _train(run, log, until, during) != "done":
            return False
    return True


def _train(run: Run, log: Log, until: float | None, during: StageContext | None) -> str:
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
        with during(run.folder) if during else contextlib.nullcontext():
            return run_training(run.folder, log).state
    finally:
        finished.set()


def stored_stage(name: str) -> Path | None:
    """The checkpoint of a stage that was finished on another machine, in `STAGES`; None where there is none."""
    folder = STAGES / name
    return folder if (folder / "model.keras").is_file() else None


def store_stages(recipe: Recipe) -> list[Path]:
    """Copy the checkpoints of the stages that are done on this machine into `STAGES`, in half precision."""
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
    """The run of a stage: the existing one, or a new one.

    Raises:
        JobError: a run of its name was made with other settings, or the stage before has no checkpoint.
    """
    config, stored = stage.config, None
    if stage.start_from:
        before = runs_folder() / stage.start_from
        stored = None if before.exists() else stored_stage(stage.start_from)
        config = dataclasses.replace(config, start_from=str(stored or before / CHECKPOINT_FOLDER))
    folder = runs_folder() / stage.name
    if not folder.exists():
        if (
            config.start_from
            and stage.start_from
            and not stored
            and Run(runs_folder() / stage.start_from).checkpoint is None
        ):
            raise JobError(f"The run {stage.start_from}, which {stage.name} starts from, has no checkpoint yet.")
        return new_run(config, stage.name)
    run = Run(folder)
    if dataclasses.replace(run.config, start_from="", notes="") != dataclasses.replace(config, start_from="", notes=""):
        raise JobError(
            f"There is a run {stage.name} with other settings than the recipe {recipe.name} has. "
            "Delete or rename it, and start again."
        )
    return run
