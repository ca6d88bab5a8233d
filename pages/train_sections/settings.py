"""The widgets of a training's settings, made from the configuration: default, limits, line of help."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import streamlit as st

from hwr_core.config import RunConfig, default_canvas
from hwr_core.errors import ConfigError
from hwr_core.models import backbone_weights
from hwr_core.recognition.checkpoint import name_of
from hwr_core.training import presets
from hwr_core.training.setting_values import (
    GroupValues,
    Setting,
    Value,
    Values,
    changed_settings,
    format_value,
    groups_of,
    label,
    parse_value,
    run_config,
    settings_of,
    values_of,
)
from pages.access import Right, may, require

# Keys of widgets; all but NAME and NOTES are names in the address too.
DATASETS, VALIDATE_ON, MODEL, START_FROM, TEACHER = "datasets", "validate_on", "model", "start_from", "teacher"
NAME, NOTES, PRESET = "name", "notes", "preset"
CANVAS_OF = "canvas_of"  # the model that the canvas's widgets were set for last
MAX_NUMBER = 1e15  # in an address; Streamlit refuses more than 2^53 with an error
FRESH = "fresh weights"
NO_TEACHER = "nobody"
MODELS = {
    "crnn": "Reads a whole word at once: compact CNN, LSTMs, CTC. The quickest way to a good model.",
    "cnn_transformer": "Reads a whole word at once: deep CNN, Transformer, CTC. Learns more, but needs a GPU for it.",
    "resnet_ctc": "Reads a whole word at once: ResNet50, CTC. How the image branch of dual learns handwriting.",
    "ppocr_ctc": "Reads a whole word at once: PP-OCR's small recognizer, with its pretrained weights.",
    "dual": "Sees the image with ResNet50, the text so far with an LSTM; predicts the next letter or word.",
    "seq2seq": "Reads whole words as crnn or cnn_transformer do, then predicts letter by letter from the text so far.",
}
IMAGE_WEIGHTS: dict[Value, str] = {
    "imagenet": "imagenet: downloaded once",
    "handwriting": "handwriting: shipped, not for commercial use",
    "none": "none: random",
}
STEPS = {  # of the buttons - and +; any value can be typed
    "canvas.width": 32,
    "training.epochs": 5,
    "training.batch_size": 16,
    "training.warmup_steps": 50,
    "training.max_words": 500,
    "training.max_validation_words": 100,
    "cnn_transformer.layers": 1,
    "cnn_transformer.heads": 1,
    "seq2seq.layers": 1,
    "seq2seq.heads": 1,
    "seq2seq.decoder_layers": 1,
    "seq2seq.decoder_heads": 1,
}


def widget_key(group: str, name: str) -> str:
    """The widget's key, which is its name in the address too: "training.epochs"."""
    return f"{group}.{name}"


def draw(group: str, columns: int = 3) -> None:
    """The widgets of one group, in a grid that folds on a narrow screen."""
    with st.grid(columns, min_column_width=180):
        for setting in settings_of(group):
            if setting.name == "image_weights":
                _image_weights(group, setting)
            else:
                _widget(group, setting)


def _help(setting: Setting) -> str:
    return f"{setting.help} Default: {format_value(setting.default)}."


def _widget(group: str, setting: Setting) -> None:
    key, default, text, help_text = (
        widget_key(group, setting.name),
        setting.default,
        label(setting.name),
        _help(setting),
    )
    is_new = key not in st.session_state  # otherwise the session's value, such as a preset's, goes before the default
    if setting.choices is not None:
        values, labels = list(setting.choices), setting.choices
        index = values.index(default) if is_new else 0
        st.selectbox(
            text, values, index, lambda value: labels.get(value, str(value)), key, help_text, bind="query-params"
        )
    elif isinstance(default, bool):
        st.toggle(text, default if is_new else False, key, help_text, bind="query-params")
    elif isinstance(default, float):
        st.number_input(
            text, 0.0, None, default if is_new else "min", _step(default), "%.6g", key,
            help=help_text, bind=_binding(key),
        )  # fmt: skip
    elif isinstance(default, int):
        step = STEPS.get(key, 8 if default and default % 8 == 0 else 1)
        st.number_input(text, 0, None, default if is_new else "min", step, key=key, help=help_text, bind=_binding(key))
    else:
        st.text_input(text, _widget_value(default) if is_new else "", key=key, help=help_text, bind="query-params")


def _binding(key: str) -> Literal["query-params"] | None:
    """Bound to the address, unless that holds a number no widget can: 1e309, or a thousand digits."""
    try:
        number = float(st.query_params.get(key, 0))
    except ValueError:
        return "query-params"  # the widget leaves it aside
    return "query-params" if abs(number) < MAX_NUMBER else None


def _image_weights(group: str, setting: Setting) -> None:
    """ResNet50 weights: those with a name, or the path of a file; and whether those of handwriting are there."""
    key = widget_key(group, setting.name)
    labels = dict(IMAGE_WEIGHTS)
    if not backbone_weights.is_available():
        labels["handwriting"] = "handwriting: not made yet"
    st.selectbox(
        label(setting.name),
        list(labels),
        list(labels).index(setting.default) if key not in st.session_state else 0,
        lambda value: labels.get(value, str(value)),
        key,
        _help(setting),
        accept_new_options=may(Right.SERVER_PATHS),
        on_change=_fill_backbone,
        args=(group,),
        bind="query-params",
    )


def _fill_backbone(group: str) -> None:
    """Take over the stage and size of the handwriting backbone where it was chosen, so that it fits. For callbacks."""
    if st.session_state[widget_key(group, "image_weights")] == "handwriting":
        for name, value in presets.backbone_values().items():
            st.session_state[widget_key(group, name)] = value


def _widget_value(value: Value) -> Value:
    return format_value(value) if isinstance(value, tuple) else value


def _step(default: float) -> float:
    """Half of the leading digit's place: 0.001 -> 0.0005, 0.35 -> 0.05, 2.5 -> 0.5."""
    return 0.5 * 10 ** math.floor(math.log10(default)) if default else 0.001


def values_in_widgets(model: str, *, skip_invalid: bool = False) -> GroupValues:
    """The values of a model's widgets by group; defaults where they have not been drawn yet.

    Args:
        model: the model chosen.
        skip_invalid: whether what cannot be parsed is left out.

    Raises:
        ConfigError: a list has something else than whole numbers.
    """
    values: GroupValues = {}
    for group in groups_of(model):
        values[group] = {}
        for setting in settings_of(group):
            held = st.session_state.get(widget_key(group, setting.name), setting.default)
            try:
                values[group][setting.name] = parse_value(setting, held)
            except ConfigError:
                if not skip_invalid:
                    raise
    return values


def has_teacher(model: str) -> bool:
    """Whether a training of this model would have a teacher as the page is set."""
    return model in presets.teacher_models() and st.session_state.get(TEACHER, NO_TEACHER) != NO_TEACHER


def read_config(
    datasets: list[str], validate_on: list[str], model: str, start_from: str, teacher: str = ""
) -> RunConfig:
    """The configuration that the page shows; `ConfigError` where a setting is out of its range.

    Raises:
        AccessError: it names a file of the server, which the visitor may not.
    """
    config = run_config(datasets, validate_on, model, values_in_widgets(model), start_from, teacher)
    check_paths(config)
    return config


def check_paths(config: RunConfig) -> None:
    """Raises `AccessError` where a configuration names a file with weights and the visitor may not."""
    if getattr(config.model, "image_weights", "none") not in IMAGE_WEIGHTS:
        require(Right.SERVER_PATHS)


def changes(model: str) -> list[str]:
    """The settings that differ from their defaults, in words."""
    return changed_settings(model, values_in_widgets(model, skip_invalid=True))


def fill(group: str, values: Values) -> None:
    """Put values into the widgets of a group, defaults for the others. For callbacks.

    Only what differs is touched: an untouched default stays out of the address.
    """
    for setting in settings_of(group):
        value = values.get(setting.name, setting.default)
        if isinstance(setting.default, tuple) and isinstance(value, tuple | list):
            value = format_value(value)
        elif isinstance(setting.default, float) and isinstance(value, int | float):
            value = float(value)
        key = widget_key(group, setting.name)
        if st.session_state.get(key, _widget_value(setting.default)) != value:
            st.session_state[key] = value


def fit_canvas(model: str) -> None:
    """Bring the canvas's widgets to what a newly chosen model needs, before they are drawn.

    Sizes that the address or an earlier run has given stay as they are.
    """
    before = st.session_state.get(CANVAS_OF)
    st.session_state[CANVAS_OF] = model
    given = any(name.startswith("canvas.") for name in st.query_params)
    if before != model and default_canvas(before or "") != default_canvas(model) and not (before is None and given):
        fill("canvas", dataclasses.asdict(default_canvas(model)))


def fill_preset(preset: str, model: str, shipped: Mapping[str, RunConfig]) -> None:
    """Take over a preset. For callbacks.

    Args:
        preset: one of `PRESETS`.
        model: the model chosen.
        shipped: configurations of shipped checkpoints of that model, by name.
    """
    start_from = _start_of(preset, shipped)
    values = presets.preset_values(preset, model, shipped.get(start_from))
    for group in groups_of(model):
        fill(group, values.get(group, {}))
    if st.session_state.get(START_FROM, FRESH) != start_from:
        st.session_state[START_FROM] = start_from
    if has_teacher(model):
        st.session_state[TEACHER] = NO_TEACHER


def matching_preset(model: str, shipped: Mapping[str, RunConfig]) -> str | None:
    """The preset that the widgets show, if they show one; arguments as for `fill_preset`."""
    try:
        values = values_in_widgets(model)
    except ConfigError:
        return None
    start_from = st.session_state.get(START_FROM, FRESH)
    for preset in presets.PRESETS:
        name = _start_of(preset, shipped)
        if start_from == name and presets.has_preset_values(preset, model, values, shipped.get(name)):
            return None if has_teacher(model) else preset
    return None


def _start_of(preset: str, shipped: Mapping[str, RunConfig]) -> str:
    """What a preset starts from, as `START_FROM` has it."""
    return next(iter(shipped), FRESH) if preset == presets.QUICK_TRY else FRESH


def fill_network(config: RunConfig, model: str) -> None:
    """Take over the network and the canvas of a checkpoint, so that its weights fit. For callbacks."""
    fill(model, presets.network_values(config, model))
    fill("canvas", dataclasses.asdict(config.canvas))


def fill_from(config: RunConfig) -> None:
    """Take over the settings of an earlier run. For callbacks."""
    st.session_state[DATASETS] = list(config.datasets)
    st.session_state[VALIDATE_ON] = list(config.validate_on)
    st.session_state[MODEL] = st.session_state[CANVAS_OF] = config.model.name
    st.session_state[START_FROM] = name_of(Path(config.start_from)) or FRESH
    st.session_state[TEACHER] = name_of(Path(config.teacher)) or NO_TEACHER
    for group, values in values_of(config).items():
        fill(group, values)
