"""Train: what will be learned, and how is it going?"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core.config import RunConfig, read_json
from hwr_core.datasets import demo_dataset, list_datasets
from hwr_core.errors import ConfigError, HwrError
from hwr_core.recognition import list_checkpoints
from hwr_core.training import estimate, list_runs, new_run, running_run, start
from hwr_core.training.run import check_data
from pages.components import layout, menu, wording
from pages.components.sidebar import chosen_dataset
from pages.train_sections import live_run, settings


def main() -> None:
    layout.page("Train", "Choose what a reader learns from and how, start it, and watch it learn.")
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


def set_up(running: Any) -> None:
    """The form: what to learn from on the left, what it will take on the right."""
    infos = {info.name: info for info in list_datasets() if info.is_ready}
    if not infos:
        no_data()
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
            **({} if settings.MODEL in st.session_state else {"default": "crnn"}),
        )
        layout.note(settings.MODELS[model])
        preset = st.container()  # drawn after the settings: what the address holds of them is known only then
        known = checkpoints_of(settings.starters(model))
        start_from = choose_start(model, known)
        settings.fit_canvas(model)
        teacher = details(model)
        with preset:
            choose_preset(model, known)
    with right, st.container(border=True, key="summary"):
        summary(running, checked(datasets, validate_on, model, start_from, teacher))


def no_data() -> None:
    pressed = layout.empty(
        "school",
        "A training learns from pictures of words with their transcriptions, and there is no data set yet. "
        "The built-in demo set has about 1,500 words and is ready in a few seconds.",
        "Use the built-in demo set",
        key="use_demo",
    )
    layout.link("data", "Or add your own on the Data page", ":material/add_photo_alternate:")
    if pressed:
        bar = st.progress(0.0, "Reading the demo set")

        def tell(phase: str, step: int, steps: int) -> None:
            bar.progress(min(1.0, step / steps) if steps else 0.0, phase)

        try:
            demo_dataset(progress=tell)
        except HwrError as error:
            layout.error(str(error))
            return
        st.rerun()


def choose_data(infos: dict[str, Any]) -> list[str]:
    chosen = chosen_dataset()
    default = [chosen if chosen in infos else next(iter(infos))]
    held = st.session_state.get(settings.DATASETS)
    if held is not None:  # a data set may have been removed since
        st.session_state[settings.DATASETS] = [name for name in held if name in infos]
    datasets = st.multiselect(
        "Data sets",
        list(infos),
        key=settings.DATASETS,
        bind="query-params",
        help="Several are learned from together; each keeps its own training and validation words.",
        **({"default": default} if held is None else {}),
    )
    if datasets:
        layout.note(" · ".join(size_of(infos[name]) for name in datasets))
    return datasets


def choose_validation(datasets: list[str]) -> list[str]:
    """Whose validation words count, where there are several data sets; nothing: all of them."""
    if len(datasets) < 2:
        return []
    held = st.session_state.get(settings.VALIDATE_ON)
    if held:  # a data set may have been taken out since
        st.session_state[settings.VALIDATE_ON] = [name for name in held if name in datasets]
    return st.multiselect(
        "Validate on",
        datasets,
        key=settings.VALIDATE_ON,
        bind="query-params",
        placeholder="all of them",
        help=f"{settings.help_of('validate_on')} Default: all.",
    )


def size_of(info: Any) -> str:
    return f"{info.name}: {wording.count(info.words, 'word')} by {wording.count(info.writers, 'writer')}"


def choose_preset(model: str, known: dict[str, Any]) -> None:
    """Ready-made settings; they are recognised when they have been set by hand, too."""
    shipped = {name: read_config(info.folder) for name, info in known.items() if info.kind == "shipped"}

    def take() -> None:
        if st.session_state["preset"]:
            settings.fill_preset(st.session_state["preset"], model, shipped)

    st.session_state["preset"] = shown = settings.matching_preset(model, shipped)
    st.segmented_control("Settings", list(settings.PRESETS), key="preset", on_change=take)
    if shown:
        layout.note(settings.PRESETS[shown])
    elif different := settings.changed(model):
        layout.note(f"Your own: {', '.join(different)}.")
    else:
        layout.note(f"The defaults, {'with a teacher' if settings.has_teacher(model) else 'starting from a reader'}.")


def choose_start(model: str, known: dict[str, Any]) -> str:
    """A checkpoint's folder to go on from, or nothing; its network and canvas are taken over with it."""
    if not known:
        return ""
    if st.session_state.get(settings.START_FROM, settings.FRESH) not in (settings.FRESH, *known):
        st.session_state[settings.START_FROM] = settings.FRESH

    def take() -> None:
        info = known.get(st.session_state[settings.START_FROM])
        if info is not None:
            settings.fill_network(read_config(info.folder), model)

    name = st.selectbox(
        "Start from",
        [settings.FRESH, *known],
        key=settings.START_FROM,
        bind="query-params",
        on_change=take,
        help="A reader to go on from, with its network and canvas: it learns new handwriting quicker.",
    )
    return str(known[name].folder) if name in known else ""


def read_config(checkpoint: Path) -> RunConfig:
    return RunConfig.from_dict(read_json(checkpoint / "config.json"))


def checkpoints_of(models: tuple[str, ...]) -> dict[str, Any]:
    """The checkpoints of these models, shipped ones first; damaged ones left out."""
    found: dict[str, Any] = {}
    for info in list_checkpoints():
        try:
            fits = info.model_name in models and read_config(info.folder).model.name in models
        except HwrError:
            continue
        if fits:
            found.setdefault(info.name, info)
    return found


def choose_teacher(model: str) -> str:
    """The folder of a checkpoint to learn from beside the words, or nothing."""
    able = settings.teachers()
    known = checkpoints_of(able) if model in able else {}
    if not known:
        return ""
    if st.session_state.get(settings.TEACHER, settings.NOBODY) not in (settings.NOBODY, *known):
        st.session_state[settings.TEACHER] = settings.NOBODY
    name = st.selectbox(
        "Teacher",
        [settings.NOBODY, *known],
        key=settings.TEACHER,
        bind="query-params",
        help="A reader whose say about every column of the picture is learned beside the transcription: a large "
        "network is under way sooner. Its canvas must be the training's, and each step takes longer. Default: nobody.",
    )
    return str(known[name].folder) if name in known else ""


def details(model: str) -> str:
    """All settings by group; returns the teacher's folder, or nothing."""
    with st.expander("Training", icon=":material/timer:"):
        settings.draw("training")
        teacher = choose_teacher(model)
    with st.expander(f"Model: {model}", icon=":material/account_tree:"):
        settings.draw(model)
    with st.expander("Augmentation", icon=":material/texture:"):
        layout.note("Random changes of the training pictures, so that more handwriting is understood than was seen.")
        settings.draw("augmentation")
    with st.expander("Canvas", icon=":material/crop_landscape:"):
        layout.note("The size that every picture is brought to before it is read.")
        settings.draw("canvas")
    return teacher


def summary(running: Any, config: RunConfig | None) -> None:
    """Name, notes, and the button."""
    st.text_input(
        "Name",
        key=settings.NAME,
        placeholder="made for you",
        persist_state="session",
        help="The run's folder, and how it is called on the Runs and Read pages.",
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
    """The configuration with its estimate; or the sentence that says why it cannot be trained, and None."""
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
    start = read_config(Path(config.start_from))
    if not settings.fits(start, config):
        raise ConfigError(
            "The reader to start from has another network or canvas than these settings. "
            "Choose it again to take its own over, or start from fresh weights."
        )


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def estimated(config: str) -> Any:
    made = RunConfig.from_dict(json.loads(config))
    check_data(made)
    return estimate(made)


def show_estimate(config: RunConfig) -> None:
    with st.spinner("Counting words", show_time=False):
        found = estimated(json.dumps(config.to_dict()))
    epochs = wording.count(config.training.epochs, "epoch")
    layout.facts([(f"~ {wording.duration(found.seconds)}", f"for {epochs}"), (wording.size(found.memory_mb), "memory")])
    lines = [
        f"{wording.count(found.words)} training and {wording.count(found.validation_words, 'validation word')}",
        f"{wording.duration(found.seconds_per_epoch)} an epoch; it ends early when it gets no better",
    ]
    if found.first_seconds >= 1:
        lines.append(f"{wording.duration(found.first_seconds)} for the image features, once")
    if found.disk_mb >= 1:
        lines.append(f"{wording.size(found.disk_mb)} of disk while it trains")
    lines.append(wording.count(found.parameters, "parameter"))
    layout.note(" · ".join(lines))
    if found.note:
        layout.note(f"{found.note[0].upper()}{found.note[1:]}.")


@st.fragment(run_every="3s")
def queue(name: str) -> None:
    """One training at a time: which one, how far, how long; gone when it has ended."""
    other = running_run()
    if other is None or other.name != name:
        st.rerun()
    status = other.status
    details = status.details
    where = f"epoch {details['epoch']} of {details['epochs']}" if details.get("epoch") else status.phase.lower()
    left = f", about {wording.time_left(status.seconds_left)}" if status.seconds_left is not None else ""
    st.info(
        f"**{name}** is training ({where}{left}). One training runs at a time: "
        "keep this one for later, or stop the other.",
        icon=":material/hourglass_top:",
    )
    live_run.page_link("train", f"Follow {name}", ":material/arrow_forward:", run=name)


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
