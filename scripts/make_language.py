#!/usr/bin/env python
"""Make models/language/: word frequencies and character 4-grams of a language, from the package wordfreq.

    pip install -e '.[language]'
    python scripts/make_language.py en fr de es it

wordfreq's code is Apache-2.0, its data CC BY-SA 4.0: so are the files made here.
"""

from __future__ import annotations

import argparse
import re
import sys
from itertools import islice
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hwr_core.text.language import LANGUAGE_FOLDER, LanguageModel  # noqa: E402
from hwr_core.text.lexicon import levels_of, save_words  # noqa: E402
from hwr_core.text.ngram import CharacterModel  # noqa: E402

ALPHABETS = {
    "en": "abcdefghijklmnopqrstuvwxyz'-",
    "fr": "abcdefghijklmnopqrstuvwxyz'-àâçèéêëîïôùûüœ",
    "de": "abcdefghijklmnopqrstuvwxyz'-äöüß",
    "es": "abcdefghijklmnopqrstuvwxyz'-áéíñóúü",
    "it": "abcdefghijklmnopqrstuvwxyz'-àèéìòù",
}
SINGLE = {"en": "ai", "fr": "aày", "de": "", "es": "aeouy", "it": "aeièo"}
ELIDED = {"fr": ("c", "d", "j", "l", "m", "n", "s", "t", "qu"), "it": ("l", "un", "dell", "all", "d")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="+", choices=sorted(ALPHABETS))
    parser.add_argument("--most", type=int, default=100_000, help="words of each language")
    parser.add_argument("--folder", type=Path, default=LANGUAGE_FOLDER)
    parser.add_argument("--transcriptions", type=Path, nargs="*", default=[], help="text files whose words count too")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for code in options.languages:
        make(code, options.folder, options.most, options.transcriptions)


def make(code: str, folder: Path, most: int, transcriptions: list[Path]) -> None:
    """Write `CODE.words.txt` and `CODE.npz`."""
    known = frequencies(code, most)
    for path in transcriptions:
        add_words(known, path.read_text(encoding="utf-8"), code)
    known = dict(sorted(known.items(), key=lambda item: (-item[1], item[0])))
    words = list(known)
    shares = np.array(list(known.values()))
    # Names and rare words are what the letters are asked about: a frequent word counts little more than they.
    weights = dict(zip(words, (np.sqrt(np.sqrt(shares / shares.min()))).tolist(), strict=True))
    letters = CharacterModel.from_words(weights, ALPHABETS[code])
    save_words(folder / f"{code}.words.txt", words)
    np.savez_compressed(
        folder / f"{code}.npz",
        frequencies=levels_of(shares),
        alphabet=np.array([ord(letter) for letter in ALPHABETS[code]], np.uint32),
        letters=letters.levels,
    )
    size = sum((folder / name).stat().st_size for name in (f"{code}.words.txt", f"{code}.npz"))
    print(f"{code}: {len(LanguageModel.load(code, folder).lexicon):,} words, {size / 1e6:.2f} MB")


def frequencies(code: str, most: int) -> dict[str, float]:
    """The commonest words that are spelt with the language's letters: word -> share."""
    import wordfreq

    pattern = re.compile(rf"[{re.escape(ALPHABETS[code])}]+")
    known = wordfreq.get_frequency_dict(code, wordlist="best")
    plain = (word for word in known if pattern.fullmatch(word) and word.strip("'-") == word and len(word) <= 24)
    shown = (word for word in plain if len(word) > 1 or word in SINGLE[code])
    found = {word: known[word] for word in islice(shown, most)}
    for stem in ELIDED.get(code, ()):  # wordfreq splits l'eau: what stands before the apostrophe is no word alone
        found.pop(stem, None)
        found[stem + "'"] = known.get(stem + "'", known.get(stem, 1e-6))
    return found


def add_words(known: dict[str, float], text: str, code: str) -> None:
    """Count the words of a text at a tenth of a million words' weight, so that new ones are listed."""
    pattern = re.compile(rf"[{re.escape(ALPHABETS[code])}]+")
    for word in pattern.findall(text.lower()):
        stripped = word.strip("'-")
        if len(stripped) > 1:
            known[stripped] = known.get(stripped, 0.0) + 1e-7


if __name__ == "__main__":
    main()
