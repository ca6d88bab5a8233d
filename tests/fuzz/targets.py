"""The doors of the studio: what takes something from outside, and may answer with an `HwrError` only.

A target is a function of its input, and draws inputs by a seed; bytes in, or values as JSON has them.
"""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import inputs
import numpy as np

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden" / "crnn" / "checkpoint"


@dataclass(frozen=True)
class Target:
    """One door.

    Attributes:
        run: takes an input; raises an `HwrError`, or nothing.
        draw: makes an input.
        share: of all inputs, relative to the other targets'.
    """

    run: Callable[[Any], None]
    draw: Callable[[random.Random], Any]
    share: int


def picture(data: bytes) -> None:
    from hwr_core.imaging import ink_canvas, read_image

    image = read_image(data, "upload.png")
    assert image.dtype == np.uint8
    assert image.ndim == 2
    ink_canvas(image)


def word_list(data: bytes) -> None:
    from hwr_core.datasets.preview import preview_list
    from hwr_core.datasets.sources.csv_list import read_csv
    from hwr_core.datasets.sources.iam import looks_like_iam, read_iam
    from hwr_core.datasets.sources.image_index import ImageIndex

    preview_list("words.csv", data)
    images = ImageIndex(_source())
    if looks_like_iam(data):
        read_iam(images, "words.txt", data)
    read_csv(images, [("words.csv", data)])


def archive(data: bytes) -> None:
    from hwr_core.datasets.sources.archive import open_source
    from hwr_core.imaging.uploads import unpack_upload

    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        source = open_source(Path(file.name))
        try:
            for name in source.names()[:20]:
                _ignore_errors(source.open, name)
        finally:
            source.close()
    for _ in unpack_upload("upload.zip", io.BytesIO(data).getvalue()):
        pass


def constraints(values: dict[str, Any]) -> None:
    """A prefix, a mask or a list of words, down to the golden recognizer."""
    recognizer, image = _recognizer()
    recognizer.read([image], **values)


def typed(values: dict[str, str]) -> None:
    from hwr_core.recognition.typed_text import fitting_words, parse_word_list, typed_prefix_length, unescape

    unescape(values["typed"])
    typed_prefix_length(values["typed"], values["text"])
    writable, _ = parse_word_list(values["text"], "aeiklmnosty", 1000)
    from hwr_core.recognition.constraints import parse_mask

    fitting_words([*writable, unescape(values["typed"])], parse_mask(values["typed"]))


def options(values: dict[str, Any]) -> None:
    from hwr_core.recognition.constraints import parse_constraints
    from hwr_core.recognition.options import ReadOptions

    parse_constraints(2, ReadOptions(**values))


def address(values: dict[str, str]) -> None:
    """Query parameters: names of things, and settings of a training."""
    from hwr_core.config import RunConfig
    from hwr_core.datasets import open_dataset
    from hwr_core.training import open_run

    _ignore_errors(open_dataset, values["dataset"])
    _ignore_errors(open_run, values["run"])
    RunConfig.from_dict({"datasets": ["demo"], "model": {"name": "crnn"}, **values["config"]})


def settings(values: list[Any]) -> None:
    """What a widget of the Train page holds."""
    from hwr_core.training import setting_values

    group, name, value = values
    setting = next(setting for setting in setting_values.settings_of(group) if setting.name == name)
    parsed = setting_values.parse_value(setting, value)
    setting_values.run_config(["demo"], [], "crnn", {group: {name: parsed}})


def _draw_constraints(draw: random.Random) -> dict[str, Any]:
    letters = "aeiklmnosty?"
    word = "".join(draw.choice(letters) for _ in range(draw.randrange(9))) if draw.random() < 0.7 else inputs.text(draw)
    kind = draw.choice(("prefix", "mask", "words", "both"))
    if kind == "words":
        return {"words": [inputs.text(draw) for _ in range(draw.randrange(5))] + [word.replace("?", "")]}
    if kind == "both":
        return {"prefix": word, "words": [word, inputs.text(draw)], "alternatives": draw.choice((0, 1, 5, -1, 100))}
    return {kind: word, "alternatives": draw.choice((1, 3))}


def _draw_typed(draw: random.Random) -> dict[str, str]:
    return {"typed": inputs.text(draw), "text": inputs.text(draw, 20)}


def _draw_options(draw: random.Random) -> dict[str, Any]:
    names = ("prefix", "alternatives", "language", "mask", "words", "alignment", "views", "capitals")
    return {name: inputs.value(draw) for name in draw.sample(names, draw.randrange(1, 4))}


def _draw_address(draw: random.Random) -> dict[str, Any]:
    groups = {"training": ("epochs", "batch_size", "learning_rate", "seed", "precision", "patience"),
              "canvas": ("height", "width", "margin"), "augmentation": ("strength", "noise", "device"),
              "model": ("name", "channels", "lstm_units", "dropout")}  # fmt: skip
    group = draw.choice(list(groups))
    values = {name: inputs.value(draw) for name in draw.sample(groups[group], 2)}
    config = {group: {"name": "crnn", **values} if group == "model" else values}
    return {"dataset": inputs.text(draw), "run": inputs.text(draw), "config": config}


def _draw_settings(draw: random.Random) -> list[Any]:
    from hwr_core.training import setting_values

    group = draw.choice(("crnn", "canvas", "augmentation", "training"))
    setting = draw.choice(setting_values.settings_of(group))
    if isinstance(setting.default, str | tuple):  # a field of text; number fields hold numbers only
        return [group, setting.name, inputs.text(draw)]
    number = draw.choice((*inputs.INTERESTING, -1, 0.5, 1e-12, 1e300, 1e308))
    return [group, setting.name, bool(number) if isinstance(setting.default, bool) else number]


TARGETS = {
    "picture": Target(picture, lambda draw: inputs.file_of(draw, inputs.pictures()), 30),
    "list": Target(word_list, lambda draw: inputs.file_of(draw, inputs.lists()), 20),
    "zip": Target(archive, lambda draw: inputs.file_of(draw, inputs.zips()), 20),
    "constraints": Target(constraints, _draw_constraints, 5),
    "typed": Target(typed, _draw_typed, 8),
    "options": Target(options, _draw_options, 7),
    "address": Target(address, _draw_address, 5),
    "settings": Target(settings, _draw_settings, 5),
}


def _ignore_errors(function: Callable[[str], object], argument: str) -> None:
    """The other parts of an input are of interest, too."""
    from hwr_core.errors import HwrError

    with suppress(HwrError):
        function(argument)


@cache
def _recognizer() -> tuple[Any, np.ndarray]:
    from hwr_core.imaging import read_image
    from hwr_core.recognition import Recognizer

    return Recognizer.load(GOLDEN, cache_size=8), read_image(inputs.pictures()[0])


class _NoFiles:
    """A source with four images, for the rows of a list."""

    def __init__(self) -> None:
        self.path, self.kind, self.refused = Path("words"), "", []

    def names(self) -> list[str]:
        return ["0.png", "1.png", "2.png", "3.png"]

    def open(self, name: str, max_bytes: int = 0) -> bytes:
        from hwr_core.errors import ImageError

        raise ImageError(f"{name}: there is no such file. Check the path.")

    def is_folder(self, name: str) -> bool:
        return False


@cache
def _source() -> Any:
    return _NoFiles()
