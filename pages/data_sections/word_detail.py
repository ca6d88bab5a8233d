"""One word: the steps from the image file to the ink canvas, and the canvas as training augments it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st

from hwr_core.datasets import DataSet
from hwr_core.errors import HwrError
from pages.components import images, layout, word_queue
from pages.data_sections.state import state

VARIATIONS = 6
STEP_HEIGHT_PIXELS = 72


def show(dataset: DataSet, row: int, order: np.ndarray, on_word: Callable[[int], None]) -> None:
    """The word at `row`; Back and Next walk through `order`, sorted rows."""
    from hwr_core.imaging import canvas_steps, ink_canvas

    word = dataset.table.iloc[row]
    text = word["transcription"]
    place = int(np.searchsorted(order, row))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="closer_head"):
        st.html(f'<p class="studio-reading small">{escape(text)}</p>', width="content")
        facts = [f"writer {word['writer']}" if word["writer"] else "", str(word["split"]), str(word["word_id"])]
        layout.note(" · ".join(filter(None, facts)))
        st.space("stretch")
        for label, icon, step, shortcut in (
            ("Back", ":material/arrow_back:", -1, "Alt+Left"),
            ("Next", ":material/arrow_forward:", 1, "Alt+Right"),
        ):
            st.button(
                label, key=f"closer_{label.lower()}", icon=icon, shortcut=shortcut, on_click=on_word,
                args=(int(order[(place + step) % len(order)]),) if len(order) else (row,), disabled=len(order) < 2,
            )  # fmt: skip
    try:
        image = dataset.image(row)
    except HwrError as error:
        layout.error(str(error))
        return
    images.subject(image, f"Handwriting: {text}")
    layout.section("What the model sees", f"From {word['width']} x {word['height']} pixels to the ink canvas.")
    images.strip(
        [(step, f"{number}  {name}", f"{name} of {text}")
         for number, (name, step) in enumerate(canvas_steps(image), 1)],
        STEP_HEIGHT_PIXELS,
    )  # fmt: skip
    augmented(ink_canvas(image), text)
    if st.button("Read this word", key="closer_read", icon=":material/ink_pen:"):
        word_queue.add_files([(f"{word['word_id']}.png", images.as_png(image))])
        layout.go("read")


@st.fragment
def augmented(canvas: np.ndarray, transcription: str) -> None:
    """The canvas as training augments it, differently with every press of the button."""
    from hwr_core.config import AugmentationConfig
    from hwr_core.training.augmentation import augment

    layout.section(
        "Augmented for training", "Another writer, pen or scanner each time; only training words are changed."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        strength = st.slider(
            "Strength", 0.0, 2.0, 1.0, 0.25, key="augment_strength", width=260, persist_state="session",
            help="0 shows the canvas unchanged; 1 is the default of a training.",
        )  # fmt: skip
        st.button("Again", key="augment_again", icon=":material/casino:", on_click=_again)
    rng = np.random.default_rng(state().augmentation_seed)
    config = AugmentationConfig(strength=strength)
    images.strip(
        [(255 - augment(canvas, config, rng), "", f"{transcription}, changed ({number} of {VARIATIONS})")
         for number in range(1, VARIATIONS + 1)],
        STEP_HEIGHT_PIXELS,
    )  # fmt: skip


def _again() -> None:
    state().augmentation_seed += 1
