"""Making a synthetic data set: languages, number and strengths, with samples; then a job like any adding."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from hwr_core import limits
from hwr_core.errors import DataError, HwrError
from pages.access import Right, needs, visitors
from pages.components import images, layout, wording
from pages.data_sections.state import open_form, state

if TYPE_CHECKING:  # imported in the functions: rendering needs OpenCV
    from hwr_core.synthesis import Face, Mix, SynthesisRequest

SAMPLES = 18
SAMPLE_PIXELS = 320  # longest side
STRENGTHS = {  # field of `Mix` -> label, help
    "shape": ("Writers", "How much letters, slant and line differ from the font's."),
    "paper": ("Paper and ink", "Texture, ruled lines, the back of the sheet showing through."),
    "scanner": ("Scanner", "Noise, blur, JPEG artefacts."),
    "intruders": ("Neighbours", "Letters reaching in from other lines, and crops that cut letters."),
    "capitals": ("In capitals", "Share of writers who write everything in capitals, as in forms."),
    "strike_outs": ("Struck out", "Share of words with a stroke through them, still readable."),
    "binary": ("Black and white", "Share of writers scanned in black and white."),
    "photo": ("Photographed", "Share of writers photographed with a camera, with shadows."),
}
STEPS = {"strike_outs": 0.005, "capitals": 0.01}  # of the sliders; 0.05 for the others


@st.cache_resource(show_spinner=False, max_entries=2)
def faces(folder: str, modified: int) -> list[Face]:
    """The fonts of a folder, opened once: about a second."""
    from hwr_core.synthesis import find_fonts

    return find_fonts(Path(folder))


@st.cache_data(show_spinner=False, max_entries=8)
def samples(request: SynthesisRequest, folder: str, modified: int) -> tuple[list[tuple[str, str]], float]:
    """Samples as (address, text), and the seconds of a core per word."""
    from hwr_core.synthesis.job import preview

    fonts = faces(folder, modified)
    preview(request, fonts, 2)  # opens the word lists: not to be timed
    started = time.process_time()
    words = preview(request, fonts, SAMPLES)
    seconds = (time.process_time() - started) / SAMPLES
    return [(images.as_uri(word.image, SAMPLE_PIXELS), word.text) for word in words], seconds


def form() -> None:
    """Settings, samples and the button that starts the job."""
    with st.container(border=True, key="make_form"):
        layout.section(
            "Make synthetic words", "Written with handwriting fonts: as many as you like, every label right."
        )
        fonts = fonts_version()
        if fonts is None:
            st.button("Close", key="make_close", on_click=open_form, args=("",))
            return
        try:
            request, name = settings()
            with st.spinner("Rendering samples", show_time=True):
                words, seconds = samples(request, *fonts)
        except HwrError as error:
            layout.error(str(error))
            st.button("Close", key="make_close", on_click=open_form, args=("",))
            return
        contact_sheet(words)
        buttons(request, name, seconds)


def fonts_version() -> tuple[str, int] | None:
    """The folder of the fonts and when it was modified; None, and a hint on the page, where there are no fonts."""
    from hwr_core.synthesis.job import fonts_folder

    folder = fonts_folder()
    try:
        modified = folder.stat().st_mtime_ns if folder.is_dir() else 0
        faces(str(folder), modified)
        return str(folder), modified
    except DataError:
        st.info(
            "This needs handwriting fonts, which are not installed: run `make fonts` once in the studio's "
            "folder (it downloads openly licensed fonts). Everything else works without them, also the built-in words.",
            icon=":material/font_download:",
        )
        return None


def settings() -> tuple[SynthesisRequest, str]:
    """The request as the widgets have it, and the data set's name.

    Raises:
        ConfigError: shares that exceed 1 together.
    """
    from hwr_core.synthesis import SynthesisRequest
    from hwr_core.synthesis.job import MAX_WORDS
    from hwr_core.synthesis.languages import BY_CODE

    most = min(MAX_WORDS, limits.current().dataset_words)
    with st.grid(3, min_column_width=180, gap="small", key="make_fields", vertical_alignment="top"):
        languages = st.multiselect(
            "Languages", list(BY_CODE), default=["en"], key="make_languages",
            format_func=lambda code: BY_CODE[code].name, help="The first has 85 % of the words.",
        )  # fmt: skip
        count = st.number_input("Words", 1, most, min(SynthesisRequest().count, most), 1000, key="make_count")
        name = st.text_input("Name", key="make_name", placeholder="synthetic", max_chars=60)
    with st.expander("Strengths", key="make_strengths", icon=":material/tune:"):
        mix = strengths()
    request = SynthesisRequest(
        count=int(count), languages=tuple(languages or ["en"]), seed=state().synthesis_seed, mix=mix
    )
    return request, name.strip() or "synthetic"


def strengths() -> Mix:
    """A slider for each field of `Mix`, at its default."""
    from hwr_core.synthesis import Mix
    from hwr_core.synthesis.writers import MAX_STRENGTHS

    layout.note("1 is about as in real words; shares are of all words or writers.")
    values = {}
    with st.grid(4, min_column_width=170, gap="small", key="make_mix"):
        for setting, (label, meaning) in STRENGTHS.items():
            values[setting] = st.slider(
                label, 0.0, float(MAX_STRENGTHS[setting]), getattr(Mix(), setting), STEPS.get(setting, 0.05),
                key=f"make_{setting}", help=meaning, format="%.3f" if setting == "strike_outs" else "%.2f",
            )  # fmt: skip
    return Mix(**values)


def contact_sheet(words: list[tuple[str, str]]) -> None:
    """Samples, one for each writer."""
    cells = "".join(
        f"<figure>{images.tile(uri, f'Synthetic handwriting: {text}')}<figcaption>{escape(text)}</figcaption></figure>"
        for uri, text in words
    )
    st.html(f'<div class="studio-sheet">{cells}</div>')


def buttons(request: SynthesisRequest, name: str, seconds_per_word: float) -> None:
    """The buttons, and the expected time and size."""
    from hwr_core.synthesis.job import estimate

    seconds, megabytes = estimate(request, seconds_per_word)
    error_place = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="make_buttons"):
        if st.button("Make data set", key="make_start", type="primary", icon=":material/auto_awesome:"):
            try:
                start(name, request, int(1e6 * megabytes))
            except (HwrError, OSError) as error:
                with error_place:
                    layout.error(str(error))
            else:
                state().started, state().form = name, ""
                st.rerun()
        st.button("Other samples", key="make_again", icon=":material/casino:", on_click=other_samples,
                  help="Other writers and words; the data set begins with those that are shown.")  # fmt: skip
        st.button("Close", key="make_close", type="tertiary", on_click=open_form, args=("",))
        layout.note(
            f"{wording.count(request.count, 'word')}: about {wording.duration(seconds)}, "
            f"{wording.size(megabytes)} on the disk."
        )


@needs(Right.ADD_DATA, "make synthetic words", lambda name, request, number_of_bytes: name)
def start(name: str, request: SynthesisRequest, number_of_bytes: int) -> None:
    """Start the job that makes a data set of about so many bytes.

    Raises:
        DataError: the name is taken or invalid.
        AccessError: the visitor has no space for it.
    """
    from hwr_core.synthesis import start_synthesis

    visitors.check_quota(number_of_bytes)
    start_synthesis(name, request)


def other_samples() -> None:
    state().synthesis_seed += 1
