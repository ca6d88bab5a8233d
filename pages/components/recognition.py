"""Parts of the reading bench that the Home and Read pages share."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from hwr_core.errors import HwrError
from pages.components import images, layout, models, sample_words, sidebar, word_queue, wording

FIELD = "Pictures of handwritten words"


def upload(key: str, folder: Path | None, label: str = FIELD) -> None:
    """Where pictures are dropped."""
    widget = word_queue.widget_key(key)
    st.file_uploader(
        label,
        word_queue.TYPES,
        accept_multiple_files=True,
        key=widget,
        on_change=word_queue.take,
        args=(widget, folder),
        help="PNG, JPEG, TIFF, WebP, BMP or GIF, or a zip of them; photographs are turned upright, light ink on dark "
        "paper is fine.",
        max_upload_size=100,
    )


def offer_samples(folder: Path | None, number: int, key: str) -> None:
    """A row of the bundled words, each with a button that has it read."""
    shown = sample_words.sample_words()[:number]
    if not shown:
        return
    with st.grid(min_column_width=112, gap="small", key=f"{key}_samples", vertical_alignment="bottom"):
        for index, sample in enumerate(shown):
            with st.container(gap="xsmall"):
                st.html(images.tile(images.file_uri(sample.data), f"Sample {index + 1}, handwriting"))
                st.button(
                    f"Read sample {index + 1}",
                    key=f"{key}_sample_{index}",
                    type="tertiary",
                    on_click=_take_sample,
                    args=(sample, folder),
                )


def _take_sample(sample: sample_words.SampleWord, folder: Path | None) -> None:
    word_queue.put_all([(sample.name, sample.data)])
    if folder is not None:
        models.warm(folder)


def settle() -> None:
    """Decode what has come, with a sign when it takes a while."""
    # The place is there each time: what comes and goes would move all below it, and the browser would build the
    # workbench anew under the fingers of who types.
    place = st.empty()
    waiting = sum(word.data is not None for word in word_queue.words())
    if waiting < 4:
        word_queue.settle()
        return
    place.progress(0.0, f"Opening {waiting} pictures")
    word_queue.settle(lambda done, of: place.progress(done / of, f"Opening picture {done + 1} of {of}"))
    place.empty()


def read_now(some: list[word_queue.Word], folder: Path) -> bool:
    """Have these words read, telling the phase while the reader is being opened; False if that failed."""
    some = [word for word in some if word_queue.reading_of(word, folder) is None]
    if not some:
        return True
    place = st.empty()
    try:
        if models.opening(folder).done.is_set():
            word_queue.read(some, folder)
        else:
            with place.status("Opening the reader", expanded=False) as status:
                word_queue.read(some, folder, lambda phase: status.update(label=phase))
    except HwrError as error:
        place.empty()
        if len(some) == 1:
            word_queue.refuse(some[0], folder)
        layout.error(str(error))
        return False
    place.empty()
    return True


def opened(folder: Path) -> bool:
    """Wait for the reader, telling the phase; False, and the sentence, where it cannot be opened."""
    place = st.empty()
    try:
        if not models.opening(folder).done.wait(0.1):
            with place.status("Opening the reader", expanded=False) as status:
                models.open_reader(folder, lambda phase: status.update(label=phase))
        else:
            models.open_reader(folder)
    except HwrError as error:
        place.empty()
        layout.error(str(error))
        return False
    place.empty()
    return True


def canvas_of(picture: np.ndarray, info: Any) -> np.ndarray:
    """The ink canvas that this reader sees, dark on light as people like it, cut at the end of the ink."""
    from hwr_core.imaging import ink_canvas, ink_width

    canvas = ink_canvas(picture, canvas_config(info.folder))
    return 255 - canvas[:, : max(ink_width(canvas), canvas.shape[0])]


@st.cache_data(show_spinner=False, max_entries=16)
def canvas_config(folder: Path) -> Any:
    """The canvas's size in a checkpoint's configuration."""
    from hwr_core.config import CanvasConfig, RunConfig, read_json

    try:
        return RunConfig.from_dict(read_json(folder / "config.json")).canvas
    except HwrError:
        return CanvasConfig()


def reading_text(text: str, typed: str = "") -> None:
    """The reading, large; the part that was typed is underlined."""
    if not text:
        st.html('<p class="studio-reading nothing">nothing that it can read</p>')
        return
    head = typed if typed and text.startswith(typed) else ""
    body = f'<span class="typed">{escape(head)}</span>' if head else ""
    st.html(f'<p class="studio-reading" role="status">{body}{escape(text[len(head) :])}</p>')


def lines_of_writing(word: word_queue.Word, next_step: str) -> None:
    """A page that was given for a word: what to do with it."""
    if _has_lines(word.id, word.picture):
        layout.note(f"This looks like a page, and a reader reads one word at a time. {next_step}")


@st.cache_data(show_spinner=False, max_entries=word_queue.MOST_WORDS)
def _has_lines(name: str, _picture: np.ndarray) -> bool:
    from hwr_core.layout.page_detection import looks_like_lines

    return looks_like_lines(_picture)


def certainty(confidence: float) -> None:
    """How sure the reader is, in words and as a bar."""
    share = 100 * min(1.0, max(0.0, confidence))
    st.html(
        f'<div class="studio-sure"><span>{wording.sure(confidence)}</span>'
        f'<span class="bar" aria-hidden="true"><span style="width:{share:.0f}%"></span></span></div>'
    )


def no_reader() -> None:
    """The empty state of whatever needs a reader."""
    layout.empty(
        "ink_pen",
        "No reader yet. A reader learns from a data set; the built-in one is enough to begin.",
        "Train a reader",
        page="train",
    )


def broken_files(some: list[word_queue.Word]) -> None:
    """Files that cannot be read, each with its sentence."""
    lines = []
    for word in some:
        sentence = word.problem.removeprefix(f"{word.name}: ")
        lines.append(f"**{layout.plain(word.name)}** {sentence[:1].upper()}{sentence[1:]}")
    if lines:
        layout.error("  \n".join(lines))


def chosen() -> tuple[Any | None, Path | None]:
    """The chosen reader and its folder."""
    info = sidebar.chosen_reader()
    return info, info.folder if info else None
