"""Read: what does it say? Every state of the page, with a stand-in reader."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from visiting import StandIn, accept, act, errors, html, open_app, png, send, shown, type_in

from hwr_core.corrections import AcceptedWords
from hwr_core.corrections.accepted_words import as_png
from pages.components import word_queue
from pages.read_sections import options


def with_words(number: int = 3, **extra: bytes) -> AppTest:
    """The Read page with some pictures on the desk; `extra` are further files, by name."""
    app = open_app("read")
    files = [(f"{index}.png", png(size=(100 + index, 60)), "image/png") for index in range(number)]
    files += [(f"{name}.png", data, "image/png") for name, data in extra.items()]
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    return app


def table(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def press(app: AppTest, label: str) -> AppTest:
    """Press the button that begins with this label."""
    (button,) = [button for button in app.button if button.label.startswith(label)]
    button.click().run()
    assert not app.exception
    return app


def reading(app: AppTest) -> str:
    """What stands large beside the picture."""
    now = shown(app)
    return now["text"] if now["accepted"] is None else now["accepted"]


def test_without_a_reader_the_page_leads_to_training(workspace: Path):
    app = open_app("read")
    assert "No reader yet" in html(app)
    assert not app.file_uploader


def test_empty_desk_asks_for_pictures(reader: StandIn):
    app = open_app("read")
    assert [tab.label.split()[-1] for tab in app.tabs] == ["Files", "Camera", "Draw", "Samples", "set"]
    assert app.file_uploader[0].label == "Pictures of handwritten words"
    assert not app.dataframe
    assert not reader.asked


def test_many_pictures_are_read_in_order(reader: StandIn):
    app = with_words(40)
    assert [number for number, _ in reader.asked] == [1, 16, 16, 7]  # the one under the lamp first
    rows = table(app)
    assert rows["File"].tolist() == [f"{index}.png" for index in range(40)]
    assert set(rows["Reading"]) == {"because"}
    assert reading(app) == "because"
    assert shown(app)["sure"] == "70 % sure"
    app.run()
    assert len(reader.asked) == 4  # nothing is read twice


def test_broken_files_give_their_sentence_and_the_rest_is_read(reader: StandIn):
    app = with_words(2, cut=png()[:150], text=b"no picture", nothing=b"")
    assert table(app)["Reading"].tolist() == ["because", "because"]
    lines = errors(app)[0].split("\n")
    assert len(lines) == 3
    for name, sentence in (("cut", "damaged or cut short"), ("text", "no picture"), ("nothing", "0 bytes")):
        assert [line for line in lines if line.startswith(rf"**{name}\.png**") and sentence in line]


def test_only_broken_files(reader: StandIn):
    app = with_words(0, text=b"no picture")
    assert len(errors(app)) == 1
    assert not app.dataframe
    assert app.file_uploader  # the way to add others stays open
    assert not reader.asked


def test_typed_text_is_read_again_for_this_word_only(reader: StandIn):
    app = with_words(3)
    before = len(reader.asked)
    type_in(app, "bex")
    assert reader.asked[before:] == [(1, ["bex"])]
    assert reading(app) == "bexause"
    assert shown(app)["begun"] == 3
    assert table(app)["Reading"].tolist() == ["bexause", "because", "because"]
    assert table(app)["Typed"].tolist() == ["bex", "", ""]
    type_in(app, "")
    assert len(reader.asked) == before + 1  # that reading is known
    assert reading(app) == "because"


def test_what_was_typed_is_certain(reader: StandIn):
    reader.aligned = True
    app = type_in(with_words(1), "becau")
    assert [letter["mark"] for letter in shown(app)["letters"]] == ["clear"] * 5 + ["doubt"] * 2
    assert shown(app)["letters"][4]["sure"] == "as you typed it"
    assert not shown(app)["whole"]
    type_in(app, "because")
    assert shown(app)["whole"]
    assert shown(app)["sure"] == "as you typed it"


def test_a_page_given_for_a_word_says_what_to_do(reader: StandIn):
    page = np.full((400, 400), 255, np.uint8)
    for top in range(20, 380, 40):
        for left in range(20, 380, 30):
            page[top : top + 16, left : left + 18] = 0
    app = with_words(1, page=as_png(page))
    assert "This looks like a page" not in html(app)
    assert "This looks like a page" in html(act(app, "next"))


def test_text_that_the_reader_cannot_write_gives_its_sentence(reader: StandIn):
    app = with_words(3)
    type_in(app, "€")
    assert "is not in the charset" in shown(app)["problem"]
    assert not shown(app)["ready"]
    assert table(app)["Reading"].tolist() == ["", "because", "because"]
    type_in(app, "b")
    assert shown(app)["problem"] == ""


def test_accept_goes_on_and_undo_takes_it_back(reader: StandIn):
    app = accept(with_words(2))
    assert table(app)["Accepted"].tolist() == [True, False]
    assert (shown(app)["place"], shown(app)["total"]) == (2, 2)
    act(app, "back")
    assert shown(app)["place"] == 1
    assert shown(app)["accepted"] == "because"
    act(app, "undo")
    assert table(app)["Accepted"].tolist() == [False, False]


def test_the_queue_is_walked_around(reader: StandIn):
    app = with_words(3)
    assert [shown(act(app, "next"))["place"] for _ in range(3)] == [2, 3, 1]
    assert shown(act(app, "back"))["place"] == 3


def test_an_alternative_can_be_accepted(reader: StandIn):
    app = with_words(1)
    assert shown(app)["others"] == [{"text": "_ome", "sure": "4 %"}, {"text": "x", "sure": "1 %"}]
    act(app, "accept", "_ome")
    assert table(app)["Reading"].tolist() == ["_ome"]
    assert reading(app) == "_ome"
    assert table(app)["Accepted"].tolist() == [True]


def test_exactly_what_is_typed_can_be_accepted(reader: StandIn):
    app = act(type_in(with_words(1), r"why\?"), "exact")
    assert table(app)["Reading"].tolist() == ["why?"]
    assert table(app)["Accepted"].tolist() == [True]


def test_typing_after_accepting_asks_again(reader: StandIn):
    app = type_in(accept(with_words(1)), "so")
    assert table(app)["Accepted"].tolist() == [False]
    assert table(app)["Reading"].tolist() == ["socause"]


def test_an_old_keystroke_does_not_overtake_a_newer_one(reader: StandIn):
    app = type_in(with_words(1), "so")
    send(app, "typed", {"id": shown(app)["id"], "text": "s", "number": 0}, state=True)
    assert shown(app)["typed"] == "so"


def test_a_keystroke_for_a_word_that_has_gone_is_nothing(reader: StandIn):
    app = with_words(1)
    send(app, "typed", {"id": "gone", "text": "s", "number": 10**9}, state=True)
    assert shown(app)["typed"] == ""


def test_a_question_mark_stands_for_a_letter(reader: StandIn):
    app = type_in(with_words(1), "b?c")
    assert reader.asked[-1] == (1, ["b?c"])
    assert reading(app) == "bacause"
    assert shown(app)["begun"] == 0
    type_in(app, r"b\?")
    assert reader.asked[-1] == (1, ["b?"])
    assert reading(app) == "b?cause"


def test_letters_are_marked_by_their_certainty_and_have_their_place(reader: StandIn):
    reader.aligned = True
    now = shown(with_words(1))
    assert [letter["text"] for letter in now["letters"]] == list("because")
    assert [letter["mark"] for letter in now["letters"]] == ["clear"] + ["unsure"] * 3 + ["doubt"] * 3
    assert now["letters"][0]["at"] == [0, pytest.approx(1 / 7, abs=1e-3)]
    assert now["letters"][-1]["at"][1] == 1
    assert len(now["frames"]) == 7
    assert now["frames"][2]["at"] == pytest.approx([2 / 7, 3 / 7], abs=1e-3)
    assert now["frames"][2]["top"] == [["c", 0.9], ["", 0.1]]


def test_a_reader_that_tells_no_places_shows_none(reader: StandIn):
    now = shown(with_words(1))
    assert now["letters"] == now["frames"] == []
    assert now["text"] == "because"


def test_language_and_list_of_words_hold_every_reading(reader: StandIn):
    app = with_words(2)
    assert set(reader.held) == {("auto", None)}
    app.text_area(key="read_words").set_value("tea\n\nbecause\ntea\n").run()
    assert not app.exception
    assert reader.held[-1] == ("auto", ["tea", "because"])
    assert "Options · 2 words" in [element.proto.popover.label for element in app.get("popover")]
    asked = len(reader.asked)
    type_in(app, "t??")
    assert reader.held[-1] == ("auto", ["tea"])
    type_in(app, "z?")
    assert "No word of your list fits" in shown(app)["problem"]
    app.text_area(key="read_words").set_value("").run()
    assert len(reader.asked) == asked + 2  # of that mask alone: without the list, the rest is known already


def option_label(app: AppTest) -> str:
    return next(label for element in app.get("popover") if (label := element.proto.popover.label).startswith("Options"))


def test_words_that_look_like_capitals_are_read_so_all_of_them(reader: StandIn, monkeypatch):
    monkeypatch.setattr(options, "known", lambda info: ("abAB", ["en"]))
    assert option_label(with_words(2)) == "Options"
    reader.capitals = 3.0
    app = with_words(30)
    app.run()
    assert option_label(app) == "Options · capitals"
    assert reader.shares[0] is None
    assert reader.shares[-1] == word_queue.HALF
    asked = len(reader.asked)
    app.run()
    assert len(reader.asked) == asked  # once more, not again and again
    app.selectbox(key="read_capitals").select("none").run()
    assert reader.shares[-1] == 0
    assert option_label(app) == "Options"
    app.selectbox(key="read_capitals").select("all").run()
    assert reader.shares[-1] == 1
    assert not app.exception


def test_words_are_looked_at_three_times_where_that_is_asked(reader: StandIn, monkeypatch):
    monkeypatch.setattr(options, "known", lambda info: ("abAB", ["en"]))
    app = with_words(2)
    assert set(reader.views) == {1}
    app.toggle(key="read_views").set_value(True).run()
    assert reader.views[-1] == 3
    assert option_label(app) == "Options · 3 looks"
    asked = len(reader.asked)
    app.toggle(key="read_views").set_value(False).run()
    assert len(reader.asked) == asked  # known already
    assert not app.exception


def accepted_at_once(app: AppTest, least: int) -> AppTest:
    app.slider(key="bulk_least").set_value(least).run()
    app.button(key="bulk_accept").click().run()
    assert not app.exception
    return app


def test_the_sure_ones_are_accepted_at_once_and_taken_back(reader: StandIn):
    app = with_words(30)  # widths 100 to 129: certainties 0.50 to 0.89
    app.slider(key="bulk_least").set_value(85).run()
    assert "5 words; about 0.7 of them will be wrong" in html(app)
    assert app.button(key="bulk_accept").label == "Accept 5 words"
    accepted_at_once(app, 85)
    assert table(app)["Accepted"].sum() == 5
    assert AcceptedWords().count() == 5
    assert "5 words accepted together" in html(app)
    assert not shown(app)["accepted"]
    app.button(key="bulk_undo").click().run()
    assert not table(app)["Accepted"].any()
    assert AcceptedWords().count() == 0
    assert "accepted together" not in html(app)


def test_nothing_sure_enough_says_so(reader: StandIn):
    app = with_words(3)
    app.slider(key="bulk_least").set_value(99).run()
    assert "No open word is that sure" in html(app)
    assert app.button(key="bulk_accept").disabled


def test_accepting_at_once_stops_where_the_disk_does(reader: StandIn, workspace: Path):
    app = with_words(30)
    (workspace / "corrections.sqlite").write_bytes(b"no database at all" * 200)
    accepted_at_once(app, 85)
    assert any("The word was not accepted" in sentence for sentence in errors(app))
    assert not table(app)["Accepted"].any()


def test_a_zip_is_unpacked(reader: StandIn):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a/one.png", "two.PNG", "__MACOSX/one.png", "a/.hidden.png", "notes.txt"):
            archive.writestr(name, png(size=(100 + len(name), 60)))
    app = open_app("read")
    app.file_uploader[0].set_value([("words.zip", buffer.getvalue(), "application/zip")]).run()
    assert not app.exception
    assert table(app)["File"].tolist() == ["one.png", "two.PNG"]


@pytest.mark.parametrize(("data", "sentence"), [(b"PK no zip", "cannot be opened"), (None, "no pictures in this zip")])
def test_a_zip_that_is_none_says_so(reader: StandIn, data: bytes | None, sentence: str):
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    app = open_app("read")
    app.file_uploader[0].set_value([("words.zip", data or buffer.getvalue(), "application/zip")]).run()
    assert not app.exception
    assert sentence in errors(app)[0]


def test_more_pictures_than_the_desk_holds_are_said_to_be_left_out(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    from pages.components import word_queue

    monkeypatch.setattr(word_queue, "MOST_WORDS", 2)
    app = with_words(4)
    assert len(table(app)) == 2
    assert "The desk holds 2 pictures" in errors(app)[0]


def test_a_drawing_is_read_and_its_strokes_are_kept(reader: StandIn):
    app = open_app("read")
    app.session_state["read_source"] = ":material/draw: Draw"
    app.run()
    drawing = "data:image/png;base64," + base64.b64encode(png()).decode()
    send(app, "drawn", {"number": 1, "png": drawing, "svg": "<svg/>"}, "studio_pad")
    assert table(app)["File"].tolist() == ["drawing-1.png"]
    assert {"read_svg"} <= {button.key for button in app.get("download_button")}
    assert app.session_state["desk"][shown(app)["id"]].svg == "<svg/>"


def test_a_drawing_that_is_none_is_nothing(reader: StandIn):
    app = open_app("read")
    app.session_state["read_source"] = ":material/draw: Draw"
    app.run()
    send(app, "drawn", {"number": 1, "png": "data:image/png;base64,%%%", "svg": ""}, "studio_pad")
    assert app.tabs
    assert not app.dataframe


def test_a_photograph_is_cropped_before_it_is_read(reader: StandIn):
    from PIL import Image

    app = open_app("read")
    app.session_state["read_source"] = ":material/photo_camera: Camera"
    app.run()
    page = np.full((600, 800), 250, np.uint8)  # mostly paper
    page[200:260, 300:304] = page[200:260, 400:404] = page[228:232, 300:404] = 10
    buffer = io.BytesIO()
    Image.fromarray(page).save(buffer, "JPEG")
    app.get("camera_input")[0].set_value(("photo.jpg", buffer.getvalue(), "image/jpeg")).run()
    assert not app.exception
    (across,) = [slider for slider in app.slider if slider.label == "From left to right"]
    assert across.value == (36, 51)
    across.set_value((30, 60)).run()
    press(app, "Read it")
    assert table(app)["File"].tolist() == ["photo-1.png"]
    assert reader.shapes[0][1] == 240


def test_a_word_can_be_cut_out_of_its_picture(reader: StandIn):
    app = with_words(1)
    next(slider for slider in app.slider if slider.label == "From left to right").set_value((0, 50)).run()
    press(app, "Read this part")
    assert table(app)["File"].tolist() == ["0-cut.png"]
    assert reader.shapes[-1][1] == 50


def test_words_of_a_data_set_are_read_beside_what_was_written(reader: StandIn, words_added: str):
    app = open_app("read")
    app.session_state["read_source"] = ":material/photo_library: Data set"
    app.run()
    app.selectbox(key="queue_number").set_value(10).run()
    app.button(key="queue_add").click().run()
    assert not app.exception
    assert len(table(app)) == 10
    assert set(table(app)["It says"]) <= {"because", "of", "the", "Garden", "museum", "weather", "a", "it's"}
    accept(app)
    (kept,) = AcceptedWords().current()
    assert kept.source == "letters"
    assert kept.word_id.startswith("w")
    assert kept.writer.startswith("hand")


def test_a_reader_that_cannot_be_opened_says_so_once(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    from hwr_core.errors import CheckpointError
    from pages.components import models

    def fail(folder: Path, tell: object) -> None:
        raise CheckpointError("The checkpoint is damaged. Copy it again.")

    monkeypatch.setattr(models, "load", fail)
    app = with_words(3)
    assert errors(app) == ["The checkpoint is damaged. Copy it again."]
    assert not app.dataframe
    assert app.file_uploader


def test_the_table_turns_its_pages(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    from pages.read_sections import queue_table

    monkeypatch.setattr(queue_table, "ROWS", 2)
    app = with_words(5)
    assert table(app)["File"].tolist() == ["0.png", "1.png"]
    press(press(app, "Later"), "Later")
    assert table(app)["File"].tolist() == ["4.png"]
    assert app.button(key="queue_later").disabled


def test_least_certain_first(reader: StandIn):
    app = with_words(30)  # widths 100 to 129: the stand-in is least sure of 120
    app.segmented_control(key="read_order").set_value("Least certain first").run()
    rows = table(app)
    assert rows["File"].iloc[0] == "20.png"
    assert rows["Sure"].is_monotonic_increasing
    assert shown(app)["name"] == "20.png"
    accept(app)
    assert table(app)["Sure"].isna().tolist() == [True] + [False] * 29


def test_a_blank_picture_says_so(reader: StandIn):
    app = with_words(0, blank=png(""))
    assert (shown(app)["ready"], reading(app)) == (True, "")


def test_same_file_twice_is_one_word(reader: StandIn):
    app = with_words(2)
    app.file_uploader[0].set_value([("0.png", png(size=(100, 60)), "image/png")]).run()
    assert len(table(app)) == 2


def test_clear_empties_the_desk(reader: StandIn):
    app = press(with_words(2), "Clear the desk")
    assert not app.dataframe
    assert app.tabs


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_the_usual_kinds_of_picture_are_read(reader: StandIn, kind: str):
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(size=(150, 60)))).convert("RGB").save(buffer, kind)
    app = open_app("read")
    app.file_uploader[0].set_value((f"word.{kind.lower()}", buffer.getvalue(), f"image/{kind.lower()}")).run()
    assert not app.exception
    assert reading(app) == "because"
    assert reader.shapes == [(60, 150)]


def test_a_phone_photograph_is_turned_and_light_ink_is_fine(reader: StandIn):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to see it upright
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(size=(60, 150), ink=255, paper=0))).save(buffer, "JPEG", exif=exif)
    app = open_app("read")
    app.file_uploader[0].set_value(("photo.jpg", buffer.getvalue(), "image/jpeg")).run()
    assert not app.exception
    assert reader.shapes == [(60, 150)]


def test_a_large_photograph_is_reduced(reader: StandIn):
    app = with_words(0, photo=png(size=(3000, 2000)))
    assert reader.shapes == [(1067, 1600)]
    assert reading(app) == "because"


@pytest.mark.parametrize("tab", [0, 3])
def test_samples_can_be_read(reader: StandIn, tab: int):
    app = open_app("read")
    app.session_state["read_source"] = [tab.label for tab in app.tabs][tab]
    app.run()
    app.button(key="read_sample_2").click().run()
    assert not app.exception
    assert table(app)["Reading"].tolist() == ["because"]


def test_a_changed_reader_reads_anew(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    import shutil

    from hwr_core import jobs

    app = with_words(2)
    runs = jobs.home() / "runs"
    shutil.copytree(runs / "steady", runs / "other")
    asked = len(reader.asked)
    app.run()
    app.selectbox(key="reader").set_value("other").run()
    assert not app.exception
    assert sum(number for number, _ in reader.asked[asked:]) == 2


def test_downloads_hold_every_word(reader: StandIn):
    app = accept(type_in(with_words(2, text=b"no picture"), "of"))
    assert {button.label for button in app.get("download_button")} >= {"CSV", "JSON", "TXT"}
    from hwr_core import jobs
    from pages.components import word_queue

    folder = jobs.home() / "runs" / "steady" / "checkpoint"
    import streamlit as st

    rows = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "session_state", {key: app.session_state[key] for key in ("desk", "readings")})
        rows = word_queue.records(folder, "steady")
        assert [row["text"] for row in word_queue.records(folder, "steady", only_accepted=True)] == ["ofcause"]
    assert [row["text"] for row in rows] == ["ofcause", "because", ""]
    assert [row["accepted"] for row in rows] == [True, False, False]
    assert rows[0]["typed"] == "of"
    assert rows[1]["alternatives"][1] == {"text": "_ome", "confidence": 0.04}
    assert rows[2]["problem"].startswith("text.png: this is no picture")
    frame = pd.read_csv(io.BytesIO(word_queue.as_csv(rows)), keep_default_na=False)
    assert frame["text"].tolist() == ["ofcause", "because", ""]
    assert "_ome (0.0400)" in frame["alternatives"][1]
    assert json.loads(word_queue.as_json(rows)) == rows
    assert word_queue.as_text(rows) == b"ofcause\nbecause\n\n"


def test_every_widget_has_a_key_and_a_label(reader: StandIn):
    app = with_words(3)
    for kind in (
        "button",
        "text_input",
        "selectbox",
        "segmented_control",
        "slider",
        "text_area",
        "file_uploader",
        "download_button",
    ):
        for widget in app.get(kind):
            assert widget.key, widget
            assert widget.proto.label, widget
