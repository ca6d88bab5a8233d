"""Every setting of a training as a widget, made from the configuration: its default, its line of help."""

from __future__ import annotations

import dataclasses
import math
import typing
from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core.config import (
    MODEL_CONFIGS,
    AugmentationConfig,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    CtcConfig,
    DualConfig,
    ResnetCtcConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
    build,
    default_canvas,
    model_config,
)
from hwr_core.errors import ConfigError
from hwr_core.models import backbone_weights
from hwr_core.recognition.checkpoint import name_of

DATASETS, VALIDATE_ON, MODEL, START_FROM, TEACHER = "datasets", "validate_on", "model", "start_from", "teacher"
NAME, NOTES = "name", "notes"
CANVAS_OF = "canvas_of"  # the model that the canvas's widgets were brought to last
KINDS: dict[str, Any] = {
    **MODEL_CONFIGS,
    "training": TrainingConfig,
    "augmentation": AugmentationConfig,
    "canvas": CanvasConfig,
}
MODELS = {
    "crnn": "Reads a whole word at once: compact CNN, LSTMs, CTC. The quickest way to a good reader.",
    "cnn_transformer": "Reads a whole word at once: deep CNN, Transformer, CTC. Learns more, and wants a GPU for it.",
    "resnet_ctc": "Reads a whole word at once: ResNet50, CTC. How the image branch of dual learns handwriting.",
    "ppocr_ctc": "Reads a whole word at once: PP-OCR's small recognizer, begun from its pretrained weights.",
    "dual": "Sees the picture with ResNet50, the text so far with an LSTM; tells the next letter or word.",
    "seq2seq": "Reads whole words as crnn or cnn_transformer do, then tells letter by letter from the text so far.",
}
CHOICES: dict[str, dict[Any, str]] = {
    "canvas.height": {height: f"{height} pixels" for height in (32, 48, 64, 96, 128)},
    "dual.fine_tune_from": {
        "": "none: ResNet50 stays frozen",
        "conv2": "conv2 and later (nearly all)",
        "conv3": "conv3 and later",
        "conv4": "conv4 and later",
        "conv5": "conv5 only",
    },
    "ppocr_ctc.frame_pixels": {4: "4 pixels", 8: "8 pixels, as PP-OCR"},
    **{f"{model}.shrink": {1: "as it is", 2: "half as high and wide"} for model in ("dual", "resnet_ctc")},
}
IMAGE_WEIGHTS = {
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
SPELLED = {"lstm": "LSTM", "ctc": "CTC"}
LARGER: dict[str, dict[str, Any]] = {  # the network of a thorough training
    "crnn": {"channels": (32, 64, 128, 192), "lstm_units": 192},
    "cnn_transformer": {"layers": 8},
    "resnet_ctc": {"units": 256},
    "ppocr_ctc": {},  # another size would lose the pretrained weights
    "dual": {
        "views": 4,
        "image_channels": 64,
        "image_units": 1024,
        "lstm_units": 128,
        "text_units": 128,
        "text_dropout": 0.1,
        "joint_units": 1024,
    },
    "seq2seq": {"layers": 8, "decoder_layers": 3, "decoder_width": 256, "decoder_feed_forward": 1024},
}
TINY: dict[str, dict[str, Any]] = {  # and of a quick try, for models that have one
    "crnn": {"channels": (16, 32, 48, 64), "lstm_units": 64, "lstm_layers": 1, "dropout": 0.0},
    "cnn_transformer": {
        "channels": (16, 32, 48, 64),
        "blocks": (1, 1, 1),
        "width": 64,
        "layers": 1,
        "feed_forward": 128,
        "dropout": 0.0,
    },
    "seq2seq": {
        "encoder": "crnn",
        "channels": (16, 32, 48, 64),
        "lstm_units": 64,
        "lstm_layers": 1,
        "dropout": 0.0,
        "decoder_width": 64,
        "decoder_layers": 1,
        "decoder_feed_forward": 128,
    },
}
PRESETS = {
    "Quick try": "A few minutes on a small machine: to see how it goes.",
    "Standard": "The defaults: a good reader, where there are words enough.",
    "Thorough": "A larger network and three times the passes: for a night, or a GPU.",
}
FRESH = "fresh weights"
NOBODY = "nobody"
Values = dict[str, dict[str, Any]]


def preset_values(preset: str, model: str, reader: RunConfig | None) -> Values:
    """What a preset sets other than by default, group by group.

    Args:
        preset: one of `PRESETS`.
        model: the model chosen.
        reader: a shipped reader, from whose weights a quick try goes on: one of that model reads from the start.
    """
    branch = branch_at_hand() if model == "dual" else {}
    canvas = dataclasses.asdict(default_canvas(model))
    own = {} if canvas == dataclasses.asdict(CanvasConfig()) else {"canvas": canvas}
    if preset == "Thorough":
        thorough = {"epochs": 120, "patience": 15, "warmup_steps": 500}
        return {model: {**LARGER[model], **branch}, "training": thorough, **own}
    if preset != "Quick try":
        return own
    few = {"batch_size": 32, "warmup_steps": 20, "max_words": 1000, "max_validation_words": 200}
    if reader is not None:
        careful = {"epochs": 5, "learning_rate": 0.0003} if reader.model.name == model else {"epochs": 20}
        return {
            model: network_of(reader, model),
            "canvas": dataclasses.asdict(reader.canvas),
            "training": {**few, **careful},
        }
    if own:
        return {**own, "training": {**few, "epochs": 5, "learning_rate": 0.0005}}
    if model in TINY:
        return {
            model: TINY[model],
            "canvas": {"height": 32, "width": 192},
            "augmentation": {"strength": 0.0},
            "training": {**few, "epochs": 20, "batch_size": 16, "learning_rate": 0.003},
        }
    small = {} if branch else {"height": 32, "width": 192}  # the branch makes its pictures smaller itself
    return {model: branch, "canvas": small, "training": {**few, "epochs": 10}}


def branch_at_hand() -> dict[str, Any]:
    """The image branch of `dual` that needs no download, where there is one."""
    if not backbone_weights.is_there():
        return {}
    reached = backbone_weights.about()
    return {"image_weights": "handwriting", "stage": reached["stage"], "shrink": reached["shrink"]}


def starters(model: str) -> tuple[str, ...]:
    """The models whose checkpoints a training of this model can start from."""
    return (model, "crnn", "cnn_transformer") if model == "seq2seq" else (model,)


def network_of(start: RunConfig, model: str) -> dict[str, Any]:
    """The settings of `model` under which the weights of a checkpoint fit; a CTC network becomes a frozen encoder."""
    if start.model.name == model or not isinstance(start.model, CrnnConfig | CnnTransformerConfig):
        return dataclasses.asdict(start.model)
    return {**Seq2SeqConfig.encoder_settings(start.model), "freeze_encoder": True}


def teachers() -> tuple[str, ...]:
    """The models that can teach another, and learn from one: those that read by CTC alone."""
    return tuple(name for name, kind in MODEL_CONFIGS.items() if issubclass(kind, CtcConfig))


def has_teacher(model: str) -> bool:
    """Whether a training of this model would have a teacher as the page is set."""
    return model in teachers() and st.session_state.get(TEACHER, NOBODY) != NOBODY


def fits(start: RunConfig, config: RunConfig) -> bool:
    """Whether a checkpoint's weights fit a run's network and canvas."""
    network: Any = config.model
    if isinstance(network, Seq2SeqConfig) and start.model.name != network.name:
        network = network.encoder_config
    wanted: Any = start.model
    if network is not config.model:
        wanted = dataclasses.replace(wanted, shortcut=0.0)
    elif isinstance(network, DualConfig | ResnetCtcConfig) and wanted.name == network.name:
        # Where weights come from and which are trained may differ: a frozen branch may be fine-tuned later.
        free = {"image_weights", "fine_tune_from"} & {spec.name for spec in dataclasses.fields(network)}
        wanted = dataclasses.replace(wanted, **{name: getattr(network, name) for name in free})
    return (wanted, start.canvas) == (network, config.canvas)


def key(group: str, name: str) -> str:
    """The widget's key, which is its name in the address too: "training.epochs"."""
    return f"{group}.{name}"


def label(name: str) -> str:
    """ "lstm_units" -> "LSTM units"."""
    text = spoken(name)
    return text[0].upper() + text[1:]


def spoken(name: str) -> str:
    """ "lstm_units" -> "LSTM units", "batch_size" -> "batch size"."""
    return " ".join(SPELLED.get(part, part) for part in name.split("_"))


def shown(value: Any) -> str:
    """A setting's value as people write it: (24, 48) -> "24, 48"; 0.001 -> "0.001"."""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != "" else "none"


def draw(group: str, columns: int = 3) -> None:
    """The widgets of one group, in a grid that folds on a narrow screen."""
    kinds = typing.get_type_hints(KINDS[group])
    with st.grid(columns, min_column_width=180):
        for spec in dataclasses.fields(KINDS[group]):
            if spec.name != "name":
                _widget(group, spec, kinds[spec.name])


def _widget(group: str, spec: dataclasses.Field[Any], kind: Any) -> None:
    name, default = key(group, spec.name), spec.default
    options = {
        "label": label(spec.name),
        "key": name,
        "help": f"{spec.metadata.get('help', '')} Default: {shown(default)}.",
        "bind": "query-params",
    }
    fresh = name not in st.session_state  # a preset has spoken otherwise, and its value is not to be overruled
    weights = spec.name == "image_weights"  # those named, or the path of a file
    choices = image_weights() if weights else CHOICES.get(name)
    if choices is None and typing.get_origin(kind) is typing.Literal:
        choices = {value: shown(value) for value in typing.get_args(kind)}
    if choices is not None:
        values = list(choices)
        st.selectbox(
            **options,
            options=values,
            format_func=lambda value: choices.get(value, str(value)),
            **({"accept_new_options": True, "on_change": take_backbone, "args": (group,)} if weights else {}),
            **({"index": values.index(default)} if fresh else {}),
        )
    elif isinstance(default, bool):
        st.toggle(**options, **({"value": default} if fresh else {}))
    elif isinstance(default, float):
        value = {"value": default} if fresh else {}
        st.number_input(**options, min_value=0.0, step=_step(default), format="%.6g", **value)
    elif isinstance(default, int):
        value = {"value": default} if fresh else {}
        st.number_input(**options, min_value=0, step=STEPS.get(name, _whole_step(default)), **value)
    else:
        st.text_input(**options, **({"value": _as_text(default)} if fresh else {}))


def image_weights() -> dict[str, str]:
    """ResNet50 weights that can be named; whether those of handwriting are there is said."""
    missing = {} if backbone_weights.is_there() else {"handwriting": "handwriting: not made yet"}
    return {**IMAGE_WEIGHTS, **missing}


def take_backbone(group: str) -> None:
    """Take over the stage and size of the handwriting backbone where it was chosen, so that it fits. For callbacks."""
    if st.session_state[key(group, "image_weights")] == "handwriting":
        for name, value in branch_at_hand().items():
            st.session_state[key(group, name)] = value


def _as_text(value: Any) -> str:
    return shown(value) if isinstance(value, tuple) else str(value)


def _step(default: float) -> float:
    """Half of the leading digit's place: 0.001 -> 0.0005, 0.35 -> 0.05, 2.5 -> 0.5."""
    return 0.5 * 10 ** math.floor(math.log10(default)) if default else 0.001


def _whole_step(default: int) -> int:
    return 8 if default and default % 8 == 0 else 1


def value_of(group: str, spec: dataclasses.Field[Any]) -> Any:
    """What the widget holds, or the default where it has not been drawn yet."""
    value = st.session_state.get(key(group, spec.name), spec.default)
    if isinstance(spec.default, tuple) and isinstance(value, str):
        try:
            return tuple(int(part) for part in value.replace(";", ",").split(",") if part.strip())
        except ValueError:
            raise ConfigError(
                f"{label(spec.name)} are whole numbers, with commas, such as {shown(spec.default)}. Received: {value}"
            ) from None
    if value is None:  # the box was emptied
        return spec.default
    if isinstance(spec.default, str) and isinstance(value, str):
        return value.strip()
    return value


def groups_of(model: str) -> tuple[str, ...]:
    """The groups of settings that a run of this model has."""
    return (model, "training", "augmentation", "canvas")


def collect(group: str) -> dict[str, Any]:
    return {spec.name: value_of(group, spec) for spec in dataclasses.fields(KINDS[group]) if spec.name != "name"}


def help_of(name: str) -> str:
    """The line of help of one of the run's own settings."""
    return next(spec.metadata["help"] for spec in dataclasses.fields(RunConfig) if spec.name == name)


def read_config(
    datasets: list[str], validate_on: list[str], model: str, start_from: str, teacher: str = ""
) -> RunConfig:
    """The whole configuration that the page shows.

    Raises:
        ConfigError: a setting is out of its range; the sentence names it.
    """
    return RunConfig(
        datasets=tuple(datasets),
        validate_on=tuple(validate_on),
        model=model_config({"name": model, **collect(model)}),
        canvas=build(CanvasConfig, collect("canvas")),
        augmentation=build(AugmentationConfig, collect("augmentation")),
        training=build(TrainingConfig, collect("training")),
        start_from=start_from,
        teacher=teacher,
    )


def fill(group: str, values: dict[str, Any]) -> None:
    """Put values into the widgets of a group; what is not named gets its default. For callbacks.

    Only what differs is touched: an untouched default stays out of the address.
    """
    for spec in dataclasses.fields(KINDS[group]):
        if spec.name == "name":
            continue
        value = values.get(spec.name, spec.default)
        if isinstance(spec.default, tuple):
            value = _as_text(tuple(value))
        elif isinstance(spec.default, float):
            value = float(value)
        name = key(group, spec.name)
        shown_now = st.session_state.get(name, _as_text(spec.default) if isinstance(value, str) else spec.default)
        if shown_now != value:
            st.session_state[name] = value


def fit_canvas(model: str) -> None:
    """Bring the canvas's widgets to what a newly chosen model needs, before they are drawn.

    Sizes that the address or an earlier run has given stay as they are.
    """
    before = st.session_state.get(CANVAS_OF)
    st.session_state[CANVAS_OF] = model
    given = any(name.startswith("canvas.") for name in st.query_params)
    if before != model and default_canvas(before or "") != default_canvas(model) and not (before is None and given):
        fill("canvas", dataclasses.asdict(default_canvas(model)))


def fill_preset(preset: str, model: str, readers: dict[str, RunConfig]) -> None:
    """Take over a preset. For callbacks.

    Args:
        preset: one of `PRESETS`.
        model: the model chosen.
        readers: shipped readers of that model, by name.
    """
    name = next(iter(readers), None) if preset == "Quick try" else None
    values = preset_values(preset, model, readers.get(name or ""))
    for group in groups_of(model):
        fill(group, values.get(group, {}))
    if st.session_state.get(START_FROM, FRESH) != (name or FRESH):
        st.session_state[START_FROM] = name or FRESH
    if has_teacher(model):
        st.session_state[TEACHER] = NOBODY


def fill_network(config: RunConfig, model: str) -> None:
    """Take over the network and the canvas of a checkpoint, so that its weights fit. For callbacks."""
    fill(model, network_of(config, model))
    fill("canvas", dataclasses.asdict(config.canvas))


def fill_from(config: RunConfig) -> None:
    """Take over the settings of an earlier run. For callbacks."""
    st.session_state[DATASETS] = list(config.datasets)
    st.session_state[VALIDATE_ON] = list(config.validate_on)
    st.session_state[MODEL] = st.session_state[CANVAS_OF] = config.model.name
    st.session_state[START_FROM] = name_of(Path(config.start_from)) or FRESH
    st.session_state[TEACHER] = name_of(Path(config.teacher)) or NOBODY
    for group, part in (
        (config.model.name, config.model),
        ("training", config.training),
        ("augmentation", config.augmentation),
        ("canvas", config.canvas),
    ):
        fill(group, dataclasses.asdict(part))


def matching_preset(model: str, readers: dict[str, RunConfig]) -> str | None:
    """The preset that the widgets show at the moment, if they show one; arguments as for `fill_preset`."""
    try:
        now = {group: collect(group) for group in groups_of(model)}
    except ConfigError:
        return None
    start_from = st.session_state.get(START_FROM, FRESH)
    for preset in PRESETS:
        name = next(iter(readers), None) if preset == "Quick try" else None
        values = preset_values(preset, model, readers.get(name or ""))
        wanted = {
            group: {
                spec.name: values.get(group, {}).get(spec.name, spec.default)
                for spec in dataclasses.fields(KINDS[group])
                if spec.name != "name"
            }
            for group in now
        }
        if now == wanted and start_from == (name or FRESH) and not has_teacher(model):
            return preset
    return None


def changed(model: str) -> list[str]:
    """The settings that differ from their defaults, in words: "epochs 12 (not 40)"."""
    different = []
    for group in groups_of(model):
        for spec in dataclasses.fields(KINDS[group]):
            if spec.name == "name":
                continue
            try:
                value = value_of(group, spec)
            except ConfigError:
                continue
            if value != spec.default:
                where = "" if group in (model, "training") else f"{group} "
                different.append(f"{where}{spoken(spec.name)} {shown(value)} (not {shown(spec.default)})")
    return different


def flat(config: RunConfig) -> dict[str, str]:
    """A run's settings by name, in words, for comparisons: {"training: epochs": "40", ...}."""
    rows = {"data": shown(config.datasets), "model": config.model.name}
    if config.validate_on:
        rows["validated on"] = shown(config.validate_on)
    if config.start_from:
        rows["starts from"] = name_of(Path(config.start_from))
    if config.teacher:
        rows["teacher"] = name_of(Path(config.teacher))
    for title, part in (
        (config.model.name, config.model),
        ("training", config.training),
        ("augmentation", config.augmentation),
        ("canvas", config.canvas),
    ):
        for spec in dataclasses.fields(part):
            if spec.name != "name":
                rows[f"{title}: {spoken(spec.name)}"] = shown(getattr(part, spec.name))
    return rows
