"""Words in capitals: told by many words of one hand, not by one; and read as capitals."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.decoding import best_paths
from hwr_core.decoding.all_capitals import EVEN, MOST, AllCapitals, ShareInCapitals, in_capitals, share_in_capitals
from hwr_core.decoding.ctc import log_softmax
from hwr_core.text import Charset

CHARSET = Charset("abcABßé1É'")
CAPITALS = AllCapitals(CHARSET)


def seen(text: str, ratio: float) -> np.ndarray:
    """`(T, C)`: what a network says of `text`, its letters' capitals `ratio` more probable than their small ones."""
    frames = np.full((2 * len(text), len(CHARSET) + 1), -9.0)
    frames[1::2, 0] = 5
    for place, letter in enumerate(text):
        frames[2 * place, CHARSET.encode(letter)] = 5
        small, large = letter.lower(), letter.upper()
        if small != large and len(large) == 1 and {small, large} <= set(CHARSET.characters):
            frames[2 * place, CHARSET.encode(small)] = 5 + min(0, -ratio)
            frames[2 * place, CHARSET.encode(large)] = 5 + min(0, ratio)
    return log_softmax(frames)


def texts_of(log_probs: np.ndarray) -> list[str]:
    return [CHARSET.decode(path) for path in best_paths(log_probs)]


@pytest.mark.parametrize("ratio", [-7.0, -5.5, -3.0, 0.0, 2.0])
def test_the_evidence_is_the_mean_of_the_letters_behind_the_first(ratio):
    found = CAPITALS.evidence(seen("abab" if ratio < 0 else "ABAB", ratio)[None])
    assert found[0] == pytest.approx(np.clip(ratio - EVEN, -MOST, MOST), abs=1e-6)


@pytest.mark.parametrize("text", ["a", "A", "1111", "a1", "c'c", "ßß", "bccc"])
def test_a_word_without_letters_that_have_a_capital_tells_nothing(text):
    assert np.isnan(CAPITALS.evidence(seen(text, 0.0)[None])[0])


def test_small_letters_count_for_their_capitals_in_the_words_that_are_named():
    words = np.stack([seen("abé1", -3.0), seen("abé1", -3.0), seen("cß1c", -3.0)])
    kept = words.copy()
    read = CAPITALS.read_as(words, np.array([False, True, True]))
    assert texts_of(read) == ["abé1", "ABÉ1", "cß1c"]
    assert (words == kept).all()
    assert (read[0] == kept[0]).all()
    np.testing.assert_allclose(np.exp(read).sum(axis=2), 1, atol=1e-4)
    assert np.isfinite(read).all()  # so that a small letter that is typed all the same can be read


def test_small_letters_that_share_a_capital_all_count_for_it():
    charset = Charset("abiıIAB")
    frame = np.full((1, 1, len(charset) + 1), np.log(1e-4))
    for letter, share in (("i", 0.6), ("ı", 0.3), ("I", 0.1)):
        frame[..., charset.encode(letter)] = np.log(share)
    changed = np.exp(AllCapitals(charset).read_as(frame, np.array([True])))[0, 0]
    assert changed[charset.encode("I")[0]] == pytest.approx(1.0, abs=1e-6)
    assert changed[charset.encode("i")[0]] < 1e-4
    assert changed[charset.encode("ı")[0]] < 1e-4


def test_nothing_is_copied_where_no_word_is_named():
    words = seen("ab", 0.0)[None]
    assert CAPITALS.read_as(words, np.array([False])) is words
    assert AllCapitals(Charset("12")).read_as(words[:, :, :3], np.array([True])).shape == (1, 4, 3)


def test_many_words_tell_what_one_leaves_in_doubt():
    one, many = [2.5], [2.5] * 20
    assert share_in_capitals(one) < 0.2
    assert share_in_capitals(many) > 0.4
    assert share_in_capitals([]) == share_in_capitals([np.nan]) == pytest.approx(0.02)
    assert not in_capitals(np.array(one), share_in_capitals(one)).any()
    assert in_capitals(np.array(many), share_in_capitals(many)).all()


def test_acronyms_among_small_letters_change_nothing():
    words = np.array([-3.5] * 60 + [4.0] * 4)
    assert not in_capitals(words, share_in_capitals(words)).any()


def test_of_two_hands_each_keeps_its_own():
    words = np.array([-3.5] * 30 + [2.5] * 30)
    assert in_capitals(words, share_in_capitals(words)).tolist() == [False] * 30 + [True] * 30


def test_a_share_that_is_given_is_taken():
    assert ShareInCapitals(0.0).of(np.full(50, 4.0)) == 0
    doubtful = np.array([-4.0, 0.0, np.nan])
    assert in_capitals(doubtful, 1.0).all()
    assert not in_capitals(doubtful, 0.0).any()


def test_what_was_seen_before_counts():
    share = ShareInCapitals()
    assert share.of(np.full(30, 3.0)) > 0.5
    assert in_capitals(np.array([2.5]), share.of(np.array([2.5]))).all()  # alone it would be too few
