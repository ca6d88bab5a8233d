"""Read: what does it say? Every state of the page, with a stand-in reader."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from visiting import StandIn, errors, html, open_app, png


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


def type_in(app: AppTest, text: str) -> AppTest:
    app.text_input[0].set_value(text).run()
    assert not app.exception
    return app


def reading(app: AppTest) -> str:
    """What stands large beside the picture."""
    import re

    (shown,) = re.findall(r'<p class="studio-reading[^>]*>(.*?)</p>', html(app))
    return re.sub("<.*?>", "", shown)


def test_without_a_reader_the_page_leads_to_training(workspace: Path):
    app = open_app("read")
    assert "No reader yet" in html(app)
    assert not app.file_uploader


def test_empty_desk_asks_for_pictures(reader: StandIn):
    app = open_app("read")
    assert [tab.label.split()[-1] for tab in app.tabs] == ["Files", "Camera", "Samples"]
    assert app.file_uploader[0].label == "Pictures of handwritten words"
    assert not app.dataframe
    assert not reader.asked


def test_many_pictures_are_read_in_order(reader: StandIn):
    app = with_words(40)
    assert [number for number, _ in reader.asked] == [1, 16, 16, 7]  # the one under the lamp first
    shown = table(app)
    assert shown["File"].tolist() == [f"{index}.png" for index in range(40)]
    assert set(shown["Reading"]) == {"because"}
    assert reading(app) == "because"
    assert "70 % sure" in html(app)
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
    assert '<span class="typed">bex</span>ause' in html(app)
    assert table(app)["Reading"].tolist() == ["bexause", "because", "because"]
    assert table(app)["Typed"].tolist() == ["bex", "", ""]
    type_in(app, "")
    assert len(reader.asked) == before + 1  # that reading is known
    assert reading(app) == "because"


def test_text_that_the_reader_cannot_write_gives_its_sentence(reader: StandIn):
    app = with_words(3)
    type_in(app, "€")
    assert [error for error in errors(app) if "is not in the charset" in error]
    assert table(app)["Reading"].tolist() == ["", "because", "because"]
    type_in(app, "b")
    assert not errors(app)


def test_accept_goes_on_and_undo_takes_it_back(reader: StandIn):
    app = with_words(2)
    press(app, "Accept")
    assert table(app)["Accepted"].tolist() == [True, False]
    assert "2 of 2" in html(app)
    press(app, "Back")
    assert "1 of 2" in html(app)
    press(app, "Undo")
    assert table(app)["Accepted"].tolist() == [False, False]


def test_an_alternative_can_be_accepted(reader: StandIn):
    app = with_words(1)
    press(app, r"\_ome")
    assert table(app)["Reading"].tolist() == ["_ome"]
    assert reading(app) == "_ome"
    assert table(app)["Accepted"].tolist() == [True]


def test_typing_after_accepting_asks_again(reader: StandIn):
    app = press(with_words(1), "Accept")
    type_in(app, "so")
    assert table(app)["Accepted"].tolist() == [False]
    assert table(app)["Reading"].tolist() == ["socause"]


def test_least_certain_first(reader: StandIn):
    app = with_words(30)  # widths 100 to 129: the stand-in is least sure of 120
    app.segmented_control(key="read_order").set_value("Least certain first").run()
    shown = table(app)
    assert shown["File"].iloc[0] == "20.png"
    assert shown["Sure"].is_monotonic_increasing


def test_a_blank_picture_says_so(reader: StandIn):
    app = with_words(0, blank=png(""))
    assert "nothing that it can read" in html(app)


def test_same_file_twice_is_one_word(reader: StandIn):
    app = with_words(2)
    app.file_uploader[0].set_value([("0.png", png(size=(100, 60)), "image/png")]).run()
    assert len(table(app)) == 2


def test_clear_empties_the_desk(reader: StandIn):
    app = press(with_words(2), "Clear")
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


@pytest.mark.parametrize("tab", [0, 2])
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
    app = press(type_in(with_words(2, text=b"no picture"), "of"), "Accept")
    assert {button.label for button in app.get("download_button")} >= {"CSV", "JSON"}
    from hwr_core import jobs
    from pages.shared import desk

    folder = jobs.home() / "runs" / "steady" / "checkpoint"
    import streamlit as st

    rows = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "session_state", {key: app.session_state[key] for key in ("desk", "readings")})
        rows = desk.records(folder, "steady")
    assert [row["text"] for row in rows] == ["ofcause", "because", ""]
    assert [row["accepted"] for row in rows] == [True, False, False]
    assert rows[0]["typed"] == "of"
    assert rows[1]["alternatives"][1] == {"text": "_ome", "confidence": 0.04}
    assert rows[2]["problem"].startswith("text.png: this is no picture")
    frame = pd.read_csv(io.BytesIO(desk.as_csv(rows)), keep_default_na=False)
    assert frame["text"].tolist() == ["ofcause", "because", ""]
    assert "_ome (0.0400)" in frame["alternatives"][1]
    assert json.loads(desk.as_json(rows)) == rows


def test_every_widget_has_a_key_and_a_label(reader: StandIn):
    app = with_words(3)
    for kind in ("button", "text_input", "selectbox", "segmented_control", "file_uploader", "download_button"):
        for widget in app.get(kind):
            assert widget.key, widget
            assert widget.proto.label, widget
