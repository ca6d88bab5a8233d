"""The search through a lexicon against scoring each of its words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hwr_core.decoding import labelling_log_prob
from hwr_core.decoding.beam_search import prefix_forward
from hwr_core.decoding.ctc import log_softmax
from hwr_core.decoding.lexicon_search import Folding, LexiconSet, search_lexicons
from hwr_core.language.lexicon import Lexicon
from hwr_core.text import Charset

ALPHABET = "abl'"
CHARSET = Charset("ablABL',5à’")
WEIGHT, PER_LETTER = 0.7, 0.5
WORDS = "a b ab ba aa aab abb bab lab all ball la bla abba labab baba alla ll l'".split()  # noqa: SIM905
LEXICON = Lexicon.from_words(
    {word: float(share) for word, share in zip(WORDS, np.geomspace(0.1, 1e-6, len(WORDS)), strict=True)}, ALPHABET
)


LEXICONS = LexiconSet([LEXICON])
OPTIONS = {"weight": WEIGHT, "per_letter": PER_LETTER}


def frames(seed: int, count: int = 7) -> np.ndarray:
    return log_softmax(np.random.default_rng(seed).normal(0, 1.5, (count, len(CHARSET) + 1)))


def fold(log_probs: np.ndarray) -> np.ndarray:
    return np.log(Folding(CHARSET, ALPHABET)(np.exp(log_probs)))


def searched(folded: np.ndarray, lexicons: LexiconSet = LEXICONS, **options) -> list[tuple[str, float]]:
    return search_lexicons(np.exp(folded)[None], lexicons, [0], **OPTIONS, **options)[0]


def ids(word: str) -> list[int]:
    return [ALPHABET.index(letter) + 1 for letter in word]


def score_of(word: str, folded: np.ndarray) -> float:
    return labelling_log_prob(folded, ids(word)) + WEIGHT * LEXICON.log_prob(word) + PER_LETTER * len(word)


def test_folding_sums_letters_and_preserves_the_total():
    log_probs = frames(1)
    folded = np.exp(fold(log_probs))
    np.testing.assert_allclose(folded.sum(axis=1), 1)
    p = np.exp(log_probs)
    of = {character: label for label, character in enumerate(CHARSET.characters, start=1)}
    np.testing.assert_allclose(folded[:, 1], p[:, of["a"]] + p[:, of["A"]] + p[:, of["à"]])
    np.testing.assert_allclose(folded[:, 4], p[:, of["'"]] + p[:, of["’"]])
    np.testing.assert_allclose(folded[:, 0], p[:, 0] + p[:, of[","]] + p[:, of["5"]])


@pytest.mark.parametrize("seed", range(12))
def test_search_lexicons_words_have_exact_probabilities_best_first(seed):
    folded = fold(frames(seed))
    results = searched(folded, max_words=99)
    expected = sorted((w for w in WORDS if score_of(w, folded) > -99), key=lambda word: -score_of(word, folded))
    assert [word for word, _ in results][:6] == expected[:6]
    for word, score in results:
        assert score == pytest.approx(labelling_log_prob(folded, ids(word)), abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("prefix", ["a", "l", "ba", "al", "bal"])
def test_search_lexicons_with_prefix_finds_its_completions(seed, prefix):
    folded = fold(frames(seed))
    forward = prefix_forward(folded, ids(prefix))
    start = LEXICON.node(prefix)
    assert start is not None
    results = searched(folded, entries=forward[None], starts=[(start, ALPHABET.index(prefix[-1]))], max_words=99)
    assert {prefix + rest for rest, _ in results} <= {
        word for word in WORDS if word.startswith(prefix) and word != prefix
    }
    for rest, score in results:
        assert score == pytest.approx(labelling_log_prob(folded, ids(prefix + rest)), abs=1e-6)
    completions = [
        word for word in WORDS if word.startswith(prefix) and word != prefix and score_of(word, folded) > -99
    ]
    if completions:
        assert prefix + results[0][0] == max(completions, key=lambda word: score_of(word, folded))


def test_search_lexicons_elision_joins_a_word():
    log_probs = np.full((8, len(ALPHABET) + 1), math.log(0.02))
    for frame, label in enumerate([3, 4, 0, 1, 0, 2, 0, 0]):
        log_probs[frame, label] = math.log(0.92)
    assert "l'ab" in [word for word, _ in searched(log_probs, joining=math.log(0.5))]
    assert "l'ab" not in [word for word, _ in searched(log_probs)]


def test_search_lexicons_zero_probabilities_give_no_warning():
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.eye(len(CHARSET) + 1)[[1, 0, 2]])
    with np.errstate(all="raise", under="ignore"):
        results = searched(fold(log_probs))
        assert results[0] == ("ab", pytest.approx(0, abs=1e-9))
        assert {word for word, _ in searched(fold(frames(1, 1)))} == {"a", "b"}


def test_search_lexicons_empty_lexicon_is_empty():
    nothing = Lexicon.from_words({}, ALPHABET)
    assert searched(fold(frames(1)), LexiconSet([nothing])) == []


def test_search_lexicons_batch_equals_single_searches():
    other = Lexicon.from_words({"zab": 0.1, "bz": 0.02, "z'": 0.01, "a": 1e-3, "aba": 1e-4}, "zab'y")
    charset = Charset("ablyzABL',5à’")
    rng = np.random.default_rng(5)
    log_probs = log_softmax(rng.normal(0, 1.5, (6, 8, len(charset) + 1)))
    lexicons, languages = (LEXICON, other), [0, 1, 0, 1, 1, 0]
    each = [np.exp(image_words) for image_words in log_probs]
    frames = np.zeros((6, 8, 6))
    alone = []
    for row, language in enumerate(languages):
        folded = Folding(charset, lexicons[language].alphabet)(each[row])
        frames[row, :, : folded.shape[1]] = folded
        alone += search_lexicons(folded[None], LexiconSet([lexicons[language]]), [0], joining=math.log(0.5), **OPTIONS)
    together = search_lexicons(frames, LexiconSet(lexicons), languages, joining=math.log(0.5), **OPTIONS)
    assert [[word for word, _ in results] for results in together] == [
        [word for word, _ in results] for results in alone
    ]
    scores = [[score for results in image_words for _, score in results] for image_words in (together, alone)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-9)
