"""Beam search over next tokens against the enumeration of all sequences."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from hwr_core.decoding import beam_of_next_tokens

PADDING, END, FIRST, CLASSES = 0, 1, 2, 5
Sequence = tuple[int, ...]


class RandomModel:
    """Every beginning has random probabilities of what follows."""

    def __init__(self, seed: int, sharpness: float = 1.0) -> None:
        self.seed, self.sharpness = seed, sharpness

    def after(self, beginning: Sequence) -> np.ndarray:
        scores = np.random.default_rng([self.seed, *beginning]).normal(0, self.sharpness, CLASSES)
        return scores - np.log(np.exp(scores).sum())

    def predict(self, hypotheses: list[list[int]]) -> np.ndarray:
        assert len({len(tokens) for tokens in hypotheses}) == 1
        return np.array([self.after(tuple(tokens)) for tokens in hypotheses])

    def score(self, tokens: Sequence, longest: int) -> float:
        total = sum(self.after(tokens[:i])[token] for i, token in enumerate(tokens))
        return float(total + (self.after(tokens)[END] if len(tokens) < longest else 0))


def enumerated(model: RandomModel, longest: int, forced: Sequence, first: list[int] | None) -> dict[Sequence, float]:
    found = {}
    for length in range(longest + 1):
        for tokens in product(range(FIRST, CLASSES), repeat=length):
            if tokens[: len(forced)] != forced:
                continue
            following = tokens[len(forced) : len(forced) + 1] or (END,)
            if first is None or len(forced) == longest or following[0] in first:
                found[tokens] = model.score(tokens, longest)
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("forced", "first"),
    [((), None), ((2,), None), ((4, 4), None), ((), [3]), ((3,), [2, 4]), ((2, 3), [END]), ((3,), [END, 4])],
)
def test_a_wide_beam_finds_all_sequences(seed, forced, first):
    model, longest = RandomModel(seed), 4
    expected = enumerated(model, longest, forced, first)
    found = beam_of_next_tokens(
        model.predict,
        end=END,
        forced=forced,
        allowed_first=first,
        never=[PADDING],
        beam_width=10_000,
        most=10_000,
        longest=longest,
    )
    assert {tuple(tokens) for tokens, _ in found} == set(expected)
    assert len(found) == len(expected)
    for tokens, score in found:
        assert score == pytest.approx(expected[tuple(tokens)])
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@pytest.mark.parametrize("seed", range(20))
def test_few_results_are_the_best_of_all(seed):
    """Ending early, once no open hypothesis can become better, loses nothing."""
    model = RandomModel(seed, sharpness=2.0)
    expected = sorted(enumerated(model, 4, (), None).items(), key=lambda item: -item[1])[:3]
    found = beam_of_next_tokens(model.predict, end=END, never=[PADDING], beam_width=200, most=3, longest=4)
    assert [tuple(tokens) for tokens, _ in found] == [tokens for tokens, _ in expected]


def test_the_search_ends_when_nothing_can_become_better():
    asked = []

    def predict(hypotheses: list[list[int]]) -> np.ndarray:
        asked.append(len(hypotheses))
        return np.log([[0.001, 0.99, 0.003, 0.003, 0.003]] * len(hypotheses))

    found = beam_of_next_tokens(predict, end=END, never=[PADDING], most=1, longest=40)
    assert found == [([], pytest.approx(math.log(0.99)))]
    assert len(asked) == 1


def test_a_contradicted_beginning_scores_low():
    model = RandomModel(3)
    least = int(np.argmin(model.after(())[FIRST:])) + FIRST
    found = beam_of_next_tokens(model.predict, end=END, forced=[least], never=[PADDING], most=5, longest=4)
    assert all(tokens[0] == least for tokens, _ in found)
    assert found[0][1] <= model.after(())[least]


def test_nothing_allowed_gives_nothing():
    assert beam_of_next_tokens(RandomModel(1).predict, end=END, allowed_first=[], never=[PADDING]) == []


def test_sequences_end_at_the_longest():
    def predict(hypotheses: list[list[int]]) -> np.ndarray:
        return np.log([[1e-12, 1e-12, 1 - 1e-9, 1e-12, 1e-12]] * len(hypotheses))  # never ends

    tokens, score = beam_of_next_tokens(predict, end=END, never=[PADDING], longest=7)[0]
    assert tokens == [2] * 7
    assert score == pytest.approx(0, abs=1e-6)
