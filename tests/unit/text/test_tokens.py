"""Tokens of characters and of words: round trips, unknown ones, files."""

from __future__ import annotations

import pytest

from hwr_core.errors import CharsetError
from hwr_core.text import Tokens
from hwr_core.text.tokens import EOS_ID, FIRST_TOKEN_ID, PAD_ID, UNK_ID

TEXTS = ["the cat", "a cafe\u0301", "the  end", "x\u0302"]


@pytest.mark.parametrize("words", [False, True])
def test_encode_decode_round_trip(words):
    tokens = Tokens.from_texts(TEXTS, words=words)
    assert [tokens.decode(tokens.encode(text)) for text in TEXTS] == ["the cat", "a café", "the end", "x\u0302"]
    assert all(FIRST_TOKEN_ID <= token < len(tokens) for text in TEXTS for token in tokens.encode(text))


def test_special_ids_are_distinct():
    assert len({PAD_ID, EOS_ID, UNK_ID, FIRST_TOKEN_ID}) == 4
    tokens = Tokens("ab")
    assert len(tokens) == FIRST_TOKEN_ID + 2
    assert tokens.decode([3, PAD_ID, 4, EOS_ID, 3]) == "ab"
    assert tokens.decode([3, UNK_ID]) == "a\N{REPLACEMENT CHARACTER}"
    assert tokens.encode("axb") == [3, UNK_ID, 4]


def test_from_texts_max_words_are_the_most_frequent():
    texts = ["of the", "the sea", "the end of"]
    tokens = Tokens.from_texts(texts, words=True, max_words=2)
    assert tokens.vocabulary == ("of", "the")
    assert tokens.encode("the sea") == [4, UNK_ID]
    assert tokens.decode(tokens.encode("of  the")) == "of the"


def test_from_texts_max_words_ignores_characters():
    text = "".join(chr(0x4E00 + i) for i in range(200))
    assert len(Tokens.from_texts([text], max_words=10).vocabulary) == 200


def test_equality_compares_vocabulary_and_kind():
    assert Tokens("ab") == Tokens("ab")
    assert hash(Tokens("ab")) == hash(Tokens("ab"))
    assert Tokens("ab") != Tokens("ab", words=True)
    assert Tokens("ab") != Tokens("ba")


@pytest.mark.parametrize(
    "tokens", [Tokens("ab é\u0302"), Tokens(["the", "café", "characters"], words=True), Tokens([]), Tokens("#\\")]
)
def test_save_load_round_trip(tmp_path, tokens):
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
def test_load_invalid_file_raises(tmp_path, content, words):
    path = tmp_path / "tokens.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CharsetError, match=words):
        Tokens.load(path)
