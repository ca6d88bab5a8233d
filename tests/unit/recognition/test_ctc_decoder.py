"""CTC decoding under constraints and with languages, against the enumeration of all texts."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache
from itertools import groupby, pairwise, product

import numpy as np
import pytest

from hwr_core.decoding.ctc import log_softmax
from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.decoding.lexicon_candidates import LexiconCandidates
from hwr_core.errors import CharsetError
from hwr_core.language.language_model import LanguageModel, load_language
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.ngram import CharacterModel
from hwr_core.recognition.ctc_decoder import CtcDecoder
from hwr_core.text import Charset

CHARSET = Charset("ab1")
DECODER = CtcDecoder(CHARSET)
WORDS = {"ab": 0.02, "ba": 0.01, "abba": 1e-3, "a": 0.05, "baa": 1e-4}


def small_scorer() -> LanguageScorer:
    lexicon = Lexicon.from_words(WORDS, "ab'")
    return LanguageScorer((LanguageModel("xx", lexicon, CharacterModel.from_words(WORDS, "ab'")),), (1.0,))


def frames(seed: int, count: int = 5, words: int = 1) -> np.ndarray:
    shape = (words, count, len(CHARSET) + 1)
    return log_softmax(np.random.default_rng(seed).normal(0, 2, shape))


@lru_cache(maxsize=64)
def enumerated(seed: int, count: int = 5) -> dict[str, float]:
    """Log probability of every text."""
    log_probs, candidates = frames(seed, count)[0], defaultdict(float)
    for path in product(range(len(CHARSET) + 1), repeat=count):
        labels = [label for label, _ in groupby(path) if label]
        candidates[CHARSET.decode(labels)] += math.exp(sum(log_probs[t, c] for t, c in enumerate(path)))
    return {text: math.log(share) for text, share in candidates.items()}


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("prefix", ["", "a", "b1", "aa"])
def test_decode_free_reads_the_best_of_all_texts(seed, prefix):
    every = {text: score for text, score in enumerated(seed).items() if text.startswith(prefix)}
    candidates = DECODER.decode_free([frames(seed)], [prefix], 5)[0]
    assert candidates[0][0] == max(every, key=lambda text: every[text])
    for text, score in candidates:
        assert score == pytest.approx(every[text])


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("prefix", ["", "a", "ba"])
def test_decode_free_with_language_reads_the_best_of_all_texts(seed, prefix):
    scorer = small_scorer()
    every = {text: score for text, score in enumerated(seed).items() if text.startswith(prefix)}
    best = max(every, key=lambda text: every[text] + scorer.language_scores([text])[0])
    candidates = DECODER.decode_free([frames(seed)], [prefix], 5, scorer)[0]
    assert candidates[0][0] == best
    scores = [score for _, score in candidates]
    assert scores == sorted(scores, reverse=True)
    assert sum(map(math.exp, scores)) <= 1 + 1e-9


def test_decode_free_batch_equals_single_words():
    log_probs = frames(3, words=9)
    scorer = small_scorer()
    together = DECODER.decode_free([log_probs], [""] * 9, 3, scorer)
    alone = [DECODER.decode_free([log_probs[row : row + 1]], [""], 3, scorer)[0] for row in range(9)]
    assert [[text for text, _ in candidates] for candidates in together] == [
        [text for text, _ in candidates] for candidates in alone
    ]


@pytest.mark.parametrize("seed", range(6))
def test_decode_words_ranks_the_allowed_words(seed):
    every = enumerated(seed)
    words = ["a", "ab", "1b", "bbb", "aba", "ababab", "b1"]
    possible = {word: every[word] for word in words if word in every}
    candidates = DECODER.decode_words([frames(seed)], words, [""])[0]
    assert [text for text, _ in candidates] == sorted(possible, key=lambda word: -possible[word])
    assert "ababab" not in dict(candidates)  # does not fit five frames
    assert sum(math.exp(score) for _, score in candidates) <= 1 + 1e-9
    for (a, one), (b, other) in pairwise(candidates):
        assert one - other == pytest.approx(possible[a] - possible[b])
    completions = DECODER.decode_words([frames(seed)], words, ["ab"])[0]
    assert {text for text, _ in completions} == {"ab", "aba"}


def test_decode_words_image_of_another_word_is_improbable():
    log_probs = np.full((1, 6, 4), math.log(0.01))
    for frame, label in enumerate([1, 0, 1, 0, 1, 0]):
        log_probs[0, frame, label] = math.log(0.97)  # aaa
    assert math.exp(DECODER.decode_words([log_probs], ["1", "bb"], [""])[0][0][1]) < 0.01
    assert math.exp(DECODER.decode_words([log_probs], ["1", "aaa"], [""])[0][0][1]) > 0.99


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("mask", ["a?", "?", "??", "?1?", "ab", "b??a"])
def test_decode_masks_reads_the_best_fitting_text(seed, mask):
    places = [None if letter == "?" else letter for letter in mask]
    every = {
        text: score
        for text, score in enumerated(seed).items()
        if len(text) == len(mask) and all(a in ("?", b) for a, b in zip(mask, text, strict=True))
    }
    candidates = DECODER.decode_masks([frames(seed)], [places])[0]
    assert {text for text, _ in candidates} == set(every)
    assert candidates[0][0] == max(every, key=lambda text: every[text])
    scorer = small_scorer()
    assert DECODER.decode_masks([frames(seed)], [places], scorer)[0][0][0] == max(
        every, key=lambda text: every[text] + scorer.language_scores([text])[0]
    )


def test_decode_masks_too_long_or_outside_the_charset():
    assert DECODER.decode_masks([frames(1)], [[None] * 9]) == [[]]
    assert DECODER.decode_masks([frames(1)], [[]])[0][0][0] == ""
    with pytest.raises(CharsetError, match="not in the charset"):
        DECODER.decode_masks([frames(1)], [["q", None]])
    with pytest.raises(CharsetError, match="not in the charset"):
        DECODER.decode_free([frames(1)], ["q"], 1, small_scorer())
    with pytest.raises(CharsetError, match="not in the charset"):
        DECODER.decode_words([frames(1)], ["aq"], [""])


@pytest.mark.parametrize("seed", range(5))
def test_decode_free_views_are_averaged(seed):
    first, second = enumerated(seed), enumerated(seed + 100, 6)
    for text, score in DECODER.decode_free([frames(seed), frames(seed + 100, 6)], [""], 5)[0]:
        assert score == pytest.approx(np.logaddexp(first.get(text, -math.inf), second[text]) - math.log(2))


@pytest.mark.parametrize("prefix", ["", "b"])
def test_decode_free_blank_image_has_a_reading(prefix):
    log_probs = np.full((1, 4, 4), -50.0)
    log_probs[:, :, 0] = 0.0
    candidates = DECODER.decode_free([log_probs], [prefix], 3, small_scorer())[0]
    assert candidates[0][0].startswith(prefix)


# What a language must not change: letters of probability 0.97 against 0.025.
FULL = Charset.from_texts(["abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:'\"()-!?$£éèàçêôû"])
LOOK_ALIKE_PAIRS = "1l 0O 5S 2Z 6b 8B uv nm ce ao io gq rs tf hk dj yz pn wu IJ .,".split()  # noqa: SIM905
LOOK_ALIKES = {one: other for a, b in LOOK_ALIKE_PAIRS for one, other in ((a, b), (b, a))}
NUMBERS = "1881 15,695 4.25 27 1944 10:30 14th 1496 90210 3.5 12:45 007 2,50"
NAMES = """Souter Shmah Zermott Haukadalur Brohan Bassius McQuaid O'Brien Etherington Wisniew Ashmodeus
Selenopidae Puentes d'Agdam BAnQ CC-BY Rozehnal London Vienna Zurich NATO"""
COMMON_WORDS = """The "Britain interest! possible" l'eau well-known re- (as He A I Street February étude; S. X."""


def written(text: str, probability: float = 0.97, rival_probability: float = 0.025) -> np.ndarray:
    """Frames of a text: one for each letter, blanks around it; the letter's look-alike has a share."""
    size = len(FULL) + 1
    rows = []
    for letter in text:
        label = FULL.encode(letter)[0]
        frame = np.full(size, (1 - probability - rival_probability) / (size - 2))
        frame[label] = probability
        rival = LOOK_ALIKES.get(letter, "x" if letter != "x" else "z")
        frame[FULL.encode(rival)[0]] += rival_probability
        blank = np.full(size, 0.002 / (size - 1))
        blank[0] = 0.998
        rows += [blank, frame, blank]
    return np.log(np.array(rows) / np.sum(rows, axis=1, keepdims=True))


@pytest.mark.parametrize("text", " ".join([NUMBERS, NAMES, COMMON_WORDS]).split())
def test_decode_free_language_preserves_numbers_names_and_marks(text):
    """Not every name: `Lollobrigida` becomes `Lollibrigida` where o and i look that alike."""
    scorer = LanguageScorer((load_language("en"), load_language("fr")))
    decoder = CtcDecoder(FULL)
    log_probs = written(text)[None]
    assert decoder.decode_free([log_probs], [""], 1)[0][0][0] == text
    assert decoder.decode_free([log_probs], [""], 1, scorer)[0][0][0] == text


@pytest.mark.parametrize(
    ("text", "slip"),
    [("building", "bailding"), ("accepted", "acoepted"), ("footballeur", "jootballeur"), ("l'eau", "l'cau")],
)
def test_decode_free_language_corrects_misread_letters(text, slip):
    """One letter is misread with twice the probability: the beam's own candidates need not have the word."""
    scorer = LanguageScorer((load_language("en"), load_language("fr")))
    log_probs = written(slip, 0.6, 0.02)
    if len(text) == len(slip):
        for place, (right, wrong) in enumerate(zip(text, slip, strict=True)):
            if right != wrong:
                for row in (3 * place + 1,):
                    log_probs[row, FULL.encode(right)[0]] = math.log(0.2)
    assert CtcDecoder(FULL).decode_free([log_probs[None]], [""], 1, scorer)[0][0][0] == text


@pytest.mark.parametrize("text", ["building", "The", "house,", "maison"])
def test_decode_free_common_word_skips_the_lexicons(text, monkeypatch):
    scorer = LanguageScorer((load_language("en"), load_language("fr")))
    log_probs = written(text)[None]
    ((wide, share),) = CtcDecoder(FULL).decode_free([log_probs], [""], 2, scorer)[0][:1]
    decoder = CtcDecoder(FULL)
    monkeypatch.setattr(LexiconCandidates, "_add_variants", lambda *_: pytest.fail("the lexicons were searched"))
    ((narrow, other),) = decoder.decode_free([log_probs], [""], 1, scorer)[0]
    assert narrow == wide == text
    assert math.exp(other) == pytest.approx(math.exp(share), abs=0.1)
