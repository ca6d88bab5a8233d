"""Error rates against jiwer, on random texts."""

from __future__ import annotations

import random

import jiwer
import pytest

from hwr_core.errors import DataError
from hwr_core.text import character_error_rate, edit_distance, word_accuracy, word_error_rate


def random_texts(seed: int) -> tuple[list[str], list[str]]:
    """Transcriptions of one to four words, and readings that are edits of them, now and then empty."""
    rng = random.Random(seed)
    transcriptions, readings = [], []
    for _ in range(12):
        words = ["".join(rng.choices("abcé", k=rng.randint(1, 6))) for _ in range(rng.randint(1, 4))]
        letters = list(" ".join(words))
        for _ in range(rng.randint(0, 5)):
            place = rng.randrange(len(letters) + 1)
            letters[place : place + rng.randint(0, 2)] = rng.choices("abx ", k=rng.randint(0, 2))
        transcriptions.append(" ".join(words))
        readings.append("" if rng.random() < 0.1 else " ".join("".join(letters).split()))
    return transcriptions, readings


@pytest.mark.parametrize("seed", range(20))
def test_error_rates_equal_jiwer(seed):
    transcriptions, readings = random_texts(seed)
    assert character_error_rate(transcriptions, readings) == pytest.approx(jiwer.cer(transcriptions, readings))
    assert word_error_rate(transcriptions, readings) == pytest.approx(jiwer.wer(transcriptions, readings))


@pytest.mark.parametrize("seed", range(20))
def test_edit_distance_equals_the_recursion(seed):
    rng = random.Random(seed)
    a, b = ("".join(rng.choices("abc", k=rng.randint(0, 7))) for _ in range(2))

    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        change = distance(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(change, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    assert edit_distance(a, b) == distance(len(a), len(b))


def test_error_rates_are_corpus_averages():
    assert character_error_rate(["a", "abcdefghi"], ["b", "abcdefghi"]) == 0.1
    assert character_error_rate(["a"], ["xyz"]) == 3
    assert word_error_rate(["a"], ["b c d"]) == 3
    assert character_error_rate(["ab", "c"], ["", ""]) == 1


def test_character_error_rate_case_and_marks_count():
    assert character_error_rate(["Café."], ["cafe"]) == pytest.approx(3 / 5)


def test_word_accuracy_is_the_share_of_exact_readings():
    assert word_accuracy(["a", "b c", "d", ""], ["a", "b  c", "x y z", ""]) == 0.5
    transcriptions, readings = ["ab", "cd", "ef"], ["ab", "cx", ""]
    assert word_accuracy(transcriptions, readings) == pytest.approx(1 - jiwer.wer(transcriptions, readings))


@pytest.mark.parametrize("rate", [character_error_rate, word_error_rate, word_accuracy])
@pytest.mark.parametrize(("transcriptions", "readings"), [(["a"], []), ([], []), (["", " "], ["", ""])])
def test_error_rates_without_reference_raise(rate, transcriptions, readings):
    with pytest.raises(DataError, match="Received"):
        rate(transcriptions, readings)
