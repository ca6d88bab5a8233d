"""Beam search over next tokens against the enumeration of all sequences."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from hwr_core.decoding import token_beam_search

PAD_ID, EOS_ID, FIRST_ID, CLASSES = 0, 1, 2, 5
Sequence = tuple[int, ...]


class RandomModel:
    """Random next-token probabilities for every prefix."""

    def __init__(self, seed: int, sharpness: float = 1.0) -> None:
        self.seed, self.sharpness = seed, sharpness

    def after(self, prefix: Sequence) -> np.ndarray:
        scores = np.random.default_rng([self.seed, *prefix]).normal(0, self.sharpness, CLASSES)
        return scores - np.log(np.exp(scores).sum())

    def predict(self, hypotheses: list[list[int]]) -> np.ndarray:
        assert len({len(tokens) for tokens in hypotheses}) == 1
        return np.array([self.after(tuple(tokens)) for tokens in hypotheses])

    def score(self, tokens: Sequence, max_length: int) -> float:
        total = sum(self.after(tokens[:i])[token] for i, token in enumerate(tokens))
        return float(total + (self.after(tokens)[EOS_ID] if len(tokens) < max_length else 0))


def enumerated(model: RandomModel, max_length: int, prefix: Sequence, first: list[int] | None) -> dict[Sequence, float]:
    results = {}
    for length in range(max_length + 1):
        for tokens in product(range(FIRST_ID, CLASSES), repeat=length):
            if tokens[: len(prefix)] != prefix:
                continue
            following = tokens[len(prefix) : len(prefix) + 1] or (EOS_ID,)
            if first is None or len(prefix) == max_length or following[0] in first:
                results[tokens] = model.score(tokens, max_length)
    return results


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("prefix", "first"),
    [((), None), ((2,), None), ((4, 4), None), ((), [3]), ((3,), [2, 4]), ((2, 3), [EOS_ID]), ((3,), [EOS_ID, 4])],
)
def test_token_beam_search_wide_beam_finds_all_sequences(seed, prefix, first):
    model, max_length = RandomModel(seed), 4
    expected = enumerated(model, max_length, prefix, first)
    results = token_beam_search(
        model.predict,
        eos_id=EOS_ID,
        prefix=prefix,
        allowed_next=first,
        excluded=[PAD_ID],
        beam_width=10_000,
        max_results=10_000,
        max_length=max_length,
    )
    assert {tuple(tokens) for tokens, _ in results} == set(expected)
    assert len(results) == len(expected)
    for tokens, score in results:
        assert score == pytest.approx(expected[tuple(tokens)])
    assert [score for _, score in results] == sorted((score for _, score in results), reverse=True)


@pytest.mark.parametrize("seed", range(20))
def test_token_beam_search_few_results_are_the_best_of_all(seed):
    """Ending early, once no active hypothesis can improve, loses nothing."""
    model = RandomModel(seed, sharpness=2.0)
    expected = sorted(enumerated(model, 4, (), None).items(), key=lambda item: -item[1])[:3]
    results = token_beam_search(
        model.predict, eos_id=EOS_ID, excluded=[PAD_ID], beam_width=200, max_results=3, max_length=4
    )
    assert [tuple(tokens) for tokens, _ in results] == [tokens for tokens, _ in expected]


def test_token_beam_search_ends_when_nothing_can_improve():
    calls = []

    def predict(hypotheses: list[list[int]]) -> np.ndarray:
        calls.append(len(hypotheses))
        return np.log([[0.001, 0.99, 0.003, 0.003, 0.003]] * len(hypotheses))

    results = token_beam_search(predict, eos_id=EOS_ID, excluded=[PAD_ID], max_results=1, max_length=40)
    assert results == [([], pytest.approx(math.log(0.99)))]
    assert len(calls) == 1


def test_token_beam_search_improbable_prefix_scores_low():
    model = RandomModel(3)
    improbable = int(np.argmin(model.after(())[FIRST_ID:])) + FIRST_ID
    results = token_beam_search(
        model.predict, eos_id=EOS_ID, prefix=[improbable], excluded=[PAD_ID], max_results=5, max_length=4
    )
    assert all(tokens[0] == improbable for tokens, _ in results)
    assert results[0][1] <= model.after(())[improbable]


def test_token_beam_search_nothing_allowed_is_empty():
    assert token_beam_search(RandomModel(1).predict, eos_id=EOS_ID, allowed_next=[], excluded=[PAD_ID]) == []


def test_token_beam_search_sequences_end_at_max_length():
    def predict(hypotheses: list[list[int]]) -> np.ndarray:
        return np.log([[1e-12, 1e-12, 1 - 1e-9, 1e-12, 1e-12]] * len(hypotheses))  # never ends

    tokens, score = token_beam_search(predict, eos_id=EOS_ID, excluded=[PAD_ID], max_length=7)[0]
    assert tokens == [2] * 7
    assert score == pytest.approx(0, abs=1e-6)
