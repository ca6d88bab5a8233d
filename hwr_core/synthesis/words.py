"""Random words by frequency, with capitals, punctuation, names and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np

from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis.languages import BY_CODE, LANGUAGES
from hwr_core.synthesis.names import name_lists, proper_nouns, random_name
from hwr_core.synthesis.specials import pick, special

FIRST_SHARE = 0.85  # of words, in the first language; the others share the rest
UNTEMPERED_SHARE = 0.4  # share of words drawn by plain frequency, whatever the temper
MAX_DICTIONARY_WORDS = 60_000
LETTERS = "a-zà-öø-ÿœā-ž"
PLAIN_WORD = re.compile(rf"[{LETTERS}]+(?:['’-][{LETTERS}]+)*")
OFFENSIVE = re.compile(  # never rendered: the app is used in classrooms
    "fuck|shit|porn|cunt|nigg|nègre|whore|slut|rape[ds]?$|rapi|merd|putain|encul|salop|bitch|anal$|faggot|penis|sex"
    "|ficke|fotze|scheiß|scheiss|arschl|hure$|wichs|puta|joder|coño|mierda|cabr[oó]n|cazz|stronz|troia$|neuk|kanker"
    "|hoer|caralh|foda|fode|porra|kurw|pierd|jeb[ae]|vittu|perkele|fitta|knull|fanden$|kuk$|čurá|kurv|píč"
)

# Probabilities: commas and full stops as in running text, rare marks more often.
AFTER = {",": 0.06, ".": 0.07, ";": 0.006, ":": 0.008, "!": 0.008, "?": 0.01, "...": 0.002, '."': 0.004, ".'": 0.002}
AROUND = {  # _ is the word, Q the language's pair of quotation marks
    "Q": 0.014,
    "'_'": 0.003,
    "(_)": 0.006,
    '"_': 0.006,
    '_"': 0.004,
    "(_": 0.004,
    "_)": 0.004,
    "'_": 0.003,
    "_'": 0.003,
    "_-": 0.004,
    "-_": 0.001,
}


class WordSource:
    """An endless sequence of words without spaces, punctuation attached.

    Args:
        seed: the same seed gives the same words.
        languages: of `LANGUAGES`; the first has 85 % of the words, the others share the rest.
        temper: exponent of the frequencies in [0, 1]. 1: `the` as often as in real text; 0: all 60,000 words
            equally often; in between, rare words (and so rare letters) are drawn more often. 40 % of the
            words are drawn with 1 in any case (none if the temper is 0).
        special: share of tokens outside dictionaries: numbers, dates, prices, initials, single letters.
        names: share of names of people and places.

    Raises:
        ConfigError: an unknown language, or a number out of its range.
        DataError: the package `wordfreq` is not installed.

    Example:
        >>> source = WordSource(seed=1)                       # doctest: +SKIP
        >>> [source.word(index) for index in range(4)]        # doctest: +SKIP
        ['change', 'Germans,', 'the', 'coat.']
    """

    def __init__(
        self,
        seed: int = 0,
        languages: Sequence[str] = ("en",),
        *,
        temper: float = 0.6,
        special: float = 0.08,
        names: float = 0.05,
    ) -> None:
        unknown = [language for language in languages if language not in LANGUAGES]
        if unknown or not languages:
            raise ConfigError(f"languages must be one or more of {LANGUAGES}. Received: languages={tuple(languages)}")
        for key, value in (
            ("temper", temper),
            ("special", special),
            ("names", names),
            ("special + names", special + names),
        ):
            if not 0 <= value <= 1:
                raise ConfigError(f"{key} must lie in [0, 1]. Received: {key}={value}")
        self.seed = seed
        self.languages = tuple(dict.fromkeys(languages))
        self.special, self.names = special, names
        rest = (1 - FIRST_SHARE) / max(len(self.languages) - 1, 1)
        shares = [FIRST_SHARE] + [rest] * (len(self.languages) - 1)
        self._shares = np.cumsum(shares) / sum(shares)
        self._tables = {language: cumulative_frequencies(language, temper) for language in self.languages}
        plain = temper and 1.0  # a temper of 0 draws no word by plain frequency
        self._plain_tables = {language: cumulative_frequencies(language, plain) for language in self.languages}

    def word(self, index: int) -> str:
        """The word at `index`, from 0; depends on the seed and the index only."""
        return self.draw(np.random.default_rng([self.seed, index]))

    def __iter__(self) -> Iterator[str]:
        """All words from index 0, endlessly."""
        index = 0
        while True:
            yield self.word(index)
            index += 1

    def draw(self, rng: np.random.Generator) -> str:
        """Draw one word."""
        language = self.languages[int(np.searchsorted(self._shares, rng.random(), side="right"))]
        kind = rng.random()
        if kind < self.special:
            return punctuate(special(language, rng), rng, language, share=0.6)
        if kind < self.special + self.names:
            written = random_name(rng)
            possessive = language == "en" and rng.random() < 0.06
            return punctuate(written + "'s" if possessive else written, rng, language)
        return punctuate(random_case(self._compound(language, rng), rng, language), rng, language)

    def _compound(self, language: str, rng: np.random.Generator) -> str:
        """A dictionary word, sometimes hyphenated, elided or possessive as its language allows."""
        word, kind, rules = self._pick(language, rng), rng.random(), BY_CODE[language]
        if kind < 0.012:
            return f"{word}-{self._pick(language, rng)}"
        if rules.attached and kind < 0.025:
            return f"{word}-{pick(rules.attached, rng)}"
        if rules.elided and 0.025 <= kind < 0.12 and word[0] in rules.vowels:
            return pick(rules.elided, rng) + word
        if language == "en" and 0.012 <= kind < 0.022 and len(word) > 2 and word.isalpha():
            return word + ("'" if word.endswith("s") else "'s")
        return word

    def _pick(self, language: str, rng: np.random.Generator) -> str:
        tables = self._plain_tables if rng.random() < UNTEMPERED_SHARE else self._tables
        words, cumulated = tables[language]
        return words[int(np.searchsorted(cumulated, rng.random(), side="right"))]


@lru_cache(maxsize=32)
def cumulative_frequencies(language: str, temper: float) -> tuple[list[str], np.ndarray]:
    """The language's words and their cumulative probabilities, proportional to `frequency ** temper`, ending in 1."""
    frequencies = word_frequencies(language)
    words = list(frequencies)
    weights = np.array([frequencies[word] for word in words]) ** temper
    cumulated = np.cumsum(weights) / weights.sum()
    cumulated[-1] = 1.0  # rounding: no draw in [0, 1) may exceed the last entry
    return words, cumulated


@lru_cache(maxsize=16)
def word_frequencies(language: str) -> dict[str, float]:
    """Word -> relative frequency of a language's commonest words spelt with its letters, commonest first."""
    try:
        import wordfreq
    except ImportError:
        raise DataError(
            "The package wordfreq is not installed; it holds the words' frequencies. "
            "Install it with: pip install 'wordfreq>=3.1'."
        ) from None
    known = wordfreq.get_frequency_dict(language, wordlist="best")  # commonest first
    single = BY_CODE[language].single
    words = (word for word in known if len(word) <= 18 and (len(word) > 1 or word in single))
    shown = (word for word in words if PLAIN_WORD.fullmatch(word) and not OFFENSIVE.search(word))
    return {word: known[word] for word in islice(shown, MAX_DICTIONARY_WORDS)}


def random_case(word: str, rng: np.random.Generator, language: str = "en") -> str:
    """The word unchanged, Capitalised (sentences, titles, German nouns), ALL CAPS (headings) or spelt as a name."""
    kind = rng.random()
    english = language == "en"
    if english and (word == "i" or word.startswith(("i'", "i’"))):  # I, I'm, I'll
        word = "I" + word[1:]
    stem = word.removesuffix("'s")
    if stem in proper_nouns():
        word = proper_nouns()[stem] + word[len(stem) :]
    elif english and stem in name_lists()["upper"]:
        word = stem.upper() + word[len(stem) :] if stem != "us" or kind < 0.1 else word
    capital = 0.18 + BY_CODE[language].nouns
    if kind < 0.02 and "ß" not in word:
        return word.upper()
    if kind < 0.02 + capital or (english and stem in name_lists()["capital"]):
        return word[0].upper() + word[1:]
    return word


def punctuate(word: str, rng: np.random.Generator, language: str = "en", share: float = 1.0) -> str:
    """Add random punctuation before or after the word; `share` scales its probability."""
    kind = rng.random() / share
    for mark, chance in AFTER.items():
        if kind < chance:
            return (word.rstrip(".") if mark[0] == "." else word) + mark
        kind -= chance
    for frame, chance in AROUND.items():
        if kind < chance:
            return (pick(BY_CODE[language].quotes, rng) if frame == "Q" else frame).replace("_", word)
        kind -= chance
    return word
