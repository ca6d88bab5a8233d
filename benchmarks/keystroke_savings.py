#!/usr/bin/env python
"""Keystrokes saved: a simulated user transcribes words with a recognizer, and with autocomplete alone.

    python benchmarks/keystroke_savings.py --data iam-words --words 500

The protocol is that of interactive-predictive transcription (Toselli, Romero, Pastor, Vidal: "Multimodal interactive
transcription of text images", Pattern Recognition 43, 2010; Romero, Toselli, Vidal: "Multimodal Interactive
Handwritten Text Transcription", World Scientific 2012), brought from lines to single words. For each image:

1. The system proposes a text that begins with the typed prefix (empty at first).
2. Where the proposal is the transcription, character by character as written, the user accepts it: one action.
3. Else the user types the character behind the longest common prefix of proposal and transcription: one keystroke.
   (Where the proposal is only too long, that keystroke is the end of the word, and the word is done.) The text up to
   there is confirmed, and the system proposes again with it as the prefix.

Figures, over all words:

- **key stroke ratio** (KSR): keystrokes of step 3 / characters of the transcriptions (Barrachina et al.,
  Computational Linguistics 35, 2009). Typing everything by hand is 1. Pressing accept is not counted.
- **with accepts**: as their KSMR (key stroke and mouse action ratio): one more action a word, which accepts the
  proposal or, typed by hand, ends the word. A word that step 3 ended by a keystroke includes that action already. By
  hand it is 1 + words / characters.
- **word stroke ratio** (WSR): words with at least one keystroke / words. In the literature (Toselli, Romero, Pastor,
  Vidal 2010) it counts word-level corrections a word of a line; here each image is one word, so it is
  the share of words whose first proposal is wrong.
- **saved**: 1 - KSR, the share of characters that need no typing.

Each recognizer is measured twice: with the languages that it can write ("auto", as in the app), and letter by letter
("none"); `dual` has no such choice and is measured once.

Autocomplete follows the same protocol without an image: it proposes the most frequent word of its list that begins
with the prefix (of wordfreq's 320,000 English words, or of the training part's transcriptions), and the prefix itself
where none does. A lower-case word completes a prefix with capitals too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from hwr_core import Recognizer
    from hwr_core.datasets import DataSet

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Propose = Callable[[Sequence[int], Sequence[str]], list[str]]  # (indices of words, prefixes) -> proposals


@dataclass
class Typing:
    """Effort of transcribing words.

    Attributes:
        words, characters: number of each.
        keystrokes: characters (and ends of words) typed.
        touched: words in which at least one keystroke was needed.
        proposals: number of proposals.
        accepts: words that ended by accepting; the others ended by a keystroke, counted there.
    """

    words: int
    characters: int
    keystrokes: int
    touched: int
    proposals: int
    accepts: int

    @property
    def key_stroke_ratio(self) -> float:
        return self.keystrokes / self.characters

    @property
    def word_stroke_ratio(self) -> float:
        return self.touched / self.words

    @property
    def with_accepts(self) -> float:
        return (self.keystrokes + self.accepts) / self.characters


def common_prefix_length(a: str, b: str) -> int:
    """Length of the longest common prefix.

    Example:
        >>> common_prefix_length("because", "becouse")
        3
    """
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def type_words(texts: Sequence[str], propose: Propose) -> Typing:
    """Transcribe the words by the protocol above, all in parallel.

    Example:
        >>> type_words(["tea", "ten"], lambda rows, prefixes: [(p + "tea")[:3] if len(p) < 3 else p for p in prefixes])
        Typing(words=2, characters=6, keystrokes=1, touched=1, proposals=3, accepts=2)
    """
    prefixes = [""] * len(texts)
    keystrokes = [0] * len(texts)
    proposals = accepts = 0
    waiting = list(range(len(texts)))
    while waiting:
        batch = propose(waiting, [prefixes[row] for row in waiting])
        proposals += len(waiting)
        left = []
        for row, proposal in zip(waiting, batch, strict=True):
            text = texts[row]
            if proposal == text:
                accepts += 1
                continue
            keystrokes[row] += 1
            length = max(common_prefix_length(text, proposal), len(prefixes[row]))
            if length < len(text):  # else the proposal is too long: the keystroke ends the word
                prefixes[row] = text[: length + 1]
                left.append(row)
        waiting = left
    return Typing(len(texts), sum(map(len, texts)), sum(keystrokes), sum(map(bool, keystrokes)), proposals, accepts)


class Autocomplete:
    """Proposes the most frequent word that begins with the prefix.

    Args:
        words: most frequent first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        rank = {word: number for number, word in reversed(list(enumerate(words)))}
        self._sorted = sorted(rank)
        self._ranks = [rank[word] for word in self._sorted]
        self._known: dict[str, str] = {}

    def complete(self, prefix: str) -> str:
        """The completion, or the prefix itself where no word begins with it.

        Example:
            >>> Autocomplete(["the", "be", "because"]).complete("bec")
            'because'
        """
        if prefix not in self._known:
            begin = bisect_left(self._sorted, prefix)
            end = bisect_left(self._sorted, prefix + "\U0010ffff")
            ranks = self._ranks[begin:end]
            self._known[prefix] = self._sorted[begin + ranks.index(min(ranks))] if ranks else prefix
        return self._known[prefix]

    def __call__(self, rows: Sequence[int], prefixes: Sequence[str]) -> list[str]:
        return [self._propose(prefix) for prefix in prefixes]

    def _propose(self, prefix: str) -> str:
        """The completion as written, else that of the prefix in lower case, in which most of the list is."""
        exact = self.complete(prefix)
        if exact != prefix or prefix == prefix.lower():
            return exact
        return prefix + self.complete(prefix.lower())[len(prefix) :]


def wordfreq_autocomplete(num_words: int = 320_000) -> Autocomplete:
    from wordfreq import top_n_list

    return Autocomplete(top_n_list("en", num_words, wordlist="large"))


def training_autocomplete(texts: Sequence[str]) -> Autocomplete:
    """The words of the training part by frequency, with punctuation and capitals."""
    from collections import Counter

    return Autocomplete([word for word, _ in Counter(texts).most_common()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="demo", help="a data set's name, or a CSV, folder or zip")
    parser.add_argument("--checkpoint", type=Path, nargs="*", default=[ROOT / "models" / "reader-small"])
    parser.add_argument("--words", type=int, default=500, help="validation words, drawn at random; 0 takes all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()

    import numpy as np

    from hwr_core import Recognizer
    from hwr_core.datasets import open_or_add

    dataset = open_or_add(options.data)
    rows = dataset.part("validation")
    if options.words:
        rows = np.sort(np.random.default_rng(options.seed).permutation(rows)[: options.words])
    texts = dataset.table["transcription"].iloc[rows].tolist()
    training_texts = dataset.table["transcription"].iloc[dataset.part("train")].tolist()
    systems: dict[str, Propose] = {
        "typing by hand": lambda rows, prefixes: list(prefixes),
        "autocomplete, wordfreq": wordfreq_autocomplete(),
        "autocomplete, training words": training_autocomplete(training_texts),
    }
    for folder in options.checkpoint:
        recognizer = Recognizer.load(folder)
        for language in ("none",) if recognizer.model_name == "dual" else ("auto", "none"):
            systems[f"{recognizer.name}, {language}"] = proposer(recognizer, dataset, rows, language)
    print(f"{len(texts)} validation words of {dataset.name}, seed {options.seed}\n")
    print("| system | key stroke ratio | with accepts | word stroke ratio | proposals a word | saved | seconds |")
    print("|---|---|---|---|---|---|---|")
    figures = {}
    for name, propose in systems.items():
        begun = time.time()
        typing = type_words(texts, propose)
        figures[name] = asdict(typing)
        print(
            f"| {name} | {typing.key_stroke_ratio:.1%} | {typing.with_accepts:.1%} | {typing.word_stroke_ratio:.1%} | "
            f"{typing.proposals / typing.words:.2f} | {1 - typing.key_stroke_ratio:.1%} | {time.time() - begun:.1f} |",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def proposer(recognizer: Recognizer, dataset: DataSet, rows: np.ndarray, language: str) -> Propose:
    """Proposals of a recognizer; after a character outside its charset the rest of the word is typed by hand."""
    from hwr_core.errors import CharsetError

    images = [dataset.image(int(row)) for row in rows]

    def propose(numbers: Sequence[int], prefixes: Sequence[str]) -> list[str]:
        known = set(recognizer.charset)
        writable = [i for i, prefix in enumerate(prefixes) if set(prefix) <= known]
        proposals = list(prefixes)
        try:
            readings = recognizer.read(
                [images[numbers[i]] for i in writable], prefix=[prefixes[i] for i in writable], language=language
            )
        except CharsetError:  # normalization made another character of it
            return proposals
        for i, reading in zip(writable, readings, strict=True):
            proposals[i] = reading.text
        return proposals

    return propose


if __name__ == "__main__":
    main()
