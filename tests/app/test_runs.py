"""The Runs page: the table, the comparison of a selection, notes, downloads, and deleting with a confirmation."""

from __future__ import annotations

import io
import json
import zipfile

import pandas as pd
import pytest
from saved_runs import (
    CRNN_HISTORY,
    DUAL_HISTORY,
    element,
    links,
    make_run,
    open_page,
    shown,
    small_demo,
)
from visiting import press

from hwr_core.config import CrnnConfig, DualConfig
from hwr_core.datasets import add_dataset
from hwr_core.errors import JobError
from hwr_core.training import open_run
from pages.components import charts
from pages.train_sections import downloads, live_run


@pytest.fixture
def home(workspace):
    return workspace


@pytest.fixture
def three(home):
    """A finished crnn, an older one that was stopped, and the oldest, a dual."""
    make_run(home, "good", notes="the baseline", age=60)
    worse = [{**row, "cer": 2 * row["cer"]} for row in CRNN_HISTORY[:3]]
    make_run(home, "small", "stopped", CrnnConfig(lstm_units=32), worse, age=3600, learning_rate=0.002)
    make_run(home, "double", model=DualConfig(), history=DUAL_HISTORY, age=7200)
    return home


def open_tab(tab, **parameters):
    at = open_page("runs", **parameters)
    at.session_state["runs_tabs"] = tab
    at.run()
    assert not at.exception
    return at


def spec(at, key):
    return json.loads(element(at, key).proto.spec)


def test_runs_empty_leads_to_training(home):
    at = open_page("runs")
    assert "There is none yet." in shown(at)
    assert not at.dataframe
    at.button[0].click().run()
    assert "Train" in shown(at)
    assert "there is no data set yet" in shown(at)


def test_table_has_a_row_a_run_newest_first(three):
    table = open_page("runs").dataframe[0].value
    assert list(table["Name"]) == ["good", "small", "double"]
    assert list(table["State"]) == ["done", "stopped", "done"]
    assert list(table["Model"]) == ["crnn", "crnn", "dual"]
    assert list(table["Best epoch"]) == [3, 3, 3]
    assert list(table["Epochs"]) == [4, 3, 4]
    assert list(table["CER"].round(2)) == [12.5, 25.0, 6.25]  # in percent, of the best epoch, not of the last
    assert table["Word accuracy"][0] == pytest.approx(75)
    assert list(table["Duration"]) == [pd.Timedelta(seconds=s) for s in (120, 90, 120)]
    assert list(table["Notes"]) == ["the baseline", "", ""]
    assert table["Words"].isna().all()  # the data set is not here


def test_table_counts_training_words(three, tmp_path):
    add_dataset("demo", small_demo(tmp_path / "demo.zip"), processes=0)
    make_run(three, "few", age=1, max_words=7)
    assert list(open_page("runs").dataframe[0].value["Words"]) == [7, 30, 30, 30]


def test_selection_starts_with_the_newest_run_in_the_address(three):
    at = open_page("runs")
    assert at.query_params["runs"] == "good"
    names = {trace["name"] for trace in spec(at, "runs_measure")["data"]}
    assert names == {"good", "good, best"}


def test_curves_of_several_runs_share_a_chart_with_best_epochs(three):
    at = open_page("runs", runs="good,small")
    loss, measure = spec(at, "runs_loss"), spec(at, "runs_measure")
    assert {"good", "good, training", "small", "small, training"} <= {trace["name"] for trace in loss["data"]}
    for name in ("good", "small"):
        line, best = (
            next(trace for trace in measure["data"] if trace["name"] == label) for label in (name, f"{name}, best")
        )
        assert line["line"]["color"] == best["marker"]["color"] == charts.colour_of(name)
        assert best["x"] == [3]
    good_best = next(trace for trace in measure["data"] if trace["name"] == "good, best")
    assert good_best["y"] == [12.5]
    assert charts.colour_of("good") != charts.colour_of("small")


def test_measure_that_a_run_lacks_is_named(three):
    at = open_page("runs", runs="good,double")
    element(at, "measure").set_value("validation_accuracy").run()
    assert "Not measured by good." in shown(at)
    assert {trace["name"] for trace in spec(at, "runs_measure")["data"]} == {"double", "double, best"}


def test_settings_that_differ_are_compared(three):
    at = open_tab("Settings", runs="good,small")
    table = at.dataframe[1].value.set_index("setting")
    assert list(table.columns) == ["good", "small"]
    assert table.to_dict("index") == {
        "crnn: LSTM units": {"good": "128", "small": "32"},
        "training: learning rate": {"good": "0.001", "small": "0.002"},
    }
    at.toggle(key="all_settings").set_value(True).run()
    assert "training: epochs" in set(at.dataframe[1].value["setting"])


def test_settings_of_different_models_have_dashes(three):
    table = open_tab("Settings", runs="good,double").dataframe[1].value.set_index("setting")
    assert table.loc["dual: image weights", "good"] == "–"
    assert table.loc["model"].to_dict() == {"good": "crnn", "double": "dual"}


def test_settings_that_are_the_same_are_one_sentence(home):
    make_run(home, "one")
    make_run(home, "two")
    assert "These runs have the same settings." in shown(open_tab("Settings", runs="one,two"))


def test_readings_of_the_same_words_are_compared(three):
    text = shown(open_tab("Readings", runs="good,small"))
    assert "good, epoch 3" in text
    assert "small, epoch 3" in text
    assert text.count('<mark title="should be a">o</mark>') == 2


def test_readings_without_a_word_in_common_are_one_sentence(home):
    make_run(home, "one")
    make_run(home, "two", datasets=("other",))
    assert "no sample word in common" in shown(open_tab("Readings", runs="one,two"))


def test_run_without_a_finished_epoch_has_sentences_in_every_tab(home):
    make_run(home, "young", "failed", history=[])
    at = open_page("runs")
    assert "there are no curves" in shown(at)
    assert "have none yet" in shown(open_tab("Readings"))
    assert "No files yet" in shown(open_tab("Notes and files"))
    assert "training: epochs" in set(open_tab("Settings").dataframe[1].value["setting"])


def test_notes_are_saved(three):
    at = open_tab("Notes and files", runs="small")
    at.text_area(key="notes_small").input("half the units")
    press(at, "save_small")
    assert not at.exception
    assert open_run("small").notes == "half the units"
    assert at.dataframe[0].value["Notes"][1] == "half the units"


def test_actions_of_one_run(three):
    at = open_page("runs", runs="good")
    assert "reader=good" in links(at)["Read with this"]
    assert "run=good" in links(at)["Open"]
    assert element(at, "resume_run") is None


def test_stopped_run_is_resumed(three, monkeypatch):
    started = []
    monkeypatch.setattr(live_run, "start", lambda run: started.append(run.name))
    at = press(open_page("runs", runs="small"), "resume_run")
    assert started == ["small"]
    assert at.toast[0].value == "small is training."


def test_resume_that_is_refused_is_one_sentence(three, monkeypatch):
    def refuse(run):
        raise JobError("busy is training now.")

    monkeypatch.setattr(live_run, "start", refuse)
    at = press(open_page("runs", runs="small"), "resume_run")
    assert at.error[0].value == "busy is training now."


def test_delete_names_the_run_and_can_be_declined(three):
    at = press(open_page("runs", runs="small"), "delete")
    assert "**small** will be deleted" in shown(at)
    assert element(at, "delete_now").label == "Delete small"
    press(at, "delete_not")
    assert (three / "runs" / "small").is_dir()


def test_delete_confirmed_deletes_the_named_run_only(three):
    at = press(open_page("runs", runs="small"), "delete")
    press(at, "delete_now")
    assert not (three / "runs" / "small").exists()
    assert list(at.dataframe[0].value["Name"]) == ["good", "double"]
    assert at.toast[0].value == "Deleted small."


def test_delete_running_run_is_refused(three):
    make_run(three, "busy", "running", age=1)
    at = press(open_page("runs", runs="busy,small"), "delete")
    press(at, "delete_now")
    assert "busy is training. Stop it before deleting it." in at.error[0].value
    assert (three / "runs" / "busy").is_dir()
    assert not (three / "runs" / "small").exists()


def test_delete_damaged_run_works(three):
    folder = make_run(three, "torn", age=1)
    (folder / "config.json").write_text("{")
    at = open_page("runs", runs="torn")
    assert at.dataframe[0].value["State"][0] == "damaged"
    assert "is no readable JSON file" in at.error[0].value
    press(press(at, "delete"), "delete_now")
    assert not folder.exists()


def test_files_are_offered(three):
    at = open_tab("Notes and files", runs="good")
    for key in ("history.csv_good", "plots.zip_good", "checkpoint.zip_good", "runs_csv"):
        assert element(at, key) is not None, key


def test_zip_of_a_checkpoint_holds_its_files(three):
    folder = open_run("good").checkpoint
    with zipfile.ZipFile(io.BytesIO(downloads.zip_of(folder))) as archive:
        assert sorted(archive.namelist()) == ["checkpoint.json", "config.json", "model.keras"]
        assert archive.read("model.keras") == b"weights"
    assert downloads.size_of(folder) == sum(path.stat().st_size for path in folder.iterdir())


def test_plots_zip_holds_two_images(three):
    with zipfile.ZipFile(io.BytesIO(downloads.plots_zip(open_run("good").history))) as archive:
        assert archive.namelist() == ["loss.png", "accuracy.png"]
        assert archive.read("loss.png").startswith(b"\x89PNG")
