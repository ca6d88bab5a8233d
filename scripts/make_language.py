#!/usr/bin/env python
"""Make models/language/: words, frequencies and character 4-grams of a language, from the package wordfreq.

    pip install -e '.[language]'
    python scripts/make_language.py en fr de es it

English names are those of npm's `dictionary-en`; without npm only the program's own (a warning is printed).
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

from hwr_core.language.language_model import LANGUAGE_FOLDER, LanguageModel  # noqa: E402
from hwr_core.language.lexicon import Lexicon  # noqa: E402
from hwr_core.language.ngram import CharacterModel  # noqa: E402
from hwr_core.synthesis.names import proper_nouns  # noqa: E402

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
DISTINCT_ACCENTS = ("de",)  # languages in which words differ by an accent alone
MIN_ACCENT_RATIO = 20  # frequency of a word over that of its spelling without accents: 20 to 200 in French
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


def make(code: str, folder: Path, max_words: int) -> None:
    """Write `CODE.npz`."""
    known = frequencies(code, max_words)
    shares = np.array(list(known.values()))
    # The letters matter for names and rare words: frequent words get little more weight.
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


def frequencies(code: str, max_words: int) -> dict[str, float]:
    """The most frequent words spelt with the language's letters: word -> share."""
    pattern = re.compile(rf"[{re.escape(ALPHABETS[code])}]+")
    known = all_frequencies(code)
    plain = (word for word in known if pattern.fullmatch(word) and word.strip("'-") == word and len(word) <= 24)
    listed = (word for word in plain if len(word) > 1 or word in SINGLE[code])
    bare = set() if code in DISTINCT_ACCENTS else without_accents(known)
    shares = {word: known[word] for word in islice((word for word in listed if word not in bare), max_words)}
    for stem in ELIDED.get(code, ()):  # wordfreq splits l'eau: the elided article is no word alone
        shares.pop(stem, None)
        shares[stem + "'"] = known.get(stem + "'", known.get(stem, 1e-6))
    return shares


def without_accents(known: dict[str, float]) -> set[str]:
    """Words that are others without their accents, as typed in the web but not written by pen: tres, decembre.

    Not for languages in which the bare letter often makes another word: German's mochten and möchten.
    """
    words = set()
    for word, share in known.items():
        bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
        if bare != word and known.get(bare, share) * MIN_ACCENT_RATIO < share:
            words.add(bare)
    return words


@lru_cache(maxsize=2)
def all_frequencies(code: str) -> dict[str, float]:
    import wordfreq

    return wordfreq.get_frequency_dict(code, wordlist="best")


def capitals(code: str, known: dict[str, float]) -> frozenset[str]:
    """The words that are names: of the program's list, and of the English dictionary unless they are words here.

    A name of the English dictionary that another language uses much more often is a word of that language (`roman`,
    `nice`).
    """
    names, words = dictionary()
    english = all_frequencies("en")
    is_english = code == "en"
    capitalized = {name for name in names if is_english or known.get(name, 0) < 3 * english.get(name, 0)}
    capitalized |= set(proper_nouns()) - (words if is_english else frozenset())
    # The dictionary has no entry for many short or inflected words (as, us, banks).
    return frozenset(
        name
        for name in capitalized & set(known)
        if len(name) > 2 and known[name] < 5e-4 and not (is_english and inflected(name, words))
    )


def inflected(name: str, words: frozenset[str]) -> bool:
    """Whether it is a form of an English word of the dictionary: banks, wells, browning."""
    return any(
        name.endswith(end) and name[: -len(end)] in words for end in ("s", "es", "d", "ed", "r", "er", "ing", "ly")
    )


@lru_cache(maxsize=1)
def dictionary() -> tuple[frozenset[str], frozenset[str]]:
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
            print(
                f"{DICTIONARY} could not be fetched ({error}): no names from it.",
                file=sys.stderr,
            )
            return frozenset(), frozenset()
    entries = [line.partition("/")[0] for line in text.splitlines()[1:]]
    words = frozenset(entry for entry in entries if entry == entry.lower())
    names = frozenset(entry.lower() for entry in entries if entry[:1].isupper() and entry != entry.upper())
    return names - words, words


if __name__ == "__main__":
    main()
