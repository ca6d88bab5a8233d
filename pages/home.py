"""Home: what is here at a glance, and a picture read straight away."""

from __future__ import annotations

from typing import Any

import streamlit as st

from hwr_core.datasets import list_datasets
from hwr_core.training import list_runs
from pages.components import images, layout, models, recognition, word_queue, wording


def result(info: Any | None) -> None:
    """The reading of what came last, or what to try."""
    came = word_queue.last_come()
    if info is None:
        recognition.no_reader()
    elif not came:
        layout.note("The reading appears here. No picture at hand? Try one of these:")
        recognition.offer_samples(info.folder, 6, "home")
    else:
        recognition.settle()
        word = came[0]
        if word.picture is None:
            recognition.broken_files([word])
        else:
            images.subject(word.picture, f"The picture {word.name}", 96)
            if recognition.read_now([word], info.folder):
                recognition.reading_text(word_queue.final(word, info.folder))
                recognition.certainty(word_queue.reading_of(word, info.folder).confidence)
                recognition.lines_of_writing(word, "Go on to the Read page, and crop a word of it.")
        with st.container(horizontal_alignment="center"):
            label = "Correct it, or read more" if word.picture is not None else "Read more"
            more = st.button(label, key="home_to_read", icon=":material/ink_pen:")
        if more:
            layout.go("read")


def data_card() -> None:
    datasets = [info for info in list_datasets() if info.is_ready]
    total = wording.count(sum(info.words for info in datasets), "word")
    layout.card("Data", wording.count(len(datasets), "data set"), total)
    layout.link("data", "Browse the words" if datasets else "Add a data set", ":material/photo_library:")


def reader_card() -> None:
    measured = [info for info in models.available().values() if models.cer(info) is not None]
    if measured:
        best = min(measured, key=lambda info: (models.cer(info), info.name))
        layout.card("Best reader", best.name, models.standing(best))
        layout.link("runs", "Compare runs", ":material/query_stats:")
    else:
        layout.card("Best reader", "none yet", "A reader is measured while it is trained.")
        layout.link("train", "Train a reader", ":material/model_training:")


def run_card() -> None:
    run = next(iter(list_runs()), None)
    if run is None:
        layout.card("Last run", "none yet", "A training goes on when this page is closed.")
        layout.link("train", "Train a reader", ":material/model_training:")
        return
    status = run.status
    running = status.state == "running"
    layout.card("Last run", run.name, "training now" if running else f"{status.state} {wording.ago(status.updated)}")
    layout.link("train" if running else "runs", "Open it", ":material/arrow_forward:")


def page() -> None:
    layout.page(
        "Handwriting Studio", "Drop a picture of a handwritten word and have it read; or teach a reader your hand."
    )
    info, folder = recognition.chosen()
    if len(word_queue.last_come()) > 1:
        word_queue.forget_last()  # so that coming back does not lead there again
        layout.go("read")
    left, right = st.columns([5, 6], gap="medium")
    with left, st.container(key="home_drop"):
        recognition.upload("home_upload", folder)
    # Emptied first, so that nothing of the last picture lingers.
    with right, st.container(border=True, key="home_reading", height="stretch"), st.empty().container():
        result(info)
    with st.grid(3, min_column_width=240, gap="small", key="home_cards"):
        for key, card in (("card_data", data_card), ("card_reader", reader_card), ("card_run", run_card)):
            with st.container(border=True, key=key, height="stretch"):
                card()
    if folder is not None and models.is_light(folder):
        models.warm(folder)  # a picture is likely to come; importing TensorFlow would make the page wait, though


page()
