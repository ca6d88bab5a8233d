"""Making a synthetic data set: languages, number, strengths, samples to look at; then a job like any adding."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core.errors import DataError, HwrError
from pages.components import images, layout, wording

SAMPLES = 18
OPEN, SEED = "making", "make_seed"
STRENGTHS = {  # setting -> its label, and what it changes
    "shape": ("Hands", "How much letters, slant and line differ from the font's."),
    "paper": ("Paper and ink", "Texture, ruled lines, the back of the sheet showing through."),
    "scanner": ("Scanner", "Noise, blur, JPEG artefacts."),
    "intruders": ("Neighbours", "Letters reaching in from other lines, and crops that cut letters."),
    "capitals": ("In capitals", "Share of writers who write everything in capitals, as in forms."),
    "strike_outs": ("Struck out", "Share of words with a stroke through them, still readable."),
    "binary": ("Black and white", "Share of writers scanned in black and white."),
    "photo": ("Photographed", "Share of writers taken with a camera, shadows and all."),
}


@st.cache_resource(show_spinner=False, max_entries=2)
def faces(folder: str, stamp: int) -> list[Any]:
    """The fonts of a folder, looked into once: about a second."""
    from hwr_core.synthesis.fonts import find_fonts

    return find_fonts(Path(folder))


@st.cache_data(show_spinner=False, max_entries=8)
def samples(order: Any, folder: str, stamp: int) -> tuple[list[tuple[str, str]], float]:
    """Samples as (address, text), and the seconds that a word takes."""
    from hwr_core.synthesis.job import preview

    hands = faces(folder, stamp)
    preview(order, hands, 2)  # opens the word lists: not to be timed
    began = time.process_time()
    made = preview(order, hands, SAMPLES)
    seconds = (time.process_time() - began) / SAMPLES
    return [(images.as_uri(word.image, 320), word.text) for word in made], seconds


def show_form() -> None:
    """A button's callback."""
    st.session_state[OPEN], st.session_state["adding"] = True, False


def close() -> None:
    st.session_state[OPEN] = False


def another() -> None:
    st.session_state[SEED] = st.session_state.get(SEED, 0) + 1


def form() -> None:
    """What is to be made, how it will look, and the button."""
    with st.container(border=True, key="make_form"):
        layout.section(
            "Make synthetic words", "Written with handwriting fonts: as many as you like, every label right."
        )
        found = fonts()
        if found is None:
            st.button("Close", key="make_close", on_click=close)
            return
        try:
            order, name = asked()
            with st.spinner("Writing samples", show_time=True):
                shown, seconds = samples(order, *found)
        except HwrError as error:
            layout.error(str(error))
            st.button("Close", key="make_close", on_click=close)
            return
        contact_sheet(shown)
        start(order, name, seconds)


def fonts() -> tuple[str, int] | None:
    """The fonts' folder and its stamp; a sentence, and None, where there are none."""
    from hwr_core.synthesis.job import fonts_folder

    folder = fonts_folder()
    try:
        stamp = folder.stat().st_mtime_ns if folder.is_dir() else 0
        faces(str(folder), stamp)
        return str(folder), stamp
    except DataError:
        st.info(
            "This needs handwriting fonts, which are not installed: run `make fonts` once in the studio's "
            "folder (it downloads openly licensed faces). All else works without them, the built-in words too.",
            icon=":material/font_download:",
        )
        return None


def asked() -> tuple[Any, str]:
    """The order as the widgets have it, and the name.

    Raises:
        ConfigError: shares that exceed 1 together.
    """
    from hwr_core.synthesis import SynthesisRequest
    from hwr_core.synthesis.job import MOST_WORDS
    from hwr_core.synthesis.languages import BY_CODE

    with st.grid(3, min_column_width=180, gap="small", key="make_fields", vertical_alignment="top"):
        languages = st.multiselect(
            "Languages", list(BY_CODE), default=["en"], key="make_languages",
            format_func=lambda code: BY_CODE[code].name, help="The first is the main one: 85 % of the words.",
        )  # fmt: skip
        count = st.number_input("Words", 1, MOST_WORDS, SynthesisRequest().count, 1000, key="make_count")
        name = st.text_input("Name", key="make_name", placeholder="synthetic", max_chars=60)
    with st.expander("Strengths", key="make_strengths", icon=":material/tune:"):
        mix = strengths()
    languages = languages or ["en"]
    seed = st.session_state.get(SEED, 0)
    return SynthesisRequest(
        count=int(count), languages=tuple(languages), seed=seed, mix=mix
    ), name.strip() or "synthetic"


def strengths() -> Any:
    """Sliders for the settings of `Mix`, at its defaults."""
    from hwr_core.synthesis import Mix
    from hwr_core.synthesis.writers import MOST

    layout.note("1 is about what real words show; shares are parts of all words or writers.")
    values = {}
    with st.grid(4, min_column_width=170, gap="small", key="make_mix"):
        for setting, (label, meaning) in STRENGTHS.items():
            step = {"strike_outs": 0.005, "capitals": 0.01}.get(setting, 0.05)
            values[setting] = st.slider(
                label, 0.0, float(MOST[setting]), getattr(Mix(), setting), step, key=f"make_{setting}", help=meaning,
                format="%.3f" if setting == "strike_outs" else "%.2f",
            )  # fmt: skip
    return Mix(**values)


def contact_sheet(shown: list[tuple[str, str]]) -> None:
    """Samples, a writer each, and the button for others."""
    cells = "".join(
        f"<figure>{images.tile(uri, f'Synthetic handwriting: {text}')}<figcaption>{layout.escape(text)}</figcaption>"
        "</figure>"
        for uri, text in shown
    )
    st.html(f'<div class="studio-sheet">{cells}</div>')


def start(order: Any, name: str, seconds_a_word: float) -> None:
    """What it will take, and the buttons."""
    from hwr_core.synthesis.job import estimate

    seconds, megabytes = estimate(order, seconds_a_word)
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="make_buttons"):
        if st.button("Make data set", key="make_start", type="primary", icon=":material/auto_awesome:"):
            try:
                begin(name, order)
            except (HwrError, OSError) as error:
                with place:
                    layout.error(str(error))
            else:
                close()
                st.rerun()
        st.button("Other samples", key="make_again", icon=":material/casino:", on_click=another,
                  help="Other writers and words; the data set begins with those that are shown.")  # fmt: skip
        st.button("Close", key="make_close", type="tertiary", on_click=close)
        layout.note(
            f"{wording.count(order.count, 'word')}: about {wording.duration(seconds)}, "
            f"{wording.size(megabytes)} on the disk."
        )


def begin(name: str, order: Any) -> None:
    """Start the job; the page follows it like the adding of any data set."""
    from hwr_core.synthesis import start_synthesis

    start_synthesis(name, order)
    st.session_state["added"] = name
