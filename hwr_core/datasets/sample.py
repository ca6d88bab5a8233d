"""The result of reading a source: good words, and the problems of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hwr_core.datasets.sources.archive import Source

PARTS = ("train", "validation", "test")
Severity = Literal["left out", "kept, look at it"]
LEFT_OUT: Severity = "left out"
FLAGGED: Severity = "kept, look at it"


@dataclass(frozen=True, slots=True)
class Sample:
    """One written word: its image, transcription and writer."""

    word_id: str
    transcription: str
    image: str  # path below the images' folder, or member of the zip
    writer: str = ""
    form: str = ""
    split: str = ""  # train, validation, test, or empty where the source has no split
    row: int = 0  # 1-based row of its list, the header being row 1; 0 where there is no list


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of one row, with one sentence."""

    row: int
    word_id: str
    image: str
    problem: str  # a code of `hwr_core.datasets.checks`
    severity: Severity
    reason: str


@dataclass
class Listing:
    """The samples of a source whose images exist, the problems, and notes on how it was read."""

    reader: str
    source: Source  # of the images
    samples: list[Sample] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)  # column of `table.COLUMNS` -> the list's column

    def leave_out(self, sample: Sample, problem: str, reason: str) -> None:
        self.problems.append(make_problem(sample, problem, LEFT_OUT, reason))

    def flag(self, sample: Sample, problem: str, reason: str) -> None:
        self.problems.append(make_problem(sample, problem, FLAGGED, reason))


def shorten(text: str, length: int = 40) -> str:
    """The text, or its beginning and end, in at most `length` characters."""
    return text if len(text) <= length else f"{text[: length // 2 - 2]}...{text[1 - length // 2 :]}"


def make_problem(sample: Sample, problem: str, severity: Severity, reason: str) -> Problem:
    return Problem(sample.row, sample.word_id, sample.image, problem, severity, reason)


def summary_of(problems: Iterable[Problem], max_kinds: int = 3) -> str:
    """The commonest problems with their numbers: `3 missing image, 1 duplicate id`.

    Example:
        >>> summary_of([Problem(2, "a", "", "missing image", LEFT_OUT, "There is no image a.")])
        '1 missing image'
    """
    counts = Counter(problem.problem for problem in problems)
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common(max_kinds))
