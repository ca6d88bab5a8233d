"""Probabilities of capitals, punctuation around words, and numbers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hwr_core.language.weights import LanguageWeights

MARKS_AND_CORE = re.compile(r"^([^\w]*)(.*?)([^\w]*)$", re.DOTALL)
NUMBER = re.compile(r"\d+(?:[.,:/'’-]\d+)*")
UNIT = re.compile(r"\d+(?:[.,]\d+)*(st|nd|rd|th|er|e|ème|h|m|s|km|cm|mm|kg|g|p|d|am|pm)", re.IGNORECASE)
PREFIXED_NAME = re.compile(r"(?:Mc|Mac|O['’]|D['’])?[A-Z][a-z]+")  # McQuaid, O'Brien

# Shares among words of running text, counted over the training words of IAM, CSAFE and Copiste (marks alone).
LEADING_MARKS = {"(": 0.007, '"': 0.012, "'": 0.003, "«": 0.001, "-": 0.0005, "[": 0.0005, "£": 0.0005, "$": 0.0005}
TRAILING_MARKS = {
    ".": 0.055, ",": 0.055, ")": 0.004, ":": 0.004, "-": 0.004, '"': 0.006, ";": 0.002, "!": 0.0015, "?": 0.002,
    "'": 0.002, '."': 0.003, ',"': 0.003, "),": 0.0015, ").": 0.0015, "»": 0.001, "...": 0.001, ".)": 0.0005,
    "?\"": 0.001, '!"': 0.0005, ".,": 0.001, "%": 0.0005, "°": 0.0002, "'.": 0.0005, "',": 0.0005, '",': 0.0005,
}  # fmt: skip
UNLISTED_MARK_SHARE = 1e-3  # of each mark that is not in the table
CASES = ("lower", "title", "upper", "mixed")
LISTED_CASES = (0.86, 0.12, 0.02, 2e-4)  # shares of `CASES` among words in a lexicon
CAPITALIZED_CASES = (0.02, 0.92, 0.05, 0.01)  # of those that a lexicon writes with a capital: names
UNLISTED_CASES = (0.4, 0.5, 0.09, 1e-2)  # of words in no lexicon
CASE_PRIOR_WORDS, MARKS_PRIOR_WORDS = 20, 60  # words with the default shares that are added to a writer's counts


def split_marks(text: str) -> tuple[str, str, str]:
    """Leading marks, core, trailing marks.

    Example:
        >>> split_marks('("tea",')
        ('("', 'tea', '",')
    """
    match = MARKS_AND_CORE.match(text)
    assert match  # matches every string: each part may be empty
    before, core, after = match.groups()
    return before, core, after


def case_index(core: str) -> int:
    """Index into `CASES`.

    Example:
        >>> [CASES[case_index(word)] for word in ("tea", "Tea", "TEA", "tEa", "McQuaid", "I")]
        ['lower', 'title', 'upper', 'mixed', 'title', 'title']
    """
    if core == core.lower():
        return 0
    if (core[0] == core[0].upper() and core[1:] == core[1:].lower()) or PREFIXED_NAME.fullmatch(core):
        return 1
    return 2 if core == core.upper() else 3


@dataclass(frozen=True, eq=False)
class CasingModel:
    """Use of capitals and marks: in general, or by one writer (`from_texts`).

    Attributes:
        listed, capital, unlisted: shares of `CASES` among lexicon words, those of them that are names, all others.
        before, after: shares of the marks around words.
    """

    listed: Sequence[float] = LISTED_CASES
    capital: Sequence[float] = CAPITALIZED_CASES
    unlisted: Sequence[float] = UNLISTED_CASES
    before: Mapping[str, float] = field(default_factory=lambda: LEADING_MARKS)
    after: Mapping[str, float] = field(default_factory=lambda: TRAILING_MARKS)

    @classmethod
    def from_texts(cls, texts: Sequence[str], word_kind: Mapping[str, str]) -> CasingModel:
        """The casing of one writer: default shares, updated by counts.

        A writer in capitals uses them for every kind of word, so their share is counted over all words.

        Args:
            texts: words as written.
            word_kind: `listed` or `capital` for lower-case cores in a lexicon; all others are `unlisted`.

        Example:
            >>> writer = CasingModel.from_texts(["TEA", "NO"] * 20, {"tea": "listed", "no": "listed"})
            >>> CasingModel().listed[2], round(writer.listed[2], 2)
            (0.02, 0.67)
        """
        parts = [split_marks(text) for text in texts]
        words = [core for _, core, _ in parts if len(core) > 1 and not any(map(str.isdigit, core))]
        counts: dict[str, Counter[int]] = {"listed": Counter(), "capital": Counter(), "unlisted": Counter()}
        for core in words:
            counts[word_kind.get(core.lower(), "unlisted")][case_index(core)] += 1
        upper = sum(cases[2] for cases in counts.values())
        shares = {}
        for kind, cases in counts.items():
            prior = getattr(cls(), kind)
            capitals = (upper + CASE_PRIOR_WORDS * prior[2]) / (len(words) + CASE_PRIOR_WORDS)
            rest, total = 1 - prior[2], cases.total() - cases[2] + CASE_PRIOR_WORDS
            shares[kind] = [
                capitals if case == 2 else (1 - capitals) * (cases[case] + CASE_PRIOR_WORDS * share / rest) / total
                for case, share in enumerate(prior)
            ]
        before, after = (_smoothed(Counter(part[place] for part in parts), table)
                         for place, table in ((0, LEADING_MARKS), (2, TRAILING_MARKS)))  # fmt: skip
        return cls(**shares, before=before, after=after)


def _smoothed(counts: Counter[str], prior: Mapping[str, float]) -> dict[str, float]:
    """Counted shares of marks, with `MARKS_PRIOR_WORDS` words of the prior added."""
    total = counts.total() + MARKS_PRIOR_WORDS
    return {
        marks: (counts[marks] + MARKS_PRIOR_WORDS * prior.get(marks, 0)) / total
        for marks in dict.fromkeys([*prior, *counts])
        if marks
    }


@lru_cache(maxsize=10_000)
def marks_log_prob(before: str, after: str, casing: CasingModel | None = None) -> float:
    """Natural logarithm of the probability of the marks around a word."""
    casing = casing or DEFAULT_CASING
    return _table_log_prob(before, casing.before) + _table_log_prob(after, casing.after)


def _table_log_prob(marks: str, table: Mapping[str, float]) -> float:
    if not marks:
        return math.log(max(1 - sum(table.values()), UNLISTED_MARK_SHARE))
    share = table.get(marks)
    return math.log(share) if share else len(marks) * math.log(UNLISTED_MARK_SHARE)


def number_log_prob(core: str, weights: LanguageWeights) -> float:
    """Natural logarithm of the probability of a core with digits: equal for all numbers of one length."""
    digits = sum(character.isdigit() for character in core)
    log_prob = math.log(weights.number) + digits * math.log(0.09)
    if NUMBER.fullmatch(core):
        return log_prob + (len(core) - digits) * math.log(0.03)
    if UNIT.fullmatch(core):
        return log_prob + math.log(0.05)
    return log_prob + math.log(weights.odd) + (len(core) - digits) * math.log(0.03)


DEFAULT_CASING = CasingModel()
