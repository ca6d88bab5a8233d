"""One word up close: from the file through each step of the ink canvas, then as augmentation would show it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from hwr_core.errors import HwrError
from pages.components import images, layout, word_queue

VARIATIONS = 6
STEP_HEIGHT = 72


def show(dataset: Any, index: int, order: np.ndarray, choose: Any) -> None:
    """The word at `index`; `order` is what back and forth walk through."""
    from hwr_core.imaging import canvas_steps, ink_canvas

    row = dataset.table.iloc[index]
    at = int(np.searchsorted(order, index))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="closer_head"):
        st.html(f'<p class="studio-reading small">{layout.escape(row["transcription"])}</p>', width="content")
        facts = [f"writer {row['writer']}" if row["writer"] else "", str(row["split"]), str(row["word_id"])]
        layout.note(" · ".join(filter(None, facts)))
        st.space("stretch")
        for label, icon, by, shortcut in (
            ("Back", ":material/arrow_back:", -1, "Alt+Left"),
            ("Next", ":material/arrow_forward:", 1, "Alt+Right"),
        ):
            st.button(
                label, key=f"closer_{label.lower()}", icon=icon, shortcut=shortcut, on_click=choose,
                args=(int(order[(at + by) % len(order)]),), disabled=len(order) < 2,
            )  # fmt: skip
    try:
        picture = dataset.picture(index)
    except HwrError as error:
        layout.error(str(error))
        return
    images.subject(picture, f"Handwriting: {row['transcription']}")
    layout.section("On the way to the reader", f"From {row['width']} x {row['height']} pixels to the ink canvas.")
    images.strip(
        [(step, f"{number}  {name}", f"{name} of {row['transcription']}")
         for number, (name, step) in enumerate(canvas_steps(picture), 1)],
        STEP_HEIGHT,
    )  # fmt: skip
    augmented(ink_canvas(picture), row["transcription"])
    if st.button("Read this word", key="closer_read", icon=":material/ink_pen:"):
        word_queue.put_all([(f"{row['word_id']}.png", images.as_png(picture))])
        layout.go("read")


@st.fragment
def augmented(canvas: np.ndarray, transcription: str) -> None:
    """The canvas as training would change it, anew with every press of the button."""
    from hwr_core.config import AugmentationConfig
    from hwr_core.training.augmentation import augment

    layout.section("As training shows it", "Another hand, pen or scanner each time; only training words are changed.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        strength = st.slider(
            "Strength", 0.0, 2.0, 1.0, 0.25, key="augment_strength", width=260, persist_state="session",
            help="0 shows the canvas as it is, 1 is what training uses unless told otherwise.",
        )  # fmt: skip
        st.button("Again", key="augment_again", icon=":material/casino:", on_click=_again)
    rng = np.random.default_rng(st.session_state.get("augment_seed", 0))
    config = AugmentationConfig(strength=strength)
    images.strip(
        [(255 - augment(canvas, config, rng), "", f"{transcription}, changed ({number} of {VARIATIONS})")
         for number in range(1, VARIATIONS + 1)],
        STEP_HEIGHT,
    )  # fmt: skip


def _again() -> None:
    st.session_state["augment_seed"] = st.session_state.get("augment_seed", 0) + 1
