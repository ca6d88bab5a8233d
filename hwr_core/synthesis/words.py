"""What to write: words as often as people write them, with their capitals, punctuation and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np

from hwr_core.errors import ConfigError, DataError

LANGUAGES = ("en", "fr")
FIRST_SHARE = 0.85  # the first language is the main one; the others share the rest
MOST_WORDS = 60_000
LETTERS = "a-zà-öø-ÿœ"
PLAIN_WORD = re.compile(rf"[{LETTERS}]+(?:['’-][{LETTERS}]+)*")
ELIDED = ("l'", "d'", "qu'", "n'", "s'", "c'", "j'")
MONTHS = {
    "en": "Jan Feb March April May June July Aug Sept Oct Nov Dec",
    "fr": "janv. févr. mars avril mai juin juil. août sept. oct. nov. déc.",
}
TITLES = {"en": "Mr Mrs Ms Dr Mr. Mrs. Dr. Sir Lord Prof. St.", "fr": "M. Mme Mlle Dr Me Mgr St Ste"}
ABBREVIATIONS = "etc. e.g. i.e. a.m. p.m. No. vs. p. pp. cf. Ltd. Co. & + = % # * U.S. U.K. N.B. P.S."
NOT_SHOWN = re.compile(  # nobody wants to meet these in a classroom
    "fuck|shit|porn|cunt|nigg|nègre|whore|slut|rape[ds]?$|rapi|merde|putain|encul|salop|bitch|anal$|faggot|penis|sex"
)

# How often a word carries something: commas and full stops as in running text, rare marks more often.
AFTER = {",": 0.075, ".": 0.075, ";": 0.006, ":": 0.008, "!": 0.008, "?": 0.01, "...": 0.002, '."': 0.004}
AROUND = {  # the word stands where the _ is
    '"_"': 0.006,
    "'_'": 0.004,
    "(_)": 0.006,
    '"_': 0.008,
    '_"': 0.004,
    "(_": 0.004,
    "_)": 0.004,
    "'_": 0.003,
    "_'": 0.003,
    "_-": 0.003,
}


class WordSource:
    """Endless words as they stand on a page: no spaces, their punctuation attached.

    Args:
        seed: the same seed gives the same words.
        languages: of `LANGUAGES`; the first is the main one (85 % of the words), the others share the rest.
        temper: exponent on the words' frequencies. 1 writes `the` as often as people do; 0 writes all of the
            60,000 words equally often; between, rare words (and so: rare letters) get their turn.
        special: share of what is not in a dictionary: numbers, dates, prices, initials, single letters.

    Raises:
        ConfigError: an unknown language, or a number out of its range.
        DataError: the package `wordfreq` is not installed.

    Example:
        >>> source = WordSource(seed=1)                       # doctest: +SKIP
        >>> [source.word(index) for index in range(4)]        # doctest: +SKIP
        ['change', 'germans,', 'symptoms,', 'coat.']
    """

    def __init__(
        self,
        seed: int = 0,
        languages: Sequence[str] = ("en",),
        *,
        temper: float = 0.6,
        special: float = 0.08,
    ) -> None:
        unknown = [language for language in languages if language not in LANGUAGES]
        if unknown or not languages:
            raise ConfigError(f"languages must be some of {LANGUAGES}. Received: languages={tuple(languages)}")
        for name, value in (("temper", temper), ("special", special)):
            if not 0 <= value <= 1:
                raise ConfigError(f"{name} must lie in [0, 1]. Received: {name}={value}")
        self.seed = seed
        self.languages = tuple(dict.fromkeys(languages))
        self.special = special
        rest = (1 - FIRST_SHARE) / max(len(self.languages) - 1, 1)
        shares = [FIRST_SHARE] + [rest] * (len(self.languages) - 1)
        self._shares = np.cumsum(shares) / sum(shares)
        self._tables = {language: tempered(language, temper) for language in self.languages}

    def word(self, index: int) -> str:
        """The word number `index` (from 0): always the same one for the same seed."""
        return self.draw(np.random.default_rng([self.seed, index]))

    def __iter__(self) -> Iterator[str]:
        """All words, from number 0 on, without end."""
        index = 0
        while True:
            yield self.word(index)
            index += 1

    def draw(self, rng: np.random.Generator) -> str:
        """One word, drawn with the generator that is given."""
        language = self.languages[int(np.searchsorted(self._shares, rng.random(), side="right"))]
        if rng.random() < self.special:
            return punctuated(special(language, rng), rng, share=0.6)
        return punctuated(cased(self._compound(language, rng), rng), rng)

    def _compound(self, language: str, rng: np.random.Generator) -> str:
        """A dictionary word, now and then hyphenated (French: elided) with another."""
        word, kind = self._pick(language, rng), rng.random()
        if kind < 0.015:
            return f"{word}-{self._pick(language, rng)}"
        if language == "fr" and kind < 0.10 and word[0] in "aeiouéèêhyàâîôœ":
            return pick(ELIDED, rng) + word
        return word

    def _pick(self, language: str, rng: np.random.Generator) -> str:
        words, cumulated = self._tables[language]
        return words[int(np.searchsorted(cumulated, rng.random(), side="right"))]


@lru_cache(maxsize=8)
def tempered(language: str, temper: float) -> tuple[list[str], np.ndarray]:
    """The language's words and their cumulated probabilities, `frequency ** temper`, ending in 1."""
    frequencies = frequencies_of(language)
    words = list(frequencies)
    weights = np.array([frequencies[word] for word in words]) ** temper
    cumulated = np.cumsum(weights) / weights.sum()
    cumulated[-1] = 1.0  # so that no draw in [0, 1) falls behind the last word
    return words, cumulated


def frequencies_of(language: str) -> dict[str, float]:
    """The commonest words of a language that are spelt with its letters, commonest first: word -> share."""
    try:
        import wordfreq
    except ImportError:
        raise DataError(
            "The package wordfreq is not installed; it knows how often words are used. "
            "Install it with: pip install 'wordfreq>=3.1'."
        ) from None
    known = wordfreq.get_frequency_dict(language, wordlist="best")  # commonest first
    single = {"en": "ai", "fr": "aày"}[language]
    words = (word for word in known if len(word) <= 18 and (len(word) > 1 or word in single))
    shown = (word for word in words if PLAIN_WORD.fullmatch(word) and not NOT_SHOWN.search(word))
    return {word: known[word] for word in islice(shown, MOST_WORDS)}


def pick(options: Sequence[str], rng: np.random.Generator) -> str:
    """One of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def cased(word: str, rng: np.random.Generator) -> str:
    """As it is, Capitalised (sentences, names, titles) or ALL CAPS (headings, shouting, acronyms)."""
    kind = rng.random()
    if word == "i" or word.startswith(("i'", "i’")):  # English: I, I'm, I'll
        word = "I" + word[1:]
    if kind < 0.05:
        return word.upper()
    return word[0].upper() + word[1:] if kind < 0.25 else word


def punctuated(word: str, rng: np.random.Generator, share: float = 1.0) -> str:
    """The word with what stands before and after it, if anything; `share` scales how often."""
    kind = rng.random() / share
    for mark, chance in AFTER.items():
        if kind < chance:
            return (word.rstrip(".") if mark[0] == "." else word) + mark
        kind -= chance
    for frame, chance in AROUND.items():
        if kind < chance:
            return frame.replace("_", word)
        kind -= chance
    return word


def special(language: str, rng: np.random.Generator) -> str:
    """Something no dictionary lists: a number, date, time, price, initial, letter, title or abbreviation."""
    kind = int(rng.integers(12))
    if kind == 0:
        return str(rng.integers(10))
    if kind <= 2:
        return str(rng.integers(10 ** int(rng.integers(1, 6))))
    if kind == 3:
        return str(rng.integers(1750, 2031))
    if kind == 4:
        return written_date(language, rng)
    if kind == 5:
        amount = f"{rng.integers(1, 500)}" + (f".{rng.integers(100):02d}" if rng.random() < 0.5 else "")
        amount = amount.replace(".", ",") if language == "fr" else amount
        return pick(("$", "£"), rng) + amount if language == "en" else amount + "€"
    if kind == 6:
        return numeral(language, rng)
    if kind <= 8:
        initials = "ABCDEFGHIJKLMNOPRSTVW"
        return "".join(f"{pick(initials, rng)}." for _ in range(int(rng.integers(1, 4))))
    if kind == 9:
        return pick("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", rng)
    if kind == 10:
        return pick(TITLES[language].split(), rng)
    return pick(ABBREVIATIONS.split(), rng)


def written_date(language: str, rng: np.random.Generator) -> str:
    """A date or a part of one: 3/12/97, 12-04-1986, 1970's, Sept, 14th, 1er."""
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1900, 2030))
    kind = int(rng.integers(5))
    if kind == 0:
        return f"{day}/{month}/{year % 100:02d}"
    if kind == 1:
        return f"{day:02d}-{month:02d}-{year}"
    if kind == 2 and language == "en":
        return f"{year // 10 * 10}" + pick(("s", "'s"), rng)
    if kind == 3:
        return pick(MONTHS[language].split(), rng)
    return ordinal(day, language)


def ordinal(number: int, language: str) -> str:
    """The number in a row: 1st, 2nd, 13th; in French 1er, 2e.

    Example:
        >>> [ordinal(number, "en") for number in (1, 12, 23)]
        ['1st', '12th', '23rd']
    """
    if language == "fr":
        return f"{number}er" if number == 1 else f"{number}e"
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def numeral(language: str, rng: np.random.Generator) -> str:
    """A number with something in it: 12:45, 9h30, 3.5, 1,250, 45%, 1/2."""
    kind = int(rng.integers(5))
    first, second = int(rng.integers(1, 24)), int(rng.integers(60))
    if kind == 0:
        return f"{first}h{second:02d}" if language == "fr" else f"{first}:{second:02d}"
    if kind == 1:
        return f"{first}{',' if language == 'fr' else '.'}{second}"
    if kind == 2:
        return f"{first},{int(rng.integers(1000)):03d}" if language == "en" else f"{first}000"
    if kind == 3:
        return f"{second}%"
    return f"{first % 5 + 1}/{first % 8 + 2}"
