"""Decisions in the review of label errors, as corrections."""

from __future__ import annotations

import pytest

from hwr_core.corrections.verdicts import Decision, correction_of


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (Decision(text="tea", accept=True), ("ten", "corrected")),
        (Decision(text=" tee ", accept=True), ("tee", "corrected")),
        (Decision(text="tee", set_aside=True), ("tee", "corrected")),
        (Decision(text="tea", right=True), ("ten", "right")),
        (Decision(text="tea", right=True, set_aside=True), ("ten", "right")),
        (Decision(text="tea", set_aside=True), ("ten", "set aside")),
        (Decision(text="tea"), None),
        (Decision(text=None), None),
        (Decision(text="  "), None),
    ],
)
def test_correction_of_decision(decision: Decision, expected: tuple[str, str] | None):
    correction = correction_of("w1", "tea", "ten", 0.9, decision)
    assert (correction and (correction.after, correction.verdict)) == expected
    if correction:
        assert (correction.word_id, correction.before, correction.reading, correction.confidence) == (
            "w1", "tea", "ten", 0.9,
        )  # fmt: skip


def test_correction_of_accept_without_a_reading_is_none():
    assert correction_of("w1", "tea", "", 0.9, Decision(text="tea", accept=True)) is None
