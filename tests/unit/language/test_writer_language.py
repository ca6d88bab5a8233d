"""What the words of a hand say of those that come: its capitals and marks, its names, words that it writes again."""

from __future__ import annotations

import math

import pytest

from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.language.casing import AFTER, BEFORE, CAPITAL, LISTED, UNLISTED, CasingModel, marks_log_prob
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.ngram import CharacterModel
from hwr_core.language.scorer import LanguageModel
from hwr_core.language.writer_language import writer_language_model

WORDS = {"the": 0.06, "cat": 4e-5, "tea": 1e-4, "london": 5e-5}


@pytest.fixture(scope="module")
def english() -> LanguageModel:
    alphabet = "abcdefghijklmnopqrstuvwxyz'-"
    lexicon = Lexicon.from_words(WORDS, alphabet, frozenset(["london"]))
    return LanguageModel("en", lexicon, CharacterModel.from_words(WORDS, alphabet))


def test_nothing_counted_is_the_general_manner():
    manner = CasingModel.of([], {})
    for kind, usual in (("listed", LISTED), ("capital", CAPITAL), ("unlisted", UNLISTED)):
        assert list(getattr(manner, kind)) == pytest.approx(list(usual))
    assert dict(manner.before) == pytest.approx(BEFORE)
    assert dict(manner.after) == pytest.approx(AFTER)


@pytest.mark.parametrize("texts", [["THE", "CAT"] * 30, ["the", "Cat", "tEa", "7th"], ["(the)", "cat;", "—"]])
def test_shares_of_cases_and_of_marks_are_shares(texts):
    manner = CasingModel.of(texts, {"the": "listed", "cat": "listed"})
    for shares in (manner.listed, manner.capital, manner.unlisted):
        assert sum(shares) == pytest.approx(sum(LISTED), abs=0.02)
        assert min(shares) > 0
    total = sum(math.exp(marks_log_prob(before, after, manner)) for before in ("", *manner.before)
                for after in ("", *manner.after))  # fmt: skip
    assert total == pytest.approx(1)


def test_who_writes_capitals_is_expected_to(english):
    hand = writer_language_model(["THE", "CAT"] * 10, [english])
    (model,) = hand.models
    assert model.log_prob("TEA") > model.log_prob("tea")
    assert english.log_prob("TEA") < english.log_prob("tea")
    assert model.log_prob("LONDON") > model.log_prob("London")


def test_who_leaves_full_stops_out_is_expected_to(english):
    (model,) = writer_language_model(["the", "cat"] * 100, [english]).models
    assert model.log_prob("tea.") < english.log_prob("tea.")
    (model,) = writer_language_model(["the.", "cat."] * 100, [english]).models
    assert model.log_prob("tea.") > model.log_prob("tea")


def test_a_name_that_was_written_is_expected_again(english):
    hand = writer_language_model(["Zermott", "the", "cat’s"], [english])
    assert hand.own is not None
    judge, plain = LanguageScorer(hand.models, own=hand.own), LanguageScorer(hand.models)
    assert judge.bonus("Zermott,") > plain.bonus("Zermott,") + 3
    assert judge.bonus("Zermatt") == pytest.approx(plain.bonus("Zermatt"), abs=0.5)  # four fifths are left of it
    assert hand.own.lexicon.is_capital("zermott")
    assert "cat's" in hand.own.lexicon
    assert judge.likely_models() == list(judge.every) == [*hand.models, hand.own]
    assert judge.for_batch(["the"]).own is hand.own


@pytest.mark.parametrize("texts", [["12", "1,50"], ["—"], []])
def test_a_hand_without_words_has_none_of_its_own(english, texts):
    hand = writer_language_model(texts, [english])
    assert hand.own is None
    assert hand.models[0].log_prob("the") == pytest.approx(english.log_prob("the"), abs=0.5)
