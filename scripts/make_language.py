#!/usr/bin/env python
"""Make models/language/: words, frequencies and character 4-grams of a language, from the package wordfreq.

    pip install -e '.[language]'
    python scripts/make_language.py en fr de es it

Which English words take a capital is asked of npm's `dictionary-en`; without npm none does (said on the way).
wordfreq's code is Apache-2.0, its data CC BY-SA 4.0: so are the files made here. See models/language/README.md.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hwr_core.language.lexicon import Lexicon  # noqa: E402
from hwr_core.language.ngram import CharacterModel  # noqa: E402
from hwr_core.language.scorer import LANGUAGE_FOLDER, LanguageModel  # noqa: E402
from hwr_core.synthesis.names import proper  # noqa: E402

ALPHABETS = {
    "en": "abcdefghijklmnopqrstuvwxyz'-",
    "fr": "abcdefghijklmnopqrstuvwxyz'-àâçèéêëîïôùûüœ",
    "de": "abcdefghijklmnopqrstuvwxyz'-äöüß",
    "es": "abcdefghijklmnopqrstuvwxyz'-áéíñóúü",
    "it": "abcdefghijklmnopqrstuvwxyz'-àèéìòù",
}
SINGLE = {"en": "ai", "fr": "aày", "de": "", "es": "aeouy", "it": "aeièo"}
ELIDED = {
    "fr": ("c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu"),
    "it": ("l", "un", "dell", "all", "d", "nell", "sull", "dall", "c", "quest"),
}
LETTERS_OF_THEIR_OWN = ("de",)
TYPED = 20  # a word is so many times as frequent as the same typed without accents: 20 to 200 in French
DICTIONARY = "dictionary-en@4.0.0"  # SCOWL, MIT and BSD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="+", choices=sorted(ALPHABETS))
    parser.add_argument("--most", type=int, default=100_000, help="words of each language")
    parser.add_argument("--folder", type=Path, default=LANGUAGE_FOLDER)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for code in options.languages:
        make(code, options.folder, options.most)


def make(code: str, folder: Path, most: int) -> None:
    """Write `CODE.npz`."""
    known = frequencies(code, most)
    shares = np.array(list(known.values()))
    # Names and rare words are what the letters are asked about: a frequent word counts little more than they.
    weights = dict(zip(known, (np.sqrt(np.sqrt(shares / shares.min()))).tolist(), strict=True))
    letters = CharacterModel.from_words(weights, ALPHABETS[code])
    lexicon = Lexicon.from_words(known, ALPHABETS[code], capitals(code, known))
    path = folder / f"{code}.npz"
    np.savez_compressed(
        path,
        alphabet=np.array([ord(letter) for letter in ALPHABETS[code]], np.uint32),
        letters=lexicon.letters,
        counts=lexicon.counts,
        levels=lexicon.levels,
        capitals=lexicon.capitals,
        grams=letters.levels,
    )
    made = LanguageModel.load(code, folder).lexicon
    print(f"{code}: {len(made):,} words, {made.capitals.sum():,} with a capital, {path.stat().st_size / 1e6:.2f} MB")


def frequencies(code: str, most: int) -> dict[str, float]:
    """The commonest words that are spelt with the language's letters: word -> share."""
    pattern = re.compile(rf"[{re.escape(ALPHABETS[code])}]+")
    known = all_frequencies(code)
    plain = (word for word in known if pattern.fullmatch(word) and word.strip("'-") == word and len(word) <= 24)
    shown = (word for word in plain if len(word) > 1 or word in SINGLE[code])
    bare = set() if code in LETTERS_OF_THEIR_OWN else without_accents(known)
    found = {word: known[word] for word in islice((word for word in shown if word not in bare), most)}
    for stem in ELIDED.get(code, ()):  # wordfreq splits l'eau: what stands before the apostrophe is no word alone
        found.pop(stem, None)
        found[stem + "'"] = known.get(stem + "'", known.get(stem, 1e-6))
    return found


def without_accents(known: dict[str, float]) -> set[str]:
    """Words that are others typed without their accents, as the web does and a pen does not: tres, decembre.

    Not for languages in which the bare letter makes another word as often as not: German's mochten and möchten.
    """
    found = set()
    for word, share in known.items():
        bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
        if bare != word and known.get(bare, share) * TYPED < share:
            found.add(bare)
    return found


@lru_cache(maxsize=2)
def all_frequencies(code: str) -> dict[str, float]:
    import wordfreq

    return wordfreq.get_frequency_dict(code, wordlist="best")


def capitals(code: str, known: dict[str, float]) -> frozenset[str]:
    """The words that are names: of our own list, and of the English dictionary where they are no words here.

    A name of the English dictionary that another language uses much more often is taken for a word of its own
    (`roman`, `nice`).
    """
    names, words = of_dictionary()
    english = all_frequencies("en")
    own = code == "en"
    found = {name for name in names if own or known.get(name, 0) < 3 * english.get(name, 0)}
    found |= set(proper()) - (words if own else frozenset())
    # The dictionary has no entry for many short or inflected words (as, us, banks).
    return frozenset(
        name
        for name in found & set(known)
        if len(name) > 2 and known[name] < 5e-4 and not (own and inflected(name, words))
    )


def inflected(name: str, words: frozenset[str]) -> bool:
    """Whether it is a form of an English word of the dictionary: banks, wells, browning."""
    return any(
        name.endswith(end) and name[: -len(end)] in words for end in ("s", "es", "d", "ed", "r", "er", "ing", "ly")
    )


@lru_cache(maxsize=1)
def of_dictionary() -> tuple[frozenset[str], frozenset[str]]:
    """Names and words of the English dictionary, in lower case, none in both; empty without npm."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", DICTIONARY, "--pack-destination", folder, "--loglevel=error", "--fetch-retries=1"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
                member = package.extractfile("package/index.dic")
                assert member
                text = member.read().decode("utf-8")
        except (OSError, subprocess.SubprocessError, StopIteration) as error:
            print(f"{DICTIONARY} could not be fetched ({error}): only our own names take a capital.", file=sys.stderr)
            return frozenset(), frozenset()
    entries = [line.partition("/")[0] for line in text.splitlines()[1:]]
    words = frozenset(entry for entry in entries if entry == entry.lower())
    names = frozenset(entry.lower() for entry in entries if entry[:1].isupper() and entry != entry.upper())
    return names - words, words


if __name__ == "__main__":
    main()
