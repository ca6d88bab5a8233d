from __future__ import annotations

import pytest

from hwr_core.datasets.sources.table import check_columns, columns_of, decode_text, parse, read_table
from hwr_core.errors import DataError

PLAIN = "word_id,transcription\na,été\nb,two words\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_decode_text_unicode_has_no_note(encoding):
    text, notes = decode_text("words.csv", PLAIN.encode(encoding))
    assert text == PLAIN
    assert notes == []


def test_decode_text_windows_1252_has_a_note():
    text, notes = decode_text("words.csv", PLAIN.encode("cp1252"))
    assert text == PLAIN
    assert "Windows-1252" in notes[0]


def test_decode_text_other_bytes_are_latin_1():
    text, notes = decode_text("words.csv", b"word_id,transcription\na,\x81\xe9\n")
    assert text.endswith("\x81é\n")
    assert "Latin-1" in notes[0]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_read_table_separators_and_line_ends(separator, line_end):
    text = line_end.join(separator.join(cells) for cells in (("word_id", "transcription"), ("a", "x"), ("b", "y")))
    table = read_table("words.csv", text.encode())
    assert table.separator == separator
    assert list(table.rows()) == [(2, ["a", "x"]), (3, ["b", "y"])]


def test_read_table_known_columns_decide_the_separator():
    table = read_table("words.csv", b"word_id;transcription;a, b, c, d\n1;x;y\n")
    assert table.separator == ";"


def test_read_table_quoted_cells():
    table = read_table("words.csv", b'word_id,transcription\na,"one, ""two""\nthree"\nb,x\n')
    assert list(table.rows()) == [(2, ["a", 'one, "two"\nthree']), (3, ["b", "x"])]


def test_read_table_open_quotation_mark_keeps_rows():
    rows = "".join(f"w{i},text\n" for i in range(50))
    table = read_table("words.csv", f'word_id,transcription\na,"\n{rows}'.encode())
    assert len(list(table.rows())) == 51
    assert "never closes" in table.notes[0]


def test_parse_large_cell():
    assert len(next(parse("x" * 1_000_000, ","))[0]) == 1_000_000


def test_read_table_blank_rows_are_counted():
    table = read_table("words.csv", b"word_id,transcription\n\n , \na,b\n")
    assert list(table.rows()) == [(4, ["a", "b"])]


@pytest.mark.parametrize("data", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_read_table_empty_file_raises(data):
    with pytest.raises(DataError, match=r"words.csv is empty. .*\.$"):
        read_table("words.csv", data)


def test_read_table_garbage_raises():
    with pytest.raises(DataError, match="no text"):
        read_table("words.csv", bytes(range(256)) * 20)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["line_id", "text"], {"word_id": 0, "transcription": 1}),
        (["FILENAME", "IDENTITY"], {"image": 0, "transcription": 1}),
        (["Image Path", "Label", "Author"], {"image": 0, "transcription": 1, "writer": 2}),
        (["", "path", "word", "page", "subset"], {"image": 1, "transcription": 2, "form": 3, "split": 4}),
        (["id", "id", "text"], {"word_id": 0, "transcription": 2}),
    ],
)
def test_columns_of_usual_names(header, expected):
    assert columns_of(header, {}) == expected


def test_columns_of_mapping_comes_first():
    assert columns_of(["text", "Clean Text", "id"], {"transcription": "clean text"}) == {
        "transcription": 1,
        "word_id": 2,
    }


@pytest.mark.parametrize(
    ("header", "columns", "sentence"),
    [
        ("a,b", {}, "words.csv has no column transcription. Found: 'a', 'b'. Name the column .*=NAME."),
        ("text,b", {}, "neither a column word_id nor a column image. Found: 'text', 'b'. Name the column .*=NAME."),
        (
            "id,text",
            {"transcription": "Wort"},
            "words.csv has no column 'Wort' for transcription. Found: 'id', 'text'.",
        ),
        ("id,text", {"colour": "text"}, "There is no column 'colour' to map. Known: word_id, .*"),
        (",".join("abcdefghijklmn"), {}, "'l', ..."),
    ],
)
def test_check_columns_missing_raises_with_the_header(header, columns, sentence):
    with pytest.raises(DataError, match=sentence):
        check_columns(read_table("words.csv", f"{header}\n1,2\n".encode()), columns)
