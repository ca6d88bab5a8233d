#!/usr/bin/env python
"""Tune the language weights on validation words, and write them to models/language/habits.json.

    python benchmarks/tune_language.py models/reader-small iam-words csafe-words copiste-words [--rounds 2] [--dry]

The network runs once on every validation word; beam and lexicons give candidates with exact probabilities. Then
coordinate search over `hwr_core.language.weights.LanguageWeights` raises and lowers one weight after the other while
the objective improves: the mean over data sets of word accuracy minus CER. Prints the figures before and after; since
both are measured on the words tuned on, also those of tuning on half of the writers and measuring on the other half.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hwr_core import Recognizer  # noqa: E402
from hwr_core.datasets import open_dataset  # noqa: E402
from hwr_core.decoding import labelling_log_probs  # noqa: E402
from hwr_core.decoding.beam_search import beam_labellings  # noqa: E402
from hwr_core.decoding.ctc import best_paths  # noqa: E402
from hwr_core.decoding.language_rescoring import LanguageScorer  # noqa: E402
from hwr_core.decoding.lexicon_candidates import LexiconCandidates  # noqa: E402
from hwr_core.evaluation.word_results import rows_by_writer  # noqa: E402
from hwr_core.language.language_model import (  # noqa: E402
    LANGUAGE_FOLDER,
    LanguageModel,
    load_language_weights,
    mixture_log_probs,
    save_language_weights,
)
from hwr_core.language.weights import LanguageWeights  # noqa: E402
from hwr_core.recognition.ctc_decoder import LANGUAGE_BEAM_WIDTH, MIN_CERTAIN_LOG_PROB_WITH_LANGUAGE  # noqa: E402
from hwr_core.text import Charset, edit_distance  # noqa: E402

MAX_CANDIDATES = 48  # of a word
MAX_LOG_PROB_GAP = 14.0  # between the candidates and the best
FACTOR = 1.5  # a weight is multiplied and divided by it
FACTORS = {"weight": 1.15, "per_letter": 1.2, "case": 1.25, "marks": 1.25, "letters": 1.15}


@dataclass
class Pool:
    """The candidates of a data set's words, for ranking under any weights."""

    name: str
    transcriptions: list[str]
    writers: list[str]
    texts: list[list[str]]
    scores: list[np.ndarray]
    edits: list[np.ndarray]
    shares: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--languages", nargs="+", default=["en", "fr"], help="of the words")
    parser.add_argument("--most", type=int, default=0, help="maximum number of words of each data set; 0 takes all")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pools", type=Path, help="write the candidates to this file, or read them from it")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    options = parser.parse_args()
    models = [LanguageModel.load(code) for code in options.languages]
    recognizer = Recognizer.load(options.checkpoint)
    if options.pools and options.pools.is_file():
        pools = pickle.loads(options.pools.read_bytes())
    else:
        pools = [build_pool(recognizer, name, options.split, options.most, models) for name in options.data]
        if options.pools:
            options.pools.write_bytes(pickle.dumps(pools))
    for model in models:  # called for the same words again and again, whatever the weights
        model.letters.log_prob = lru_cache(maxsize=None)(model.letters.log_prob)
        model.lexicon.node = lru_cache(maxsize=None)(model.lexicon.node)
    print_oracle(pools)
    initial = load_language_weights(LANGUAGE_FOLDER)
    for title, weights in (("defaults", LanguageWeights()), ("as shipped", initial)):
        print(title, *lines(pools, evaluate(pools, models, weights)), sep="\n  ", flush=True)
    weights = tune(pools, models, initial, options.rounds)
    after = evaluate(pools, models, weights)
    print("tuned", *lines(pools, after), asdict(weights), sep="\n  ", flush=True)
    cross_validated = across_halves(pools, models, LanguageWeights(), 1)
    print("tuned on the other half of the writers", *lines(pools, cross_validated), sep="\n  ")
    if not options.dry:
        figures = {
            pool.name: {"cer": cer, "word_accuracy": accuracy}
            for pool, (cer, accuracy) in zip(pools, cross_validated, strict=True)
        }
        values = {name: round(value, 6) for name, value in asdict(weights).items()}
        save_language_weights(
            LANGUAGE_FOLDER, values, {"checkpoint": recognizer.name, "split": options.split, **figures}
        )


def build_pool(recognizer: Recognizer, name: str, split: str, max_words: int, models: list[LanguageModel]) -> Pool:
    start = time.perf_counter()
    dataset = open_dataset(name)
    rows = dataset.part(split)[: max_words or None]
    table = dataset.table.iloc[rows]
    canvases = dataset.canvases(recognizer.config.canvas)
    charset = recognizer.alphabet
    words: list[np.ndarray] = [np.zeros(0)] * len(rows)
    best_texts = [""] * len(rows)
    for places in rows_by_writer(table["writer"].fillna("").to_numpy(str)):
        log_probs, _ = recognizer.log_probs([canvases[rows[place]] for place in places])
        for place, word, path in zip(places, log_probs, best_paths(log_probs), strict=True):
            words[place], best_texts[place] = word, charset.decode(path)
    scorer = LanguageScorer(tuple(models)).with_language_shares(best_texts)
    transcriptions = table["transcription"].tolist()
    texts, scores, edits = [], [], []
    lexicons = LexiconCandidates(charset)
    for word, transcription in zip(words, transcriptions, strict=True):
        candidates = texts_of(word, charset, lexicons, scorer)
        exact = labelling_log_probs(word[None], [charset.encode(text) for text in candidates], [0] * len(candidates))
        near = [place for place in np.argsort(-exact)[:MAX_CANDIDATES] if exact[place] > exact.max() - MAX_LOG_PROB_GAP]
        texts.append([candidates[place] for place in near])
        scores.append(exact[near])
        edits.append(np.array([edit_distance(transcription, candidates[place]) for place in near]))
    print(f"{name}: {len(rows):,} words, {time.perf_counter() - start:.0f} s, languages {scorer.shares}", flush=True)
    writers = table["writer"].fillna("").tolist()
    return Pool(name, transcriptions, writers, texts, scores, edits, list(scorer.shares))


def texts_of(word: np.ndarray, charset: Charset, lexicons: LexiconCandidates, scorer: LanguageScorer) -> list[str]:
    path = best_paths(word[None])[0]
    if labelling_log_probs(word[None], [path], [0])[0] > MIN_CERTAIN_LOG_PROB_WITH_LANGUAGE:
        return [charset.decode(path)]
    labellings = beam_labellings(word, [], beam_width=LANGUAGE_BEAM_WIDTH, max_results=LANGUAGE_BEAM_WIDTH)
    beam = [(charset.decode(ids), score) for ids, score in labellings]
    (words,) = lexicons.candidates(word[None], [beam], scorer, [""])
    return list(dict.fromkeys([text for text, _ in beam] + [t for t, _ in words]))


def print_oracle(pools: Sequence[Pool]) -> None:
    for pool in pools:
        among = [int(edits.min(initial=9)) == 0 for edits in pool.edits]
        each = np.mean([len(texts) for texts in pool.texts])
        print(f"{pool.name}: the transcription is among the {each:.0f} candidates in {100 * np.mean(among):.1f} %")


def best_edits(pool: Pool, models: list[LanguageModel], weights: LanguageWeights) -> np.ndarray:
    """Edits of each word's best candidate."""
    weighted = [LanguageModel(model.code, model.lexicon, model.letters, weights) for model in models]
    best = np.zeros(len(pool.transcriptions), int)
    for index, (texts, scores, edits) in enumerate(zip(pool.texts, pool.scores, pool.edits, strict=True)):
        if len(texts) == 1:
            best[index] = edits[0]
            continue
        lengths = np.array([len(text) for text in texts])
        language_score = weights.weight * mixture_log_probs(texts, weighted, pool.shares) + weights.per_letter * lengths
        best[index] = edits[int(np.argmax(scores + language_score))]
    return best


def evaluate(pools: Sequence[Pool], models: list[LanguageModel], weights: LanguageWeights) -> list[tuple[float, float]]:
    """`(CER, word accuracy)` of each data set."""
    return [rates(pool, best_edits(pool, models, weights), np.ones(len(pool.transcriptions), bool)) for pool in pools]


def rates(pool: Pool, edits: np.ndarray, included: np.ndarray) -> tuple[float, float]:
    lengths = np.array([len(text) for text in pool.transcriptions])
    return float(edits[included].sum() / lengths[included].sum()), float((edits[included] == 0).mean())


def lines(pools: Sequence[Pool], figures: Sequence[tuple[float, float]]) -> list[str]:
    return [
        f"{pool.name}: CER {100 * cer:.2f} %, word accuracy {100 * accuracy:.2f} %"
        for pool, (cer, accuracy) in zip(pools, figures, strict=True)
    ]


def objective(figures: Sequence[tuple[float, float]]) -> float:
    return float(np.mean([accuracy - cer for cer, accuracy in figures]))


def tune(
    pools: Sequence[Pool],
    models: list[LanguageModel],
    initial: LanguageWeights,
    rounds: int,
    included: list[np.ndarray] | None = None,
) -> LanguageWeights:
    """Coordinate search: one weight after the other, up and down, while the objective improves."""

    rows = included or [np.ones(len(pool.transcriptions), bool) for pool in pools]

    def value_of(weights: LanguageWeights) -> float:
        edits = [best_edits(pool, models, weights) for pool in pools]
        return objective([rates(*values) for values in zip(pools, edits, rows, strict=True)])

    best, weights = value_of(initial), initial
    for _ in range(rounds):
        before = best
        for name in asdict(initial):
            step = FACTORS.get(name, FACTOR)
            for factor in (step, 1 / step):
                while True:
                    other = replace(weights, **{name: getattr(weights, name) * factor})
                    value = value_of(other)
                    if value <= best + 1e-6:
                        break
                    best, weights = value, other
                    print(f"    {name} {getattr(weights, name):.4g}: {best:.5f}", flush=True)
        if best == before:
            break
    return weights


def across_halves(
    pools: Sequence[Pool], models: list[LanguageModel], initial: LanguageWeights, rounds: int
) -> list[tuple[float, float]]:
    """Figures of every writer's words under weights tuned on other writers."""
    halves = []
    for pool in pools:
        names = {name: index % 2 for index, name in enumerate(sorted(set(pool.writers)))}
        halves.append(np.array([names[writer] for writer in pool.writers]))
    edits = [np.zeros(len(pool.transcriptions), int) for pool in pools]
    for half in (0, 1):
        weights = tune(pools, models, initial, rounds, [where != half for where in halves])
        for pool, halves_of_pool, result in zip(pools, halves, edits, strict=True):
            rows = halves_of_pool == half
            result[rows] = best_edits(pool, models, weights)[rows]
    return [rates(pool, result, np.ones(len(result), bool)) for pool, result in zip(pools, edits, strict=True)]


if __name__ == "__main__":
    main()
