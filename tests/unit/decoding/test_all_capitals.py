"""Words in capitals: detected over many words of one writer, not in one; and read as capitals."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.decoding import best_paths
from hwr_core.decoding.all_capitals import (
    MAX_WORD_LOG_RATIO,
    NEUTRAL_LOG_RATIO,
    AllCapitals,
    ShareInCapitals,
    in_capitals,
    share_in_capitals,
)
from hwr_core.decoding.ctc import log_softmax
from hwr_core.text import Charset

CHARSET = Charset("abcABßé1É'")
CAPITALS = AllCapitals(CHARSET)


def frames_of(text: str, ratio: float) -> np.ndarray:
    """`(T, C)` log-probabilities of `text`, with log ratio `ratio` of each letter's capital to its lower case."""
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
def test_log_ratios_are_the_mean_of_the_letters_after_the_first(ratio):
    ratios = CAPITALS.log_ratios(frames_of("abab" if ratio < 0 else "ABAB", ratio)[None])
    assert ratios[0] == pytest.approx(
        np.clip(ratio - NEUTRAL_LOG_RATIO, -MAX_WORD_LOG_RATIO, MAX_WORD_LOG_RATIO), abs=1e-6
    )


@pytest.mark.parametrize("text", ["a", "A", "1111", "a1", "c'c", "ßß", "bccc"])
def test_log_ratios_word_without_cased_letters_is_nan(text):
    assert np.isnan(CAPITALS.log_ratios(frames_of(text, 0.0)[None])[0])


def test_capitalized_selected_words_read_as_capitals():
    words = np.stack([frames_of("abé1", -3.0), frames_of("abé1", -3.0), frames_of("cß1c", -3.0)])
    original = words.copy()
    read = CAPITALS.capitalized(words, np.array([False, True, True]))
    assert texts_of(read) == ["abé1", "ABÉ1", "cß1c"]
    assert (words == original).all()
    assert (read[0] == original[0]).all()
    np.testing.assert_allclose(np.exp(read).sum(axis=2), 1, atol=1e-4)
    assert np.isfinite(read).all()  # so that a lower-case prefix can still be read


def test_capitalized_letters_with_one_capital_all_count_for_it():
    charset = Charset("abiıIAB")
    frame = np.full((1, 1, len(charset) + 1), np.log(1e-4))
    for letter, share in (("i", 0.6), ("ı", 0.3), ("I", 0.1)):
        frame[..., charset.encode(letter)] = np.log(share)
    changed = np.exp(AllCapitals(charset).capitalized(frame, np.array([True])))[0, 0]
    assert changed[charset.encode("I")[0]] == pytest.approx(1.0, abs=1e-6)
    assert changed[charset.encode("i")[0]] < 1e-4
    assert changed[charset.encode("ı")[0]] < 1e-4


def test_capitalized_no_word_selected_copies_nothing():
    words = frames_of("ab", 0.0)[None]
    assert CAPITALS.capitalized(words, np.array([False])) is words
    assert AllCapitals(Charset("12")).capitalized(words[:, :, :3], np.array([True])).shape == (1, 4, 3)


def test_share_in_capitals_many_words_decide_and_one_does_not():
    one, twenty = [2.5], [2.5] * 20
    assert share_in_capitals(one) < 0.2
    assert share_in_capitals(twenty) > 0.4
    assert share_in_capitals([]) == share_in_capitals([np.nan]) == pytest.approx(0.02)
    assert not in_capitals(np.array(one), share_in_capitals(one)).any()
    assert in_capitals(np.array(twenty), share_in_capitals(twenty)).all()


def test_in_capitals_few_acronyms_change_nothing():
    words = np.array([-3.5] * 60 + [4.0] * 4)
    assert not in_capitals(words, share_in_capitals(words)).any()


def test_in_capitals_two_writers_are_separated():
    words = np.array([-3.5] * 30 + [2.5] * 30)
    assert in_capitals(words, share_in_capitals(words)).tolist() == [False] * 30 + [True] * 30


def test_share_in_capitals_fixed_share_is_used():
    assert ShareInCapitals(0.0).update(np.full(50, 4.0)) == 0
    doubtful = np.array([-4.0, 0.0, np.nan])
    assert in_capitals(doubtful, 1.0).all()
    assert not in_capitals(doubtful, 0.0).any()


def test_share_in_capitals_update_counts_earlier_words():
    share = ShareInCapitals()
    assert share.update(np.full(30, 3.0)) > 0.5
    assert in_capitals(np.array([2.5]), share.update(np.array([2.5]))).all()  # alone it would be too few
