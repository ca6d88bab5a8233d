"""Exports hold no formula, and come back as they were."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from hwr_core import spreadsheet
from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import add_dataset
from hwr_core.datasets.dataset import report_csv
from hwr_core.datasets.my_corrections import export, my_corrections
from hwr_core.datasets.sources.table import read_table
from hwr_core.recognition.export import export_row, rows_to_csv

FORMULAS = ["=1+1", "+49", "-", "=", "@sum", "-5", "'-", "''=x", "\tx", "\rx"]


@pytest.mark.parametrize("text", [*FORMULAS, "it's", "'tis", "a-b", "", "'", "é"])
def test_defused_is_no_formula_and_is_restored(text: str):
    cell = spreadsheet.defused(text)
    assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert spreadsheet.restored(cell) == text


def test_to_csv_defuses_texts_and_names_and_leaves_numbers():
    table = pd.DataFrame({"=name": ["-", "tea", None], "value": [-1.5, 2.0, np.nan]})
    rows = list(csv.reader(io.StringIO(spreadsheet.to_csv(table).decode())))
    assert rows == [["'=name", "value"], ["'-", "-1.5"], ["tea", "2.0"], ["", ""]]
    assert spreadsheet.to_csv(table, with_mark=True).startswith(b"\xef\xbb\xbf")


def test_readings_export_holds_no_formula_and_is_read_back():
    rows = [export_row(f"{text}.png", None, "", accepted=text, typed=text) for text in FORMULAS[:6]]
    data = rows_to_csv(rows)
    for cells in csv.reader(io.StringIO(data.decode())):
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]
    table = read_table("readings.csv", data)
    place = table.header.index("text")
    assert [cells[place] for _, cells in table.rows()] == FORMULAS[:6]


def test_reading_of_another_list_leaves_its_apostrophes():
    table = read_table("words.csv", b"word_id,transcription\na,'-\n")
    assert [cells for _, cells in table.rows()] == [["a", "'-"]]


def test_report_holds_no_formula():
    report = pd.DataFrame({"row": [1], "word_id": ["=cmd"], "image": ["@x"], "reason": ["-y"], "problem": ["+z"]})
    rows = list(csv.reader(io.StringIO(report_csv(report).decode("utf-8-sig"))))
    assert rows[1] == [
        "1",
        "'=cmd",
        "'@x",
        "'-y",
        "'+z",
    ]


def test_accepted_words_that_look_like_formulas_survive_export_and_import(draw, tmp_path):
    accepted = AcceptedWords()
    texts = ["-", "=", "+1", "tea"]
    for index, text in enumerate(texts):
        accepted.accept(draw(f"word{index}"), text, writer="=ann")
    export(accepted, tmp_path / "words.zip")
    with zipfile.ZipFile(tmp_path / "words.zip") as archive:
        rows = list(csv.reader(io.StringIO(archive.read("my-corrections/words.csv").decode())))
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]
    for dataset in (add_dataset("again", tmp_path / "words.zip"), my_corrections()):
        assert sorted(dataset.table["transcription"]) == sorted(texts)
        assert set(dataset.table["writer"]) == {"=ann"}
