"""Opening the app as a visitor does, driving its components, and a stub recognizer that returns at once."""

from __future__ import annotations

import io
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from hwr_core.errors import CharsetError
from hwr_core.recognition import Reading
from hwr_core.recognition.character_positions import Alignment, Letter
from hwr_core.recognition.options import ReadOptions
from hwr_core.recognition.steps import Steps

ROOT = Path(__file__).parents[2]
ENTRY_POINT = Path(__file__).with_name("entry_point.py")
NETWORK_PACKAGES = ("keras", "tensorflow", "jax", "torch", "onnxruntime")


def png(text: str = "word", size: tuple[int, int] = (160, 60), ink: int = 0, paper: int = 255) -> bytes:
    """An image file with a text drawn on it; `size` is (width, height)."""
    from PIL import Image, ImageDraw

    image = Image.new("L", size, paper)
    ImageDraw.Draw(image).text((12, 16), text, fill=ink, font_size=28)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def open_app(page: str = "", **parameters: str) -> AppTest:
    """The app as a visitor opens it, on a page."""
    app = AppTest.from_file(ENTRY_POINT, default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not app.exception
    return app


def open_read(number: int = 3, **extra: bytes) -> AppTest:
    """The Read page with images of 100, 101, ... pixels width in the queue; `extra` are further files, by name."""
    app = open_app("read")
    files = [(f"{index}.png", png(size=(100 + index, 60)), "image/png") for index in range(number)]
    files += [(f"{name}.png", data, "image/png") for name, data in extra.items()]
    return upload(app, files)


def upload(app: AppTest, files: Any) -> AppTest:
    """Upload one `(name, bytes, type)`, or a list of them."""
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    """Press a button."""
    app.button(key=key).click().run()
    assert not app.exception
    return app


def networks_imported_by(pages: Sequence[tuple[str, dict[str, str]]]) -> list[str]:
    """Which of the packages that run networks are imported, in a process of their own, by pages at their addresses."""
    code = (
        "import json, sys; sys.path[:0] = ['tests/app', '.']\n"
        "from saved_runs import open_page\n"
        f"for page, parameters in {list(pages)!r}:\n"
        "    open_page(page, **parameters)\n"
        f"print(json.dumps(sorted({set(NETWORK_PACKAGES)!r} & set(sys.modules))))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def html(app: AppTest) -> str:
    """All HTML of the page."""
    return "\n".join(element.proto.body for element in app.get("html"))


def as_read(markdown: str) -> str:
    """Markdown without its escapes, as a person reads it."""
    return re.sub(r"\\([^\w\s])", r"\1", markdown)


def errors(app: AppTest) -> list[str]:
    return [as_read(element.value) for element in app.error]


def component(app: AppTest, name: str) -> Any:
    """The protocol buffer of a component on the page."""
    (proto,) = [element.proto for element in app.get("bidi_component") if element.proto.component_name == name]
    return proto


def shown(app: AppTest, name: str = "studio_text_box") -> dict[str, Any]:
    """The data that a component got to show."""
    return json.loads(component(app, name).json)


def send(
    app: AppTest, event: str, value: dict[str, Any], name: str = "studio_text_box", state: bool = False
) -> AppTest:
    """Send a message as a component's JavaScript does: an event, or a state that stays."""
    widget_id = component(app, name).id
    if state:
        message = WidgetState(id=widget_id, json_value=json.dumps({event: value}))
    else:
        payload = json.dumps([{"event": event, "value": value}])
        message = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{widget_id}__events", json_trigger_value=payload)
    states = app._tree.get_widget_states()
    states.widgets.append(message)
    app._run(states)
    assert not app.exception
    return app


_numbers = itertools.count(1)


def type_in(app: AppTest, text: str) -> AppTest:
    """Type into the text box."""
    message = {"id": shown(app)["id"], "text": text, "number": next(_numbers)}
    return send(app, "typed", message, state=True)


def act(app: AppTest, action: str, text: str = "", typed: str | None = None) -> AppTest:
    """Press one of the text box's buttons, or its key."""
    now = shown(app)
    typed = now["typed"] if typed is None else typed
    message = {"what": action, "text": text, "typed": typed, "id": now["id"], "number": next(_numbers)}
    return send(app, "act", message)


def accept(app: AppTest) -> AppTest:
    """Accept the reading that is shown."""
    return act(app, "accept", shown(app)["text"])


@dataclass
class StubRecognizer:
    """Reads "because" behind the prefix, with a confidence by the image's width; records its calls."""

    calls: list[tuple[int, list[str]]] = field(default_factory=list)  # number of images, prefixes or masks
    shapes: list[tuple[int, ...]] = field(default_factory=list)  # of every image, in order
    conditions: list[tuple[str, Sequence[str] | None]] = field(default_factory=list)  # language, words of each call
    capitals: float | None = None  # of its readings
    capitals_shares: list[float | None] = field(default_factory=list)  # of each call
    views: list[int] = field(default_factory=list)  # of each call
    has_alignment: bool = False

    def read(
        self,
        images: Sequence[np.ndarray],
        *,
        alternatives: int,
        prefix: Sequence[str] = (),
        mask: Sequence[str] | None = None,
        words: Sequence[str] | None = None,
        language: str = "auto",
        alignment: bool = False,
        capitals: float | None = None,
        views: int = 1,
    ) -> list[Reading]:
        self.calls.append((len(images), list(mask or prefix)))
        self.conditions.append((language, words))
        self.capitals_shares.append(capitals)
        self.views.append(views)
        if any("€" in text for text in mask or prefix):
            raise CharsetError("Character '€' (U+20AC) at position 0 of '€' is not in the charset.")
        self.shapes += [image.shape for image in images]
        assert all(image.dtype == np.uint8 and image.ndim == 2 for image in images)
        prefixes = [text.replace("?", "a") for text in mask] if mask else prefix
        return [self._read(image, text, alignment) for image, text in zip(images, prefixes, strict=True)]

    def read_steps(
        self, images: Sequence[np.ndarray], options: ReadOptions, words_per_step: int
    ) -> Steps[list[Reading]]:
        yield None
        return self.read(images, **{spec.name: getattr(options, spec.name) for spec in fields(options)})

    def _read(self, image: np.ndarray, prefix: str, alignment: bool) -> Reading:
        text, confidence = prefix + "because"[len(prefix) :], 0.5 + (image.shape[1] % 40) / 100
        alternatives = [(text, confidence), (prefix + "_ome", 0.04), (prefix + "x", 0.01)]
        if image.min() == image.max():
            text, confidence, alternatives = prefix, 0.0, [(prefix, 0.0)]
        aligned = even_alignment(text, image.shape[1]) if alignment and self.has_alignment else None
        return Reading(text, confidence, alternatives, aligned, capitals=self.capitals)


def even_alignment(text: str, width: int) -> Alignment:
    """An alignment whose letters share the image evenly, each a little less certain than the one before."""
    step = width / max(1, len(text))
    letters = [
        Letter(letter, max(0.0, 0.95 - 0.15 * i), (i * step / 2, (i + 1) * step / 2), (i * step, (i + 1) * step))
        for i, letter in enumerate(text)
    ]
    return Alignment(letters, [[(letter, 0.9), ("", 0.1)] for letter in text], step / 2)
