"""The sentences of a comparison."""

from __future__ import annotations

import pandas as pd
import pytest

from hwr_core.evaluation import Interval
from hwr_core.evaluation.comparison import Comparison, verdict

NO_GAP = Interval(0.0, 0.0, 0.0)


def comparison_of(gap: Interval, p: float = 0.6875) -> Comparison:
    return Comparison(10, {}, p, NO_GAP, gap, pd.DataFrame())


@pytest.mark.parametrize(
    ("gap", "p", "sentences"),
    [
        (NO_GAP, 1.0, "Both read the same number of words."),
        (
            Interval(0.25, 0.125, 0.375),
            1e-5,
            "b reads 25.0 points (12.5 to 37.5) more words than a. The interval leaves out 0: that is hardly chance. "
            "McNemar’s test: p < 0.0001.",
        ),
        (
            Interval(-0.25, -0.375, -0.125),
            0.05,
            "a reads 25.0 points (12.5 to 37.5) more words than b. The interval leaves out 0: that is hardly chance. "
            "McNemar’s test: p = 0.05.",
        ),
        (
            Interval(-0.25, -0.5, 0.125),
            1.0,
            "a reads 25.0 points (-12.5 to 50.0) more words than b. That may be chance: the interval holds 0. "
            "McNemar’s test: p = 1.",
        ),
    ],
)
def test_verdict_names_the_better_one_the_gap_and_the_chance(gap: Interval, p: float, sentences: str):
    assert verdict(comparison_of(gap, p), "a", "b") == sentences
