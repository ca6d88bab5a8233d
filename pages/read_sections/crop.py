"""A part cut out of a picture, by four edges that a finger or the arrow keys move."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components import images, word_queue

LEAST = 8  # pixels of a cut, a side


def edges(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Left, right, top and bottom around the ink, in percent of the picture: where the cut begins."""
    from hwr_core.imaging import ink_box

    left, top, right, bottom = ink_box(picture)
    height, width = picture.shape
    if left == right:
        return 0, 100, 0, 100
    across, down = 0.04 * (right - left), 0.15 * (bottom - top)
    return (
        max(0, int(100 * (left - across) / width)),
        min(100, int(100 * (right + across) / width) + 1),
        max(0, int(100 * (top - down) / height)),
        min(100, int(100 * (bottom + down) / height) + 1),
    )


def cut(picture: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The part between left, right, top and bottom, in percent."""
    height, width = picture.shape
    left, right, top, bottom = box
    x, y = left * width // 100, top * height // 100
    return picture[y : max(y + LEAST, -(-bottom * height // 100)), x : max(x + LEAST, -(-right * width // 100))]


def shaded(picture: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The whole picture, dark outside the cut."""
    height, width = picture.shape
    left, right, top, bottom = box
    shown = (picture * 0.35).astype(np.uint8)
    x, y = slice(left * width // 100, -(-right * width // 100)), slice(top * height // 100, -(-bottom * height // 100))
    shown[y, x] = picture[y, x]
    return shown


def sliders(picture: np.ndarray, key: str) -> np.ndarray:
    """The picture with what is cut away dark, and the sliders that move the edges; returns the part between them."""
    left, right, top, bottom = edges(picture)
    place = st.container()
    across, down = st.columns(2)
    with across:
        left, right = st.slider("From left to right", 0, 100, (left, right), format="%d %%", key=f"{key}_across")
    with down:
        top, bottom = st.slider("From top to bottom", 0, 100, (top, bottom), format="%d %%", key=f"{key}_down")
    box = (left, right, top, bottom)
    with place:
        images.subject(shaded(picture, box), "The picture; what will be cut away is dark", 220)
    return cut(picture, box)


def lay(name: str, picture: np.ndarray, instead_of: word_queue.Word | None) -> None:
    """The button was pressed: the part lies on the desk, in the place of the whole."""
    word = word_queue.put(name, images.as_png(picture))
    if word is None:
        return
    if instead_of is not None and instead_of.id != word.id:
        word_queue.remove(instead_of)
    word_queue.lay([word])


@st.fragment
def panel(word: word_queue.Word) -> None:
    """Cut the word under the lamp out of a larger picture."""
    if word.picture is None:
        return
    part = sliders(word.picture, f"crop_{word.id}")
    if st.button("Read this part", key=f"crop_read_{word.id}", type="primary", icon=":material/crop:"):
        lay(f"{word.name.rsplit('.', 1)[0]}-cut.png", part, word)
        st.rerun()
