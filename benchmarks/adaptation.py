#!/usr/bin/env python
"""Adaptation to one writer: words right before and after a model was adapted with 16, 64 and 200 of theirs.

    python benchmarks/adaptation.py --data iam-words copiste-words csafe-words --words 64 --writers 15 --minutes 20
    python benchmarks/adaptation.py --words 64 --unread                              # as the app, the rest being open

For each validation writer with enough words, so many are drawn at random (by the writer's name: no choice, no seed to
try) and trained on by the function that the app uses, a quarter of them held back. All other words of that writer, at
most `--most`, are unseen: they are read before and after, letter by letter ("none") and with the languages that the
model can write ("auto", the app's way).

With `--unread` the model is given the images of those other words too, without their transcriptions, as the app gives
it the open words on the page: it learns from its own readings of them before they are measured (transductive
learning). Figures with and without it are separate, and only those without show what it does for words to come.

Writers come in turn from each data set, in the order of a hash of their names, behind the first `--skip` of each
set, on which the recipe was tuned. Each finished writer is written to `--results` at once; called again, it goes on.

Figures: word error is the share of words not read exactly as written (case, accents, punctuation). Two changes of it:
of the sums over all writers, and the mean of each writer's own ("a writer's word error, on average"; writers without
an error before are left out there). 95 % intervals by resampling writers. "Reported" counts, of the writers whose
unseen words were read worse, those where the held-back words showed it. Seconds are wall time and processor time (all
threads) of the adaptation, in a process that has TensorFlow loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hwr_core import Recognizer
    from hwr_core.config import RunConfig
    from hwr_core.datasets import DataSet

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

MIN_UNSEEN_WORDS = 8
MIN_WRITER_WORDS = 80  # the same writers for each number of words
LANGUAGES = ("none", "auto")
Row = dict[str, Any]


def hash_of(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def interleaved(counts: Sequence[tuple[str, dict[str, int]]], min_words: int, skip: int) -> list[tuple[str, str]]:
    """Writers with at least `min_words`, one of each data set in turn.

    Args:
        counts: data sets and their writers' numbers of words.
        min_words: that a writer must have.
        skip: so many of each set's are left out.

    Example:
        >>> interleaved([("a", {"ann": 90, "bo": 5}), ("b", {"cy": 90})], 80, 0)
        [('a', 'ann'), ('b', 'cy')]
    """
    lists = []
    for name, writers in counts:
        order = sorted((writer for writer, count in writers.items() if count >= MIN_WRITER_WORDS), key=hash_of)[skip:]
        lists.append([(name, writer) for writer in order if writers[writer] >= min_words])
    longest = max(map(len, lists), default=0)
    return [writers[place] for place in range(longest) for writers in lists if place < len(writers)]


def main() -> None:
    options = arguments()
    from hwr_core.datasets import open_or_add
    from hwr_core.recognition.checkpoint import read_about

    config, _, _ = read_about(options.checkpoint)
    datasets = {name: open_or_add(name) for name in options.data}
    rows = load(options.results)
    end = time.time() + options.minutes * 60
    longest = 0.0
    for words in options.words:
        counts = [(name, words_of_writers(dataset)) for name, dataset in datasets.items()]
        for name, writer in interleaved(counts, words + MIN_UNSEEN_WORDS, options.skip)[: options.writers]:
            key = {"checkpoint": options.checkpoint.name, "data": name, "writer": writer, "words": words}
            key["unread"] = options.unread
            if any(key.items() <= row.items() for row in rows):
                continue
            if time.time() + longest > end:
                print("The minutes are over; call again to go on.")
                break
            begun = time.time()
            rows.append({**key, **adapt_one(datasets, key, config, options)})
            options.results.write_text(json.dumps(rows, indent=1), encoding="utf-8")
            longest = max(longest, time.time() - begun)
            print(summary(rows[-1]), flush=True)
    for words in options.words:
        chosen = {"checkpoint": options.checkpoint.name, "words": words, "unread": options.unread}
        mine = [row for row in rows if chosen.items() <= row.items()]
        if mine:
            images = ", images of the unseen words shown" if options.unread else ""
            print(f"\n{options.checkpoint.name}, {words} words{images}, {len(mine)} writers\n{table(mine)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=ROOT / "models" / "reader")
    parser.add_argument("--data", nargs="+", default=["iam-words", "copiste-words", "csafe-words"])
    parser.add_argument("--words", type=int, nargs="+", default=[16, 64, 200])
    parser.add_argument("--writers", type=int, default=15, help="for each number of words")
    parser.add_argument("--skip", type=int, default=6, help="writers of each data set that the recipe was tuned on")
    parser.add_argument("--most", type=int, default=150, help="unseen words of a writer that are read")
    parser.add_argument("--unread", action="store_true", help="show the model the images of the unseen words too")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="another recipe than the app's")
    parser.add_argument("--verbose", action="store_true", help="print the log of each adaptation")
    parser.add_argument("--minutes", type=float, default=1e6, help="no writer is begun that would end later")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "out" / "adaptation.json")
    options = parser.parse_args()
    options.checkpoint = options.checkpoint.resolve()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    return options


def load(path: Path) -> list[Row]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def words_of_writers(dataset: DataSet) -> dict[str, int]:
    writers = dataset.table["writer"].iloc[dataset.part("validation")]
    return {str(writer): int(count) for writer, count in writers.value_counts().items()}


def adapt_one(datasets: dict[str, DataSet], key: Row, config: RunConfig, options: argparse.Namespace) -> Row:
    """Adapt to one writer, and read their unseen words before and after."""
    from hwr_core import Recognizer
    from hwr_core.adaptation.adapt import adapt_to_writer
    from hwr_core.adaptation.data import WriterWords, hold_back, trainable_rows
    from hwr_core.adaptation.trainer import describe
    from hwr_core.config import AdaptationConfig

    values = dict(pair.split("=", 1) for pair in options.set)
    settings = AdaptationConfig(**{name: json.loads(value) for name, value in values.items()})
    dataset = datasets[key["data"]]
    own = dataset.part("validation")
    own = own[(dataset.table["writer"].iloc[own] == key["writer"]).to_numpy(bool)]
    own = np.random.default_rng(hash_of(key["writer"])).permutation(trainable_rows(dataset, own, config))
    rows, unseen = own[: key["words"]], own[key["words"] :][: options.most]
    held = hold_back(len(rows), settings)
    config = replace(config, start_from=str(options.checkpoint))
    before = errors(Recognizer.load(options.checkpoint), dataset, unseen)
    wall, processor = time.time(), time.process_time()
    canvases = dataset.canvases(config.canvas)
    unread = [np.array(canvases[row]) for row in unseen] if options.unread else []
    words = WriterWords(dataset, rows[~held], rows[held], unread)
    log = print if options.verbose else lambda _: None
    with tempfile.TemporaryDirectory() as folder:
        result = adapt_to_writer(
            Path(folder), config, words, list(datasets.values()), settings, lambda *_: None, log, key["writer"]
        )
        wall, processor = time.time() - wall, time.process_time() - processor
        after = errors(Recognizer.load(Path(folder) / "checkpoint"), dataset, unseen)
    return {
        "unseen": len(unseen),
        "before": before,
        "after": after,
        "wall": wall,
        "processor": processor,
        "said_worse": result.is_worse or result.is_unchanged,
        "guessed": result.guessed,
        "share": result.share,
        "held_back": [asdict(result.before), asdict(result.after)],
        "others": [asdict(result.others_before), asdict(result.others_after)],
        "recipe": describe(settings),
    }


def errors(recognizer: Recognizer, dataset: DataSet, rows: np.ndarray) -> dict[str, dict[str, int]]:
    """Words read wrong, edits and characters, for each way of reading; canvases as the app makes them."""
    from hwr_core.adaptation.selection import score

    texts = dataset.table["transcription"].iloc[rows].tolist()
    canvases = dataset.canvases(recognizer.config.canvas)[np.sort(rows)]
    back = np.argsort(np.argsort(rows))
    result = {}
    for language in LANGUAGES:
        readings = recognizer.read_canvases(list(canvases), language=language)
        total = score(texts, [readings[place].text for place in back])
        result[language] = {"wrong": total.words - total.right, "edits": total.edits, "characters": total.characters}
    return result


def summary(row: Row) -> str:
    parts = [f"{row['data']} {row['writer']}, {row['words']} words, {row['unseen']} unseen:"]
    for language in LANGUAGES:
        was, now = row["before"][language], row["after"][language]
        parts.append(f"{language} {was['wrong']} -> {now['wrong']} wrong, {was['edits']} -> {now['edits']} edits;")
    return " ".join([*parts, f"{row['processor']:.0f} s of processor, {row['wall']:.0f} s"])


def table(rows: list[Row]) -> str:
    """The figures of one number of words."""
    lines = ["| read | word accuracy | CER | word error, of sums | word error, mean of writers' | worse | reported |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for language in LANGUAGES:
        both = [[row[when][language] for row in rows] for when in ("before", "after")]
        unseen = np.array([row["unseen"] for row in rows])
        wrong, wrong_now = (np.array([counts["wrong"] for counts in side]) for side in both)
        cer = [sum(counts["edits"] for counts in side) / sum(counts["characters"] for counts in side) for side in both]
        right = [1 - count.sum() / unseen.sum() for count in (wrong, wrong_now)]
        worse = wrong_now > wrong
        reported = sum(row["said_worse"] for row, is_worse in zip(rows, worse, strict=True) if is_worse)
        lines.append(
            f"| {language} | {right[0]:.1%} -> {right[1]:.1%} | {cer[0]:.1%} -> {cer[1]:.1%} | "
            f"{change(wrong, wrong_now, False)} | {change(wrong, wrong_now, True)} | "
            f"{worse.sum()} of {len(rows)} | {reported} |"
        )
    seconds = [(np.median(times), max(times)) for times in ([row[n] for row in rows] for n in ("processor", "wall"))]
    others = [sum(row["others"][i]["right"] for row in rows) / sum(row["others"][i]["words"] for row in rows)
              for i in (0, 1)]  # fmt: skip
    lines.append(
        f"\n{unseen.sum()} unseen words. Adaptation took {seconds[0][0]:.0f} s of processor time (at most "
        f"{seconds[0][1]:.0f}), {seconds[1][0]:.0f} s of wall time (at most {seconds[1][1]:.0f}). "
        f"Words of other writers right: {others[0]:.1%} -> {others[1]:.1%}. {rows[-1]['recipe']}."
    )
    return "\n".join(lines)


def change(before: np.ndarray, after: np.ndarray, each: bool, resamples: int = 4000) -> str:
    """Relative change with its 95 % interval: of the sums, or the mean of each writer's own.

    Example:
        >>> change(np.array([4, 4]), np.array([3, 3]), True)
        '-25.0% (-25.0% to -25.0%)'
    """
    counted = before > 0
    if not counted.any():
        return "no errors"
    was, now = before[counted].astype(float), after[counted].astype(float)
    drawn = np.random.default_rng(0).integers(0, len(was), (resamples, len(was)))
    if each:
        value, values = (now / was).mean(), (now / was)[drawn].mean(axis=1)
    else:
        value, values = now.sum() / was.sum(), now[drawn].sum(axis=1) / was[drawn].sum(axis=1)
    low, high = np.percentile(values, [2.5, 97.5])
    return f"{value - 1:+.1%} ({low - 1:+.1%} to {high - 1:+.1%})"


if __name__ == "__main__":
    main()
