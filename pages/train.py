"""Train: set up a training, start it, and follow it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import streamlit as st

from hwr_core.config import RunConfig
from hwr_core.datasets import DataSetInfo, list_datasets
from hwr_core.errors import ConfigError, HwrError
from hwr_core.recognition import CheckpointInfo
from hwr_core.training import Estimate, Run, estimate, list_runs, new_run, presets, run_files, running_run, start
from hwr_core.training.runs import check_data
from hwr_core.training.setting_values import help_of
from pages.components import layout, menu, models, progress_card, wording
from pages.components.sidebar import chosen_dataset
from pages.train_sections import live_run, settings

NO_DATA = (
    "A training learns from images of words with their transcriptions, and there is no data set yet. "
    "The built-in demo set has about 1,500 words and is ready in a few seconds."
)
DEFAULT_MODEL = "crnn"
Checkpoint = tuple[CheckpointInfo, RunConfig]


def main() -> None:
    layout.page("Train", "Choose what a model learns from and how, start it, and watch it learn.")
    running = running_run()
    name = st.query_params.get("run")
    if name is None and running is not None and "new" not in st.query_params:
        name = st.query_params["run"] = running.name
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
        if progress_card.offer_demo_dataset("school", NO_DATA):
            st.rerun()
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
    if datasets:
        layout.note(" · ".join(size_of(infos[name]) for name in datasets))
    return datasets


def size_of(info: DataSetInfo) -> str:
    return f"{info.name}: {wording.count(info.words, 'word')} by {wording.count(info.writers, 'writer')}"


def choose_validation(datasets: list[str]) -> list[str]:
    """The data sets whose validation words count, where there are several; empty for all of them."""
    if len(datasets) < 2:
        return []
    selected = st.session_state.get(settings.VALIDATE_ON)
    if selected:  # a data set may have been taken out since
        st.session_state[settings.VALIDATE_ON] = [name for name in selected if name in datasets]
    return st.multiselect(
        "Validate on",
        datasets,
        key=settings.VALIDATE_ON,
        bind="query-params",
        placeholder="all of them",
        help=f"{help_of('validate_on')} Default: all.",
    )


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
def estimated(config_json: str) -> Estimate:
    config = RunConfig.from_dict(json.loads(config_json))
    check_data(config)
    return estimate(config)


def show_estimate(config: RunConfig) -> None:
    with st.spinner("Counting words", show_time=False):
        cost = estimated(json.dumps(config.to_dict()))
    epochs = wording.count(config.training.epochs, "epoch")
    layout.facts([(f"~ {wording.duration(cost.seconds)}", f"for {epochs}"), (wording.size(cost.memory_mb), "memory")])
    lines = [
        f"{wording.count(cost.words)} training and {wording.count(cost.validation_words, 'validation word')}",
        f"{wording.duration(cost.seconds_per_epoch)} an epoch; it ends early when it gets no better",
    ]
    if cost.first_seconds >= 1:
        lines.append(f"{wording.duration(cost.first_seconds)} for the image features, once")
    if cost.disk_mb >= 1:
        lines.append(f"{wording.size(cost.disk_mb)} of disk while it trains")
    lines.append(wording.count(cost.parameters, "parameter"))
    layout.note(" · ".join(lines))
    if cost.note:
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


def begin(config: RunConfig, now: bool) -> None:
    """Make the run, and start it unless another one trains."""
    try:
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


menu.require()
main()
