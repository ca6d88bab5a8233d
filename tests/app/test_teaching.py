"""What is accepted on the Read page is kept, and teaches a reader: every state of it."""

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
from visiting import StandIn, accept, act, errors, html, open_app, png, shown, type_in

from hwr_core import adaptation, jobs
from hwr_core.adaptation.run import AdaptationResult
from hwr_core.adaptation.trainer import Score
from hwr_core.corrections import AcceptedWords


def with_words(number: int = 2) -> AppTest:
    app = open_app("read")
    files = [(f"{index}.png", png(size=(100 + index, 60)), "image/png") for index in range(number)]
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    (button,) = [button for button in app.button if str(button.key).startswith(key)]
    button.click().run()
    assert not app.exception
    return app


def keep(number: int, writer: str = "") -> None:
    for index in range(number):
        picture = np.full((40, 60 + index), 200, np.uint8)
        AcceptedWords().accept(picture, f"word{index}", writer=writer)


def teaching_run(home: Path, state: str, taught: AdaptationResult | None = None, message: str = "") -> str:
    """A run that teaches, as its process would have written it."""
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
    if taught:
        (folder / "taught.json").write_text(json.dumps(asdict(taught)))
    return folder.name


def result(right_after: int) -> AdaptationResult:
    readings = [{"word_id": "a", "transcription": "because", "before": "becouse", "after": "because"}]
    other = Score(64, 46, 30, 300)
    return AdaptationResult(24, 8, Score(8, 5, 9, 40), Score(8, right_after, 4, 40), other, other, 61.0, readings)


def test_an_accepted_word_is_on_the_disk_with_what_was_typed(reader: StandIn):
    app = with_words()
    app.text_input(key="keep_writer").set_value("Anna").run()
    app.text_input(key="keep_who").set_value("Ada").run()
    accept(type_in(app, "bex"))
    (kept,) = AcceptedWords().current()
    assert (kept.text, kept.reading, kept.prefix, kept.checkpoint) == ("bexause", "bexause", "bex", "steady")
    assert (kept.writer, kept.who, kept.source) == ("Anna", "Ada", "0.png")
    assert 0.5 <= kept.confidence <= 1
    assert "1 accepted word kept" in html(app)
    assert {button.key for button in app.get("download_button")} >= {"keep_export"}


def test_an_alternative_is_kept_as_a_correction(reader: StandIn):
    act(with_words(1), "accept", "_ome")
    (kept,) = AcceptedWords().current()
    assert (kept.text, kept.reading, kept.is_changed) == ("_ome", "because", True)


def test_undo_takes_it_back_here_and_there(reader: StandIn):
    app = accept(accept(with_words(2)))
    assert AcceptedWords().count() == 2
    press(app, "keep_undo")
    assert [word.source for word in AcceptedWords().current()] == ["0.png"]
    assert app.dataframe(key="read_table").value["Accepted"].tolist() == [True, False]
    act(app, "back")
    act(app, "undo")
    assert AcceptedWords().current() == []
    assert len(AcceptedWords().history()) == 2


def test_typing_after_accepting_opens_the_word_again(reader: StandIn):
    app = type_in(accept(with_words(1)), "so")
    assert AcceptedWords().current() == []
    accept(app)
    assert [word.text for word in AcceptedWords().current()] == ["socause"]


def test_a_cleared_desk_keeps_what_was_accepted(reader: StandIn):
    app = press(accept(with_words(1)), "read_clear")
    assert AcceptedWords().count() == 1
    assert "1 accepted word kept" in html(app)


def test_a_picture_that_was_accepted_before_is_known_again(reader: StandIn):
    accept(type_in(with_words(3), "so"))
    later = with_words(3)  # the tab was loaded anew, and the files came again
    assert later.dataframe(key="read_table").value["Accepted"].tolist() == [True, False, False]
    assert later.dataframe(key="read_table").value["Reading"].tolist() == ["socause", "because", "because"]
    assert [element.value for element in later.toast] == ["1 word of these was accepted before."]
    assert shown(later)["place"] == 2
    assert not act(later, "back").toast
    accept(type_in(later, "be"))
    assert [word.text for word in AcceptedWords().current()] == ["because"]


def test_a_blank_is_accepted_and_not_kept(reader: StandIn):
    app = open_app("read")
    app.file_uploader[0].set_value([("blank.png", png(""), "image/png")]).run()
    accept(app)
    assert AcceptedWords().count() == 0
    assert not errors(app)


def test_a_word_that_cannot_be_stored_stays_open(reader: StandIn, workspace: Path):
    app = with_words(1)
    (workspace / "corrections.sqlite").write_bytes(b"no database at all" * 200)
    accept(app)
    assert any("The word was not accepted" in sentence for sentence in errors(app))
    assert app.dataframe(key="read_table").value["Accepted"].tolist() == [False]


def test_the_export_holds_the_words(reader: StandIn):
    from pages.read_sections import accept as keeping

    keep(3)
    with zipfile.ZipFile(io.BytesIO(keeping.exported())) as archive:
        assert len(archive.namelist()) == 4


def test_too_few_words_say_how_many_more(reader: StandIn):
    keep(5)
    app = open_app("read")
    shown = [element.proto.text for element in app.get("progress")]
    assert "5 of the 16 words that it takes. Accept 11 more." in shown
    assert not [button for button in app.button if button.key == "teach_start"]


def test_enough_words_offer_to_teach_with_the_time_it_takes(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    from hwr_core import training

    keep(20, "Anna")
    asked = []
    app = open_app("read")
    assert app.button(key="teach_start").label == "Teach steady with 20 words"
    assert "About " in html(app)
    monkeypatch.setattr(training, "start", lambda run: None)
    monkeypatch.setattr(adaptation, "new_adaptation", lambda *about, **more: stub(asked, *about, **more))
    app.button(key="teach_start").click().run()
    assert asked == [("steady", None, 0)]


def test_words_that_are_still_open_are_learned_from_too(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    from hwr_core import training

    keep(20)
    asked: list = []
    app = accept(with_words(3))
    assert "2 open words on this page will be learned from too" in html(app)
    monkeypatch.setattr(training, "start", lambda run: None)
    monkeypatch.setattr(adaptation, "new_adaptation", lambda *about, **more: stub(asked, *about, **more))
    app.button(key="teach_start").click().run()
    assert asked == [("steady", None, 2)]


def test_open_words_that_were_accepted_before_or_are_another_hands_are_left_out(reader: StandIn):
    keep(20, "Anna")
    app = accept(with_words(3))
    press(app, "read_clear")
    files = [(f"{index}.png", png(size=(100 + index, 60)), "image/png") for index in range(3)]
    app.file_uploader[0].set_value(files).run()
    app.selectbox(key="teach_writer").select_index(0).run()
    assert "2 open words on this page will be learned from too" in html(app)
    app.text_input(key="keep_writer").set_value("Bo ").run()
    app.selectbox(key="teach_writer").select_index(0).run()
    assert "will be learned from too" not in html(app)


def test_the_kept_words_are_one_click_away(reader: StandIn):
    links = [element.proto for element in accept(with_words(2)).get("page_link")]
    (look,) = [link for link in links if link.label == "Look at them"]
    assert "dataset=my-corrections" in look.query_string
    assert open_page("data", dataset="my-corrections").selectbox(key="dataset").value == "my-corrections"


def stub(asked: list, folder: Path, writer: str | None, unread: list) -> object:
    asked.append((folder.parent.name, writer, len(unread)))
    return type("Made", (), {"name": "made"})()


def test_one_hand_of_several_is_chosen(reader: StandIn):
    keep(20, "Anna")
    for index in range(4):
        AcceptedWords().accept(np.full((30, 60 + index), 90, np.uint8), "word", writer="Bo")
    app = open_app("read")
    assert app.selectbox(key="teach_writer").options == ["Anna · 20", "Bo · 4", "All of them · 24"]
    app.selectbox(key="teach_writer").select_index(1).run()
    assert not [button for button in app.button if button.key == "teach_start"]


def test_words_without_a_name_can_be_named_afterwards(reader: StandIn):
    keep(20)
    app = open_app("read")
    assert not [button for button in app.button if button.key == "keep_name"]
    app.text_input(key="keep_writer").set_value(" Anna ").run()
    assert app.button(key="keep_name").label == "Name the 20 words without a name Anna"
    press(app, "keep_name")
    assert AcceptedWords().writers() == {"Anna": 20}
    assert [element.value for element in app.toast] == ["20 words named Anna."]
    assert not [button for button in app.button if button.key == "keep_name"]


def test_a_reader_that_cannot_be_opened_says_so(reader: StandIn):
    keep(20)
    app = press(open_app("read"), "teach_start")
    assert errors(app)


def test_while_it_learns_there_is_progress_and_a_stop(reader: StandIn, workspace: Path):
    keep(20)
    name = teaching_run(workspace, "running")
    app = open_app("read")
    (shown,) = [text for element in app.get("progress") if "Learning" in (text := element.proto.text)]
    assert "45 s left" in shown
    press(app, "teach_stop")
    assert jobs.stop_requested(workspace / "runs" / name)


def test_done_shows_before_and_after_and_the_reader_can_be_used(reader: StandIn, workspace: Path):
    keep(20)
    app = open_app("read")
    app.session_state["teaching"] = teaching_run(workspace, "done", result(7))
    app.run()
    (told,) = [element.value for element in app.info]
    assert told.startswith("Better: 7 of 8 words held back are read right, 5 before. 8 words are few to judge by")
    assert not app.success
    figures = app.dataframe[0].value
    assert figures["Right before"].tolist() == ["62 %", "72 %"]
    assert figures["Right after"].tolist() == ["88 %", "72 %"]
    assert app.dataframe[1].value["after"].tolist() == ["because"]
    press(app, "teach_use")
    assert app.selectbox(key="reader").value == "steady-Anna"
    later = open_app("read")  # in another tab, or after a reload
    assert [element.value for element in later.info] == [told]
    press(app, "teach_away")
    assert not app.info
    assert not open_app("read").info
    later.run()  # put away in the other tab
    assert not later.info


def test_a_result_that_was_deleted_meanwhile_is_no_traceback(reader: StandIn, workspace: Path):
    name = teaching_run(workspace, "done", result(7))
    app = open_app("read")
    assert app.info
    (workspace / "runs" / name).rename(workspace / "runs" / f"{name} (copy)")
    app.run()
    assert not app.exception
    copied = open_app("read")
    (button,) = [button for button in copied.button if button.key == "teach_away"]
    shutil.rmtree(workspace / "runs" / f"{name} (copy)")
    button.click().run()
    assert not copied.exception


def test_enough_words_held_back_make_it_a_success(reader: StandIn, workspace: Path):
    app = open_app("read")
    many = replace(
        result(7), before=Score(16, 9, 9, 80), after=Score(16, 11, 4, 80), others_after=Score(64, 40, 40, 300)
    )
    app.session_state["teaching"] = teaching_run(workspace, "done", many)
    app.run()
    assert [element.value for element in app.success] == [
        "Better: 11 of 16 words held back are read right, 9 before. "
        "Of other hands 40 of 64 words are read right, 46 before."
    ]


def test_worse_says_so_and_is_not_recommended(reader: StandIn, workspace: Path):
    app = open_app("read")
    before = app.selectbox(key="reader").value
    app.session_state["teaching"] = teaching_run(workspace, "done", result(4))
    app.run()
    assert app.warning[0].value.startswith("Worse: 4 of 8")
    assert app.selectbox(key="reader").value == before
    assert app.button(key="teach_use").label == "Use it all the same"


def test_nothing_learned_says_so_and_offers_no_reader(reader: StandIn, workspace: Path):
    app = open_app("read")
    app.session_state["teaching"] = teaching_run(workspace, "done", replace(result(5), share=0.0))
    app.run()
    assert "the reader is as it was" in app.warning[0].value
    assert not [button for button in app.button if button.key == "teach_use"]


@pytest.mark.parametrize(("state", "message"), [("stopped", ""), ("failed", "The disk is full.")])
def test_a_broken_off_one_says_so(reader: StandIn, workspace: Path, state: str, message: str):
    app = open_app("read")
    app.session_state["teaching"] = teaching_run(workspace, state, message=message)
    app.run()
    assert errors(app) == ([message] if message else [])
    assert ("nothing has changed" in html(app)) is (state == "stopped")
    press(app, "teach_away")
    assert "nothing has changed" not in html(app)
