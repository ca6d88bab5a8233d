"""Character models: probabilities that sum to one, and that prefer what was counted."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from hwr_core.language.ngram import BOUNDARY_ID, LOG_PROB_STEP, ORDER, UNK_ID, CharacterModel

WORDS = {"anna": 3.0, "hanna": 1.0, "nah": 2.0, "a": 1.0}


@pytest.fixture(scope="module")
def model() -> CharacterModel:
    return CharacterModel.from_words(WORDS, "ahn")


def test_levels_of_each_context_sum_to_one(model):
    sums = np.exp(-LOG_PROB_STEP * model.levels.astype(float)).sum(axis=-1)
    np.testing.assert_allclose(sums, 1, rtol=LOG_PROB_STEP)  # each of them is rounded to a step


def test_log_prob_all_words_sum_to_one(model):
    """Words up to nine letters, unknown letters among them; longer ones are rare."""
    total = sum(
        math.exp(model.log_prob("".join(word))) for length in range(8) for word in product("ahn?", repeat=length)
    )
    assert 0.8 < total < 1 + LOG_PROB_STEP


def test_log_prob_is_the_product_of_its_grams(model):
    ids = {"a": 2, "h": 3, "n": 4, "?": UNK_ID}
    for word in ("", "a", "nah", "hannah", "a?a"):
        codes = [BOUNDARY_ID] * (ORDER - 1) + [ids[letter] for letter in word] + [BOUNDARY_ID]
        grams = [tuple(codes[end - ORDER : end]) for end in range(ORDER, len(codes) + 1)]
        assert model.log_prob(word) == pytest.approx(-LOG_PROB_STEP * sum(int(model.levels[gram]) for gram in grams))


def test_log_prob_counted_words_are_likelier(model):
    assert model.log_prob("anna") > model.log_prob("nnaa")
    assert model.log_prob("hanna") > model.log_prob("hnana") > -math.inf
    assert model.log_prob("zzz") > -math.inf
