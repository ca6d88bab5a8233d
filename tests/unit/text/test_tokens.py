"""Tokens of characters and of words: round trips, unknown ones, files."""

from __future__ import annotations

import pytest

from hwr_core.errors import CharsetError
from hwr_core.text import Tokens
from hwr_core.text.tokens import END, FIRST, PADDING, UNKNOWN

TEXTS = ["the cat", "a cafe\u0301", "the  end", "x\u0302"]


@pytest.mark.parametrize("words", [False, True])
def test_texts_come_back_from_their_ids(words):
    tokens = Tokens.from_texts(TEXTS, words=words)
    assert [tokens.decode(tokens.encode(text)) for text in TEXTS] == ["the cat", "a café", "the end", "x\u0302"]
    assert all(FIRST <= token < len(tokens) for text in TEXTS for token in tokens.encode(text))


def test_special_ids_are_apart_from_written_ones():
    assert len({PADDING, END, UNKNOWN, FIRST}) == 4
    tokens = Tokens("ab")
    assert len(tokens) == FIRST + 2
    assert tokens.decode([3, PADDING, 4, END, 3]) == "ab"
    assert tokens.decode([3, UNKNOWN]) == "a\N{REPLACEMENT CHARACTER}"
    assert tokens.encode("axb") == [3, UNKNOWN, 4]


def test_of_words_the_most_frequent_are_kept():
    texts = ["of the", "the sea", "the end of"]
    tokens = Tokens.from_texts(texts, words=True, most=2)
    assert tokens.written == ("of", "the")
    assert tokens.encode("the sea") == [4, UNKNOWN]
    assert tokens.decode(tokens.encode("of  the")) == "of the"


def test_characters_are_never_cut_off():
    text = "".join(chr(0x4E00 + i) for i in range(200))
    assert len(Tokens.from_texts([text], most=10).written) == 200


def test_equality_is_of_tokens_and_kind():
    assert Tokens("ab") == Tokens("ab")
    assert hash(Tokens("ab")) == hash(Tokens("ab"))
    assert Tokens("ab") != Tokens("ab", words=True)
    assert Tokens("ab") != Tokens("ba")


@pytest.mark.parametrize(
    "tokens", [Tokens("ab é\u0302"), Tokens(["the", "café", "characters"], words=True), Tokens([]), Tokens("#\\")]
)
def test_tokens_are_the_same_after_their_file(tmp_path, tokens):
    tokens.save(tmp_path / "tokens.txt")
    assert Tokens.load(tmp_path / "tokens.txt") == tokens


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"", "begin with a line"),
        (b"a\nb\n", "begin with a line"),
        (b"words\nthe\nthe\n", "repeats"),
    ],
)
def test_files_that_hold_no_tokens(tmp_path, content, words):
    path = tmp_path / "tokens.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CharsetError, match=words):
        Tokens.load(path)
