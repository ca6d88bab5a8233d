"""Two visitors of a demo: what one brings and makes is neither seen, exported, taken back nor deleted by the other."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from saved_runs import make_run
from several import go, home_of, seen, session
from visiting import StubRecognizer, accept, act, component, errors, html, png, send, shown, upload

from hwr_core import workspace as workspaces
from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import add_dataset
from hwr_core.evaluation import Request, evaluate_readings
from hwr_core.evaluation.store import save
from pages.access import AccessError, visitors

CSV = b"word_id,transcription,image,writer\n" + b"".join(
    b"s%02d,secretword,s%02d.png,w%d\n" % (number, number, number % 6) for number in range(12)
)


@pytest.fixture
def demo(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    """A demo's server."""
    monkeypatch.setenv("HWR_MODE", "demo")
    visitors._sweep_sometimes.clear()
    yield workspace
    workspaces.set_home_resolver(None)


@pytest.fixture
def as_visitor(monkeypatch: pytest.MonkeyPatch):
    """`as_visitor(app)`: hwr_core, called from the test, is in the workspace of that session."""
    yield lambda app: workspaces.set_home_resolver(lambda: home_of(app))
    workspaces.set_home_resolver(None)


def images_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(12):
            archive.writestr(f"deep/s{number:02d}.png", png("secretword", (200 + number, 60)))
    return buffer.getvalue()


def folder_of_words(folder: Path, text: str = "secretword", ink: int = 0) -> Path:
    folder.mkdir()
    rows = ["word_id,transcription,image,writer,split"]
    for number in range(12):
        part = ("train", "validation", "test")[number % 3]
        rows.append(f"s{number:02d},{text},s{number:02d}.png,w{number % 3},{part}")
        (folder / f"s{number:02d}.png").write_bytes(png(text, (200 + number, 60), ink=ink))
    (folder / "words.csv").write_text("\n".join(rows))
    return folder / "words.csv"


def open_tab(app, tab: str):
    app.session_state["data_tab"] = tab
    app.run()
    assert not app.exception
    return app


# Data


def test_uploaded_list_with_zipped_images_becomes_a_data_set_of_its_visitor(demo, monkeypatch):
    from hwr_core.datasets import store

    started = []
    monkeypatch.setattr(store.jobs, "launch", lambda module, folder, **_: started.append(folder))
    anna, bob = session("data"), session("data")
    anna.button(key="data_add").click().run()
    assert not anna.text_input(key="add_name").value
    assert "add_csv_path" not in {field.key for field in anna.text_input}
    assert "add_pictures" not in {field.key for field in anna.text_input}
    anna.file_uploader(key="add_csv").set_value(("my.csv", CSV, "text/csv")).run()
    assert anna.button(key="add_start").disabled
    assert "Upload the images as a zip: an uploaded CSV has none next to it." in html(anna)
    anna.file_uploader(key="add_pictures_zip").set_value(("my.zip", images_zip(), "application/zip")).run()
    anna.button(key="add_start").click().run()
    assert [text for text in errors(anna) if "was not added completely" not in text] == []  # no job ran
    (folder,) = started
    assert folder == home_of(anna) / "datasets" / "my"
    request = json.loads((folder / "request.json").read_text())
    assert not Path(request["source"]).is_absolute()
    workspaces.set_home_resolver(lambda: home_of(anna))
    data = add_dataset(
        "checked", workspaces.resolved_path(request["source"]), reader="csv",
        image_root=workspaces.resolved_path(request["image_root"]),
    )  # fmt: skip
    assert len(data) == 12
    bob.run()
    assert "my" not in "".join(errors(bob))
    assert not (home_of(bob) / "datasets").exists()


@pytest.mark.parametrize("kind", ["IAM database", "Folder of images"])
def test_forged_kind_of_source_offers_no_path(demo, kind):
    app = session("data")
    app.button(key="data_add").click().run()
    app.session_state["add_kind"] = kind
    app.run()
    assert not [field for field in app.text_input if "path" in (field.key or "")]
    assert not [field for field in app.text_input if "/" in (field.placeholder or "")]


def test_path_of_the_server_is_refused_where_a_source_has_one(demo):
    from pages.data_sections import add_dataset as form

    for source in (form.SourceForm("csv", Path("/etc/passwd")), form.SourceForm("csv", image_root=Path("/etc"))):
        with pytest.raises(AccessError, match="Naming files of the server is not open to you"):
            form.start("mine", source)


def test_data_set_of_one_visitor_is_not_the_others(demo, tmp_path, as_visitor):
    anna = session()
    as_visitor(anna)
    add_dataset("annasset", folder_of_words(tmp_path / "anna"))
    assert "secretword" in seen(go(anna, "data"))
    bob = session("data")
    assert "secretword" not in seen(bob)
    assert bob.selectbox(key="dataset").options == []
    bob = session("data", dataset="annasset", word="3")
    assert "secretword" not in seen(open_tab(bob, "One word"))
    for page in ("home", "train", "runs", "evaluate", "read"):
        assert "annasset" not in seen(go(bob, page))


def test_data_sets_of_one_name_show_each_visitor_their_own_images(demo, tmp_path, as_visitor):
    from pages.train_sections import sample_readings

    anna, bob = session(), session()
    as_visitor(anna)
    add_dataset("letters", folder_of_words(tmp_path / "anna", ink=0))
    tag_of_anna = sample_readings.image_html("letters", 1, "secretword")
    as_visitor(bob)
    add_dataset("letters", folder_of_words(tmp_path / "bob", ink=120))
    assert "<img" in tag_of_anna
    assert "<img" in sample_readings.image_html("letters", 1, "secretword")
    assert sample_readings.image_html("letters", 1, "secretword") != tag_of_anna


def test_labels_corrected_in_a_shared_data_set_are_seen_by_their_visitor_only(demo, words_added, as_visitor):
    from hwr_core.corrections import LabelCorrection, LabelCorrections

    anna, bob = session("data"), session("data")
    assert "example" in seen(anna)
    as_visitor(anna)
    LabelCorrections("letters").add([LabelCorrection("w000", "because", "annaslabel")])
    as_visitor(bob)
    LabelCorrections("letters").add([LabelCorrection("w000", "because", "bobslabel")])
    for app, own, other in ((anna, "annaslabel", "bobslabel"), (bob, "bobslabel", "annaslabel")):
        app.run()
        assert own in seen(app)
        assert other not in seen(app)
        open_tab(app, "Likely wrong labels")
        assert other not in seen(app)


def test_search_for_label_errors_in_a_shared_data_set_is_of_its_visitor(demo, words_added, as_visitor):
    from hwr_core.evaluation import label_errors

    anna, bob = session(), session()
    as_visitor(anna)
    folder = label_errors.search_folder("letters")
    assert folder.is_relative_to(home_of(anna))
    as_visitor(bob)
    assert label_errors.search_folder("letters") != folder
    assert (demo / "datasets" / "letters") not in folder.parents


def test_shared_data_set_cannot_be_removed(demo, words_added):
    app = open_tab(session("data"), "About")
    assert not [button for button in app.button if button.key == "data_remove_yes"]
    assert str(demo) not in seen(app)
    assert (demo / "datasets" / words_added / "dataset.json").exists()


# Runs


def test_run_of_one_visitor_is_not_the_others(demo, as_visitor):
    anna = session()
    as_visitor(anna)
    make_run(home_of(anna), "annasrun")
    assert "annasrun" in seen(go(anna, "runs"))
    bob = session("runs", runs="annasrun")
    assert "annasrun" not in seen(bob).replace("runs=annasrun", "")
    bob = session("train", run="annasrun")
    assert "There is no run" in html(bob)
    assert (home_of(anna) / "runs" / "annasrun" / "config.json").exists()


def test_shared_run_has_no_buttons_that_change_it(demo):
    make_run(demo, "shared", state="stopped")
    app = session("runs", runs="shared")
    app.session_state["runs_tabs"] = "Notes and files"
    app.run()
    assert "example" in seen(app)
    keys = {button.key for button in app.button}
    assert not keys & {"delete", "resume_run", "save_shared"}
    app = session("train", run="shared")
    assert not {button.key for button in app.button} & {"resume", "stop", "start"}


def test_training_cannot_be_started(demo, words_added):
    app = session("train")
    assert "start" not in {button.key for button in app.button}
    assert "Training models is not open to you at this link." in html(app)


def test_address_that_names_a_file_of_the_server_adds_nothing(demo, words_added, tmp_path):
    secret = folder_of_words(tmp_path / "secret")
    app = session("train", datasets=str(secret))
    app.session_state["datasets"] = [str(secret), words_added]
    app.run()
    assert not app.exception
    assert not (home_of(app) / "datasets").exists()
    assert "secretword" not in seen(app)


def test_file_of_the_server_with_weights_is_refused(demo):
    from hwr_core.config import ResnetCtcConfig, RunConfig
    from pages.train_sections import settings

    with pytest.raises(AccessError, match="Naming files of the server is not open to you"):
        settings.check_paths(RunConfig(datasets=("letters",), model=ResnetCtcConfig(image_weights="/etc/passwd")))
    settings.check_paths(RunConfig(datasets=("letters",), model=ResnetCtcConfig(image_weights="none")))


# Evaluate


def test_evaluation_of_one_visitor_is_not_the_others(demo, recognizer: StubRecognizer, words_added, as_visitor):
    anna, bob = session(), session()
    as_visitor(anna)
    request = Request(str(demo / "runs" / "steady" / "checkpoint"), (words_added,), "validation")
    words = {"dataset": words_added, "index": 1, "word_id": "w001", "writer": "hand1", "transcription": "of"}
    readings = pd.DataFrame([{**words, "reading": "annasreading", "confidence": 0.5, "edits": 12}])
    save(request, evaluate_readings(readings, "steady", words_added))
    assert "words right" in html(go(anna, "evaluate"))
    assert "has not been measured" not in seen(anna)
    go(bob, "evaluate")
    assert "words right" not in html(bob)
    assert "annasreading" not in seen(bob)
    assert not (home_of(bob) / "evaluations").exists()


# Read


def reading_words(number: int = 2):
    app = session("read")
    return upload(app, [(f"{index}.png", png(size=(100 + index, 60)), "image/png") for index in range(number)])


def press(function) -> bytes:
    """What a download button with a function gives, called as the server does: in a thread without a session."""
    made: list[bytes] = []
    thread = threading.Thread(target=lambda: made.append(function()))
    thread.start()
    thread.join()
    return made[0]


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch):
    """Remembers what each download button would give."""
    from pages.components import download

    given: dict[str, object] = {}
    original = download.st.download_button

    def remember(label, data, *args, **named):
        given[named["key"]] = data
        return original(label, data, *args, **named)

    monkeypatch.setattr(download.st, "download_button", remember)
    return given


def test_accepted_words_are_counted_exported_and_taken_back_by_their_visitor_only(
    demo, recognizer: StubRecognizer, downloads
):
    anna, bob = reading_words(), reading_words()
    accept(anna)
    assert "1 accepted word stored here" in html(anna)
    with zipfile.ZipFile(io.BytesIO(press(downloads["accept_export"]))) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 1
    downloads.clear()
    bob.run()
    assert "accepted word stored here" not in html(bob)
    assert "accept_export" not in downloads
    assert "accept_undo" not in {button.key for button in bob.button}
    assert shown(bob)["accepted"] is None  # the same image, accepted by another
    act(bob, "undo_last")
    act(bob, "undo")
    assert AcceptedWords(home_of(anna) / "corrections.sqlite").count() == 1
    accept(bob)
    act(bob, "undo_last")
    assert AcceptedWords(home_of(anna) / "corrections.sqlite").count() == 1
    assert AcceptedWords(home_of(bob) / "corrections.sqlite").count() == 0


def test_accepted_words_become_a_data_set_of_their_visitor_only(demo, recognizer: StubRecognizer):
    anna, bob = reading_words(), session("data")
    accept(anna)
    go(anna, "data")
    assert "my-corrections" in anna.selectbox(key="dataset").options
    go(bob, "data")
    assert "my-corrections" not in bob.selectbox(key="dataset").options
    assert not (demo / "datasets").exists()
    assert not (demo / "corrections.sqlite").exists()


def test_adapted_model_is_of_its_visitor_only(demo, recognizer: StubRecognizer, as_visitor):
    anna, bob = session(), session()
    as_visitor(anna)
    make_run(home_of(anna), "annasmodel")
    assert "annasmodel" in anna.run().selectbox(key="reader").options
    assert "annasmodel" not in bob.run().selectbox(key="reader").options
    bob = session("read", reader="annasmodel")
    assert bob.selectbox(key="reader").value != "annasmodel"


# The end of a visit


def test_delete_my_things_removes_the_workspace_and_the_session(demo, recognizer: StubRecognizer):
    anna, bob = reading_words(), reading_words()
    accept(anna)
    accept(bob)
    old = home_of(anna)
    anna.button(key="visitor_forget_yes").click().run()
    assert not anna.exception
    assert not old.exists()
    assert home_of(anna) != old
    assert "word_queue" not in anna.session_state or not anna.session_state["word_queue"].words
    assert AcceptedWords(home_of(bob) / "corrections.sqlite").count() == 1


def test_note_says_what_becomes_of_the_visitors_things(demo):
    app = session()
    captions = " ".join(caption.value for caption in app.caption)
    assert "seen by you alone, and deleted two hours after you leave" in captions
    assert "Loading this page anew begins with nothing" in captions
    assert home_of(session()) != home_of(app)


# Messages that no component sends


MALFORMED = [
    None, 3, "text", [], [{"number": 1}], {}, {"number": "1"}, {"number": 1}, {"number": True, "id": "", "text": ""},
    {"number": 10**30, "id": "ID", "text": "a"}, {"number": 5, "id": ["ID"], "text": "a"},
    {"number": 5, "id": "ID", "text": {"a": 1}}, {"number": 5, "id": "ID", "text": "a" * 1_000_000},
    {"number": -1, "id": "ID", "text": "a"}, {"number": 1.5, "id": "ID", "text": "a"},
]  # fmt: skip


@pytest.mark.parametrize("message", MALFORMED, ids=lambda message: repr(message)[:40])
def test_text_box_ignores_messages_that_it_would_not_send(recognizer: StubRecognizer, message):
    app = upload(session("read"), [("0.png", png(), "image/png")])
    before = shown(app)
    if isinstance(message, dict) and message.get("id") == "ID":
        message = {**message, "id": before["id"]}
    for event, state in (("typed", True), ("act", False)):
        send(app, event, message, state=state)
        assert shown(app)["typed"] == ""
        assert shown(app)["accepted"] is None


@pytest.mark.parametrize("action", ["delete", "", "__init__", "accept; undo"])
def test_text_box_ignores_actions_that_it_does_not_have(recognizer: StubRecognizer, action):
    app = upload(session("read"), [("0.png", png(), "image/png")])
    message = {"what": action, "text": "x", "typed": "", "id": shown(app)["id"], "number": 7}
    send(app, "act", message)
    assert shown(app)["accepted"] is None


@pytest.mark.parametrize(
    "message",
    [*MALFORMED[:8], {"number": 3, "png": "data:image/png;base64,é", "svg": ""},
     {"number": 3, "png": "x" * 5_000_000, "svg": ""}, {"number": 3, "png": "data:image/png;base64,AAAA", "svg": 3}],
    ids=lambda message: repr(message)[:40],
)  # fmt: skip
def test_drawing_pad_ignores_messages_that_it_would_not_send(recognizer: StubRecognizer, message):
    app = session("read")
    app.session_state["read_source"] = ":material/draw: Draw"
    app.run()
    assert component(app, "studio_drawing_pad")
    send(app, "drawn", message, name="studio_drawing_pad")
    assert "word_queue" not in app.session_state or not app.session_state["word_queue"].words


def test_word_of_another_session_cannot_be_named(demo, recognizer: StubRecognizer):
    anna = upload(session("read"), [("anna.png", png("anna"), "image/png")])
    bob = upload(session("read"), [("bob.png", png("bob"), "image/png")])
    message = {"what": "accept", "text": "forged", "typed": "", "id": shown(anna)["id"], "number": 7}
    send(bob, "act", message)
    assert shown(anna.run())["accepted"] is None
    assert shown(bob)["accepted"] is None
    assert not list(demo.rglob("corrections.sqlite"))
