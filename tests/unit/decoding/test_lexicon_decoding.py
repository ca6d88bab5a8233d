"""The search through a lexicon against scoring each of its words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hwr_core.decoding import labelling_log_prob
from hwr_core.decoding.beam_search import prefix_forward
from hwr_core.decoding.ctc import log_softmax
from hwr_core.decoding.lexicon import Folding, LexiconSet, likeliest_words
from hwr_core.language.lexicon import Lexicon
from hwr_core.text import Charset

ALPHABET = "abl'"
CHARSET = Charset("ablABL',5à’")
WEIGHT, PER_LETTER = 0.7, 0.5
WORDS = "a b ab ba aa aab abb bab lab all ball la bla abba labab baba alla ll l'".split()  # noqa: SIM905
LEXICON = Lexicon.from_words(
    {word: float(share) for word, share in zip(WORDS, np.geomspace(0.1, 1e-6, len(WORDS)), strict=True)}, ALPHABET
)


GROVE = LexiconSet([LEXICON])
OPTIONS = {"weight": WEIGHT, "per_letter": PER_LETTER}


def frames(seed: int, count: int = 7) -> np.ndarray:
    return log_softmax(np.random.default_rng(seed).normal(0, 1.5, (count, len(CHARSET) + 1)))


def fold(log_probs: np.ndarray) -> np.ndarray:
    return np.log(Folding(CHARSET, ALPHABET)(np.exp(log_probs)))


def searched(folded: np.ndarray, grove: LexiconSet = GROVE, **options) -> list[tuple[str, float]]:
    return likeliest_words(np.exp(folded)[None], grove, [0], **OPTIONS, **options)[0]


def ids(word: str) -> list[int]:
    return [ALPHABET.index(letter) + 1 for letter in word]


def judged(word: str, folded: np.ndarray) -> float:
    return labelling_log_prob(folded, ids(word)) + WEIGHT * LEXICON.log_prob(word) + PER_LETTER * len(word)


def test_folding_keeps_the_sum_and_joins_letters():
    log_probs = frames(1)
    folded = np.exp(fold(log_probs))
    np.testing.assert_allclose(folded.sum(axis=1), 1)
    p = np.exp(log_probs)
    of = {character: label for label, character in enumerate(CHARSET.characters, start=1)}
    np.testing.assert_allclose(folded[:, 1], p[:, of["a"]] + p[:, of["A"]] + p[:, of["à"]])
    np.testing.assert_allclose(folded[:, 4], p[:, of["'"]] + p[:, of["’"]])
    np.testing.assert_allclose(folded[:, 0], p[:, 0] + p[:, of[","]] + p[:, of["5"]])


@pytest.mark.parametrize("seed", range(12))
def test_words_come_with_their_own_probability_and_the_best_first(seed):
    folded = fold(frames(seed))
    found = searched(folded, most=99)
    expected = sorted((w for w in WORDS if judged(w, folded) > -99), key=lambda word: -judged(word, folded))
    assert [word for word, _ in found][:6] == expected[:6]
    for word, score in found:
        assert score == pytest.approx(labelling_log_prob(folded, ids(word)), abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("prefix", ["a", "l", "ba", "al", "bal"])
def test_behind_a_prefix(seed, prefix):
    folded = fold(frames(seed))
    forward = prefix_forward(folded, ids(prefix))
    start = LEXICON.node(prefix)
    assert start is not None
    found = searched(folded, entries=forward[None], starts=[(start, ALPHABET.index(prefix[-1]))], most=99)
    assert {prefix + rest for rest, _ in found} <= {
        word for word in WORDS if word.startswith(prefix) and word != prefix
    }
    for rest, score in found:
        assert score == pytest.approx(labelling_log_prob(folded, ids(prefix + rest)), abs=1e-6)
    longer = [word for word in WORDS if word.startswith(prefix) and word != prefix and judged(word, folded) > -99]
    if longer:
        assert prefix + found[0][0] == max(longer, key=lambda word: judged(word, folded))


def test_an_elision_joins_a_word():
    log_probs = np.full((8, len(ALPHABET) + 1), math.log(0.02))
    for frame, label in enumerate([3, 4, 0, 1, 0, 2, 0, 0]):
        log_probs[frame, label] = math.log(0.92)
    assert "l'ab" in [word for word, _ in searched(log_probs, joining=math.log(0.5))]
    assert "l'ab" not in [word for word, _ in searched(log_probs)]


def test_impossible_frames_and_short_ones_give_no_warning():
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.eye(len(CHARSET) + 1)[[1, 0, 2]])
    with np.errstate(all="raise", under="ignore"):
        found = searched(fold(log_probs))
        assert found[0] == ("ab", pytest.approx(0, abs=1e-9))
        assert {word for word, _ in searched(fold(frames(1, 1)))} == {"a", "b"}


def test_an_empty_lexicon_has_no_words():
    nothing = Lexicon.from_words({}, ALPHABET)
    assert searched(fold(frames(1)), LexiconSet([nothing])) == []


def test_many_pictures_and_lexicons_at_once_are_searched_as_each_alone():
    other = Lexicon.from_words({"zab": 0.1, "bz": 0.02, "z'": 0.01, "a": 1e-3, "aba": 1e-4}, "zab'y")
    charset = Charset("ablyzABL',5à’")
    rng = np.random.default_rng(5)
    log_probs = log_softmax(rng.normal(0, 1.5, (6, 8, len(charset) + 1)))
    lexicons, languages = (LEXICON, other), [0, 1, 0, 1, 1, 0]
    each = [np.exp(some) for some in log_probs]
    frames = np.zeros((6, 8, 6))
    alone = []
    for row, language in enumerate(languages):
        folded = Folding(charset, lexicons[language].alphabet)(each[row])
        frames[row, :, : folded.shape[1]] = folded
        alone += likeliest_words(folded[None], LexiconSet([lexicons[language]]), [0], joining=math.log(0.5), **OPTIONS)
    together = likeliest_words(frames, LexiconSet(lexicons), languages, joining=math.log(0.5), **OPTIONS)
    assert [[word for word, _ in found] for found in together] == [[word for word, _ in found] for found in alone]
    scores = [[score for found in some for _, score in found] for some in (together, alone)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-9)
