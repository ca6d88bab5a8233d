#!/usr/bin/env python
"""Keystrokes saved: a simulated person transcribes words with the reader's help, and with autocomplete alone.

    python benchmarks/typist.py --data iam-words --words 500

The protocol is that of interactive-predictive transcription (Toselli, Romero, Pastor, Vidal: "Multimodal interactive
transcription of text images", Pattern Recognition 43, 2010; Romero, Toselli, Vidal: "Multimodal Interactive
Handwritten Text Transcription", World Scientific 2012), brought from lines to single words. For each picture:

1. The machine proposes a text under what was typed so far (nothing at first).
2. Where the proposal is the transcription, character by character as written, the person accepts it: one action.
3. Else the person goes behind the longest beginning that proposal and transcription share and types the character
   that belongs there: one keystroke. (Where the proposal only runs on too long, that keystroke is the end of the
   word, and the word is done.) What stands before it counts as confirmed, and the machine proposes again under it.

Figures, over all words:

- **key stroke ratio** (KSR): keystrokes of step 3 / characters of the transcriptions (Barrachina et al.,
  Computational Linguistics 35, 2009). Typing everything by hand is 1. Pressing accept is no typed character and not
  in it.
- **with accepts**: as their KSMR (key stroke and mouse action ratio): one action more a word, with which a proposal
  is accepted or, typed by hand, the word is ended. A word that step 3 ended by a keystroke has had that action
  already. By hand it is 1 + words / characters.
- **word stroke ratio** (WSR): words that the person had to touch / words. In the literature (Toselli, Romero, Pastor,
  Vidal 2010) it counts word-level corrections a word of a line; each of our pictures is one word, where a corrected
  word is one such stroke, so it is the share of words not right at first sight.
- **saved**: 1 - KSR, the characters that nobody had to type.

Each recognizer is asked twice over: with the languages that it can write ("auto", the app's way), and letter by letter
("none"); `dual` has no such choice and is asked once.

Autocomplete is given the same protocol and no picture: it proposes the most frequent word of its list that begins
with what was typed (of wordfreq's 320,000 English words, or of the training part's transcriptions), and what was
typed itself where none does. A word in small letters completes a typed part with capitals too.
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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Propose = Callable[[Sequence[int], Sequence[str]], list[str]]  # (words by number, prefixes) -> proposals


@dataclass
class Typing:
    """What it took to transcribe some words.

    Attributes:
        words, characters: how many.
        keystrokes: characters (and ends of words) typed.
        touched: words in which at least one keystroke was needed.
        proposals: how often the machine was asked.
        accepts: words that were ended by accepting; the others by a keystroke, counted there.
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


def shared(a: str, b: str) -> int:
    """Characters that both begin with.

    Example:
        >>> shared("because", "becouse")
        3
    """
    return next(
        (place for place, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b))
    )


def type_words(texts: Sequence[str], propose: Propose) -> Typing:
    """Transcribe the words by the protocol above, all of them side by side.

    Example:
        >>> type_words(["tea", "ten"], lambda rows, prefixes: [(p + "tea")[:3] if len(p) < 3 else p for p in prefixes])
        Typing(words=2, characters=6, keystrokes=1, touched=1, proposals=3, accepts=2)
    """
    typed = [""] * len(texts)
    keystrokes = [0] * len(texts)
    proposals = accepts = 0
    waiting = list(range(len(texts)))
    while waiting:
        found = propose(waiting, [typed[row] for row in waiting])
        proposals += len(waiting)
        left = []
        for row, proposal in zip(waiting, found, strict=True):
            text = texts[row]
            if proposal == text:
                accepts += 1
                continue
            keystrokes[row] += 1
            place = max(shared(text, proposal), len(typed[row]))
            if place < len(text):  # else the proposal ran on: the keystroke ends the word
                typed[row] = text[: place + 1]
                left.append(row)
        waiting = left
    return Typing(len(texts), sum(map(len, texts)), sum(keystrokes), sum(map(bool, keystrokes)), proposals, accepts)


class Autocomplete:
    """The most frequent word that begins with what was typed.

    Args:
        words: most frequent first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        rank = {word: number for number, word in reversed(list(enumerate(words)))}
        self._sorted = sorted(rank)
        self._ranks = [rank[word] for word in self._sorted]
        self._known: dict[str, str] = {}

    def complete(self, typed: str) -> str:
        """The completion, or what was typed where no word begins with it.

        Example:
            >>> Autocomplete(["the", "be", "because"]).complete("bec")
            'because'
        """
        if typed not in self._known:
            begin = bisect_left(self._sorted, typed)
            end = bisect_left(self._sorted, typed + "\U0010ffff")
            ranks = self._ranks[begin:end]
            self._known[typed] = self._sorted[begin + ranks.index(min(ranks))] if ranks else typed
        return self._known[typed]

    def __call__(self, rows: Sequence[int], prefixes: Sequence[str]) -> list[str]:
        return [self._one(prefix) for prefix in prefixes]

    def _one(self, typed: str) -> str:
        """As written; else the rest of a word in small letters, which is how the list has most."""
        exact = self.complete(typed)
        if exact != typed or typed == typed.lower():
            return exact
        return typed + self.complete(typed.lower())[len(typed) :]


def of_wordfreq(most: int = 320_000) -> Autocomplete:
    from wordfreq import top_n_list

    return Autocomplete(top_n_list("en", most, wordlist="large"))


def of_training(texts: Sequence[str]) -> Autocomplete:
    """The words of the training part, by how often they were written: knows punctuation and capitals."""
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
    from hwr_core.datasets import resolve

    dataset = resolve(options.data)
    rows = dataset.part("validation")
    if options.words:
        rows = np.sort(np.random.default_rng(options.seed).permutation(rows)[: options.words])
    texts = dataset.table["transcription"].iloc[rows].tolist()
    learned = dataset.table["transcription"].iloc[dataset.part("train")].tolist()
    machines: dict[str, Propose] = {
        "typing by hand": lambda rows, prefixes: list(prefixes),
        "autocomplete, wordfreq": of_wordfreq(),
        "autocomplete, training words": of_training(learned),
    }
    for folder in options.checkpoint:
        recognizer = Recognizer.load(folder)
        for language in ("none",) if recognizer.model_name == "dual" else ("auto", "none"):
            machines[f"{recognizer.name}, {language}"] = reader(recognizer, dataset, rows, language)
    print(f"{len(texts)} validation words of {dataset.name}, seed {options.seed}\n")
    print("| machine | key stroke ratio | with accepts | word stroke ratio | asked, times a word | saved | seconds |")
    print("|---|---|---|---|---|---|---|")
    figures = {}
    for name, propose in machines.items():
        begun = time.time()
        found = type_words(texts, propose)
        figures[name] = asdict(found)
        print(
            f"| {name} | {found.key_stroke_ratio:.1%} | {found.with_accepts:.1%} | {found.word_stroke_ratio:.1%} | "
            f"{found.proposals / found.words:.2f} | {1 - found.key_stroke_ratio:.1%} | {time.time() - begun:.1f} |",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def reader(recognizer, dataset, rows, language) -> Propose:  # type: ignore[no-untyped-def]
    """Proposals of a recognizer; characters that it cannot write are typed by hand and end its help for that word."""
    from hwr_core.errors import CharsetError

    pictures = [dataset.picture(int(row)) for row in rows]

    def propose(numbers: Sequence[int], prefixes: Sequence[str]) -> list[str]:
        known = set(recognizer.charset)
        asked = [i for i, prefix in enumerate(prefixes) if set(prefix) <= known]
        out = list(prefixes)
        try:
            readings = recognizer.read(
                [pictures[numbers[i]] for i in asked], prefix=[prefixes[i] for i in asked], language=language
            )
        except CharsetError:  # normalisation made another character of it
            return out
        for i, reading in zip(asked, readings, strict=True):
            out[i] = reading.text
        return out

    return propose


if __name__ == "__main__":
    main()
