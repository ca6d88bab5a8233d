"""What to write: words as often as people write them, with their capitals, punctuation and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np

from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis.languages import BY_CODE, LANGUAGES
from hwr_core.synthesis.names import listed, name, proper
from hwr_core.synthesis.specials import pick, special

FIRST_SHARE = 0.85  # the first language is the main one; the others share the rest
AS_WRITTEN = 0.4  # share of words drawn exactly as often as people write them, whatever the temper
MOST_WORDS = 60_000
LETTERS = "a-zà-öø-ÿœā-ž"
PLAIN_WORD = re.compile(rf"[{LETTERS}]+(?:['’-][{LETTERS}]+)*")
NOT_SHOWN = re.compile(  # nobody wants to meet these in a classroom
    "fuck|shit|porn|cunt|nigg|nègre|whore|slut|rape[ds]?$|rapi|merd|putain|encul|salop|bitch|anal$|faggot|penis|sex"
    "|ficke|fotze|scheiß|scheiss|arschl|hure$|wichs|puta|joder|coño|mierda|cabr[oó]n|cazz|stronz|troia$|neuk|kanker"
    "|hoer|caralh|foda|fode|porra|kurw|pierd|jeb[ae]|vittu|perkele|fitta|knull|fanden$|kuk$|čurá|kurv|píč"
)

# How often a word carries something: commas and full stops as in running text, rare marks more often.
AFTER = {",": 0.06, ".": 0.07, ";": 0.006, ":": 0.008, "!": 0.008, "?": 0.01, "...": 0.002, '."': 0.004, ".'": 0.002}
AROUND = {  # the word stands where the _ is; Q is the language's own pair of quotation marks
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
    """Endless words as they stand on a page: no spaces, their punctuation attached.

    Args:
        seed: the same seed gives the same words.
        languages: of `LANGUAGES`; the first is the main one (85 % of the words), the others share the rest.
        temper: exponent on the words' frequencies. 1 writes `the` as often as people do; 0 writes all of the
            60,000 words equally often; between, rare words (and so: rare letters) get their turn. 40 % of
            the words are drawn with 1 in any case (but none where the temper is 0).
        special: share of what is not in a dictionary: numbers, dates, prices, initials, single letters.
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
            raise ConfigError(f"languages must be some of {LANGUAGES}. Received: languages={tuple(languages)}")
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
        self._tables = {language: tempered(language, temper) for language in self.languages}
        self._written = {language: tempered(language, 1.0) for language in self.languages} if temper else self._tables

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
        kind = rng.random()
        if kind < self.special:
            return punctuated(special(language, rng), rng, language, share=0.6)
        if kind < self.special + self.names:
            written = name(rng)
            possessive = language == "en" and rng.random() < 0.06
            return punctuated(written + "'s" if possessive else written, rng, language)
        return punctuated(cased(self._compound(language, rng), rng, language), rng, language)

    def _compound(self, language: str, rng: np.random.Generator) -> str:
        """A dictionary word, now and then hyphenated, elided or joined as its language does."""
        word, kind, about = self._pick(language, rng), rng.random(), BY_CODE[language]
        if kind < 0.012:
            return f"{word}-{self._pick(language, rng)}"
        if about.attached and kind < 0.025:
            return f"{word}-{pick(about.attached, rng)}"
        if about.elided and 0.025 <= kind < 0.12 and word[0] in about.vowels:
            return pick(about.elided, rng) + word
        if language == "en" and 0.012 <= kind < 0.022 and len(word) > 2 and word.isalpha():
            return word + ("'" if word.endswith("s") else "'s")
        return word

    def _pick(self, language: str, rng: np.random.Generator) -> str:
        tables = self._written if rng.random() < AS_WRITTEN else self._tables
        words, cumulated = tables[language]
        return words[int(np.searchsorted(cumulated, rng.random(), side="right"))]


@lru_cache(maxsize=32)
def tempered(language: str, temper: float) -> tuple[list[str], np.ndarray]:
    """The language's words and their cumulated probabilities, `frequency ** temper`, ending in 1."""
    frequencies = frequencies_of(language)
    words = list(frequencies)
    weights = np.array([frequencies[word] for word in words]) ** temper
    cumulated = np.cumsum(weights) / weights.sum()
    cumulated[-1] = 1.0  # so that no draw in [0, 1) falls behind the last word
    return words, cumulated


@lru_cache(maxsize=16)
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
    single = BY_CODE[language].single
    words = (word for word in known if len(word) <= 18 and (len(word) > 1 or word in single))
    shown = (word for word in words if PLAIN_WORD.fullmatch(word) and not NOT_SHOWN.search(word))
    return {word: known[word] for word in islice(shown, MOST_WORDS)}


def cased(word: str, rng: np.random.Generator, language: str = "en") -> str:
    """As it is, Capitalised (sentences, titles, German nouns), ALL CAPS (headings, shouting), or as a name is."""
    kind = rng.random()
    english = language == "en"
    if english and (word == "i" or word.startswith(("i'", "i’"))):  # I, I'm, I'll
        word = "I" + word[1:]
    stem = word.removesuffix("'s")
    if stem in proper():
        word = proper()[stem] + word[len(stem) :]
    elif english and stem in listed()["upper"]:
        word = stem.upper() + word[len(stem) :] if stem != "us" or kind < 0.1 else word
    capital = 0.18 + BY_CODE[language].nouns
    if kind < 0.02 and "ß" not in word:
        return word.upper()
    if kind < 0.02 + capital or (english and stem in listed()["capital"]):
        return word[0].upper() + word[1:]
    return word


def punctuated(word: str, rng: np.random.Generator, language: str = "en", share: float = 1.0) -> str:
    """The word with what stands before and after it, if anything; `share` scales how often."""
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
