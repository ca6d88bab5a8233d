"""Language models of one writer: capitals and marks, names, words written again."""

from __future__ import annotations

import math

import pytest

from hwr_core.decoding.language_rescoring import LanguageScorer
from hwr_core.language.casing import (
    CAPITALIZED_CASES,
    LEADING_MARKS,
    LISTED_CASES,
    TRAILING_MARKS,
    UNLISTED_CASES,
    CasingModel,
    marks_log_prob,
)
from hwr_core.language.language_model import LanguageModel
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.ngram import CharacterModel
from hwr_core.language.writer_language import writer_language_model

WORDS = {"the": 0.06, "cat": 4e-5, "tea": 1e-4, "london": 5e-5}


@pytest.fixture(scope="module")
def english() -> LanguageModel:
    alphabet = "abcdefghijklmnopqrstuvwxyz'-"
    lexicon = Lexicon.from_words(WORDS, alphabet, frozenset(["london"]))
    return LanguageModel("en", lexicon, CharacterModel.from_words(WORDS, alphabet))


def test_casing_model_no_texts_is_the_default():
    casing = CasingModel.from_texts([], {})
    for kind, default in (("listed", LISTED_CASES), ("capital", CAPITALIZED_CASES), ("unlisted", UNLISTED_CASES)):
        assert list(getattr(casing, kind)) == pytest.approx(list(default))
    assert dict(casing.before) == pytest.approx(LEADING_MARKS)
    assert dict(casing.after) == pytest.approx(TRAILING_MARKS)


@pytest.mark.parametrize("texts", [["THE", "CAT"] * 30, ["the", "Cat", "tEa", "7th"], ["(the)", "cat;", "—"]])
def test_casing_model_shares_sum_to_one(texts):
    casing = CasingModel.from_texts(texts, {"the": "listed", "cat": "listed"})
    for shares in (casing.listed, casing.capital, casing.unlisted):
        assert sum(shares) == pytest.approx(sum(LISTED_CASES), abs=0.02)
        assert min(shares) > 0
    total = sum(math.exp(marks_log_prob(before, after, casing)) for before in ("", *casing.before)
                for after in ("", *casing.after))  # fmt: skip
    assert total == pytest.approx(1)


def test_writer_language_model_expects_capitals(english):
    writer = writer_language_model(["THE", "CAT"] * 10, [english])
    (model,) = writer.models
    assert model.log_prob("TEA") > model.log_prob("tea")
    assert english.log_prob("TEA") < english.log_prob("tea")
    assert model.log_prob("LONDON") > model.log_prob("London")


def test_writer_language_model_expects_the_writers_marks(english):
    (model,) = writer_language_model(["the", "cat"] * 100, [english]).models
    assert model.log_prob("tea.") < english.log_prob("tea.")
    (model,) = writer_language_model(["the.", "cat."] * 100, [english]).models
    assert model.log_prob("tea.") > model.log_prob("tea")


def test_writer_language_model_expects_known_names(english):
    writer = writer_language_model(["Zermott", "the", "cat’s"], [english])
    assert writer.writer_words is not None
    scorer, baseline = LanguageScorer(writer.models, writer_words=writer.writer_words), LanguageScorer(writer.models)
    assert scorer.language_scores(["Zermott,"])[0] > baseline.language_scores(["Zermott,"])[0] + 3
    assert scorer.language_scores(["Zermatt"])[0] == pytest.approx(baseline.language_scores(["Zermatt"])[0], abs=0.5)
    assert writer.writer_words.lexicon.is_capital("zermott")
    assert "cat's" in writer.writer_words.lexicon
    assert scorer.likely_models() == list(scorer.all_models) == [*writer.models, writer.writer_words]
    assert scorer.with_language_shares(["the"]).writer_words is writer.writer_words


@pytest.mark.parametrize("texts", [["12", "1,50"], ["—"], []])
def test_writer_language_model_without_words(english, texts):
    writer = writer_language_model(texts, [english])
    assert writer.writer_words is None
    assert writer.models[0].log_prob("the") == pytest.approx(english.log_prob("the"), abs=0.5)
