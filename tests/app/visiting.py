"""What the app's tests share: opening a page as a visitor does, and a reader that answers at once."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]


def png(text: str = "word", size: tuple[int, int] = (160, 60), ink: int = 0, paper: int = 255) -> bytes:
    """A picture with a text drawn on it."""
    from PIL import Image, ImageDraw

    image = Image.new("L", size, paper)
    ImageDraw.Draw(image).text((12, 16), text, fill=ink, font_size=28)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def open_app(page: str = "", **parameters: str) -> AppTest:
    """The app as a visitor opens it, on a page."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    """Everything that the page says in HTML."""
    return "\n".join(element.proto.body for element in app.get("html"))


def errors(app: AppTest) -> list[str]:
    return [element.value for element in app.error]


def component(app: AppTest, name: str) -> Any:
    """The protocol buffer of a component on the page."""
    (found,) = [element.proto for element in app.get("bidi_component") if element.proto.component_name == name]
    return found


def shown(app: AppTest, name: str = "studio_box") -> dict[str, Any]:
    """What a component was given to show."""
    return json.loads(component(app, name).json)


def send(app: AppTest, event: str, value: dict[str, Any], name: str = "studio_box", state: bool = False) -> AppTest:
    """Have a component say something, as its JavaScript does: an event, or a state that stays."""
    ident = component(app, name).id
    if state:
        message = WidgetState(id=ident, json_value=json.dumps({event: value}))
    else:
        payload = json.dumps([{"event": event, "value": value}])
        message = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{ident}__events", json_trigger_value=payload)
    states = app._tree.get_widget_states()
    states.widgets.append(message)
    app._run(states)
    assert not app.exception
    return app


_numbers = itertools.count(1)


def type_in(app: AppTest, text: str) -> AppTest:
    """Type into the workbench's box."""
    message = {"id": shown(app)["id"], "text": text, "number": next(_numbers)}
    return send(app, "typed", message, state=True)


def act(app: AppTest, what: str, text: str = "", typed: str | None = None) -> AppTest:
    """Press one of the workbench's buttons, or its key."""
    now = shown(app)
    typed = now["typed"] if typed is None else typed
    message = {"what": what, "text": text, "typed": typed, "id": now["id"], "number": next(_numbers)}
    return send(app, "act", message)


def accept(app: AppTest) -> AppTest:
    """Accept what the workbench shows."""
    return act(app, "accept", shown(app)["text"])


@dataclass
class StandInReading:
    text: str
    confidence: float
    alternatives: list[tuple[str, float]]
    alignment: Any = None
    capitals: float | None = None


@dataclass
class StandIn:
    """Reads every picture as one of its words, by the picture's width; continues a prefix."""

    asked: list[tuple[int, list[str]]] = field(default_factory=list)  # (pictures, prefixes) of each call
    shapes: list[tuple[int, ...]] = field(default_factory=list)  # of every picture, in order
    held: list[tuple[str, Sequence[str] | None]] = field(default_factory=list)  # (language, words) of each call
    capitals: float | None = None  # what its readings say of capitals
    shares: list[float | None] = field(default_factory=list)  # of words in capitals, as each call was told
    views: list[int] = field(default_factory=list)  # of each call
    aligned: bool = False  # whether its readings say where in the picture each letter is

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
    ) -> list[StandInReading]:
        from hwr_core.errors import CharsetError

        self.asked.append((len(images), list(mask or prefix)))
        self.held.append((language, words))
        self.shares.append(capitals)
        self.views.append(views)
        if any("€" in text for text in mask or prefix):
            raise CharsetError("Character '€' (U+20AC) at position 0 of '€' is not in the charset.")
        self.shapes += [image.shape for image in images]
        assert all(image.dtype == np.uint8 and image.ndim == 2 for image in images)
        starts = [text.replace("?", "a") for text in mask] if mask else prefix
        readings = [self.one(image, start) for image, start in zip(images, starts, strict=True)]
        for reading in readings:
            reading.capitals = self.capitals
        if alignment and self.aligned:
            for image, reading in zip(images, readings, strict=True):
                reading.alignment = aligned(reading.text, image.shape[1])
        return readings

    def one(self, image: np.ndarray, prefix: str) -> StandInReading:
        if image.min() == image.max():
            return StandInReading(prefix, 0.0, [(prefix, 0.0)])
        confidence = 0.5 + (image.shape[1] % 40) / 100
        text = prefix + "because"[len(prefix) :]
        return StandInReading(text, confidence, [(text, confidence), (prefix + "_ome", 0.04), (prefix + "x", 0.01)])


def aligned(text: str, width: int) -> Any:
    """An alignment whose letters share the picture evenly, each a little less certain than the one before."""
    from hwr_core.recognition.character_positions import Alignment, Letter

    each = width / max(1, len(text))
    letters = [
        Letter(letter, max(0.0, 0.95 - 0.15 * i), (i * each / 2, (i + 1) * each / 2), (i * each, (i + 1) * each))
        for i, letter in enumerate(text)
    ]
    return Alignment(letters, [[(letter, 0.9), ("", 0.1)] for letter in text], each / 2)
