"""Train: set up a training, start it, and follow it."""

from __future__ import annotations

import dataclasses
import json
from contextlib import suppress
from pathlib import Path

import streamlit as st

from hwr_core import packages, workspace
from hwr_core.config import RunConfig
from hwr_core.datasets import DataSetInfo, list_datasets
from hwr_core.errors import ConfigError, HwrError, JobError
from hwr_core.recognition import CheckpointInfo
from hwr_core.training import (
    Cost,
    Estimate,
    Run,
    estimate,
    list_runs,
    new_run,
    presets,
    run_files,
    running_run,
    speed,
    start,
)
from hwr_core.training.runs import check_data
from hwr_core.training.setting_values import help_of
from pages.access import Right, may, needs, visitors
from pages.components import built_in_words, layout, menu, models, progress_card, wording
from pages.components.sidebar import chosen_dataset
from pages.train_sections import live_run, replay, settings

NO_DATA = (
    "A training learns from images of words with their transcriptions, and there is no data set yet. "
    "The built-in demo set has about 1,500 words and is ready in a few seconds."
)
DEFAULT_MODEL = "crnn"
MEASURING_SECONDS = 2.0  # between two looks whether the speed has been measured
Checkpoint = tuple[CheckpointInfo, RunConfig]


def main() -> None:
    layout.page("Train", "Choose what a model learns from and how, start it, and watch it learn.")
    if replay.PARAMETER in st.query_params:
        replay.draw()
        return
    running = running_run()
    name = st.query_params.get("run")
    if name is None and running is not None and "new" not in st.query_params:
        name = st.query_params["run"] = running.name
    if name is None and not (may(Right.TRAIN) and packages.can_train()):
        replay.draw()
        return
    if name is None:
        set_up(running)
        return
    run = next((run for run in list_runs() if run.name == name), None)
    if run is None:
        layout.empty(
            "search_off",
            f"There is no run “{name}” here; it may have been deleted.",
            "Set up a training",
            on_click=live_run.set_up_another,
            key="missing_run",
        )
        return
    live_run.draw(run)


def set_up(running: Run | None) -> None:
    """The form: data and settings on the left, the estimate and the button on the right."""
    infos = {info.name: info for info in list_datasets() if info.is_ready}
    if not infos:
        if not built_in_words.wait() and progress_card.offer_demo_dataset("school", NO_DATA):
            st.rerun()
        offer_recording()
        return
    left, right = st.columns([5, 3], gap="large")
    with left:
        datasets = choose_data(infos)
        validate_on = choose_validation(datasets)
        model = st.segmented_control(
            "Model",
            list(settings.MODELS),
            key=settings.MODEL,
            required=True,
            wrap=True,
            bind="query-params",
            default=None if settings.MODEL in st.session_state else DEFAULT_MODEL,
        )
        model = model or DEFAULT_MODEL  # an address may hold an empty one
        layout.note(settings.MODELS[model])
        preset = st.container()  # drawn after the settings: what the address holds of them is known only then
        checkpoints = read_checkpoints()
        starts = of_models(checkpoints, presets.starting_models(model))
        start_from = choose_start(model, starts)
        settings.fit_canvas(model)
        teacher = draw_settings(model, checkpoints)
        with preset:
            choose_preset(model, starts)
    with right, st.container(border=True, key="summary"):
        summary(running, checked(datasets, validate_on, model, start_from, teacher))
    with right:
        offer_recording()


def offer_recording() -> None:
    """A link to a recorded training, where there is one."""
    if recorded := replay.most_learned(replay.recordings()):
        layout.link("train", "Watch a recorded training", ":material/replay:", replay=recorded.name)


def choose_data(infos: dict[str, DataSetInfo]) -> list[str]:
    chosen = chosen_dataset()
    default = chosen if chosen in infos else next(iter(infos))
    selected = st.session_state.get(settings.DATASETS)
    if selected is not None:  # a data set may have been removed since
        st.session_state[settings.DATASETS] = [name for name in selected if name in infos]
    datasets = st.multiselect(
        "Data sets",
        list(infos),
        key=settings.DATASETS,
        bind="query-params",
        help="Several are learned from together; each keeps its own training and validation words.",
        default=[default] if selected is None else None,
    )
    datasets = [name for name in datasets if name in infos]  # the address may name anything, the path of a file, too
    if datasets:
        layout.note(" · ".join(size_of(infos[name]) for name in datasets))
    return datasets


def size_of(info: DataSetInfo) -> str:
    writers = f" by {wording.count(info.writers, 'writer')}" if info.writers else ""
    return f"{info.name}: {wording.count(info.words, 'word')}{writers}"


def choose_validation(datasets: list[str]) -> list[str]:
    """The data sets whose validation words count, where there are several; empty for all of them."""
    if len(datasets) < 2:
        return []
    selected = st.session_state.get(settings.VALIDATE_ON)
    if selected:  # a data set may have been taken out since
        st.session_state[settings.VALIDATE_ON] = [name for name in selected if name in datasets]
    chosen = st.multiselect(
        "Validate on",
        datasets,
        key=settings.VALIDATE_ON,
        bind="query-params",
        placeholder="all of them",
        help=f"{help_of('validate_on')} Default: all.",
    )
    return [name for name in chosen if name in datasets]


def read_checkpoints() -> list[Checkpoint]:
    """Every checkpoint with its configuration, shipped ones first; damaged ones left out."""
    checkpoints = []
    for info in models.available().values():
        try:
            checkpoints.append((info, run_files.read_config(info.folder)))
        except HwrError:
            continue
    return checkpoints


def of_models(checkpoints: list[Checkpoint], names: tuple[str, ...]) -> dict[str, Checkpoint]:
    """The checkpoints of these models by name; of two with one name the first."""
    fitting: dict[str, Checkpoint] = {}
    for info, config in checkpoints:
        if config.model.name in names:
            fitting.setdefault(info.name, (info, config))
    return fitting


def choose_preset(model: str, starts: dict[str, Checkpoint]) -> None:
    """Ready-made settings; they are recognised when they have been set one by one, too."""
    shipped = {name: config for name, (info, config) in starts.items() if info.kind == "shipped"}

    def fill() -> None:
        if st.session_state[settings.PRESET]:
            settings.fill_preset(st.session_state[settings.PRESET], model, shipped)

    st.session_state[settings.PRESET] = shown = settings.matching_preset(model, shipped)
    st.segmented_control("Settings", list(presets.PRESETS), key=settings.PRESET, on_change=fill)
    if shown:
        layout.note(presets.PRESETS[shown])
    elif changes := settings.changes(model):
        layout.note(f"Your own: {', '.join(changes)}.")
    else:
        layout.note(f"The defaults, {'with a teacher' if settings.has_teacher(model) else 'starting from a model'}.")


def choose_start(model: str, starts: dict[str, Checkpoint]) -> str:
    """The folder of a checkpoint to start from, or ""; its network and canvas are taken over with it."""
    if not starts:
        return ""
    if st.session_state.get(settings.START_FROM, settings.FRESH) not in (settings.FRESH, *starts):
        st.session_state[settings.START_FROM] = settings.FRESH

    def fill() -> None:
        if st.session_state[settings.START_FROM] in starts:
            settings.fill_network(starts[st.session_state[settings.START_FROM]][1], model)

    name = st.selectbox(
        "Start from",
        [settings.FRESH, *starts],
        key=settings.START_FROM,
        bind="query-params",
        on_change=fill,
        help="A model to go on from, with its network and canvas: it learns new handwriting quicker.",
    )
    return str(starts[name][0].folder) if name in starts else ""


def choose_teacher(model: str, checkpoints: list[Checkpoint]) -> str:
    """The folder of a checkpoint for distillation, or ""."""
    teachers = of_models(checkpoints, presets.teacher_models()) if model in presets.teacher_models() else {}
    if not teachers:
        return ""
    if st.session_state.get(settings.TEACHER, settings.NO_TEACHER) not in (settings.NO_TEACHER, *teachers):
        st.session_state[settings.TEACHER] = settings.NO_TEACHER
    name = st.selectbox(
        "Teacher",
        [settings.NO_TEACHER, *teachers],
        key=settings.TEACHER,
        bind="query-params",
        help="A model whose output for every column of the image is learned too (distillation): a large network "
        "makes progress sooner. Its canvas must be the training's, and each step takes longer. Default: nobody.",
    )
    return str(teachers[name][0].folder) if name in teachers else ""


def draw_settings(model: str, checkpoints: list[Checkpoint]) -> str:
    """All settings by group; returns the teacher's folder, or ""."""
    with st.expander("Training", icon=":material/timer:"):
        settings.draw("training")
        teacher = choose_teacher(model, checkpoints)
    with st.expander(f"Model: {model}", icon=":material/account_tree:"):
        settings.draw(model)
    with st.expander("Augmentation", icon=":material/texture:"):
        layout.note("Random changes of the training images, so that the model reads more handwriting than it has seen.")
        settings.draw("augmentation")
    with st.expander("Canvas", icon=":material/crop_landscape:"):
        layout.note("The size that every image is brought to before it is read.")
        settings.draw("canvas")
    return teacher


def summary(running: Run | None, config: RunConfig | None) -> None:
    """Name, notes, and the button."""
    if not may(Right.TRAIN):
        layout.not_open(Right.TRAIN, "Here you see what a training takes; the Runs page has the history of real ones.")
        return
    st.text_input(
        "Name",
        key=settings.NAME,
        placeholder="made for you",
        persist_state="session",
        help="The run's folder, and its name on the Runs and Read pages.",
    )
    st.text_area(
        "Notes",
        key=settings.NOTES,
        height=68,
        placeholder="what you want to find out",
        persist_state="session",
    )
    if running is not None:
        queue(running.name)
    if sentence := st.session_state.pop(live_run.ERROR, None):
        layout.error(sentence)
    st.button(
        "Start training" if running is None else "Keep for later",
        key="start",
        type="primary",
        icon=":material/play_arrow:" if running is None else ":material/schedule:",
        help=None if running is None else "Makes the run and leaves it waiting; one click starts it later.",
        width="stretch",
        disabled=config is None,
        on_click=begin,
        args=(config, running is None),
    )


def checked(datasets: list[str], validate_on: list[str], model: str, start_from: str, teacher: str) -> RunConfig | None:
    """The configuration, its estimate drawn; or None, and the sentence why it cannot be trained."""
    if not datasets:
        st.markdown("Choose at least one data set.")
        return None
    try:
        config = settings.read_config(datasets, validate_on, model, start_from, teacher)
        if start_from:
            check_start(config)
        show_estimate(config)
    except HwrError as error:
        layout.error(str(error))
        return None
    return config


def check_start(config: RunConfig) -> None:
    """Refuse a starting point whose weights do not fit, before anything is started."""
    start_config = run_files.read_config(Path(config.start_from))
    if not presets.weights_fit(start_config, config):
        raise ConfigError(
            "The model to start from has another network or canvas than these settings. "
            "Choose it again to take its own over, or start from fresh weights."
        )


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def estimated(config_json: str, home: str, measured: speed.Speed | speed.Failure | None) -> Estimate:
    """The estimate, made anew when the configuration's speed has been measured.

    `home` is the workspace in which the configuration's data sets are named.
    """
    config = RunConfig.from_dict(json.loads(config_json))
    check_data(config)
    return estimate(config)


def show_estimate(config: RunConfig) -> None:
    """Words, time and memory; where the speed is not known it is measured, and the page goes on meanwhile."""
    measured = speed.read_speed(config)
    with st.spinner("Counting words", show_time=False):
        result = estimated(json.dumps(config.to_dict()), str(workspace.home()), measured)
    if result.cost is None and measured is None:
        measure(config)

    def states() -> list[str]:
        now = speed.read_speed(config)
        return ["running" if speed.is_measuring() else "waiting", "" if now is None else "measured"]

    if result.cost is None:
        progress_card.follow(states, lambda: show_words(config, result), seconds=MEASURING_SECONDS, key="measuring")
    else:
        show_cost(config, result, result.cost)


def measure(config: RunConfig) -> None:
    """Start measuring the speed, unless another measurement or a training runs; a later drawing tries again."""
    if may(Right.TRAIN) and running_run() is None and not speed.is_measuring():
        with suppress(JobError, OSError):  # another tab was quicker, or nothing can be written here
            speed.start_measurement(config)


def words_text(estimate: Estimate) -> str:
    return f"{wording.count(estimate.words)} training and {wording.count(estimate.validation_words, 'validation word')}"


def show_words(config: RunConfig, estimate: Estimate) -> None:
    """What is known before the speed is, and what becomes of that."""
    layout.facts([(wording.count(config.training.epochs), "epochs" if config.training.epochs > 1 else "epoch")])
    layout.note(f"{words_text(estimate)} · it ends early when it gets no better")
    measured = speed.read_speed(config)
    if isinstance(measured, speed.Speed):  # just now
        st.rerun()
    if speed.is_measuring():
        layout.note("Measuring the speed on this computer: half a minute for a small network, minutes for a large one.")
    elif isinstance(measured, speed.Failure):
        layout.note(measured.sentence)
        layout.page_button(
            "Measure again", forget_speed, config, key="measure_again", type="tertiary", icon=":material/speed:"
        )
    else:
        layout.note("Its time is not known yet: the speed is measured when nothing else trains here.")


@needs(Right.TRAIN, "measure a speed")
def forget_speed(config: RunConfig) -> None:
    speed.forget_speed(config)


def show_cost(config: RunConfig, estimate: Estimate, cost: Cost) -> None:
    epochs = wording.count(config.training.epochs, "epoch")
    memory = [(wording.size(cost.memory_mb), "memory")] if cost.memory_mb else []
    layout.facts([(f"~ {wording.duration(cost.seconds)}", f"for {epochs}"), *memory])
    lines = [
        words_text(estimate),
        f"{wording.duration(cost.seconds_per_epoch)} an epoch; it ends early when it gets no better",
    ]
    if cost.first_seconds >= 1:
        lines.append(f"{wording.duration(cost.first_seconds)} for the image features, once")
    if cost.disk_mb >= 1:
        lines.append(f"{wording.size(cost.disk_mb)} of disk while it trains")
    if cost.parameters:
        lines.append(wording.count(cost.parameters, "parameter"))
    layout.note(" · ".join(lines))
    layout.note(f"{cost.note[0].upper()}{cost.note[1:]}.")


@st.fragment(run_every="3s")
def queue(name: str) -> None:
    """The training that runs: how far, how long; the whole page is drawn again when it has ended."""
    running = running_run()
    if running is None or running.name != name:
        st.rerun()
    status = running.status
    where = progress_card.epoch_text(status) or status.phase.lower()
    left = f", about {wording.time_left(status.seconds_left)}" if status.seconds_left is not None else ""
    st.info(
        f"**{layout.message(name)}** is training ({where}{left}). One training runs at a time: "
        "keep this one for later, or stop the other.",
        icon=":material/hourglass_top:",
    )
    layout.link("train", f"Follow {layout.message(name)}", ":material/arrow_forward:", run=name)


@needs(Right.TRAIN, "make a run", lambda config, now: st.session_state.get(settings.NAME) or config.model.name)
def begin(config: RunConfig, now: bool) -> bool:
    """Make the run, and start it unless another one trains; False where that fails."""
    try:
        settings.check_paths(config)
        visitors.check_quota(0)
        name, notes = (st.session_state.get(key) or "" for key in (settings.NAME, settings.NOTES))
        run = new_run(dataclasses.replace(config, notes=notes.strip()), name.strip() or None)
        st.session_state[settings.NAME] = ""
        st.session_state[settings.NOTES] = ""
        st.query_params.pop("new", None)
        st.query_params["run"] = run.name
        if now:
            start(run)
    except HwrError as error:
        st.session_state[live_run.ERROR] = str(error)
        return False
    return True


menu.require()
main()
