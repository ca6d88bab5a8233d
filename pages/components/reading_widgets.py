"""Parts of the Home and Read pages: uploads, samples, and readings as they are shown."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from hwr_core.config import CanvasConfig, RunConfig, read_json
from hwr_core.errors import HwrError
from pages.access import Right, needs
from pages.components import images, layout, models, sample_words, word_queue, wording


def upload(key: str, folder: Path | None) -> None:
    """Where images are dropped; `folder` is the checkpoint that will read them."""
    widget = word_queue.widget_key(key)
    st.file_uploader(
        "Images of handwritten words",
        word_queue.UPLOAD_TYPES,
        accept_multiple_files=True,
        key=widget,
        on_change=word_queue.on_upload,
        args=(widget, folder),
        help="PNG, JPEG, TIFF, WebP, BMP or GIF, or a zip of them; photographs are turned upright, light ink on dark "
        "paper is fine.",
        max_upload_size=100,
    )


def offer_samples(folder: Path | None, number: int, key: str) -> None:
    """A row of the bundled words, each with a button that reads it."""
    samples = sample_words.sample_words()[:number]
    if not samples:
        return
    with st.grid(min_column_width=112, gap="small", key=f"{key}_samples", vertical_alignment="bottom"):
        for index, sample in enumerate(samples):
            with st.container(gap="xsmall"):
                st.html(images.tile(images.file_uri(sample.data), f"Sample {index + 1}, handwriting"))
                st.button(
                    f"Read sample {index + 1}",
                    key=f"{key}_sample_{index}",
                    type="tertiary",
                    on_click=_add_sample,
                    args=(sample, folder),
                )


@needs(Right.READ, "add words to read", lambda sample, folder: sample.name)
def _add_sample(sample: sample_words.SampleWord, folder: Path | None) -> None:
    word_queue.add_files([(sample.name, sample.data)])
    if folder is not None:
        models.pool().open(folder)


def decode_images() -> None:
    """Decode the images that were added, with a progress bar when there are many."""
    # The slot is there in every run: what comes and goes would move all below it, and the browser would build the
    # text box anew while someone types into it.
    slot = st.empty()
    waiting = sum(word.data is not None for word in word_queue.words())
    if waiting < 4:
        word_queue.decode_images()
        return
    slot.progress(0.0, f"Opening {wording.count(waiting, 'image')}")

    def on_progress(step: int, steps: int) -> None:
        slot.progress(step / steps, f"Opening image {step + 1} of {steps}")

    word_queue.decode_images(on_progress)
    slot.empty()


def read_now(words: list[word_queue.Word], folder: Path) -> bool:
    """Read these words, showing the phase while the model is being opened; False, and the sentence, if that failed."""
    unread = [word for word in words if word_queue.reading_of(word, folder) is None]
    if not unread:
        return True
    slot = st.empty()
    try:
        if models.pool().open(folder).done.is_set():
            word_queue.read(unread, folder)
        else:
            with slot.status("Opening the model", expanded=False) as status:
                word_queue.read(unread, folder, lambda *waited: status.update(label=models.waiting_label(*waited)))
    except HwrError as error:
        slot.empty()
        if len(unread) == 1:
            word_queue.mark_refused(unread[0], folder)
        layout.error(str(error))
        return False
    slot.empty()
    return True


def wait_until_open(folder: Path) -> bool:
    """Wait for the model, showing the phase; False, and the sentence, where it cannot be opened."""
    slot = st.empty()
    entry = models.pool().open(folder)
    try:
        if not entry.done.wait(0.1):
            with slot.status("Opening the model", expanded=False) as status:
                entry.wait(lambda *waited: status.update(label=models.waiting_label(*waited)))
        else:
            entry.wait()
    except HwrError as error:
        slot.empty()
        layout.error(str(error))
        return False
    slot.empty()
    return True


def canvas_of(image: np.ndarray, folder: Path) -> np.ndarray:
    """The ink canvas that this model sees, dark on light, cut at the end of the ink."""
    from hwr_core.imaging import ink_canvas, ink_width

    canvas = ink_canvas(image, canvas_config(folder))
    return 255 - canvas[:, : max(ink_width(canvas), canvas.shape[0])]


@st.cache_data(show_spinner=False, max_entries=16)
def canvas_config(folder: Path) -> CanvasConfig:
    """The canvas's size in a checkpoint's configuration."""
    try:
        return RunConfig.from_dict(read_json(folder / "config.json")).canvas
    except HwrError:
        return CanvasConfig()


def reading_text(text: str) -> None:
    """The reading, large."""
    if text:
        st.html(f'<p class="studio-reading" role="status">{escape(text)}</p>')
    else:
        st.html('<p class="studio-reading nothing">nothing that it can read</p>')


def page_hint(word: word_queue.Word, next_step: str) -> None:
    """What to do with the image of a whole page."""
    if word.image is not None and _has_lines(word.id, word.image):
        layout.note(f"This looks like a page, and a model reads one word at a time. {next_step}")


@st.cache_data(show_spinner=False, max_entries=1000)
def _has_lines(word_id: str, _image: np.ndarray) -> bool:
    from hwr_core.layout.page_detection import is_page

    return is_page(_image)


def confidence(value: float) -> None:
    """How sure the model is, in words and as a bar."""
    width = 100 * min(1.0, max(0.0, value))
    st.html(
        f'<div class="studio-sure"><span>{wording.sure(value)}</span>'
        f'<span class="bar" aria-hidden="true"><span style="width:{width:.0f}%"></span></span></div>'
    )


def no_model() -> None:
    """The empty state of whatever needs a model."""
    layout.empty(
        "ink_pen",
        "No model yet. A model learns from a data set; the built-in one is enough to begin.",
        "Train a model",
        page="train",
    )


def broken_files(words: list[word_queue.Word]) -> None:
    """Files that cannot be read, each with its sentence."""
    lines = []
    for word in words:
        sentence = word.problem.removeprefix(f"{word.name}: ")
        lines.append((f"{sentence[:1].upper()}{sentence[1:]}", word.name))
    if lines:
        layout.errors(lines)
