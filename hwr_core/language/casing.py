"""How words are written apart from their letters: capitals, marks around them, numbers, initials."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache

from hwr_core.errors import ConfigError

WRITTEN = re.compile(r"^([^\w]*)(.*?)([^\w]*)$", re.DOTALL)
NUMBER = re.compile(r"\d+(?:[.,:/'’-]\d+)*")
UNIT = re.compile(r"\d+(?:[.,]\d+)*(st|nd|rd|th|er|e|ème|h|m|s|km|cm|mm|kg|g|p|d|am|pm)", re.IGNORECASE)
NAMED = re.compile(r"(?:Mc|Mac|O['’]|D['’])?[A-Z][a-z]+")  # McQuaid, O'Brien

# Shares among words of running text, counted over the training words of IAM, CSAFE and Copiste (marks alone).
BEFORE = {"(": 0.007, '"': 0.012, "'": 0.003, "«": 0.001, "-": 0.0005, "[": 0.0005, "£": 0.0005, "$": 0.0005}
AFTER = {
    ".": 0.055, ",": 0.055, ")": 0.004, ":": 0.004, "-": 0.004, '"': 0.006, ";": 0.002, "!": 0.0015, "?": 0.002,
    "'": 0.002, '."': 0.003, ',"': 0.003, "),": 0.0015, ").": 0.0015, "»": 0.001, "...": 0.001, ".)": 0.0005,
    "?\"": 0.001, '!"': 0.0005, ".,": 0.001, "%": 0.0005, "°": 0.0002, "'.": 0.0005, "',": 0.0005, '",': 0.0005,
}  # fmt: skip
STRAY = 1e-3  # a mark that the tables do not have there
CASES = ("lower", "title", "upper", "mixed")
LISTED = (0.86, 0.12, 0.02, 2e-4)  # shares of the cases: of listed words
CAPITAL = (0.02, 0.92, 0.05, 0.01)  # of those that are names
UNLISTED = (0.4, 0.5, 0.09, 1e-2)  # of words that are not listed
CASE_CAUTION, MARKS_CAUTION = 20, 60  # so many words of the general kind are added to what a hand's words say


@dataclass(frozen=True)
class LanguageWeights:
    """Shares and weights that `benchmarks/tune_language.py` finds on validation words.

    Attributes:
        number, marks_only, initial, unlisted: shares among all words of numbers, marks alone, single capitals with
            a full stop, and words that no list has.
        joined: probability that a hyphen or an elision joins one more word.
        possessive: probability that a word takes 's (English).
        odd: probability that digits and letters mix in any other way than 14th or 5km.
        case, marks: exponents of the probabilities of capitals and of marks around a word: the picture says more of
            them than of letters.
        letters: exponent of the letters' probability of words that no list has: names have ways of their own.
        weight, per_letter: of the whole, see `decoding.rescoring.LanguageScorer`.
    """

    number: float = 0.02
    marks_only: float = 0.003
    initial: float = 0.004
    unlisted: float = 0.08
    joined: float = 0.01
    possessive: float = 0.01
    odd: float = 1e-3
    case: float = 1.0
    marks: float = 1.0
    letters: float = 1.0
    weight: float = 0.7
    per_letter: float = 1.0

    @classmethod
    def from_dict(cls, values: dict[str, float]) -> LanguageWeights:
        """Raises `ConfigError` on unknown names and on values that are no positive numbers."""
        names = {one.name for one in fields(cls)}
        good = {name: float(value) for name, value in values.items() if name in names and _is_positive(value)}
        if len(good) != len(values):
            raise ConfigError(
                f"A language's habits are positive numbers named {', '.join(sorted(names))}. Received: {values}. "
                "Make them anew with benchmarks/tune_language.py."
            )
        return cls(**good)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e3


def apart(text: str) -> tuple[str, str, str]:
    """Marks before, core, marks behind.

    Example:
        >>> apart('("tea",')
        ('("', 'tea', '",')
    """
    match = WRITTEN.match(text)
    assert match  # every string has the three parts, empty or not
    before, core, after = match.groups()
    return before, core, after


def case_of(core: str) -> int:
    """The place in `CASES`.

    Example:
        >>> [CASES[case_of(word)] for word in ("tea", "Tea", "TEA", "tEa", "McQuaid", "I")]
        ['lower', 'title', 'upper', 'mixed', 'title', 'title']
    """
    if core == core.lower():
        return 0
    if (core[0] == core[0].upper() and core[1:] == core[1:].lower()) or NAMED.fullmatch(core):
        return 1
    return 2 if core == core.upper() else 3


@dataclass(frozen=True, eq=False)
class CasingModel:
    """How capitals and marks are used: in general, or by one hand (`CasingModel.of`).

    Attributes:
        listed, capital, unlisted: shares of the cases of listed words, of those that are names, of all others.
        before, after: shares of the marks around words.
    """

    listed: Sequence[float] = LISTED
    capital: Sequence[float] = CAPITAL
    unlisted: Sequence[float] = UNLISTED
    before: Mapping[str, float] = field(default_factory=lambda: BEFORE)
    after: Mapping[str, float] = field(default_factory=lambda: AFTER)

    @classmethod
    def of(cls, texts: Sequence[str], kind_of: Mapping[str, str]) -> CasingModel:
        """One hand's: the general shares, and what was counted in its words.

        Whoever writes in capitals does so whatever the word is, so their share is counted over all words.

        Args:
            texts: words as written.
            kind_of: `listed` or `capital` of those lower-case cores that lists have; all others are `unlisted`.

        Example:
            >>> Manner().listed[2], round(Manner.of(["TEA", "NO"] * 20, {"tea": "listed", "no": "listed"}).listed[2], 2)
            (0.02, 0.67)
        """
        parts = [apart(text) for text in texts]
        words = [core for _, core, _ in parts if len(core) > 1 and not any(map(str.isdigit, core))]
        counts: dict[str, Counter[int]] = {"listed": Counter(), "capital": Counter(), "unlisted": Counter()}
        for core in words:
            counts[kind_of.get(core.lower(), "unlisted")][case_of(core)] += 1
        upper = sum(some[2] for some in counts.values())
        shares = {}
        for kind, some in counts.items():
            usual = getattr(cls(), kind)
            capitals = (upper + CASE_CAUTION * usual[2]) / (len(words) + CASE_CAUTION)
            rest, counted = 1 - usual[2], some.total() - some[2] + CASE_CAUTION
            shares[kind] = [
                capitals if case == 2 else (1 - capitals) * (some[case] + CASE_CAUTION * share / rest) / counted
                for case, share in enumerate(usual)
            ]
        before, after = (_blended(Counter(part[place] for part in parts), table)
                         for place, table in ((0, BEFORE), (2, AFTER)))  # fmt: skip
        return cls(**shares, before=before, after=after)


def _blended(counts: Counter[str], usual: Mapping[str, float]) -> dict[str, float]:
    """Shares of marks: counted ones and the usual ones, as if seen on `MARKS_CAUTION` words more."""
    total = counts.total() + MARKS_CAUTION
    return {
        marks: (counts[marks] + MARKS_CAUTION * usual.get(marks, 0)) / total
        for marks in dict.fromkeys([*usual, *counts])
        if marks
    }


@lru_cache(maxsize=10_000)
def marks_log_prob(before: str, after: str, manner: CasingModel | None = None) -> float:
    """Natural logarithm of the probability of the marks around a word."""
    manner = manner or USUAL
    return _of(before, manner.before) + _of(after, manner.after)


def _of(marks: str, table: Mapping[str, float]) -> float:
    if not marks:
        return math.log(max(1 - sum(table.values()), STRAY))
    share = table.get(marks)
    return math.log(share) if share else len(marks) * math.log(STRAY)


def number_log_prob(core: str, habits: LanguageWeights) -> float:
    """Natural logarithm of the probability of a core with digits: all numbers of a length are alike."""
    digits = sum(character.isdigit() for character in core)
    said = math.log(habits.number) + digits * math.log(0.09)
    if NUMBER.fullmatch(core):
        return said + (len(core) - digits) * math.log(0.03)
    if UNIT.fullmatch(core):
        return said + math.log(0.05)
    return said + math.log(habits.odd) + (len(core) - digits) * math.log(0.03)


USUAL = CasingModel()
