"""Accepted words on the Read page, and the adaptation that they start: every state of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from saved_runs import open_page
from streamlit.testing.v1 import AppTest
from visiting import StubRecognizer, accept, act, errors, html, open_app, open_read, png, shown, type_in, upload

from hwr_core import adaptation, jobs, training
from hwr_core.adaptation import AdaptationResult
from hwr_core.adaptation.selection import Score
from hwr_core.corrections import AcceptedWords
from pages.read_sections.accept import exported


def press(app: AppTest, key: str) -> AppTest:
    """Press the button whose key begins with this."""
    (button,) = [button for button in app.button if str(button.key).startswith(key)]
    button.click().run()
    assert not app.exception
    return app


def has_button(app: AppTest, key: str) -> bool:
    return any(button.key == key for button in app.button)


def table(app: AppTest) -> dict[str, list[object]]:
    return app.dataframe(key="read_table").value.to_dict("list")


def add_accepted(number: int, writer: str = "") -> None:
    """Accepted words in the database, as from an earlier session."""
    for index in range(number):
        AcceptedWords().accept(np.full((40, 60 + index), 200, np.uint8), f"word{index}", writer=writer)


def adaptation_run(home: Path, state: str, result: AdaptationResult | None = None, message: str = "") -> str:
    """An adaptation run, as its process would have written it; returns its name."""
    folder = home / "runs" / "steady-Anna"
    (folder / "checkpoint").mkdir(parents=True)
    for name in ("config.json", "checkpoint.json", "model.keras"):
        (folder / "checkpoint" / name).write_bytes((home / "runs" / "steady" / "checkpoint" / name).read_bytes())
    (folder / "checkpoint" / "checkpoint.json").write_text(json.dumps({"taught": {"words": 12}}))
    (folder / "config.json").write_bytes((folder / "checkpoint" / "config.json").read_bytes())
    (folder / "adaptation.json").write_text("{}")
    status = jobs.Status(state=state, phase="Learning", step=30, steps=120, seconds_left=45.0, message=message)
    if state == "running":
        status.pid, status.process_started = os.getpid(), jobs.process_start(os.getpid())
    jobs.write_status(folder, status)
    if result:
        (folder / "taught.json").write_text(json.dumps(asdict(result)))
    return folder.name


def open_with_run(home: Path, state: str, result: AdaptationResult | None = None, message: str = "") -> AppTest:
    """The Read page of the tab that has started the run."""
    app = open_app("read")
    app.session_state["adaptation_run"] = adaptation_run(home, state, result, message)
    return app.run()


def result_of(right_after: int) -> AdaptationResult:
    """A result with 8 words held back, 5 of them read right before."""
    readings = [{"word_id": "a", "transcription": "because", "before": "becouse", "after": "because"}]
    other = Score(64, 46, 30, 300)
    return AdaptationResult(24, 8, Score(8, 5, 9, 40), Score(8, right_after, 4, 40), other, other, 61.0, readings)


def test_accept_stores_the_word_and_what_was_typed(recognizer: StubRecognizer):
    app = open_read(2)
    app.text_input(key="accept_writer").set_value("Anna").run()
    app.text_input(key="accept_who").set_value("Ada").run()
    accept(type_in(app, "bex"))
    (word,) = AcceptedWords().current()
    assert (word.text, word.reading, word.prefix, word.checkpoint) == ("bexause", "bexause", "bex", "steady")
    assert (word.writer, word.who, word.source) == ("Anna", "Ada", "0.png")
    assert 0.5 <= word.confidence <= 1
    assert "1 accepted word stored" in html(app)
    assert {button.key for button in app.get("download_button")} >= {"accept_export"}


def test_accept_of_an_alternative_is_a_change(recognizer: StubRecognizer):
    act(open_read(1), "accept", "_ome")
    (word,) = AcceptedWords().current()
    assert (word.text, word.reading, word.is_changed) == ("_ome", "because", True)


def test_undo_reopens_the_word_and_undoes_the_stored_one(recognizer: StubRecognizer):
    app = accept(accept(open_read(2)))
    assert AcceptedWords().count() == 2
    press(app, "accept_undo")
    assert [word.source for word in AcceptedWords().current()] == ["0.png"]
    assert table(app)["Accepted"] == [True, False]
    act(app, "back")
    act(app, "undo")
    assert AcceptedWords().current() == []
    assert len(AcceptedWords().history()) == 2


def test_typing_after_accepting_reopens_the_word(recognizer: StubRecognizer):
    app = type_in(accept(open_read(1)), "so")
    assert AcceptedWords().current() == []
    accept(app)
    assert [word.text for word in AcceptedWords().current()] == ["socause"]


def test_clear_leaves_accepted_words_stored(recognizer: StubRecognizer):
    app = press(accept(open_read(1)), "read_clear")
    assert AcceptedWords().count() == 1
    assert "1 accepted word stored" in html(app)


def test_image_accepted_before_is_accepted_again_after_a_reload(recognizer: StubRecognizer):
    accept(type_in(open_read(3), "so"))
    later = open_read(3)
    assert table(later)["Accepted"] == [True, False, False]
    assert table(later)["Reading"] == ["socause", "because", "because"]
    assert [element.value for element in later.toast] == ["1 word of these was accepted before."]
    assert shown(later)["place"] == 2
    assert not act(later, "back").toast
    accept(type_in(later, "be"))
    assert [word.text for word in AcceptedWords().current()] == ["because"]


def test_accept_of_a_blank_stores_nothing(recognizer: StubRecognizer):
    app = accept(upload(open_app("read"), [("blank.png", png(""), "image/png")]))
    assert AcceptedWords().count() == 0
    assert not errors(app)


def test_accept_that_cannot_be_stored_leaves_the_word_open(recognizer: StubRecognizer, workspace: Path):
    app = open_read(1)
    (workspace / "corrections.sqlite").write_bytes(b"no database at all" * 200)
    accept(app)
    assert any("The word was not accepted" in sentence for sentence in errors(app))
    assert table(app)["Accepted"] == [False]


def test_export_holds_the_accepted_words(recognizer: StubRecognizer):
    add_accepted(3)
    with zipfile.ZipFile(io.BytesIO(exported(AcceptedWords()))) as archive:
        assert len(archive.namelist()) == 4


def test_accepted_words_are_one_click_away(recognizer: StubRecognizer):
    links = [element.proto for element in accept(open_read(2)).get("page_link")]
    (link,) = [link for link in links if link.label == "Look at them"]
    assert "dataset=my-corrections" in link.query_string
    assert open_page("data", dataset="my-corrections").selectbox(key="dataset").value == "my-corrections"


def test_offer_with_too_few_words_shows_how_many_are_missing(recognizer: StubRecognizer):
    add_accepted(5)
    app = open_app("read")
    labels = [element.proto.text for element in app.get("progress")]
    assert "5 of the 16 words that it takes. Accept 11 more." in labels
    assert not has_button(app, "adapt_start")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None, int]]:
    """(model, writer, unread words) of the adaptations that were started."""
    calls = []

    def new_adaptation(folder: Path, writer: str | None, unread: list[np.ndarray]) -> object:
        calls.append((folder.parent.name, writer, len(unread)))
        return type("Run", (), {"name": "new"})()

    monkeypatch.setattr(training, "start", lambda run: None)
    monkeypatch.setattr(adaptation, "new_adaptation", new_adaptation)
    return calls


def test_offer_with_enough_words_shows_the_time_and_starts(recognizer: StubRecognizer, started: list):
    add_accepted(20, "Anna")
    app = open_app("read")
    assert app.button(key="adapt_start").label == "Adapt steady with 20 words"
    assert "About " in html(app)
    press(app, "adapt_start")
    assert started == [("steady", None, 0)]


def test_start_passes_the_open_words(recognizer: StubRecognizer, started: list):
    add_accepted(20)
    app = accept(open_read(3))
    assert "2 open words on this page will be learned from too" in html(app)
    press(app, "adapt_start")
    assert started == [("steady", None, 2)]


def test_open_words_accepted_before_or_of_another_writer_are_left_out(recognizer: StubRecognizer):
    add_accepted(20, "Anna")
    app = press(accept(open_read(3)), "read_clear")
    upload(app, [(f"{index}.png", png(size=(100 + index, 60)), "image/png") for index in range(3)])
    app.selectbox(key="adapt_writer").select_index(0).run()
    assert "2 open words on this page will be learned from too" in html(app)
    app.text_input(key="accept_writer").set_value("Bo ").run()
    app.selectbox(key="adapt_writer").select_index(0).run()
    assert "will be learned from too" not in html(app)


def test_writer_of_several_is_chosen(recognizer: StubRecognizer):
    add_accepted(20, "Anna")
    for index in range(4):
        AcceptedWords().accept(np.full((30, 60 + index), 90, np.uint8), "word", writer="Bo")
    app = open_app("read")
    assert app.selectbox(key="adapt_writer").options == ["Anna · 20", "Bo · 4", "All of them · 24"]
    app.selectbox(key="adapt_writer").select_index(1).run()
    assert not has_button(app, "adapt_start")


def test_words_without_a_writer_can_be_named(recognizer: StubRecognizer):
    add_accepted(20)
    app = open_app("read")
    assert not has_button(app, "accept_rename")
    app.text_input(key="accept_writer").set_value(" Anna ").run()
    assert app.button(key="accept_rename").label == "Name the 20 words without a name Anna"
    press(app, "accept_rename")
    assert AcceptedWords().writers() == {"Anna": 20}
    assert [element.value for element in app.toast] == ["20 words named Anna."]
    assert not has_button(app, "accept_rename")


def test_start_from_a_broken_model_shows_its_sentence(recognizer: StubRecognizer):
    add_accepted(20)
    assert errors(press(open_app("read"), "adapt_start"))


def test_running_adaptation_shows_progress_and_can_be_stopped(recognizer: StubRecognizer, workspace: Path):
    add_accepted(20)
    name = adaptation_run(workspace, "running")
    app = open_app("read")
    (label,) = [text for element in app.get("progress") if "Learning" in (text := element.proto.text)]
    assert "45 s left" in label
    press(app, "adapt_stop")
    assert jobs.stop_requested(workspace / "runs" / name)


def test_result_is_shown_used_and_dismissed_in_all_tabs(recognizer: StubRecognizer, workspace: Path):
    add_accepted(20)
    app = open_with_run(workspace, "done", result_of(7))
    (sentence,) = [element.value for element in app.info]
    assert sentence.startswith("Better: 7 of 8 words held back are read right, 5 before. 8 words are a small sample")
    assert not app.success
    metrics = app.dataframe[0].value
    assert metrics["Right before"].tolist() == ["62 %", "72 %"]
    assert metrics["Right after"].tolist() == ["88 %", "72 %"]
    assert app.dataframe[1].value["after"].tolist() == ["because"]
    press(app, "adapt_use")
    assert app.selectbox(key="reader").value == "steady-Anna"
    later = open_app("read")  # in another tab, or after a reload
    assert [element.value for element in later.info] == [sentence]
    press(app, "adapt_dismiss")
    assert not app.info
    assert not open_app("read").info
    later.run()
    assert not later.info


def test_result_deleted_meanwhile_is_no_traceback(recognizer: StubRecognizer, workspace: Path):
    name = adaptation_run(workspace, "done", result_of(7))
    app = open_app("read")
    assert app.info
    (workspace / "runs" / name).rename(workspace / "runs" / f"{name} (copy)")
    app.run()
    assert not app.exception
    copied = open_app("read")
    (button,) = [button for button in copied.button if button.key == "adapt_dismiss"]
    shutil.rmtree(workspace / "runs" / f"{name} (copy)")
    button.click().run()
    assert not copied.exception


def test_result_on_enough_words_is_a_success(recognizer: StubRecognizer, workspace: Path):
    result = replace(
        result_of(7), before=Score(16, 9, 9, 80), after=Score(16, 11, 4, 80), others_after=Score(64, 40, 40, 300)
    )
    assert [element.value for element in open_with_run(workspace, "done", result).success] == [
        "Better: 11 of 16 words held back are read right, 9 before. "
        "Of other writers 40 of 64 words are read right, 46 before."
    ]


def test_result_that_is_worse_is_not_recommended(recognizer: StubRecognizer, workspace: Path):
    app = open_with_run(workspace, "done", result_of(4))
    assert app.warning[0].value.startswith("Worse: 4 of 8")
    assert app.selectbox(key="reader").value == "steady"
    assert app.button(key="adapt_use").label == "Use it all the same"


def test_result_that_changes_nothing_offers_no_model(recognizer: StubRecognizer, workspace: Path):
    app = open_with_run(workspace, "done", replace(result_of(5), share=0.0))
    assert "the model is as it was" in app.warning[0].value
    assert not has_button(app, "adapt_use")


@pytest.mark.parametrize(("state", "message"), [("stopped", ""), ("failed", "The disk is full.")])
def test_adaptation_that_ended_early_shows_why(recognizer: StubRecognizer, workspace: Path, state: str, message: str):
    app = open_with_run(workspace, state, message=message)
    assert errors(app) == ([message] if message else [])
    assert ("nothing has changed" in html(app)) is (state == "stopped")
    press(app, "adapt_dismiss")
    assert "nothing has changed" not in html(app)
