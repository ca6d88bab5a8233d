#!/usr/bin/env python
"""Tune what a language says of readings, on validation words, and keep it in models/language/habits.json.

    python benchmarks/tune_language.py models/reader-small iam-words csafe-words copiste-words [--rounds 2] [--dry]

The network reads every validation word once; beam and lexicons give candidates, each with its exact probability. Then
one number after the other of `hwr_core.language.casing.LanguageWeights` is raised and lowered as long as that is
better: the mean over data sets of words right, minus the mean CER. Printed are the figures before and after; and, since
both are measured on the words that were tuned on, those of tuning on half of the writers and measuring on the others.
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
from hwr_core.decoding.beam_search import candidates  # noqa: E402
from hwr_core.decoding.ctc import best_paths  # noqa: E402
from hwr_core.decoding.language_rescoring import LanguageScorer  # noqa: E402
from hwr_core.decoding.lexicon_candidates import LexiconCandidates  # noqa: E402
from hwr_core.evaluation.word_results import rows_by_writer  # noqa: E402
from hwr_core.language.casing import LanguageWeights  # noqa: E402
from hwr_core.language.scorer import (  # noqa: E402
    LANGUAGE_FOLDER,
    LanguageModel,
    load_language_weights,
    mixed_log_probs,
    save_language_weights,
)
from hwr_core.recognition.ctc_backend import CLEAR, JUDGED  # noqa: E402
from hwr_core.text import edit_distance  # noqa: E402

NEAREST, FAR = 48, 14.0  # candidates of a word: so many, and none so much less probable than the best (logarithm)
STEP = 1.5  # a number is tried at so many times its value, and at the value divided by it
FIXED_STEP = {"weight": 1.15, "per_letter": 1.2, "case": 1.25, "marks": 1.25, "letters": 1.15}


@dataclass
class Pool:
    """The candidates of a data set's words: all that a choice of habits can change is which of them is best."""

    name: str
    truths: list[str]
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
    parser.add_argument("--most", type=int, default=0, help="words of each data set; 0 takes all")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pools", type=Path, help="keep the candidates in this file, or take them from it")
    parser.add_argument("--dry", action="store_true", help="keep nothing")
    options = parser.parse_args()
    models = [LanguageModel.load(code) for code in options.languages]
    recognizer = Recognizer.load(options.checkpoint)
    if options.pools and options.pools.is_file():
        pools = pickle.loads(options.pools.read_bytes())
    else:
        pools = [pool_of(recognizer, name, options.split, options.most, models) for name in options.data]
        if options.pools:
            options.pools.write_bytes(pickle.dumps(pools))
    for model in models:  # asked of the same words again and again, whatever the habits
        model.letters.log_prob = lru_cache(maxsize=None)(model.letters.log_prob)
        model.lexicon.node = lru_cache(maxsize=None)(model.lexicon.node)
    oracle(pools)
    begun = load_language_weights(LANGUAGE_FOLDER)
    for title, habits in (("first values", LanguageWeights()), ("as shipped", begun)):
        print(title, *lines(pools, measured(pools, models, habits)), sep="\n  ", flush=True)
    found = tuned(pools, models, begun, options.rounds)
    after = measured(pools, models, found)
    print("tuned", *lines(pools, after), asdict(found), sep="\n  ", flush=True)
    honest = across_halves(pools, models, LanguageWeights(), 1)
    print("tuned on the other half of the writers", *lines(pools, honest), sep="\n  ")
    if not options.dry:
        figures = {
            pool.name: {"cer": cer, "word_accuracy": right} for pool, (cer, right) in zip(pools, honest, strict=True)
        }
        values = {name: round(value, 6) for name, value in asdict(found).items()}
        save_language_weights(
            LANGUAGE_FOLDER, values, {"checkpoint": recognizer.name, "split": options.split, **figures}
        )


def pool_of(recognizer: Recognizer, name: str, split: str, most: int, models: list[LanguageModel]) -> Pool:
    begun = time.perf_counter()
    dataset = open_dataset(name)
    rows = dataset.part(split)[: most or None]
    table = dataset.table.iloc[rows]
    canvases = dataset.canvases(recognizer.config.canvas)
    charset = recognizer.alphabet
    words: list[np.ndarray] = [np.zeros(0)] * len(rows)
    firsts = [""] * len(rows)
    for places in rows_by_writer(table["writer"].fillna("").to_numpy(str)):
        log_probs, _ = recognizer.log_probs([canvases[rows[place]] for place in places])
        for place, word, path in zip(places, log_probs, best_paths(log_probs), strict=True):
            words[place], firsts[place] = word, charset.decode(path)
    judge = LanguageScorer(tuple(models)).for_batch(firsts)
    truths = table["transcription"].tolist()
    texts, scores, edits = [], [], []
    listed = LexiconCandidates(charset)
    for word, truth in zip(words, truths, strict=True):
        some = texts_of(word, charset, listed, judge)
        exact = labelling_log_probs(word[None], [charset.encode(text) for text in some], [0] * len(some))
        near = [place for place in np.argsort(-exact)[:NEAREST] if exact[place] > exact.max() - FAR]
        texts.append([some[place] for place in near])
        scores.append(exact[near])
        edits.append(np.array([edit_distance(truth, some[place]) for place in near]))
    print(f"{name}: {len(rows):,} words, {time.perf_counter() - begun:.0f} s, languages {judge.shares}", flush=True)
    writers = table["writer"].fillna("").tolist()
    return Pool(name, truths, writers, texts, scores, edits, list(judge.shares))


def texts_of(word: np.ndarray, charset, listed: LexiconCandidates, judge: LanguageScorer) -> list[str]:
    path = best_paths(word[None])[0]
    if labelling_log_probs(word[None], [path], [0])[0] > CLEAR:
        return [charset.decode(path)]
    beam = [(charset.decode(ids), score) for ids, score in candidates(word, [], beam_width=JUDGED, most=JUDGED)]
    (words,) = listed.candidates(word[None], [beam], judge, [""])
    return list(dict.fromkeys([text for text, _ in beam] + [t for t, _ in words]))


def oracle(pools: Sequence[Pool]) -> None:
    for pool in pools:
        among = [int(edits.min(initial=9)) == 0 for edits in pool.edits]
        each = np.mean([len(texts) for texts in pool.texts])
        print(f"{pool.name}: the transcription is among the {each:.0f} candidates in {100 * np.mean(among):.1f} %")


def chosen(pool: Pool, models: list[LanguageModel], habits: LanguageWeights) -> np.ndarray:
    """Edits of each word's best candidate."""
    asked = [LanguageModel(model.code, model.lexicon, model.letters, habits) for model in models]
    found = np.zeros(len(pool.truths), int)
    for index, (texts, scores, edits) in enumerate(zip(pool.texts, pool.scores, pool.edits, strict=True)):
        if len(texts) == 1:
            found[index] = edits[0]
            continue
        lengths = np.array([len(text) for text in texts])
        bonus = habits.weight * mixed_log_probs(texts, asked, pool.shares) + habits.per_letter * lengths
        found[index] = edits[int(np.argmax(scores + bonus))]
    return found


def measured(pools: Sequence[Pool], models: list[LanguageModel], habits: LanguageWeights) -> list[tuple[float, float]]:
    """`(CER, share of words right)` of each data set."""
    return [rates(pool, chosen(pool, models, habits), np.ones(len(pool.truths), bool)) for pool in pools]


def rates(pool: Pool, edits: np.ndarray, asked: np.ndarray) -> tuple[float, float]:
    lengths = np.array([len(truth) for truth in pool.truths])
    return float(edits[asked].sum() / lengths[asked].sum()), float((edits[asked] == 0).mean())


def lines(pools: Sequence[Pool], figures: Sequence[tuple[float, float]]) -> list[str]:
    return [
        f"{pool.name}: CER {100 * cer:.2f} %, words right {100 * right:.2f} %"
        for pool, (cer, right) in zip(pools, figures, strict=True)
    ]


def gain(figures: Sequence[tuple[float, float]]) -> float:
    return float(np.mean([right - cer for cer, right in figures]))


def tuned(
    pools: Sequence[Pool],
    models: list[LanguageModel],
    begun: LanguageWeights,
    rounds: int,
    asked: list[np.ndarray] | None = None,
) -> LanguageWeights:
    """One number after the other, up and down, while it is better."""

    def worth(habits: LanguageWeights) -> float:
        everything = asked or [np.ones(len(pool.truths), bool) for pool in pools]
        return gain([rates(p, chosen(p, models, habits), some) for p, some in zip(pools, everything, strict=True)])

    best, found = worth(begun), begun
    for _ in range(rounds):
        before = best
        for name in asdict(begun):
            step = FIXED_STEP.get(name, STEP)
            for factor in (step, 1 / step):
                while True:
                    other = replace(found, **{name: getattr(found, name) * factor})
                    value = worth(other)
                    if value <= best + 1e-6:
                        break
                    best, found = value, other
                    print(f"    {name} {getattr(found, name):.4g}: {best:.5f}", flush=True)
        if best == before:
            break
    return found


def across_halves(
    pools: Sequence[Pool], models: list[LanguageModel], begun: LanguageWeights, rounds: int
) -> list[tuple[float, float]]:
    """Figures of every writer's words under habits that were tuned on other writers."""
    halves = []
    for pool in pools:
        names = {name: index % 2 for index, name in enumerate(sorted(set(pool.writers)))}
        halves.append(np.array([names[writer] for writer in pool.writers]))
    edits = [np.zeros(len(pool.truths), int) for pool in pools]
    for half in (0, 1):
        habits = tuned(pools, models, begun, rounds, [where != half for where in halves])
        for pool, where, result in zip(pools, halves, edits, strict=True):
            result[where == half] = chosen(pool, models, habits)[where == half]
    return [rates(pool, result, np.ones(len(result), bool)) for pool, result in zip(pools, edits, strict=True)]


if __name__ == "__main__":
    main()
