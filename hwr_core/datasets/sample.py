"""What a reader gives: words, and what was found wrong with the others."""

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
KEPT: Severity = "kept, look at it"


@dataclass(frozen=True, slots=True)
class Sample:
    """One word as a person wrote it: where its picture is, what it says, who wrote it."""

    word_id: str
    transcription: str
    image: str  # path below the pictures' folder, or member of the zip
    writer: str = ""
    form: str = ""
    split: str = ""  # train, validation, test, or empty where the source does not say
    row: int = 0  # 1-based row of its list, the header being row 1; 0 where there is no list


@dataclass(frozen=True, slots=True)
class Problem:
    """One row, and one sentence saying what is the matter with it."""

    row: int
    word_id: str
    image: str
    problem: str  # short code, see `hwr_core.datasets.checks`
    severity: Severity
    reason: str


@dataclass
class Listing:
    """What a reader found: samples whose pictures are there, problems, and notes on how it was read."""

    reader: str
    pictures: Source
    samples: list[Sample] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)  # our column -> the column it was read from

    def leave_out(self, sample: Sample, problem: str, reason: str) -> None:
        self.problems.append(problem_of(sample, problem, LEFT_OUT, reason))

    def flag(self, sample: Sample, problem: str, reason: str) -> None:
        self.problems.append(problem_of(sample, problem, KEPT, reason))


def shorten(text: str, most: int = 40) -> str:
    """The text, or its beginning and end, short enough to stand in a sentence."""
    return text if len(text) <= most else f"{text[: most // 2 - 2]}...{text[1 - most // 2 :]}"


def problem_of(sample: Sample, problem: str, severity: Severity, reason: str) -> Problem:
    return Problem(sample.row, sample.word_id, sample.image, problem, severity, reason)


def summary_of(problems: Iterable[Problem], most: int = 3) -> str:
    """The commonest problems in words: `3 missing image, 1 duplicate id`.

    Example:
        >>> summary_of([Problem(2, "a", "", "missing image", LEFT_OUT, "It is not there.")])
        '1 missing image'
    """
    counts = Counter(problem.problem for problem in problems)
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common(most))
