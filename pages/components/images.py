"""Handwriting on white, at its own aspect, never stretched; the paper stays light in dark mode."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

LIST_HEIGHT = 56  # pixels on the screen, in lists
SUBJECT_HEIGHT = 160  # when the image is the subject
MAX_SIDE_PIXELS = 640  # of an image in a list, so that a page of photographs stays light


def as_png(image: np.ndarray, longest: int | None = None) -> bytes:
    """A grey image `(H, W)` uint8 as a PNG file, reduced so that no side is longer than `longest`."""
    from hwr_core.imaging.image_io import encode_png, limit_size

    return encode_png(limit_size(image, longest) if longest else image, 3)


def as_uri(image: np.ndarray, longest: int | None = MAX_SIDE_PIXELS) -> str:
    """The same as a data address."""
    return file_uri(as_png(image, longest))


def file_uri(data: bytes) -> str:
    """A PNG file as a data address."""
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def tag(image: np.ndarray, alt: str, height: int = LIST_HEIGHT) -> str:
    """The image as HTML: on paper, at its own aspect, `height` pixels high."""
    return (
        f'<span class="paper"><img src="{as_uri(image, max(MAX_SIDE_PIXELS, 4 * height))}" '
        f'alt="{escape(alt, quote=True)}" style="height:{height}px"></span>'
    )


def tile(uri: str, alt: str) -> str:
    """An image among others of its kind, as HTML: every paper of one size, the image as large as fits."""
    return f'<span class="paper tile"><img src="{uri}" alt="{escape(alt, quote=True)}" loading="lazy"></span>'


def strip(items: Sequence[tuple[np.ndarray, str, str]], height: int = LIST_HEIGHT) -> None:
    """Images in a row that folds: (image, caption, alt text)."""
    figures = "".join(
        f"<figure>{tag(image, alt or caption or 'handwriting', height)}"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for image, caption, alt in items
    )
    st.html(f'<div class="studio-strip">{figures}</div>')


def subject(image: np.ndarray, alt: str, height: int = SUBJECT_HEIGHT) -> None:
    """One image as the subject of the page."""
    st.html(f'<div class="studio-subject">{tag(image, alt, height)}</div>')
