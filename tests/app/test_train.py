"""The Train page: the form with every setting, its refusals, the queue, and a run in each of its states."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

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
    write_checkpoint,
)
from visiting import networks_imported_by, press

from hwr_core import jobs, training
from hwr_core.config import (
    PPOCR_CANVAS,
    AugmentationConfig,
    CanvasConfig,
    CrnnConfig,
    DualConfig,
    RunConfig,
    TrainingConfig,
)
from hwr_core.datasets import add_dataset, demo_dataset
from hwr_core.errors import JobError
from hwr_core.models import backbone_weights
from hwr_core.recognition import checkpoint
from hwr_core.text import Charset
from hwr_core.training import presets, speed
from hwr_core.training.run_files import read_config
from hwr_core.training.setting_values import format_value
from pages.train_sections import live_run

KINDS = {"crnn": CrnnConfig, "training": TrainingConfig, "augmentation": AugmentationConfig, "canvas": CanvasConfig}


@pytest.fixture(scope="module")
def demo_zip(tmp_path_factory):
    return small_demo(tmp_path_factory.mktemp("zip") / "demo-words.zip")


@pytest.fixture(autouse=True)
def home(workspace, demo_zip, monkeypatch):
    monkeypatch.setattr("hwr_core.datasets.store.demo_zip", lambda: demo_zip)
    return workspace


@pytest.fixture
def demo(home):
    return demo_dataset()


@pytest.fixture
def started(monkeypatch):
    """Runs that were started; no process is."""
    names = []
    for module in (training, live_run):
        monkeypatch.setattr(module, "start", lambda run: names.append(run.name))
    return names


def made_config(home: Path, name: str) -> RunConfig:
    return read_config(home / "runs" / name)


# --- setting up -----------------------------------------------------------------------------------------------


def test_train_without_a_data_set_offers_the_demo_set(home):
    at = open_page("train")
    assert "there is no data set yet" in shown(at)
    assert element(at, "start") is None
    press(at, "use_demo")
    assert (home / "datasets" / "demo").is_dir()
    assert at.multiselect(key="datasets").value == ["demo"]
    assert not element(at, "start").disabled


def test_settings_every_one_has_a_widget_with_default_and_help(demo):
    at = open_page("train")
    for group, kind in KINDS.items():
        for spec in dataclasses.fields(kind):
            if spec.name == "name":
                continue
            widget = element(at, f"{group}.{spec.name}")
            assert widget is not None, f"{group}.{spec.name}"
            value = widget.value
            default = format_value(spec.default) if isinstance(spec.default, tuple) else spec.default
            assert value == default, f"{group}.{spec.name}"
            assert spec.metadata["help"] in widget.help
            assert "Default: " in widget.help


def test_settings_of_another_model_are_its_own(demo):
    at = open_page("train", model="dual")
    assert "ResNet50" in shown(at)
    for spec in dataclasses.fields(DualConfig):
        assert spec.name == "name" or element(at, f"dual.{spec.name}") is not None
    assert element(at, "crnn.channels") is None


SPEED = speed.Speed(
    words_per_second=50.0,
    validation_words_per_second=100.0,
    feature_words_per_second=None,
    feature_bytes=0.0,
    parameters=1_059_183,
    memory_mb=1536.0,
)


def test_estimate_is_next_to_the_button(demo, measurements):
    config = RunConfig(datasets=("demo",))
    speed.write_speed(speed.speed_key(config), SPEED)
    text = shown(open_page("train"))
    part = {name: len(demo.part(name)) for name in ("train", "validation")}
    assert f"{part['train']:,} training and {part['validation']:,} validation words" in text
    assert "for 40 epochs" in text
    assert "1.5 GB" in text
    assert "1,059,183 parameters" in text
    assert "From a short measurement on this computer." in text
    assert measurements == []


def test_estimate_not_measured_shows_words_and_starts_a_measurement(demo, measurements):
    at = open_page("train")
    text = shown(at)
    assert "30 training and 10 validation words" in text
    assert ">40<" in text
    assert "memory" not in text
    assert not element(at, "start").disabled
    at.number_input(key="crnn.lstm_units").set_value(64).run()
    assert [config.model for config in measurements] == [CrnnConfig(), CrnnConfig(lstm_units=64)]


def test_estimate_being_measured_says_so_and_starts_no_second_one(demo, measurements):
    status = jobs.Status(state="running", pid=os.getpid(), process_started=jobs.process_start(os.getpid()))
    speed.speed_folder().mkdir(parents=True)
    jobs.write_status(speed.speed_folder(), status)
    at = open_page("train")
    assert "Measuring the speed on this computer: half a minute for a small network, minutes for a large one." in shown(
        at
    )
    jobs.write_status(speed.speed_folder(), dataclasses.replace(status, state="done", pid=0))
    speed.write_speed(speed.speed_key(RunConfig(datasets=("demo",))), SPEED)
    at.run()
    assert "Measuring" not in shown(at)
    assert "1,059,183 parameters" in shown(at)
    assert measurements == []


def test_estimate_whose_measurement_failed_shows_why_until_it_is_asked_for_again(demo, measurements):
    config = RunConfig(datasets=("demo",))
    speed.write_speed(speed.speed_key(config), speed.Failure("The teacher is damaged. Choose another."))
    at = open_page("train")
    at.number_input(key="training.epochs").set_value(7).run()
    assert "The teacher is damaged. Choose another." in shown(at)
    assert not element(at, "start").disabled
    assert measurements == []
    press(at, "measure_again")
    assert "The teacher is damaged" not in shown(at)
    assert len(measurements) == 1


def test_estimate_is_not_measured_while_a_run_trains(demo, home, measurements):
    make_run(home, "busy", "running", model=CrnnConfig(lstm_units=64))
    assert "the speed is measured when nothing else trains here" in shown(open_page("train", new="1"))
    assert measurements == []


def test_settings_are_taken_from_the_address(demo):
    at = open_page("train", **{"training.epochs": "7", "crnn.lstm_units": "64"})
    assert at.number_input(key="training.epochs").value == 7
    assert '>7</span> <span class="noun">epochs' in shown(at)
    assert "Your own: LSTM units 64 (not 128), epochs 7 (not 40)." in shown(at)


@pytest.mark.parametrize("model", ["crnn", "cnn_transformer", "resnet_ctc", "ppocr_ctc", "dual", "seq2seq"])
def test_preset_fills_the_widgets_and_is_recognised(demo, home, started, model):
    at = open_page("train", model=model)
    assert element(at, "preset").value == "Standard"
    for preset in ("Quick try", "Thorough", "Standard"):
        element(at, "preset").set_value(preset).run()
        assert not at.exception
        assert element(at, "preset").value == preset
        assert presets.PRESETS[preset] in shown(at)
    element(at, "preset").set_value("Quick try").run()
    at.text_input(key="name").input("quick").run()
    press(at, "start")
    config = made_config(home, "quick")
    assert config.training.max_words == 1000
    quick = PPOCR_CANVAS if model == "ppocr_ctc" else CanvasConfig(height=32, width=192)
    assert config.canvas == (CanvasConfig() if model == "dual" else quick)


def test_quick_try_starts_from_a_shipped_model(demo, home, started):
    shipped = RunConfig(datasets=("iam",), model=CrnnConfig(lstm_units=96), canvas=CanvasConfig(height=32, width=128))
    write_checkpoint(checkpoint.SHIPPED / "small", shipped, {"cer": 0.1})
    at = open_page("train")
    element(at, "preset").set_value("Quick try").run()
    at.text_input(key="name").input("on").run()
    assert element(at, "preset").value == "Quick try"
    press(at, "start")
    config = made_config(home, "on")
    assert (config.model, config.canvas) == (shipped.model, shipped.canvas)
    assert config.start_from == str(checkpoint.SHIPPED / "small")


@pytest.fixture
def backbone(tmp_path, monkeypatch):
    """Where the handwriting backbone would be; nothing is there yet."""
    monkeypatch.setattr(backbone_weights, "BACKBONES", tmp_path / "backbones")
    return tmp_path / "backbones" / backbone_weights.NAME


def test_handwriting_branch_missing_is_one_sentence(demo, backbone):
    at = open_page("train", model="dual")
    branch = element(at, "dual.image_weights")
    assert "handwriting: not made yet" in branch.options
    branch.set_value("handwriting").run()
    assert shown(at).count("There is no handwriting backbone") == 1
    assert "`make train-backbone DATA=folder-of-zips`" in shown(at)
    assert element(at, "start").disabled
    element(at, "dual.image_weights").set_value("none").run()
    assert not element(at, "start").disabled


def test_handwriting_branch_sets_its_stage_and_size(demo, home, started, backbone):
    backbone.mkdir(parents=True)
    (backbone / backbone_weights.WEIGHTS_FILE).touch()
    (backbone / "config.json").write_text(json.dumps({"format_version": 1, "stage": "conv3", "shrink": 2}))
    at = open_page("train", model="dual")
    element(at, "dual.image_weights").set_value("handwriting").run()
    assert (element(at, "dual.stage").value, element(at, "dual.shrink").value) == ("conv3", 2)
    element(at, "dual.fine_tune_from").set_value("conv4").run()
    assert "fine_tune_from must be empty or one of conv2, conv3" in shown(at)
    element(at, "dual.fine_tune_from").set_value("conv3").run()
    at.text_input(key="name").input("tuned").run()
    press(at, "start")
    expected = DualConfig(image_weights="handwriting", stage="conv3", shrink=2, fine_tune_from="conv3")
    assert made_config(home, "tuned").model == expected


@pytest.mark.parametrize("preset", ["Quick try", "Thorough"])
def test_preset_of_dual_takes_the_handwriting_branch(demo, backbone, preset):
    backbone.mkdir(parents=True)
    (backbone / backbone_weights.WEIGHTS_FILE).touch()
    (backbone / "config.json").write_text(json.dumps({"format_version": 1, "stage": "conv3", "shrink": 2}))
    at = open_page("train", model="dual")
    element(at, "preset").set_value(preset).run()
    assert element(at, "dual.image_weights").value == "handwriting"
    assert element(at, "preset").value == preset
    assert not element(at, "start").disabled


def test_start_from_takes_over_the_network_and_refuses_another(demo, home):
    make_run(home, "small", model=CrnnConfig(lstm_units=32))
    at = open_page("train")
    at.selectbox(key="start_from").select("small").run()
    assert at.number_input(key="crnn.lstm_units").value == 32
    assert not element(at, "start").disabled
    at.number_input(key="crnn.lstm_units").set_value(48).run()
    assert "has another network or canvas" in at.error[0].value
    assert element(at, "start").disabled


def write_teacher(home: Path, canvas: CanvasConfig) -> Path:
    folder = make_run(home, "master") / "checkpoint"
    config = RunConfig(datasets=("iam",), canvas=canvas)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    Charset("abc").save(folder / "charset.txt")
    return folder


def test_teacher_is_offered_to_ctc_models(demo, home, started):
    folder = write_teacher(home, CanvasConfig())
    at = open_page("train")
    element(at, "preset").set_value("Standard").run()
    at.selectbox(key="teacher").select("master").run()
    assert element(at, "preset").value is None
    assert "The defaults, with a teacher." in shown(at)
    at.text_input(key="name").input("pupil").run()
    press(at, "start")
    assert made_config(home, "pupil").teacher == str(folder)
    at = press(open_page("train", run="pupil"), "like")
    assert at.selectbox(key="teacher").value == "master"
    element(at, "preset").set_value("Standard").run()
    assert at.selectbox(key="teacher").value == "nobody"
    at = open_page("train", model="dual")
    assert "teacher" not in [box.key for box in at.selectbox]


def test_teacher_with_another_canvas_is_refused(demo, home):
    write_teacher(home, CanvasConfig(height=32, width=128))
    at = open_page("train", teacher="master")
    assert at.selectbox(key="teacher").value == "master"
    assert "Choose one that reads by CTC on this run's 64 x 256" in at.error[0].value
    assert element(at, "start").disabled


def test_start_button_makes_the_run_and_follows_it(demo, home, started):
    at = open_page("train")
    at.text_input(key="name").input("first").run()
    at.text_area(key="notes").input("is it quick?").run()
    at.number_input(key="training.epochs").set_value(3).run()
    press(at, "start")
    config = made_config(home, "first")
    assert config.training.epochs == 3
    assert config.notes == "is it quick?"
    assert config.datasets == ("demo",)
    assert started == ["first"]
    assert at.query_params["run"] == "first"


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("training.epochs", 0, "epochs must be from 1 to 10,000"),
        ("canvas.width", 100, "width must be a multiple of 32"),
        ("crnn.channels", "16, many", "whole numbers"),
        ("crnn.channels", "16, 32", "channels must be four multiples of 8"),
    ],
)
def test_setting_out_of_range_is_one_sentence_and_no_start(demo, key, value, sentence):
    at = open_page("train")
    element(at, key).set_value(value).run()
    assert not at.exception
    assert [sentence in error.value for error in at.error] == [True]
    assert element(at, "start").disabled


def test_datasets_none_chosen_disables_start(demo):
    at = open_page("train")
    at.multiselect(key="datasets").set_value([]).run()
    assert "Choose at least one data set." in shown(at)
    assert element(at, "start").disabled


def test_name_that_is_taken_is_refused(demo, home, started):
    make_run(home, "first")
    at = open_page("train")
    at.text_input(key="name").input("first").run()
    press(at, "start")
    assert "There is a run 'first' already" in at.error[0].value
    assert started == []


def test_dataset_without_validation_words_is_refused(demo, home):
    table = home / "datasets" / "demo" / "words.parquet"
    pd.read_parquet(table).assign(split="train").to_parquet(table)
    at = open_page("train")
    assert [error.value for error in at.error] == [
        "Training needs at least 2 training words and 1 validation word. demo has 40 and 0. "
        "Add words, or writers, or a split column that names them."
    ]
    assert element(at, "start").disabled


def test_datasets_several_can_be_validated_on_one(demo, home, started, tmp_path):
    add_dataset("more", small_demo(tmp_path / "more.zip"), processes=0)
    at = open_page("train")
    assert element(at, "validate_on") is None
    at.multiselect(key="datasets").set_value(["demo", "more"]).run()
    at.multiselect(key="validate_on").set_value(["more"]).run()
    assert "60 training and 10 validation words" in shown(at)
    at.text_input(key="name").input("both").run()
    press(at, "start")
    assert made_config(home, "both").datasets == ("demo", "more")
    assert made_config(home, "both").validate_on == ("more",)


def test_start_that_fails_leaves_the_run_with_a_sentence(demo, home, monkeypatch):
    def refuse(run):
        raise JobError("other is training now. Wait until it ends.")

    monkeypatch.setattr(training, "start", refuse)
    at = open_page("train")
    at.text_input(key="name").input("late").run()
    press(at, "start")
    assert at.error[0].value == "other is training now. Wait until it ends."
    assert element(at, "resume").label == "Start"


# --- one at a time --------------------------------------------------------------------------------------------


def test_start_while_another_run_trains_makes_a_waiting_run(demo, home, started):
    make_run(home, "busy", "running")
    at = open_page("train", new="1")
    assert "**busy** is training (epoch 5 of 40, about 1 min 20 s left). One training runs at a time" in shown(at)
    assert links(at)["Follow busy"].startswith("train?")
    assert "run=busy" in links(at)["Follow busy"]
    assert element(at, "start").label == "Keep for later"
    at.text_input(key="name").input("next").run()
    press(at, "start")
    assert started == []
    assert made_config(home, "next").model == CrnnConfig()
    assert "Waiting: nothing has been trained yet" in shown(at)
    assert element(at, "resume").disabled  # the other still runs


def test_waiting_run_can_be_started(home, started):
    make_run(home, "next", "waiting", history=[])
    at = open_page("train", run="next")
    assert element(at, "resume").label == "Start"
    press(at, "resume")
    assert started == ["next"]


def test_train_without_an_address_shows_the_running_run(home):
    make_run(home, "busy", "running")
    at = open_page("train")
    assert at.query_params["run"] == "busy"
    assert element(at, "stop") is not None


# --- following a run ------------------------------------------------------------------------------------------


def test_running_run_shows_progress_metrics_curves_and_readings(demo, home):
    make_run(home, "busy", "running", notes="with the demo set")
    at = open_page("train", run="busy")
    text = shown(at)
    assert "Training · epoch 5 of 40 · step 12 of 40 · 1 min 20 s left" in text
    for figure in (">5 / 40<", ">12.5 %<", ">4.500<", ">40<", ">1 min 20 s<", "with the demo set"):
        assert figure in text
    figure = json.loads(element(at, "live_curves").proto.spec)
    assert [trace["name"] for trace in figure["data"]] == ["training", "validation", "CER", "words right"]
    assert figure["layout"]["hovermode"] == "x unified"
    assert {trace.get("xaxis", "x") for trace in figure["data"]} == {"x"}
    assert "best: epoch 3" in json.dumps(figure["layout"], ensure_ascii=False)
    assert '<mark title="should be a">o</mark>' in text  # becouse
    assert 'title="b is missing"' in text  # ecause, after the first epoch
    assert '<span class="right">NA</span>' in text  # a word, and no missing value


def test_curves_loss_can_be_logarithmic(home):
    make_run(home, "busy", "running")
    at = open_page("train", run="busy")
    at.toggle(key="log_scale").set_value(True).run()
    figure = json.loads(element(at, "live_curves").proto.spec)
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert figure["layout"]["yaxis2"].get("type") != "log"


def test_sample_readings_show_images_of_the_data_set(demo, home):
    make_run(home, "busy", "running")
    assert list(demo.table["transcription"][:2]) == ["because", "because"]
    text = shown(open_page("train", run="busy"))
    assert text.count('src="data:image/png') == 1
    assert 'alt="handwriting: because"' in text
    assert text.count("image has changed") == 1  # the run's second word was "NA"


def test_running_run_before_the_first_epoch_names_what_will_be_shown(home):
    make_run(home, "busy", "running", history=[], phase="Preparing images")
    text = shown(open_page("train", run="busy"))
    assert "Preparing images · step 12 of 40" in text
    assert "The curves begin with the first finished epoch." in text
    assert "After each epoch the same few validation words" in text


def test_stop_button_requests_a_stop_and_is_disabled(home):
    folder = make_run(home, "busy", "running")
    at = press(open_page("train", run="busy"), "stop")
    assert jobs.stop_requested(folder)
    assert element(at, "stop").label == "Stopping …"
    assert element(at, "stop").disabled


def test_stop_request_that_cannot_be_written_is_one_sentence(home, monkeypatch):
    def fail(folder):
        raise OSError(28, "No space left on device")

    make_run(home, "busy", "running")
    monkeypatch.setattr(jobs, "request_stop", fail)
    at = press(open_page("train", run="busy"), "stop")
    assert "could not be stopped" in at.toast[0].value
    assert element(at, "stop").label == "Stop"


def test_stopped_run_is_resumed(home, started):
    make_run(home, "paused", "stopped", message="Stopped after epoch 4. Resume goes on from there.")
    at = open_page("train", run="paused")
    assert "Stopped after epoch 4. Resume goes on from there." in shown(at)
    assert ">4 / 40<" in shown(at)
    press(at, "resume")
    assert started == ["paused"]


def test_resume_that_is_refused_is_one_sentence(home, monkeypatch):
    def refuse(run):
        raise JobError("Another training is running on this machine.")

    monkeypatch.setattr(live_run, "start", refuse)
    make_run(home, "paused", "stopped")
    at = press(open_page("train", run="paused"), "resume")
    assert at.error[0].value == "Another training is running on this machine."


def test_killed_run_can_be_resumed(home):
    folder = make_run(home, "killed", "running")
    status = json.loads((folder / "status.json").read_text())
    (folder / "status.json").write_text(json.dumps({**status, "pid": 2**22 - 1}))
    at = open_page("train", run="killed")
    assert "The process ended without a message" in shown(at)
    assert element(at, "resume").label == "Resume"


def test_failed_run_shows_message_and_log(home, started):
    make_run(home, "broken", "failed", history=[], message="The loss became infinite.", log="line 1\nline 2\n")
    at = open_page("train", run="broken")
    assert at.error[0].value == "The loss became infinite."
    assert at.code[0].value == "line 1\nline 2"
    assert "No epoch has been finished" in shown(at)
    press(at, "resume")
    assert started == ["broken"]


def test_finished_run_links_to_read_and_compare(home):
    make_run(home, "ready", message="All 4 epochs done.")
    at = open_page("train", run="ready")
    assert "All 4 epochs done." in shown(at)
    assert "reader=ready" in links(at)["Read with this"]
    assert "runs=ready" in links(at)["Compare"]
    assert element(at, "stop") is None
    assert element(at, "resume") is None
    assert not at.code  # the log is collapsed


def test_curves_of_dual_show_next_token_accuracy(home):
    make_run(home, "both", model=DualConfig(), history=DUAL_HISTORY)
    figure = json.loads(element(open_page("train", run="both"), "live_curves").proto.spec)
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["training", "validation", "CER", "words right", "next token, training", "next token"]


def test_curves_of_one_epoch_are_points(home):
    make_run(home, "young", "running", history=CRNN_HISTORY[:1])
    figure = json.loads(element(open_page("train", run="young"), "live_curves").proto.spec)
    assert {trace["mode"] for trace in figure["data"]} == {"markers"}


def test_settings_of_a_run_can_be_taken_over(demo, home):
    make_run(home, "ready", model=CrnnConfig(lstm_units=96, channels=(16, 32, 64, 96)), epochs=9)
    at = press(open_page("train", run="ready"), "like")
    assert at.number_input(key="crnn.lstm_units").value == 96
    assert at.text_input(key="crnn.channels").value == "16, 32, 64, 96"
    assert at.number_input(key="training.epochs").value == 9
    assert "run" not in at.query_params


def test_settings_of_a_run_include_its_starting_point(demo, home):
    first = make_run(home, "first", model=CrnnConfig(lstm_units=32))
    later = make_run(home, "later", model=CrnnConfig(lstm_units=32))
    config = dataclasses.replace(training.open_run("later").config, start_from=str(first / "checkpoint"))
    (later / "config.json").write_text(json.dumps(config.to_dict()))
    at = press(open_page("train", run="later"), "like")
    assert at.selectbox(key="start_from").value == "first"
    assert not at.error


def test_run_missing_leads_to_a_new_training(home):
    at = open_page("train", run="gone")
    assert "There is no run “gone” here" in shown(at)
    at.button[0].click().run()
    assert "run" not in at.query_params


def test_train_and_runs_do_not_import_keras(demo, home):
    make_run(home, "ready")
    make_run(home, "busy", "running")
    pages = (("train", {"new": "1"}), ("train", {"run": "ready"}), ("runs", {}))
    assert networks_imported_by(pages) == []
