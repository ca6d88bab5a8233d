"""Read: every state of the page, with a stub recognizer."""

from __future__ import annotations

import base64
import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from visiting import StubRecognizer, accept, act, errors, html, open_app, open_read, png, send, shown, type_in, upload

from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import open_dataset
from hwr_core.errors import CheckpointError
from hwr_core.imaging.image_io import encode_png
from hwr_core.recognition import pool
from hwr_core.workspace import home
from pages.components import word_queue
from pages.read_sections import options, queue_table


def table(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def press(app: AppTest, label: str) -> AppTest:
    """Press the button that begins with this label."""
    (button,) = [button for button in app.button if button.label.startswith(label)]
    button.click().run()
    assert not app.exception
    return app


def reading(app: AppTest) -> str:
    """The large text next to the image."""
    now = shown(app)
    return now["text"] if now["accepted"] is None else now["accepted"]


def test_page_without_a_model_leads_to_training(workspace: Path):
    app = open_app("read")
    assert "No model yet" in html(app)
    assert not app.file_uploader


def test_empty_queue_offers_all_sources(recognizer: StubRecognizer):
    app = open_app("read")
    assert [tab.label.split()[-1] for tab in app.tabs] == ["Files", "Camera", "Draw", "Samples", "set"]
    assert app.file_uploader[0].label == "Images of handwritten words"
    assert not app.dataframe
    assert not recognizer.calls


def test_queue_of_many_images_is_read_in_order_once(recognizer: StubRecognizer):
    app = open_read(40)
    assert [number for number, _ in recognizer.calls] == [1, 16, 16, 7]  # the current word first
    rows = table(app)
    assert rows["File"].tolist() == [f"{index}.png" for index in range(40)]
    assert set(rows["Reading"]) == {"because"}
    assert reading(app) == "because"
    assert shown(app)["sure"] == "70 % sure"
    app.run()
    assert len(recognizer.calls) == 4  # nothing is read twice


def test_broken_files_show_their_sentences_and_the_rest_is_read(recognizer: StubRecognizer):
    app = open_read(2, cut=png()[:150], text=b"no image", nothing=b"")
    assert table(app)["Reading"].tolist() == ["because", "because"]
    lines = errors(app)[0].split("\n")
    assert len(lines) == 3
    for name, sentence in (("cut", "damaged or cut short"), ("text", "that can be read"), ("nothing", "0 bytes")):
        assert [line for line in lines if line.startswith(f"**{name}.png**") and sentence in line]


def test_only_broken_files_leave_the_upload_open(recognizer: StubRecognizer):
    app = open_read(0, text=b"no image")
    assert len(errors(app)) == 1
    assert not app.dataframe
    assert app.file_uploader  # the way to add others stays open
    assert not recognizer.calls


def test_typed_text_is_read_again_for_this_word_only(recognizer: StubRecognizer):
    app = open_read(3)
    before = len(recognizer.calls)
    type_in(app, "bex")
    assert recognizer.calls[before:] == [(1, ["bex"])]
    assert reading(app) == "bexause"
    assert shown(app)["typed_letters"] == 3
    assert table(app)["Reading"].tolist() == ["bexause", "because", "because"]
    assert table(app)["Typed"].tolist() == ["bex", "", ""]
    type_in(app, "")
    assert len(recognizer.calls) == before + 1  # that reading is known
    assert reading(app) == "because"


def test_typed_letters_are_marked_certain(recognizer: StubRecognizer):
    recognizer.has_alignment = True
    app = type_in(open_read(1), "becau")
    assert [letter["mark"] for letter in shown(app)["letters"]] == ["clear"] * 5 + ["doubt"] * 2
    assert shown(app)["letters"][4]["sure"] == "as you typed it"
    assert not shown(app)["is_typed_whole"]
    type_in(app, "because")
    assert shown(app)["is_typed_whole"]
    assert shown(app)["sure"] == "as you typed it"


def test_image_of_a_page_shows_a_hint(recognizer: StubRecognizer):
    page = np.full((400, 400), 255, np.uint8)
    for top in range(20, 380, 40):
        for left in range(20, 380, 30):
            page[top : top + 16, left : left + 18] = 0
    app = open_read(1, page=encode_png(page))
    assert "This looks like a page" not in html(app)
    assert "This looks like a page" in html(act(app, "next"))


def test_typed_text_outside_the_charset_shows_its_sentence(recognizer: StubRecognizer):
    app = open_read(3)
    type_in(app, "€")
    assert "is not in the charset" in shown(app)["problem"]
    assert not shown(app)["ready"]
    assert table(app)["Reading"].tolist() == ["", "because", "because"]
    type_in(app, "b")
    assert shown(app)["problem"] == ""


def test_accept_moves_on_and_undo_reopens(recognizer: StubRecognizer):
    app = accept(open_read(2))
    assert table(app)["Accepted"].tolist() == [True, False]
    assert (shown(app)["place"], shown(app)["total"]) == (2, 2)
    act(app, "back")
    assert shown(app)["place"] == 1
    assert shown(app)["accepted"] == "because"
    act(app, "undo")
    assert table(app)["Accepted"].tolist() == [False, False]


def test_next_and_back_wrap_around(recognizer: StubRecognizer):
    app = open_read(3)
    assert [shown(act(app, "next"))["place"] for _ in range(3)] == [2, 3, 1]
    assert shown(act(app, "back"))["place"] == 3


def test_alternative_is_accepted(recognizer: StubRecognizer):
    app = open_read(1)
    assert shown(app)["alternatives"] == [{"text": "_ome", "sure": "4 %"}, {"text": "x", "sure": "1 %"}]
    act(app, "accept", "_ome")
    assert table(app)["Reading"].tolist() == ["_ome"]
    assert reading(app) == "_ome"
    assert table(app)["Accepted"].tolist() == [True]


def test_exact_accepts_the_typed_text(recognizer: StubRecognizer):
    app = act(type_in(open_read(1), r"why\?"), "exact")
    assert table(app)["Reading"].tolist() == ["why?"]
    assert table(app)["Accepted"].tolist() == [True]


def test_typing_after_accepting_reads_again(recognizer: StubRecognizer):
    app = type_in(accept(open_read(1)), "so")
    assert table(app)["Accepted"].tolist() == [False]
    assert table(app)["Reading"].tolist() == ["socause"]


def test_keystroke_older_than_the_last_is_ignored(recognizer: StubRecognizer):
    app = type_in(open_read(1), "so")
    send(app, "typed", {"id": shown(app)["id"], "text": "s", "number": 0}, state=True)
    assert shown(app)["typed"] == "so"


def test_keystroke_for_a_removed_word_is_ignored(recognizer: StubRecognizer):
    app = open_read(1)
    send(app, "typed", {"id": "gone", "text": "s", "number": 10**9}, state=True)
    assert shown(app)["typed"] == ""


def test_question_mark_is_read_as_a_mask(recognizer: StubRecognizer):
    app = type_in(open_read(1), "b?c")
    assert recognizer.calls[-1] == (1, ["b?c"])
    assert reading(app) == "bacause"
    assert shown(app)["typed_letters"] == 0
    type_in(app, r"b\?")
    assert recognizer.calls[-1] == (1, ["b?"])
    assert reading(app) == "b?cause"


def test_letters_have_a_mark_and_a_place(recognizer: StubRecognizer):
    recognizer.has_alignment = True
    now = shown(open_read(1))
    assert [letter["text"] for letter in now["letters"]] == list("because")
    assert [letter["mark"] for letter in now["letters"]] == ["clear"] + ["unsure"] * 3 + ["doubt"] * 3
    assert now["letters"][0]["at"] == [0, pytest.approx(1 / 7, abs=1e-3)]
    assert now["letters"][-1]["at"][1] == 1
    assert len(now["frames"]) == 7
    assert now["frames"][2]["at"] == pytest.approx([2 / 7, 3 / 7], abs=1e-3)
    assert now["frames"][2]["top"] == [["c", 0.9], ["", 0.1]]


def test_reading_without_alignment_has_no_letters(recognizer: StubRecognizer):
    now = shown(open_read(1))
    assert now["letters"] == now["frames"] == []
    assert now["text"] == "because"


def test_language_and_word_list_constrain_every_reading(recognizer: StubRecognizer):
    app = open_read(2)
    assert set(recognizer.conditions) == {("auto", None)}
    app.text_area(key="read_words").set_value("tea\n\nbecause\ntea\n").run()
    assert not app.exception
    assert recognizer.conditions[-1] == ("auto", ["tea", "because"])
    assert "Options · 2 words" in [element.proto.popover.label for element in app.get("popover")]
    before = len(recognizer.calls)
    type_in(app, "t??")
    assert recognizer.conditions[-1] == ("auto", ["tea"])
    type_in(app, "z?")
    assert "No word of your list fits" in shown(app)["problem"]
    app.text_area(key="read_words").set_value("").run()
    assert len(recognizer.calls) == before + 2  # of that mask alone: without the list, the rest is known already


def option_label(app: AppTest) -> str:
    return next(label for element in app.get("popover") if (label := element.proto.popover.label).startswith("Options"))


def test_capitals_in_most_words_are_assumed_for_all(recognizer: StubRecognizer, monkeypatch):
    monkeypatch.setattr(options, "writable_by", lambda info: ("abAB", ["en"]))
    assert option_label(open_read(2)) == "Options"
    recognizer.capitals = 3.0
    app = open_read(30)
    app.run()
    assert option_label(app) == "Options · capitals"
    assert recognizer.capitals_shares[0] is None
    assert recognizer.capitals_shares[-1] == word_queue.HALF_CAPITALS
    before = len(recognizer.calls)
    app.run()
    assert len(recognizer.calls) == before  # once more, not again and again
    app.selectbox(key="read_capitals").select("none").run()
    assert recognizer.capitals_shares[-1] == 0
    assert option_label(app) == "Options"
    app.selectbox(key="read_capitals").select("all").run()
    assert recognizer.capitals_shares[-1] == 1
    assert not app.exception


def test_words_are_looked_at_three_times_where_that_is_asked(recognizer: StubRecognizer, monkeypatch):
    monkeypatch.setattr(options, "writable_by", lambda info: ("abAB", ["en"]))
    app = open_read(2)
    assert set(recognizer.views) == {1}
    app.toggle(key="read_views").set_value(True).run()
    assert recognizer.views[-1] == 3
    assert option_label(app) == "Options · 3 looks"
    before = len(recognizer.calls)
    app.toggle(key="read_views").set_value(False).run()
    assert len(recognizer.calls) == before  # known already
    assert not app.exception


def accepted_at_once(app: AppTest, least: int) -> AppTest:
    app.slider(key="bulk_confidence").set_value(least).run()
    app.button(key="bulk_accept").click().run()
    assert not app.exception
    return app


def test_bulk_accept_and_its_undo(recognizer: StubRecognizer):
    app = open_read(30)  # widths 100 to 129: certainties 0.50 to 0.89
    app.slider(key="bulk_confidence").set_value(85).run()
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


def test_bulk_accept_without_confident_words_is_disabled(recognizer: StubRecognizer):
    app = open_read(3)
    app.slider(key="bulk_confidence").set_value(99).run()
    assert "No open word is that sure" in html(app)
    assert app.button(key="bulk_accept").disabled


def test_bulk_accept_stops_where_the_disk_fails(recognizer: StubRecognizer, workspace: Path):
    app = open_read(30)
    (workspace / "corrections.sqlite").write_bytes(b"no database at all" * 200)
    accepted_at_once(app, 85)
    assert any("The words were not accepted" in sentence for sentence in errors(app))
    assert not table(app)["Accepted"].any()


def test_upload_of_a_zip_is_unpacked(recognizer: StubRecognizer):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a/one.png", "two.PNG", "__MACOSX/one.png", "a/.hidden.png", "notes.txt"):
            archive.writestr(name, png(size=(100 + len(name), 60)))
    app = upload(open_app("read"), [("words.zip", buffer.getvalue(), "application/zip")])
    assert table(app)["File"].tolist() == ["one.png", "two.PNG"]


@pytest.mark.parametrize(
    ("data", "sentence"), [(b"PK no zip", "no zip that can be read"), (None, "no images in this zip")]
)
def test_upload_of_a_broken_zip_shows_its_sentence(recognizer: StubRecognizer, data: bytes | None, sentence: str):
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    app = upload(open_app("read"), [("words.zip", data or buffer.getvalue(), "application/zip")])
    assert sentence in errors(app)[0]


def test_queue_overflow_shows_an_error(recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HWR_LIMITS", '{"queue_words": 2}')
    app = open_read(4)
    assert len(table(app)) == 2
    assert "The queue holds 2 images" in errors(app)[0]


def test_drawing_is_read_and_its_strokes_exported(recognizer: StubRecognizer):
    app = open_app("read")
    app.session_state["read_source"] = ":material/draw: Draw"
    app.run()
    drawing = "data:image/png;base64," + base64.b64encode(png()).decode()
    send(app, "drawn", {"number": 1, "png": drawing, "svg": "<svg/>"}, "studio_drawing_pad")
    assert table(app)["File"].tolist() == ["drawing-1.png"]
    assert {"read_svg"} <= {button.key for button in app.get("download_button")}
    assert app.session_state["word_queue"].words[shown(app)["id"]].svg == "<svg/>"


def test_drawing_that_is_no_png_is_ignored(recognizer: StubRecognizer):
    app = open_app("read")
    app.session_state["read_source"] = ":material/draw: Draw"
    app.run()
    send(app, "drawn", {"number": 1, "png": "data:image/png;base64,%%%", "svg": ""}, "studio_drawing_pad")
    assert app.tabs
    assert not app.dataframe


def test_photograph_is_cropped_before_it_is_read(recognizer: StubRecognizer):
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
    assert recognizer.shapes[0][1] == 240


def test_crop_replaces_the_word(recognizer: StubRecognizer):
    app = open_read(1)
    next(slider for slider in app.slider if slider.label == "From left to right").set_value((0, 50)).run()
    press(app, "Read this part")
    assert table(app)["File"].tolist() == ["0-cut.png"]
    assert recognizer.shapes[-1][1] == 50


def test_dataset_words_are_read_with_their_transcriptions(recognizer: StubRecognizer, words_added: str):
    app = open_app("read")
    app.session_state["read_source"] = ":material/photo_library: Data set"
    app.run()
    app.selectbox(key="queue_number").set_value(10).run()
    app.button(key="queue_add").click().run()
    assert not app.exception
    assert len(table(app)) == 10
    assert set(table(app)["Transcription"]) <= {"because", "of", "the", "Garden", "museum", "weather", "a", "it's"}
    accept(app)
    (word,) = AcceptedWords().current()
    assert word.source == "letters"
    assert word.word_id.startswith("w")
    assert word.writer.startswith("hand")


def test_dataset_smaller_than_the_counts_is_offered_whole(recognizer: StubRecognizer, words_added: str):
    app = open_app("read")
    app.session_state["read_source"] = ":material/photo_library: Data set"
    app.run()
    app.selectbox(key="queue_part").set_value("all").run()
    total = len(open_dataset(words_added))
    assert app.selectbox(key="queue_number").options == ["10", "25", str(total)]
    app.selectbox(key="queue_number").set_value(total).run()
    assert app.button(key="queue_add").label == f"Read {total} words of letters"
    app.button(key="queue_add").click().run()
    assert len(table(app)) == total
    app.selectbox(key="queue_part").set_value("validation").run()  # fewer than were chosen
    assert app.button(key="queue_add").label == "Read 10 words of letters"


def test_model_that_cannot_be_opened_shows_its_sentence_once(
    recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch
):
    def fail(folder: Path, on_phase: object) -> None:
        raise CheckpointError("The checkpoint is damaged. Copy it again.")

    monkeypatch.setattr(pool, "load_recognizer", fail)
    app = open_read(3)
    assert errors(app) == ["The checkpoint is damaged. Copy it again."]
    assert not app.dataframe
    assert app.file_uploader


def test_table_has_pages(recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queue_table, "ROWS_PER_PAGE", 2)
    app = open_read(5)
    assert table(app)["File"].tolist() == ["0.png", "1.png"]
    press(press(app, "Later"), "Later")
    assert table(app)["File"].tolist() == ["4.png"]
    assert app.button(key="queue_later").disabled


def test_order_least_certain_first(recognizer: StubRecognizer):
    app = open_read(30)  # widths 100 to 129: the stand-in is least sure of 120
    app.segmented_control(key="read_order").set_value("Least certain first").run()
    rows = table(app)
    assert rows["File"].iloc[0] == "20.png"
    assert rows["Sure"].is_monotonic_increasing
    assert shown(app)["name"] == "20.png"
    accept(app)
    assert table(app)["Sure"].isna().tolist() == [True] + [False] * 29


def test_blank_image_is_read_as_nothing(recognizer: StubRecognizer):
    app = open_read(0, blank=png(""))
    assert (shown(app)["ready"], reading(app)) == (True, "")


def test_upload_of_the_same_file_twice_is_one_word(recognizer: StubRecognizer):
    app = open_read(2)
    upload(app, [("0.png", png(size=(100, 60)), "image/png")])
    assert len(table(app)) == 2


def test_clear_empties_the_queue(recognizer: StubRecognizer):
    app = press(open_read(2), "Clear the queue")
    assert not app.dataframe
    assert app.tabs


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_upload_of_usual_formats_is_read(recognizer: StubRecognizer, kind: str):
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(size=(150, 60)))).convert("RGB").save(buffer, kind)
    app = upload(open_app("read"), (f"word.{kind.lower()}", buffer.getvalue(), f"image/{kind.lower()}"))
    assert reading(app) == "because"
    assert recognizer.shapes == [(60, 150)]


def test_upload_with_exif_rotation_and_light_ink_is_turned_upright(recognizer: StubRecognizer):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to see it upright
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(size=(60, 150), ink=255, paper=0))).save(buffer, "JPEG", exif=exif)
    upload(open_app("read"), ("photo.jpg", buffer.getvalue(), "image/jpeg"))
    assert recognizer.shapes == [(60, 150)]


def test_upload_of_a_large_photograph_is_reduced(recognizer: StubRecognizer):
    app = open_read(0, photo=png(size=(3000, 2000)))
    assert recognizer.shapes == [(1067, 1600)]
    assert reading(app) == "because"


@pytest.mark.parametrize("tab", [0, 3])
def test_sample_is_read(recognizer: StubRecognizer, tab: int):
    app = open_app("read")
    app.session_state["read_source"] = [tab.label for tab in app.tabs][tab]
    app.run()
    app.button(key="read_sample_2").click().run()
    assert not app.exception
    assert table(app)["Reading"].tolist() == ["because"]


def test_another_model_reads_anew(recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch):
    app = open_read(2)
    runs = home() / "runs"
    shutil.copytree(runs / "steady", runs / "other")
    before = len(recognizer.calls)
    app.run()
    app.selectbox(key="reader").set_value("other").run()
    assert not app.exception
    assert sum(number for number, _ in recognizer.calls[before:]) == 2


def test_export_rows_hold_every_word(recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch):
    import streamlit as st

    app = accept(type_in(open_read(2, text=b"no image"), "of"))
    assert {button.label for button in app.get("download_button")} >= {"CSV", "JSON", "TXT"}
    folder = home() / "runs" / "steady" / "checkpoint"
    monkeypatch.setattr(st, "session_state", {"word_queue": app.session_state["word_queue"]})
    rows = word_queue.rows(folder, "steady")
    assert [row["text"] for row in rows] == ["ofcause", "because", ""]
    assert [row["accepted"] for row in rows] == [True, False, False]
    assert [row["reader"] for row in rows] == ["steady", "steady", ""]
    assert rows[0]["typed"] == "of"
    assert rows[1]["alternatives"][1] == {"text": "_ome", "confidence": 0.04}
    assert rows[2]["problem"].startswith("text.png: ")
    assert [row["text"] for row in word_queue.rows(folder, "steady", accepted_only=True)] == ["ofcause"]


def test_every_widget_has_a_key_and_a_label(recognizer: StubRecognizer):
    app = open_read(3)
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
