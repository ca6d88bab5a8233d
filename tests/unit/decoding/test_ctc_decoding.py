"""CTC decoders against the enumeration of all paths."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import groupby, product

import numpy as np
import pytest

from hwr_core.decoding import best_path, best_paths, labelling_log_prob, labelling_log_probs, prefix_beam_search
from hwr_core.decoding.beam_search import MIN_LABEL_LOG_PROB, MIN_SCORE_RATIO, beam_labellings
from hwr_core.decoding.ctc import collapse, log_softmax

Labelling = tuple[int, ...]


def random_log_probs(seed: int, frames: int = 5, classes: int = 4, sharpness: float = 1.5) -> np.ndarray:
    return log_softmax(np.random.default_rng(seed).normal(0, sharpness, (frames, classes)))


def spelled(path: tuple[int, ...]) -> Labelling:
    return tuple(label for label, _ in groupby(path) if label)


def enumerated(log_probs: np.ndarray) -> dict[Labelling, float]:
    """Probability of every labelling: that of all its paths together."""
    found: dict[Labelling, float] = defaultdict(float)
    for path in product(range(log_probs.shape[1]), repeat=len(log_probs)):
        found[spelled(path)] += math.exp(sum(log_probs[t, c] for t, c in enumerate(path)))
    return found


def test_log_softmax_large_logits_is_normalised():
    logits = np.array([[1000.0, 1001.0, -1000.0], [0.0, 0.0, 0.0]], np.float32)
    log_probs = log_softmax(logits)
    assert log_probs.dtype == np.float64
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1)
    np.testing.assert_allclose(log_probs[0, 1] - log_probs[0, 0], 1)
    np.testing.assert_allclose(log_probs[1], -math.log(3))


@pytest.mark.parametrize("path", list(product(range(3), repeat=4))[::5])
def test_collapse_merges_repeats_and_drops_blanks(path):
    assert tuple(collapse(path)) == spelled(path)
    assert tuple(collapse(np.array(path))) == spelled(path)


def test_collapse_empty_path_is_empty():
    assert collapse([]) == []


@pytest.mark.parametrize("seed", range(10))
def test_best_path_is_the_most_probable_of_all_paths(seed):
    log_probs = random_log_probs(seed)
    scores = {p: sum(log_probs[t, c] for t, c in enumerate(p)) for p in product(range(4), repeat=5)}
    best = max(scores, key=lambda path: scores[path])
    labels, score = best_path(log_probs)
    assert tuple(labels) == spelled(best)
    assert score == pytest.approx(scores[best])


@pytest.mark.parametrize("seed", range(5))
def test_labelling_log_prob_is_the_sum_of_all_paths(seed):
    log_probs = random_log_probs(seed)
    for labels, probability in enumerated(log_probs).items():
        assert math.exp(labelling_log_prob(log_probs, labels)) == pytest.approx(probability, rel=1e-9)


def test_labelling_log_prob_too_few_frames_is_minus_infinity():
    log_probs = random_log_probs(1, frames=3)
    assert labelling_log_prob(log_probs, [1, 1, 2]) == -math.inf  # needs a blank between: four frames
    assert labelling_log_prob(log_probs, [1, 2, 3]) > -math.inf
    assert labelling_log_prob(log_probs, [1, 2, 3, 1]) == -math.inf


def test_labelling_log_prob_zero_probabilities_give_no_warning():
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]))
    with np.errstate(all="raise"):
        assert labelling_log_prob(log_probs, [1, 1]) == pytest.approx(math.log(0.5))
        assert labelling_log_prob(log_probs, [2]) == -math.inf
        found = prefix_beam_search(log_probs)
    assert sorted((tuple(labels), round(math.exp(score), 9)) for labels, score in found) == [
        ((1, 1), 0.5),
        ((1, 2), 0.5),
    ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("prefix", [(), (1,), (2, 2), (3, 1), (1, 2, 3), (2, 2, 2)])
def test_prefix_beam_search_wide_beam_finds_all_completions(seed, prefix):
    log_probs = random_log_probs(seed)
    expected = {
        labels: probability for labels, probability in enumerated(log_probs).items() if labels[: len(prefix)] == prefix
    }
    found = prefix_beam_search(log_probs, prefix=prefix, beam_width=10_000, max_results=10_000, min_log_prob=-math.inf)
    assert len(found) == len(expected)
    assert {tuple(labels) for labels, _ in found} == set(expected)
    for labels, score in found:
        assert math.exp(score) == pytest.approx(expected[tuple(labels)], rel=1e-9)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@pytest.mark.parametrize("seed", range(20))
def test_prefix_beam_search_default_beam_finds_the_best_labelling(seed):
    """Not best path's: on such flat distributions the two differ now and then."""
    log_probs = random_log_probs(seed, frames=6)
    every = enumerated(log_probs)
    labels, score = prefix_beam_search(log_probs)[0]
    assert tuple(labels) == max(every, key=lambda other: every[other])
    assert score >= best_path(log_probs)[1] - 1e-12


def test_prefix_beam_search_beats_the_best_path():
    """Graves's own example: the best path is all blanks, yet the letter is more probable."""
    log_probs = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert best_path(log_probs)[0] == []
    labels, score = prefix_beam_search(log_probs)[0]
    assert labels == [1]
    assert math.exp(score) == pytest.approx(0.64)


@pytest.mark.parametrize("seed", range(5))
def test_prefix_beam_search_improbable_prefix_has_its_own_probability(seed):
    """The image shows 1, 2; the prefix is 3: below any pruning, and still its best completion is found."""
    frames = np.full((8, 5), 1e-7)
    for frame, label in enumerate([0, 1, 1, 0, 2, 2, 0, 0]):
        frames[frame, label] = 1
    frames *= np.random.default_rng(seed).uniform(0.9, 1.1, frames.shape)
    log_probs = np.log(frames / frames.sum(axis=1, keepdims=True))
    found = prefix_beam_search(log_probs, prefix=[3], beam_width=4)
    assert all(labels[0] == 3 for labels, _ in found)
    labels, score = found[0]
    assert labels == [3, 1, 2]  # the first frame, a blank, is the cheapest place for it
    assert score == pytest.approx(labelling_log_prob(log_probs, [3, 1, 2]))
    assert score < -10


def test_a_prefix_that_does_not_fit_the_frames_has_no_completion():
    assert prefix_beam_search(random_log_probs(1, frames=3), prefix=[1, 1, 1]) == []
    assert [labels for labels, _ in prefix_beam_search(random_log_probs(1, frames=3), prefix=[1, 1])] == [[1, 1]]


def test_prefix_beam_search_max_results_limits_the_list():
    log_probs = random_log_probs(4, frames=6)
    assert len(prefix_beam_search(log_probs, max_results=3)) == 3
    assert prefix_beam_search(log_probs, max_results=1) == prefix_beam_search(log_probs, max_results=3)[:1]
    assert (
        len(prefix_beam_search(log_probs, beam_width=2, max_results=50)) <= 3
    )  # the empty one is a beginning of the prefix


def test_prefix_beam_search_unlikely_labels_are_not_tried():
    log_probs = np.log([[0.5, 0.49999, 0.00001], [0.5, 0.49999, 0.00001]])
    assert not any(2 in labels for labels, _ in prefix_beam_search(log_probs, max_results=50))
    assert any(2 in labels for labels, _ in prefix_beam_search(log_probs, max_results=50, min_log_prob=-math.inf))


def test_best_paths_equal_best_path_of_each_word():
    log_probs = np.stack([random_log_probs(seed, frames=9) for seed in range(40)])
    assert best_paths(log_probs) == [best_path(word)[0] for word in log_probs]


def test_labelling_log_probs_many_words_at_once():
    log_probs = np.stack([random_log_probs(seed) for seed in range(3)])
    pairs = [(word, labels) for word in (2, 0, 1) for labels in enumerated(log_probs[word])]
    scores = labelling_log_probs(log_probs, [labels for _, labels in pairs], [word for word, _ in pairs])
    expected = [enumerated(log_probs[word])[labels] for word, labels in pairs]
    np.testing.assert_allclose(np.exp(scores), expected, rtol=1e-9)
    assert len(labelling_log_probs(log_probs, [], [])) == 0


def test_labelling_log_probs_underflow_is_computed_in_logarithms():
    log_probs = np.full((30, 3), -300.0)
    log_probs[:, 2] = 0.0  # the image shows 2 throughout
    labels = [1, 2] * 5
    alone = [labelling_log_prob(log_probs, labels), labelling_log_prob(log_probs, [2])]
    together = labelling_log_probs(log_probs[None], [labels, [2], [1] * 16], [0, 0, 0])
    np.testing.assert_allclose(together[:2], alone)
    assert alone[0] == pytest.approx(-5 * 300 + math.log(math.comb(29, 10)), abs=20)
    assert alone[1] == pytest.approx(0)
    assert together[2] == -math.inf
    found = prefix_beam_search(log_probs, prefix=[1, 1, 1, 1])
    assert found[0][0][:4] == [1, 1, 1, 1]
    assert found[0][1] == pytest.approx(labelling_log_prob(log_probs, found[0][0]))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("prefix", [(), (1,), (3, 3)])
def test_prefix_beam_search_default_beam_finds_the_best_completion(seed, prefix):
    log_probs = random_log_probs(seed, frames=7, sharpness=2.5)
    fitting = {labels: p for labels, p in enumerated(log_probs).items() if labels[: len(prefix)] == prefix}
    labels, score = prefix_beam_search(log_probs, prefix=prefix)[0]
    assert tuple(labels) == max(fitting, key=lambda other: fitting[other])
    assert math.exp(score) == pytest.approx(fitting[tuple(labels)])


def reference_beam(log_probs: np.ndarray, beam_width: int, min_log_prob: float, far: float) -> dict[Labelling, float]:
    """Prefix beam search by its definition: extend every hypothesis, then prune."""
    beam = {(): (1.0, 0.0)}
    for frame in np.exp(log_probs):
        labels = [label for label in range(1, len(frame)) if frame[label] > math.exp(min_log_prob)]
        found: dict[Labelling, list[float]] = {}
        least = 0.1 * far * max(map(sum, beam.values()))
        for text, (blank, written) in beam.items():
            own = found.setdefault(text, [0.0, 0.0])
            own[0] += (blank + written) * frame[0]
            own[1] += written * frame[text[-1]] if text else 0.0
            for label in labels:
                grown = (blank if text and label == text[-1] else blank + written) * frame[label]
                if grown > least:
                    found.setdefault((*text, label), [0.0, 0.0])[1] += grown
        order = sorted(found, key=lambda text: -sum(found[text]))
        bar = max(far * sum(found[order[0]]), sum(found[order[min(beam_width, len(order)) - 1]]))
        beam = {text: (found[text][0], found[text][1]) for text in order if sum(found[text]) >= bar or not text}
    return {text: sum(shares) for text, shares in beam.items()}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("beam_width", [2, 5, 32])
@pytest.mark.parametrize("sharpness", [1.5, 4.0])
def test_beam_labellings_equal_the_reference_implementation(seed, beam_width, sharpness):
    log_probs = random_log_probs(seed, 24, 12, sharpness)
    expected = reference_beam(log_probs, beam_width, MIN_LABEL_LOG_PROB, MIN_SCORE_RATIO)
    found = beam_labellings(log_probs, [], beam_width=beam_width, max_results=beam_width)
    best = sorted(expected, key=lambda text: -expected[text])[: len(found)]
    assert [tuple(labels) for labels, _ in found] == best
    assert [score for _, score in found] == pytest.approx([math.log(expected[text]) for text in best], abs=1e-9)
