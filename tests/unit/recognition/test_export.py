"""Readings as CSV, JSON, text and SVG files."""

from __future__ import annotations

import io
import json
import zipfile

import pandas as pd

from hwr_core.recognition import Reading
from hwr_core.recognition.export import drawings_to_zip, export_row, rows_to_csv, rows_to_json, rows_to_text

READING = Reading("because", 0.61234, [("because", 0.61234), ("becouse", 0.04)])
ROWS = [
    export_row("0.png", READING, "steady", typed="of", accepted="ofcause"),
    export_row("1.png", READING, "steady"),
    export_row("text.png", None, "steady", problem="text.png: this is no image."),
]


def test_export_row_takes_the_accepted_text_before_the_reading():
    assert [row["text"] for row in ROWS] == ["ofcause", "because", ""]
    assert [row["accepted"] for row in ROWS] == [True, False, False]
    assert ROWS[0]["typed"] == "of"
    assert ROWS[1]["confidence"] == 0.6123
    assert ROWS[1]["alternatives"][1] == {"text": "becouse", "confidence": 0.04}


def test_export_row_of_an_unread_word_names_no_recognizer():
    assert (ROWS[2]["reading"], ROWS[2]["confidence"], ROWS[2]["reader"]) == ("", None, "")
    assert ROWS[2]["problem"] == "text.png: this is no image."


def test_rows_to_csv_has_one_line_a_word():
    frame = pd.read_csv(io.BytesIO(rows_to_csv(ROWS)), keep_default_na=False)
    assert frame.columns.tolist() == [
        "file", "text", "reading", "confidence", "typed", "accepted", "alternatives", "reader", "problem",
    ]  # fmt: skip
    assert frame["text"].tolist() == ["ofcause", "because", ""]
    assert frame["alternatives"].tolist() == ["because (0.6123) | becouse (0.0400)"] * 2 + [""]


def test_rows_to_json_is_read_back_equal():
    assert json.loads(rows_to_json(ROWS)) == ROWS


def test_rows_to_text_is_one_word_a_line():
    assert rows_to_text(ROWS) == b"ofcause\nbecause\n\n"


def test_drawings_to_zip_holds_an_svg_a_word():
    with zipfile.ZipFile(io.BytesIO(drawings_to_zip([("drawing-1.png", "<svg/>")]))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"drawing-1.svg": b"<svg/>"}
