"""Compare two recognizers on the same words: which words one reads and the other does not, and is that chance?"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwr_core.errors import DataError
from hwr_core.evaluation.bootstrap import Interval, writer_interval
from hwr_core.evaluation.groups import writers_of
from hwr_core.files import JsonObject

if TYPE_CHECKING:
    import pandas

BOTH, ONLY_A, ONLY_B, NEITHER = "both", "only the first", "only the second", "neither"
OUTCOMES = (BOTH, ONLY_A, ONLY_B, NEITHER)
KEY = ["dataset", "word_id", "transcription"]


@dataclass(frozen=True)
class Comparison:
    """Two sets of readings of the same words.

    Attributes:
        words: how many words both have read.
        counts: outcome -> words: read rightly by both, by one only, by neither.
        p: McNemar's exact two-sided probability of a difference at least this large if both were equally good;
            it takes words as independent, which words of one writer are not: the intervals do not.
        cer_difference, accuracy_difference: the second's less the first's, writers drawn with replacement.
        rows: a row a word: dataset, index, word_id, writer, transcription, reading_a, confidence_a, edits_a, the
            same of b, and the outcome.
    """

    words: int
    counts: dict[str, int]
    p: float
    cer_difference: Interval
    accuracy_difference: Interval
    rows: pandas.DataFrame

    def to_dict(self) -> JsonObject:
        """Everything but the single words, for JSON."""
        return {
            "words": self.words,
            "counts": self.counts,
            "mcnemar_p": self.p,
            "cer_difference": asdict(self.cer_difference),
            "accuracy_difference": asdict(self.accuracy_difference),
        }


def verdict(comparison: Comparison, first: str, second: str) -> str:
    """Which recognizer reads more words, by how much, and whether that is chance, in sentences.

    Args:
        comparison: of the two.
        first, second: their names, as they are to stand in the sentences.
    """
    gap = comparison.accuracy_difference
    if not gap.value:
        return "Both read the same number of words."
    better, worse = (second, first) if gap.value > 0 else (first, second)
    low, high = (gap.low, gap.high) if gap.value > 0 else (-gap.high, -gap.low)
    points = f"{100 * abs(gap.value):.1f} points ({100 * low:.1f} to {100 * high:.1f})"
    if gap.low > 0 or gap.high < 0:
        chance = "The interval leaves out 0: that is hardly chance."
    else:
        chance = "That may be chance: the interval holds 0."
    p = "< 0.0001" if comparison.p < 1e-4 else "= " + f"{comparison.p:.4f}".rstrip("0").rstrip(".")
    return f"{better} reads {points} more words than {worse}. {chance} McNemar’s test: p {p}."


def compare(first: pandas.DataFrame, second: pandas.DataFrame) -> Comparison:
    """Compare two recognizers' readings word by word.

    Args:
        first: readings of `read_words`.
        second: another recognizer's; words that only one of them has read are left out.

    Raises:
        DataError: no word was read by both.
    """
    # A word that occurs twice is paired with its own copy, not with every one.
    first, second = (frame.assign(copy=frame.groupby(KEY).cumcount()) for frame in (first, second))
    second = second[[*KEY, "copy", "reading", "confidence", "edits"]]
    rows = first.merge(second, on=[*KEY, "copy"], suffixes=("_a", "_b")).drop(columns="copy")
    if rows.empty:
        raise DataError("These two have read no word in common. Compare readings of the same data set and part.")
    right_a, right_b = rows["edits_a"] == 0, rows["edits_b"] == 0
    rows["outcome"] = np.select([right_a & right_b, right_a, right_b], [BOTH, ONLY_A, ONLY_B], NEITHER)
    counts = {outcome: int((rows["outcome"] == outcome).sum()) for outcome in OUTCOMES}
    writers = writers_of(rows)
    lengths = [len(text) for text in rows["transcription"]]
    edits = (rows["edits_b"] - rows["edits_a"]).tolist()
    better = (right_b.astype(int) - right_a.astype(int)).tolist()
    return Comparison(
        words=len(rows),
        counts=counts,
        p=mcnemar(counts[ONLY_A], counts[ONLY_B]),
        cer_difference=writer_interval(edits, lengths, writers),
        accuracy_difference=writer_interval(better, [1] * len(rows), writers),
        rows=rows,
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """McNemar's exact test (McNemar 1947, as a binomial): the two-sided p of so uneven a split of `only_a + only_b`.

    Example:
        >>> mcnemar(1, 9), mcnemar(5, 5)
        (0.021484375, 1.0)
    """
    total = only_a + only_b
    if not total:
        return 1.0
    logs = [
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) - total * math.log(2)
        for k in range(min(only_a, only_b) + 1)
    ]
    return min(1.0, round(2 * math.fsum(map(math.exp, logs)), 12))
