"""Handwriting on white, at its own aspect, never stretched; the paper stays light in dark mode."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

LIST_HEIGHT = 56  # pixels on the screen, in lists
SUBJECT_HEIGHT = 160  # when the picture is the subject
MOST_PIXELS = 640  # longest side sent for a picture in a list, so that a page of photographs stays light


def as_png(array: np.ndarray, longest: int | None = None) -> bytes:
    """A grey picture `(H, W)` uint8 as a PNG file, reduced so that no side is longer than `longest`."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(array, dtype=np.uint8))
    if longest and max(image.size) > longest:
        image.thumbnail((longest, longest))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()


def as_uri(array: np.ndarray, longest: int | None = MOST_PIXELS) -> str:
    """The same, as an address that a page can hold in itself."""
    return "data:image/png;base64," + base64.b64encode(as_png(array, longest)).decode("ascii")


def tag(array: np.ndarray, alt: str, height: int = LIST_HEIGHT) -> str:
    """The picture as HTML: on paper, at its own aspect."""
    return (
        f'<span class="paper"><img src="{as_uri(array, max(MOST_PIXELS, 4 * height))}" alt="{escape(alt, quote=True)}" '
        f'style="height:{height}px"></span>'
    )


def tile(uri: str, alt: str) -> str:
    """A picture among others of its kind, as HTML: every paper of one size, the picture as large as fits."""
    return f'<span class="paper tile"><img src="{uri}" alt="{escape(alt, quote=True)}" loading="lazy"></span>'


def file_uri(data: bytes) -> str:
    """A PNG file that is at hand already, as an address."""
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def strip(items: Sequence[tuple[np.ndarray, str, str]], height: int = LIST_HEIGHT) -> None:
    """Pictures in a row that folds: (picture, caption, alt text)."""
    figures = "".join(
        f"<figure>{tag(array, alt or caption or 'handwriting', height)}"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for array, caption, alt in items
    )
    st.html(f'<div class="studio-strip">{figures}</div>')


def subject(array: np.ndarray, alt: str, height: int = SUBJECT_HEIGHT) -> None:
    """One picture as the subject of the page."""
    st.html(f'<div class="studio-subject">{tag(array, alt, height)}</div>')
