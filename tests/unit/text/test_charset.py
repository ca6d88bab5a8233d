"""Characters and their ids: round trips, NFC, and sentences for what cannot be written."""

from __future__ import annotations

import random
import unicodedata

import pytest

from hwr_core.errors import CharsetError
from hwr_core.text import Charset, normalize
from hwr_core.text.charset import frames_needed

TEXTS = ["café", "Straße 12", "naïve?", "Þórr", "Ελλάδα", "слово", "देवनागरी", "x̂ y̌", "日本"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  two   words \t\n", "two words"),
        ("cafe\u0301", "café"),
        ("\u212b", "Å"),
        ("a\u00a0b\u2028c", "a b c"),
        ("x\u0302", "x\u0302"),  # no single character for it: the mark stays
        ("", ""),
        (" \n ", ""),
    ],
)
def test_normalize_is_nfc_with_single_spaces(text, plain):
    assert normalize(text) == plain
    assert normalize(plain) == plain


def test_encode_decode_round_trip():
    charset = Charset.from_texts(TEXTS)
    for text in TEXTS:
        for form in ("NFC", "NFD"):
            labels = charset.encode(unicodedata.normalize(form, text))
            assert charset.decode(labels) == unicodedata.normalize("NFC", text)
            assert min(labels) >= 1
            assert max(labels) <= len(charset)


def test_encode_ids_are_dense_and_sorted():
    charset = Charset.from_texts(["ba", " c  b"])
    assert charset.characters == (" ", "a", "b", "c")
    assert charset.encode("abc") == [2, 3, 4]
    assert charset.decode([0, *charset.encode("ab"), 0, 0]) == "ab"


def test_from_texts_order_does_not_matter():
    shuffled = random.Random(1).sample(TEXTS, len(TEXTS))
    assert Charset.from_texts(shuffled) == Charset.from_texts(TEXTS)
    assert hash(Charset("ab")) == hash(Charset("ab"))
    assert Charset("ab") != Charset("ba")
    assert Charset("ab") != "ab"


def test_from_texts_combining_marks_are_characters():
    charset = Charset.from_texts(["x\u0302"])
    assert charset.characters == ("x", "\u0302")
    assert "\u0302" in charset
    assert charset.decode(charset.encode("x\u0302x")) == "x\u0302x"


def test_encode_unknown_character_raises():
    with pytest.raises(CharsetError) as error:
        Charset.from_texts(["cafe"]).encode("caf\u0065\u0301")
    assert str(error.value) == (
        "Character 'é' (U+00E9) at position 3 of 'café' is not in the charset of 4 characters. Clean the "
        "transcription, or train with a charset that has it."
    )


def test_missing_is_distinct_and_ordered():
    assert Charset("abc").missing("zaybyz") == ["z", "y"]
    assert Charset("abc").missing("cab") == []
    assert Charset("é").missing("e\u0301") == []


@pytest.mark.parametrize("characters", ["aa", ["ab"], ["a", ""], "a\n", "a\x00", "\ud800"])
def test_charset_invalid_characters_raise(characters):
    with pytest.raises(CharsetError) as error:
        Charset(characters)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("characters", ["abc", " ab", "#,\"'\\", "é\u0302ß", "日本語", "\u200d\u00adx"])
def test_save_load_round_trip(tmp_path, characters):
    path = tmp_path / "charset.txt"
    Charset(characters).save(path)
    assert path.read_bytes().decode().split("\n") == [*characters, ""]
    assert Charset.load(path) == Charset(characters)


def test_load_without_final_line_break(tmp_path):
    (tmp_path / "charset.txt").write_bytes(b"a\nb")
    assert Charset.load(tmp_path / "charset.txt") == Charset("ab")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"\xff", "cannot be read"), (b"", "is empty"), (b"ab\n", "'ab'"), (b"a\na\n", "once")],
)
def test_load_invalid_file_raises(tmp_path, content, words):
    path = tmp_path / "charset.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CharsetError, match=words):
        Charset.load(path)


@pytest.mark.parametrize(("text", "frames"), [("", 0), ("a", 1), ("ab", 2), ("aa", 3), ("aaa", 5), ("aabb", 6)])
def test_frames_needed_counts_blanks_between_repeats(text, frames):
    assert frames_needed(text) == frames
