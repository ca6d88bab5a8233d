"""Home: the workspace at a glance, and an image read straight away."""

from __future__ import annotations

import streamlit as st

from hwr_core.datasets import list_datasets
from hwr_core.recognition import CheckpointInfo
from hwr_core.recognition.pool import opens_quickly
from hwr_core.training import Run, list_runs, running_run
from pages.components import (
    audit_table,
    built_in_words,
    images,
    layout,
    models,
    reading_widgets,
    sample_words,
    sidebar,
    sketches,
    word_queue,
    wording,
)
from pages.train_sections import replay

NUM_SKETCHED_WORDS = 3
NUM_SKETCHED_RUNS = 3


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
    sketches.words(sample_words.sample_words()[:NUM_SKETCHED_WORDS])
    if not datasets and built_in_words.wait():
        return
    if datasets and sidebar.chosen_dataset() is None:
        sidebar.choose(dataset=datasets[0].name)  # it came after the sidebar was drawn
        st.rerun()
    layout.card("Data", wording.count(len(datasets), "data set"), total)
    layout.link("data", "Browse the words" if datasets else "Add a data set", ":material/photo_library:")


def training_card() -> None:
    """The training that runs, else a recorded one to watch."""
    running, recorded = running_run(), replay.most_learned(replay.recordings())
    if running is not None:
        sketches.curves([running], "The training so far")
        layout.card("Training", running.name, "training now")
        layout.link("train", "Follow it", ":material/arrow_forward:", run=running.name)
    elif recorded is not None:
        sketches.curves([recorded], "A recorded training")
        layout.card("Training", recorded.name, "a recorded training, replayed in under a minute")
        layout.link("train", "Watch it learn", ":material/play_arrow:", replay=recorded.name)
    else:
        layout.card("Training", "none now", "A training goes on when this page is closed.")
        layout.link("train", "Train a model", ":material/model_training:")


def run_card(runs: list[Run]) -> None:
    if not runs:
        layout.card("Saved runs", "none yet", "Each training is saved with its curves and settings.")
        layout.link("train", "Train a model", ":material/model_training:")
        return
    sketches.curves(runs[:NUM_SKETCHED_RUNS], "Saved runs")
    newest, status = runs[0], runs[0].status
    below = "an example" if newest.is_shared else f"{status.state} {wording.ago(status.updated)}"
    layout.card("Saved runs", wording.count(len(runs), "run"), f"{newest.name}: {below}")
    chosen = ",".join(run.name for run in runs[:NUM_SKETCHED_RUNS])
    layout.link("runs", "Compare their curves", ":material/query_stats:", runs=chosen)


def model_card() -> None:
    measured = [
        (value, info.name, info) for info in models.available().values() if (value := models.cer(info)) is not None
    ]
    if measured:
        best = min(measured, key=lambda row: row[:2])[2]
        if samples := sample_words.sample_words():
            sketches.reading(samples[0])
        layout.card("Best model", best.name, models.quality(best))
        layout.link("read", "Read words", ":material/ink_pen:", reader=best.name)
    else:
        layout.card("Best model", "none yet", "A model is measured while it is trained.")
        layout.link("train", "Train a model", ":material/model_training:")


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
    runs = list_runs()
    cards = {
        "data": data_card,
        "training": training_card,
        "run": lambda: run_card(runs),
        "model": model_card,
    }
    with st.grid(4, min_column_width=170, gap="small", key="home_cards"):
        for key, card in cards.items():
            with st.container(border=True, key=f"card_{key}", height="stretch"):
                card()
    audit_table.draw()
    if folder is not None and opens_quickly(folder):
        models.pool().open(folder)  # an image is likely to come; importing TensorFlow would make the page wait, though


page()
