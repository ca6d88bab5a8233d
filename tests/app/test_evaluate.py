"""The Evaluate page: the form, a running evaluation, the results, two models compared."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from saved_runs import element, make_run, open_page, shown, small_demo
from visiting import networks_imported_by, press

from hwr_core import jobs
from hwr_core.datasets import add_dataset
from hwr_core.errors import JobError
from hwr_core.evaluation import Request, evaluate_readings, list_evaluations, store, stored
from hwr_core.evaluation.store import RESULT
from hwr_core.text import edit_distance
from pages.components import progress_card

# What "good" reads of each transcription of the small demo set, and how sure it is.
GOOD = {
    "because": ("because", 0.9),
    "NA": ("NA", 0.8),
    "the": ("tne", 0.7),
    "Garden": ("garden", 0.95),
    "it's": ("", 0.1),
}
POOR = {"because": ("becouse", 0.4), "NA": ("N", 0.3), "the": ("the", 0.6), "Garden": ("x", 0.2), "it's": ("", 0.0)}


@pytest.fixture
def demo(workspace, tmp_path):
    """40 words: 30 training words of six writers, 10 validation words of two, five different words each."""
    return add_dataset("demo", small_demo(tmp_path / "demo.zip"), processes=0)


@pytest.fixture
def checkpoint(workspace) -> Path:
    """A run's checkpoint, `good`, with ONNX next to Keras; it is never opened here."""
    return checkpoint_of(workspace, "good")


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """Evaluations that were started, by their folders' names; no process is."""
    names: list[str] = []

    def start(request):
        target = stored(request)
        store.write_request(target.folder, request)
        names.append(request.name)
        return target

    monkeypatch.setattr(store, "start", start)
    return names


def checkpoint_of(home: Path, name: str, age: float = 60.0) -> Path:
    folder = make_run(home, name, age=age) / "checkpoint"
    (folder / "model.onnx").write_bytes(name.encode())
    return folder


def request_of(checkpoint: Path, **changes) -> Request:
    return Request(**{"checkpoint": str(checkpoint), "datasets": ("demo",), **changes})


def measured(dataset, checkpoint: Path, read: dict[str, tuple[str, float]] = GOOD, **changes) -> Path:
    """Keep an evaluation of these readings; its folder."""
    request = request_of(checkpoint, **changes)
    rows = dataset.part(request.split)
    table = dataset.table.iloc[rows]
    texts = table["transcription"].tolist()
    frame = pd.DataFrame(
        {
            "dataset": "demo",
            "index": rows,
            "word_id": table["word_id"].tolist(),
            "writer": table["writer"].tolist(),
            "transcription": texts,
            "reading": [read[text][0] for text in texts],
            "confidence": [read[text][1] for text in texts],
            "edits": [edit_distance(text, read[text][0]) for text in texts],
        }
    )
    return store.save(request, evaluate_readings(frame, request.name, "demo", request.split, seconds=0.5)).folder


def make_running(checkpoint: Path, state: str = "running", **values) -> Path:
    """An evaluation's folder as its job leaves it; the process of a running one is this one."""
    folder = stored(request_of(checkpoint)).folder
    store.write_request(folder, request_of(checkpoint))
    status = jobs.Status(state, **values)
    if state == "running":
        status.pid, status.process_started = os.getpid(), jobs.process_start(os.getpid())
    jobs.write_status(folder, status)
    return folder


def open_tab(tab, **parameters):
    at = open_page("evaluate", **parameters)
    at.session_state["evaluate_tab"] = tab
    at.run()
    assert not at.exception
    return at


def spec(at, key):
    figure = json.loads(element(at, key).proto.spec)
    return {**figure, "data": [{name: plain(value) for name, value in trace.items()} for trace in figure["data"]]}


def plain(value):
    """Numbers as Plotly packs them, unpacked: lists, with None for what is not there."""
    if not isinstance(value, dict) or "bdata" not in value:
        return value
    numbers = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"]).astype(float)
    if "shape" in value:
        numbers = numbers.reshape([int(size) for size in str(value["shape"]).split(",")])
    return np.where(np.isnan(numbers), None, numbers).tolist()


# --- nothing yet ------------------------------------------------------------------------------------------------


def test_evaluate_without_a_model_leads_to_training(workspace):
    at = open_page("evaluate")
    assert "An evaluation measures a model, and there is none yet." in shown(at)
    at.button[0].click().run()
    assert "Choose what a model learns from" in shown(at)


def test_evaluate_without_a_data_set_offers_the_demo_set(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(
        progress_card,
        "demo_dataset",
        lambda progress: add_dataset("demo", small_demo(tmp_path / "d.zip"), processes=0),
    )
    at = open_page("evaluate")
    assert "There is no data set yet" in shown(at)
    press(at, "use_demo")
    assert at.selectbox(key="evaluate_dataset").value == "demo"
    assert "**good** has not been measured on these words yet: 10 words" in shown(at)


# --- the form ----------------------------------------------------------------------------------------------------


def test_offer_shows_the_time_and_starts_by_one_click(demo, checkpoint, started):
    at = open_page("evaluate")
    assert "10 words, about **2 s** (a guess: this model has not been measured here yet)" in shown(at)
    press(at, "evaluate_start")
    assert started == ["good"]


def test_form_offers_parts_with_words_and_smaller_amounts(demo, checkpoint):
    at = open_page("evaluate")
    assert at.selectbox(key="part").options == ["validation", "train"]
    assert at.selectbox(key="most").options == ["All"]
    assert at.selectbox(key="against").disabled
    at.selectbox(key="part").select("train").run()
    assert "30 words" in shown(at)


def test_form_offers_amounts_below_the_number_of_words(demo, checkpoint, monkeypatch):
    from pages.evaluate_sections import request_form

    monkeypatch.setattr(request_form, "AMOUNTS", ("4", "100"))
    at = open_page("evaluate")
    assert at.selectbox(key="most").options == ["All", "4"]
    at.selectbox(key="most").select("4").run()
    assert "4 words, about" in shown(at)


def test_form_choices_follow_the_sidebar_and_the_address(demo, checkpoint, workspace, tmp_path):
    checkpoint_of(workspace, "other", age=10)
    add_dataset("more", small_demo(tmp_path / "more.zip"), processes=0)
    at = open_page("evaluate", reader="good", dataset="more", part="train", against="other")
    assert at.selectbox(key="evaluate_model").value == "good"
    assert at.selectbox(key="evaluate_dataset").value == "more"
    assert at.selectbox(key="part").value == "train"
    assert element(at, "evaluate_start").label == "Evaluate both"
    at.selectbox(key="evaluate_model").select("other").run()
    assert at.session_state["reader"] == "other"
    assert at.selectbox(key="against").value == "None"  # it was itself


def test_form_invalid_address_is_reset(demo, checkpoint):
    at = open_page("evaluate", part="dev", most="many", against="gone")
    assert at.selectbox(key="part").value == "validation"
    assert at.selectbox(key="against").value == "None"


def test_start_that_is_refused_is_one_sentence(demo, checkpoint, monkeypatch):
    def refuse(request):
        raise JobError("good is being measured on these words already.")

    monkeypatch.setattr(store, "start", refuse)
    at = press(open_page("evaluate"), "evaluate_start")
    assert [error.value for error in at.error] == ["good is being measured on these words already."]


def test_offer_names_what_makes_it_slower(demo, checkpoint, workspace):
    make_run(workspace, "busy", "running", checkpoint=False)
    other = checkpoint_of(workspace, "other")
    make_running(other)
    (checkpoint / "model.onnx").unlink()
    text = shown(open_page("evaluate", reader="good"))
    assert "busy is training on this machine" in text
    assert "this one will wait for its turn" in text
    assert "This model needs TensorFlow" in text


def test_checkpoint_damaged_is_one_sentence(demo, checkpoint):
    (checkpoint / "config.json").write_text('{"model": {"name": "crnn"}, "canvas": 3}')
    at = open_page("evaluate")
    assert len(at.error) == 1


# --- running ----------------------------------------------------------------------------------------------------


def test_running_evaluation_shows_progress_and_metrics_and_can_be_stopped(demo, checkpoint):
    details = {"words": 64, "cer": 0.125, "word_accuracy": 0.7, "words_per_second": 48.4}
    folder = make_running(checkpoint, phase="Reading", step=64, steps=2515, seconds_left=80.0, details=details)
    at = open_page("evaluate")
    text = shown(at)
    assert "**good** · Reading · 64 of 2,515 · 1 min 20 s left" in text
    for figure in (">12.5 %<", ">70.0 %<", ">48<", "CER so far"):
        assert figure in text
    assert element(at, "evaluate_start") is None
    press(at, f"stop_{folder.name}")
    assert jobs.stop_requested(folder)
    assert element(at, f"stop_{folder.name}").label == "Stopping …"


def test_failed_evaluation_shows_message_and_log_and_can_be_started(demo, checkpoint, started):
    folder = make_running(checkpoint, "failed", message="The images are gone.")
    (folder / "log.txt").write_text("a line of the log\n")
    at = open_page("evaluate")
    assert at.error[0].value == "**good** The images are gone."
    assert at.code[0].value == "a line of the log"
    press(at, "evaluate_start")
    assert started == ["good"]


def test_killed_evaluation_can_be_started_again(demo, checkpoint):
    folder = make_running(checkpoint)
    status = json.loads((folder / "status.json").read_text())
    (folder / "status.json").write_text(json.dumps({**status, "pid": 2**22 - 1}))
    at = open_page("evaluate")
    assert "The process ended without a message" in shown(at)
    assert element(at, "evaluate_start").label == "Evaluate"


# --- the results ------------------------------------------------------------------------------------------------


def test_headline_has_intervals(demo, checkpoint):
    measured(demo, checkpoint)
    at = open_page("evaluate")
    text = shown(at)
    assert ">40.0 %<" in text
    assert "words right (40.0-40.0)" in text
    assert "words by 2 writers" in text
    assert "95 % intervals, writers drawn anew. Measured just now at 20 words/s." in text
    assert element(at, "evaluate_start") is None


def test_errors_tab_has_charts_by_length_kind_and_writer(demo, checkpoint):
    measured(demo, checkpoint)
    at = open_page("evaluate")
    lengths = spec(at, "chart_lengths")["data"][0]
    assert lengths["x"] == ["2", "3", "4", "6", "7"]
    assert lengths["y"][0] == 0
    assert lengths["y"][2] == 100  # "it's", of which nothing was read
    kinds = spec(at, "chart_kinds")["data"][0]
    assert dict(zip(kinds["y"], kinds["x"], strict=True))["case only"] == 2
    assert set(spec(at, "chart_writers")["data"][0]["x"]) == {"writer6", "writer7"}
    for key in ("chart_lengths", "chart_kinds", "chart_writers"):
        assert element(at, f"{key}_csv").label == "CSV"


def test_remarks_name_training_words(demo, checkpoint):
    measured(demo, checkpoint, split="train")
    assert "Training words: a model that learned from them" in shown(open_page("evaluate", part="train"))


def test_remarks_name_an_adapted_model(demo, checkpoint):
    path = checkpoint / "checkpoint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "taught": {"words": 12, "dataset": "demo"}}))
    measured(demo, checkpoint)
    assert "This model was adapted with words of this data set" in shown(open_page("evaluate"))


def test_letters_tab_shows_confusions(demo, checkpoint):
    measured(demo, checkpoint)
    at = open_tab("Letters")
    assert "4 characters taken for another, 8 left out, 0 added, of 44 written." in shown(at)
    matrix = spec(at, "chart_confusions")["data"][0]
    assert matrix["y"] == ["G", "g", "h", "n"]
    assert matrix["z"][0][1] == 2  # G read as g, twice
    assert matrix["z"][0][0] is None  # right is not news
    assert spec(at, "chart_missed")["data"][0]["y"] == ["t", "s", "i", "'"]
    assert "Added: none." in shown(at)


def test_confidence_tab_threshold_changes_the_figures(demo, checkpoint):
    measured(demo, checkpoint)
    at = open_tab("Confidence")
    assert ">60 %<" in shown(at)
    assert "of them wrong (33.3 %)" in shown(at)
    at.slider(key="threshold").set_value(92).run()
    assert ">20 %<" in shown(at)
    assert "of them wrong (100.0 %)" in shown(at)
    assert len(spec(at, "chart_risk")["data"]) == 2
    reliability = spec(at, "chart_reliability")["data"][1]
    assert reliability["x"] == pytest.approx([10, 70, 80, 90, 95])
    assert reliability["y"] == pytest.approx([0, 0, 100, 100, 0])


# --- wrong words ------------------------------------------------------------------------------------------------


def test_wrong_words_have_image_transcription_reading_and_confidence(demo, checkpoint):
    measured(demo, checkpoint)
    at = open_tab("Wrong words")
    text = shown(at)
    assert "6 wrong words" in text
    assert text.count('src="data:image/png') == 6
    assert '<mark title="should be h">n</mark>' in text
    assert "70 % sure · writer writer6" in text
    assert text.index("10 % sure") < text.index("70 % sure") < text.index("95 % sure")
    at.selectbox(key="worst_order").select("most certain").run()
    assert shown(at).index("95 % sure") < shown(at).index("10 % sure")


def test_wrong_words_are_filtered_and_paged(demo, checkpoint, monkeypatch):
    from pages.evaluate_sections import worst_words

    monkeypatch.setattr(worst_words, "WORDS_PER_PAGE", 2)
    measured(demo, checkpoint)
    at = open_tab("Wrong words")
    assert at.session_state["words_page"] == 1
    at.selectbox(key="worst_writer").select("writer7").run()
    assert "3 wrong words" in shown(at)
    assert "writer writer6" not in shown(at)
    at.selectbox(key="worst_kind").select("case only").run()
    assert "1 wrong word<" in shown(at)
    at.selectbox(key="worst_kind").select("accents only").run()
    assert "No wrong word is left by this filter." in shown(at)
    press(at, "worst_all")
    assert "6 wrong words" in shown(at)


def test_results_without_errors_are_sentences(demo, checkpoint):
    measured(demo, checkpoint, {text: (text, 0.9) for text in GOOD})
    assert "Every word was read rightly." in shown(open_page("evaluate"))
    assert "No character was taken for another" in shown(open_tab("Letters"))
    assert "there is nothing to show" in shown(open_tab("Wrong words"))


def test_wrong_words_with_missing_images_are_sentences(demo, checkpoint, tmp_path):
    measured(demo, checkpoint)
    (tmp_path / "demo.zip").unlink()
    text = shown(open_tab("Wrong words"))
    assert text.count("image is gone") == 6


def test_results_without_writers_are_sentences(workspace, checkpoint, tmp_path):
    from PIL import Image, ImageDraw

    folder = tmp_path / "plain"
    folder.mkdir()
    for word in ("because", "the", "Garden", "NA", "it's"):
        image = Image.new("L", (150, 60), 255)
        ImageDraw.Draw(image).text((12, 16), word, fill=0, font_size=28)
        image.save(folder / f"{word}.png")
    dataset = add_dataset("demo", folder, processes=0)
    split = next(part for part in ("train", "validation", "test") if len(dataset.part(part)))
    measured(dataset, checkpoint, split=split)
    at = open_page("evaluate", part=split)
    assert "words drawn anew, writers unknown" in shown(at)
    assert "The data set names no writers" in shown(at)
    assert element(at, "chart_writers") is None


# --- files ------------------------------------------------------------------------------------------------------


def test_files_tab_offers_downloads_and_measures_again(demo, checkpoint, started):
    folder = measured(demo, checkpoint)
    at = open_tab("Files")
    for key in ("figures_json", "readings_csv", "table_md"):
        assert element(at, key) is not None
    assert f"hwr evaluate {checkpoint} demo --split validation" in at.code[0].value
    press(at, "evaluate_again")
    assert started == ["good"]
    press(open_tab("Files"), "evaluate_remove_yes")
    assert not folder.exists()


def test_remove_running_evaluation_is_refused(demo, checkpoint):
    measured(demo, checkpoint)
    make_running(checkpoint, phase="Reading")
    at = press(open_tab("Files"), "evaluate_remove_yes")
    assert "Stop it before deleting it" in at.error[0].value


def test_measured_tab_lists_every_evaluation(demo, checkpoint, workspace):
    measured(demo, checkpoint)
    measured(demo, checkpoint, split="train")
    table = open_tab("All measured").dataframe[0].value
    assert sorted(table["Part"]) == ["train", "validation"]
    assert set(table["Language"]) == {"auto"}
    assert list(table["CER"].round(1)) == [round(100 * 12 / 44, 1)] * 2
    assert table["Up to date"].all()
    (checkpoint / "model.onnx").write_bytes(b"other weights")
    at = open_page("evaluate")
    assert "Measured so far" in shown(at)  # of the checkpoint as it is now, nothing is known
    assert not at.dataframe[0].value["Up to date"].any()


@pytest.mark.parametrize("name", [RESULT, "readings.csv"])
def test_damaged_evaluation_is_one_sentence_and_can_be_measured_again(demo, checkpoint, started, name):
    folder = measured(demo, checkpoint)
    (folder / name).write_bytes(b"")
    at = open_page("evaluate")
    assert len(at.error) == 1
    assert "damaged" in at.error[0].value
    press(at, f"again_{folder.name}")
    assert started == ["good"]


# --- two models -------------------------------------------------------------------------------------------------


@pytest.fixture
def two(demo, checkpoint, workspace) -> Path:
    """`good` and `poor` on the same words."""
    poor = checkpoint_of(workspace, "poor", age=3600)
    measured(demo, checkpoint)
    measured(demo, poor, POOR)
    return poor


def test_comparison_shows_verdict_outcomes_and_charts(two):
    at = open_page("evaluate", reader="good", against="poor")
    text = shown(at)
    assert "**good** reads 20.0 points (20.0 to 20.0) more words than **poor**." in text
    assert "McNemar’s test: p = 0.6875." in text
    assert list(at.dataframe[0].value["Model"]) == ["good", "poor"]
    for figure, noun in ((0, "both"), (4, "only good"), (2, "only poor"), (4, "neither")):
        assert f'>{figure}</span> <span class="noun">{noun}<' in text
    assert text.count("<article>") == 4
    assert "becouse".replace("o", '<mark title="should be a">o</mark>') in text
    assert {trace["name"] for trace in spec(at, "compare_lengths")["data"]} == {"good", "poor"}
    assert len(spec(at, "compare_writers")["data"][1]["x"]) == 2
    for key in ("compare_csv", "compare_json"):
        assert element(at, key) is not None


def test_comparison_outcome_can_be_chosen(two):
    at = open_page("evaluate", reader="good", against="poor")
    element(at, "outcome").set_value("both").run()
    assert "There is none." in shown(at)
    element(at, "outcome").set_value("only the second").run()
    assert shown(at).count("<article>") == 2


def test_comparison_of_equal_models_has_no_winner(demo, checkpoint, workspace):
    twin = checkpoint_of(workspace, "twin")
    measured(demo, checkpoint)
    measured(demo, twin)
    text = shown(open_page("evaluate", reader="good", against="twin"))
    assert "Both read the same number of words." in text


def test_comparison_with_an_unmeasured_model_offers_its_evaluation(demo, checkpoint, workspace, started):
    checkpoint_of(workspace, "poor", age=3600)
    measured(demo, checkpoint)
    at = open_page("evaluate", reader="good", against="poor")
    assert "**poor** has not been measured" in shown(at)
    assert "words right (40.0-40.0)" in shown(at)  # what there is, is shown
    press(at, "evaluate_start")
    assert started == ["poor"]


# --- the page as a whole ----------------------------------------------------------------------------------------


def test_evaluation_of_a_broken_checkpoint_fails_in_its_process(demo, checkpoint, workspace):
    """The stand-in checkpoint cannot be opened, so the job ends with its sentence."""
    import time

    press(open_page("evaluate"), "evaluate_start")
    (one,) = list_evaluations()
    end = time.monotonic() + 60
    while jobs.is_alive(one.status) and time.monotonic() < end:
        time.sleep(0.05)
    at = open_page("evaluate")
    assert len(at.error) == 1
    assert "good" in at.error[0].value


def test_evaluate_does_not_import_keras(demo, checkpoint):
    measured(demo, checkpoint)
    assert networks_imported_by([("evaluate", {})]) == []
