"""A part cropped from an image, by four edges that a finger or the arrow keys move."""

from __future__ import annotations

import numpy as np
import streamlit as st

from hwr_core.imaging.crop import crop, dim_outside, edges_around_ink
from pages.components import images, word_queue


def sliders(image: np.ndarray, key: str) -> np.ndarray:
    """The image, dark outside the crop, and the sliders that move the edges; returns the part between them."""
    left, right, top, bottom = edges_around_ink(image)
    preview = st.container()
    across, down = st.columns(2)
    with across:
        left, right = st.slider("From left to right", 0, 100, (left, right), format="%d %%", key=f"{key}_across")
    with down:
        top, bottom = st.slider("From top to bottom", 0, 100, (top, bottom), format="%d %%", key=f"{key}_down")
    edges = (left, right, top, bottom)
    with preview:
        images.subject(dim_outside(image, edges), "The image; what will be cut away is dark", 220)
    return crop(image, edges)


def add_cropped(name: str, image: np.ndarray, original: word_queue.Word | None) -> None:
    """Queue a cropped image, in the place of the word that it was cropped from."""
    word = word_queue.add_file(name, images.as_png(image))
    if word is None:
        return
    if original is not None and original.id != word.id:
        word_queue.remove(original)
    word_queue.show_added([word])


@st.fragment
def panel(word: word_queue.Word) -> None:
    """Crop the current word from a larger image."""
    if word.image is None:
        return
    cropped = sliders(word.image, f"crop_{word.id}")
    if st.button("Read this part", key=f"crop_read_{word.id}", type="primary", icon=":material/crop:"):
        add_cropped(f"{word.name.rsplit('.', 1)[0]}-cut.png", cropped, word)
        st.rerun()
