"""What the app's tests share: opening a page as a visitor does, and a reader that answers at once."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
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


@dataclass
class StandInReading:
    text: str
    confidence: float
    alternatives: list[tuple[str, float]]


@dataclass
class StandIn:
    """Reads every picture as one of its words, by the picture's width; continues a prefix."""

    asked: list[tuple[int, list[str]]] = field(default_factory=list)  # (pictures, prefixes) of each call
    shapes: list[tuple[int, ...]] = field(default_factory=list)  # of every picture, in order

    def read(self, images: Sequence[np.ndarray], prefix: Sequence[str], alternatives: int) -> list[StandInReading]:
        from hwr_core.errors import CharsetError

        self.asked.append((len(images), list(prefix)))
        if any("€" in text for text in prefix):
            raise CharsetError("Character '€' (U+20AC) at position 0 of '€' is not in the charset.")
        self.shapes += [image.shape for image in images]
        assert all(image.dtype == np.uint8 and image.ndim == 2 for image in images)
        return [self.one(image, text) for image, text in zip(images, prefix, strict=True)]

    def one(self, image: np.ndarray, prefix: str) -> StandInReading:
        if image.min() == image.max():
            return StandInReading(prefix, 0.0, [(prefix, 0.0)])
        confidence = 0.5 + (image.shape[1] % 40) / 100
        text = prefix + "because"[len(prefix) :]
        return StandInReading(text, confidence, [(text, confidence), (prefix + "_ome", 0.04), (prefix + "x", 0.01)])
