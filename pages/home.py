"""Home: the workspace at a glance, and an image read straight away."""

from __future__ import annotations

import streamlit as st

from hwr_core.datasets import list_datasets
from hwr_core.recognition import CheckpointInfo
from hwr_core.recognition.pool import opens_quickly
from hwr_core.training import list_runs
from pages.components import audit_table, images, layout, models, reading_widgets, sidebar, word_queue, wording


def result(info: CheckpointInfo | None) -> None:
    """The reading of the last upload, or what to try."""
    added = word_queue.last_added()
    if info is None:
        reading_widgets.no_model()
    elif not added:
        layout.note("The reading appears here. No image yet? Try one of these:")
        reading_widgets.offer_samples(info.folder, 6, "home")
    else:
        reading_widgets.decode_images()
        word = added[0]
        if word.image is None:
            reading_widgets.broken_files([word])
        else:
            images.subject(word.image, f"The image {word.name}", 96)
            if reading_widgets.read_now([word], info.folder):
                reading_widgets.reading_text(word_queue.final_text(word, info.folder))
                if reading := word_queue.reading_of(word, info.folder):
                    reading_widgets.confidence(reading.confidence)
                reading_widgets.page_hint(word, "Go on to the Read page, and crop a word of it.")
        with st.container(horizontal_alignment="center"):
            label = "Correct it, or read more" if word.image is not None else "Read more"
            opens_read_page = st.button(label, key="home_to_read", icon=":material/ink_pen:")
        if opens_read_page:
            layout.go("read")


def data_card() -> None:
    datasets = [info for info in list_datasets() if info.is_ready]
    total = wording.count(sum(info.words for info in datasets), "word")
    layout.card("Data", wording.count(len(datasets), "data set"), total)
    layout.link("data", "Browse the words" if datasets else "Add a data set", ":material/photo_library:")


def model_card() -> None:
    measured = [
        (value, info.name, info) for info in models.available().values() if (value := models.cer(info)) is not None
    ]
    if measured:
        best = min(measured, key=lambda row: row[:2])[2]
        layout.card("Best model", best.name, models.quality(best))
        layout.link("runs", "Compare runs", ":material/query_stats:")
    else:
        layout.card("Best model", "none yet", "A model is measured while it is trained.")
        layout.link("train", "Train a model", ":material/model_training:")


def run_card() -> None:
    run = next(iter(list_runs()), None)
    if run is None:
        layout.card("Last run", "none yet", "A training goes on when this page is closed.")
        layout.link("train", "Train a model", ":material/model_training:")
        return
    status = run.status
    is_running = status.state == "running"
    layout.card("Last run", run.name, "training now" if is_running else f"{status.state} {wording.ago(status.updated)}")
    layout.link("train" if is_running else "runs", "Open it", ":material/arrow_forward:")


def page() -> None:
    layout.page(
        "Handwriting Studio",
        "Drop an image of a handwritten word to have it read; or adapt a model to your handwriting.",
    )
    info = sidebar.chosen_model()
    folder = info.folder if info else None
    if len(word_queue.last_added()) > 1:
        word_queue.forget_last_added()  # so that coming back does not lead there again
        layout.go("read")
    left, right = st.columns([5, 6], gap="medium")
    with left, st.container(key="home_drop"):
        reading_widgets.upload("home_upload", folder)
    # Emptied first, so that nothing of the last image lingers.
    with right, st.container(border=True, key="home_reading", height="stretch"), st.empty().container():
        result(info)
    with st.grid(3, min_column_width=240, gap="small", key="home_cards"):
        for key, card in (("card_data", data_card), ("card_model", model_card), ("card_run", run_card)):
            with st.container(border=True, key=key, height="stretch"):
                card()
    audit_table.draw()
    if folder is not None and opens_quickly(folder):
        models.pool().open(folder)  # an image is likely to come; importing TensorFlow would make the page wait, though


page()
